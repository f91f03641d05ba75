use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{ToolError, envelope};
use super::context::RequestContext;
use super::handler::{
    CompletionHandler, CompletionRunner, PromptHandler, PromptRunner, ResourceHandler, ResourceRunner, ToolFn,
    ToolHandler, ToolRunner,
};
use super::registry::{PromptEntry, Registry, ResourceEntry, TemplateEntry, ToolEntry};
use super::seal::Sealer;
use super::template::UriTemplate;
use super::{Inner, Limits, Server};
use crate::json::{Json, Object};
use crate::platform::{Lock, MaybeSend, MaybeSync};
use crate::proto::mirror::annotations;
use crate::proto::{CallToolResult, Icon, Implementation, Prompt, Resource, ResourceTemplate, Tool};

/// Puts a [`Server`] together.
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    registry: Registry,
    limits: Limits,
    state_key: Option<[u8; 32]>,
    state_lifetime: Duration,
}

impl ServerBuilder {
    pub(super) fn new(name: String, version: String) -> Self {
        Self {
            info: Implementation::new(name, version),
            instructions: None,
            registry: Registry::default(),
            limits: Limits::default(),
            state_key: None,
            state_lifetime: Duration::from_secs(600),
        }
    }

    /// The server's name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info = self.info.title(title);
        self
    }

    /// What the server is for, for people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.info = self.info.description(description);
        self
    }

    /// The server's home page.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.info = self.info.website_url(url);
        self
    }

    /// One more picture that stands for the server.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.push(icon);
        self
    }

    /// How to use the server, for a model to read.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Adds a tool under a name, or replaces the one that has it.
    pub fn tool(self, name: impl Into<String>, handler: impl ToolHandler) -> Self {
        insert_tool(&self.registry, name.into(), handler);
        self
    }

    /// Adds a tool made of the JSON Schema of its arguments (or a whole [`Tool`]) and a closure.
    pub fn tool_fn<F, Fut>(self, name: impl Into<String>, tool: impl Into<Tool>, call: F) -> Self
    where
        F: Fn(Json, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<CallToolResult, ToolError>> + MaybeSend,
    {
        self.tool(name, ToolFn { tool: tool.into(), call })
    }

    /// Adds a resource, or replaces the one with this URI.
    pub fn resource(self, resource: Resource, handler: impl ResourceHandler) -> Self {
        insert_resource(&self.registry, &resource, handler);
        self
    }

    /// Adds all the resources of a URI template. A URI that is registered as a resource goes there.
    ///
    /// # Panics
    /// Where the template's expressions are other than `{name}`, `{+name}` and `{name*}`, which cannot be matched.
    pub fn resource_template(self, template: ResourceTemplate, handler: impl ResourceHandler) -> Self {
        if let Err(detail) = insert_template(&self.registry, &template, handler) {
            panic!("{detail}");
        }
        self
    }

    /// Adds a prompt, or replaces the one with this name.
    pub fn prompt(self, prompt: Prompt, handler: impl PromptHandler) -> Self {
        insert_prompt(&self.registry, &prompt, handler);
        self
    }

    /// Completes the arguments of prompts and resource templates.
    pub fn completion(mut self, handler: impl CompletionHandler) -> Self {
        self.registry.completion = Some(Arc::new(CompletionRunner(handler)));
        self
    }

    /// How many entries a list shows at a time. Default: 100; at least 1.
    pub fn page_size(mut self, entries: usize) -> Self {
        self.limits.page_size = entries.max(1);
        self
    }

    /// How long clients may keep lists and the result of `server/discover` (2026-07-28 server/utilities/caching).
    /// Default: zero, not at all.
    pub fn list_ttl(mut self, ttl: Duration) -> Self {
        self.limits.list_ttl = ttl;
        self
    }

    /// How many requests of one connection run at the same time. As many more may wait; beyond that reading pauses, so
    /// that a client that sends faster is held back by its own socket. Handlers that wait for their client's answer do
    /// not count. Over HTTP it holds for each HTTP/2 connection and for each session, where one more request is answered
    /// with 429. Default: 128; at least 1.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.limits.in_flight = requests.max(1);
        self
    }

    /// How long a connection may be silent before it is asked for a sign of life, on carriers that can. It is dropped
    /// when two such questions in a row stay unanswered. Default: 30 seconds; `None` never asks.
    pub fn keep_alive(mut self, after: Option<Duration>) -> Self {
        self.limits.keep_alive = after;
        self
    }

    /// How long requests under way may take to finish once their client has ended its side of a stream: the end of standard
    /// input, a half-closed socket (`printf … | nc -N …`). That it reads on cannot be told from that it is gone, so that a
    /// handler may run so long for nobody. Subscriptions end at once. Default: 10 seconds.
    pub fn finish_timeout(mut self, timeout: Duration) -> Self {
        self.limits.finish = timeout;
        self
    }

    /// The key that seals `requestState` (2026-07-28 basic/patterns/mrtr). Give every process of a deployment the same, so
    /// that an interactive request may go on at another one. Default: a random key that dies with the process.
    pub fn state_key(mut self, key: [u8; 32]) -> Self {
        self.state_key = Some(key);
        self
    }

    /// How long a person may take over one question of an interactive request. Default: 10 minutes.
    pub fn state_lifetime(mut self, lifetime: Duration) -> Self {
        self.state_lifetime = lifetime;
        self
    }

    /// The server. Cheap to clone; everything about it may be shared.
    pub fn build(self) -> Server {
        let info = Json::encode(&self.info).unwrap_or_else(|_| Object::new().build());
        let inner = Inner {
            complete: envelope("complete", &info),
            input_required: envelope("input_required", &info),
            info,
            instructions: self.instructions,
            registry: self.registry,
            limits: self.limits,
            sealer: Sealer::new(self.state_key, self.state_lifetime),
            connections: Lock::default(),
        };
        Server { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("info", &self.info).finish_non_exhaustive()
    }
}

fn described<T: serde::Serialize>(entry: &T) -> Json {
    Json::encode(entry).unwrap_or_else(|_| Object::new().build())
}

pub(super) fn insert_tool(registry: &Registry, name: String, handler: impl ToolHandler) {
    let mut tool = handler.tool();
    tool.name.clone_from(&name);
    let required = tool.input_schema.get("required").and_then(|names| names.as_strings()).unwrap_or_default();
    // Clients do not use a tool whose annotations break the rules, so there is nothing to compare then.
    let mirrors = annotations(&tool.input_schema).unwrap_or_default();
    let listed = described(&tool);
    // A legacy client takes the list amiss where a result is to be anything but an object (2025-11-25 schema, Tool).
    let other = tool.output_schema.take_if(|schema| schema.get_str("type").as_deref() != Some("object"));
    let legacy = other.map(|_| described(&tool));
    let entry = ToolEntry { listed, legacy, required, mirrors, handler: Arc::new(ToolRunner(handler)) };
    registry.tools.insert(name, entry);
}

pub(super) fn insert_resource(registry: &Registry, resource: &Resource, handler: impl ResourceHandler) {
    let entry = ResourceEntry { listed: described(resource), handler: Arc::new(ResourceRunner(handler)) };
    registry.resources.insert(resource.uri.clone(), entry);
}

pub(super) fn insert_template(
    registry: &Registry,
    template: &ResourceTemplate,
    handler: impl ResourceHandler,
) -> Result<(), String> {
    let entry = TemplateEntry {
        listed: described(template),
        template: UriTemplate::parse(&template.uri_template)?,
        handler: Arc::new(ResourceRunner(handler)),
    };
    registry.templates.insert(template.uri_template.clone(), entry);
    Ok(())
}

pub(super) fn insert_prompt(registry: &Registry, prompt: &Prompt, handler: impl PromptHandler) {
    let required = prompt.arguments.iter().filter(|argument| argument.required);
    let entry = PromptEntry {
        listed: described(prompt),
        required: required.map(|argument| argument.name.clone()).collect(),
        handler: Arc::new(PromptRunner(handler)),
    };
    registry.prompts.insert(prompt.name.clone(), entry);
}
