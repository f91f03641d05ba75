//! MCP servers: one set of handlers for both protocol eras, over any carrier.
//!
//! Registry and dispatch run everywhere; only `listen` and `http` are native. A connection is one future,
//! [`Server::serve_link`]: a request whose handler is done at once costs no task and no queue, the others run side by side
//! within it. Over HTTP a handler runs within the future of its own request.

#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "what only native listeners ask for"))]
mod activity;
mod answer;
mod builder;
mod connection;
mod context;
mod dispatch;
mod handler;
mod handshake;
mod keep_alive;
mod meta;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "what only native listeners know"))]
mod peer;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "what only HTTP uses, which is native"))]
mod registry;
mod request;
mod seal;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "what only HTTP uses, which is native"))]
mod shared;
mod subscriptions;
mod template;
#[cfg(feature = "schemars")]
mod typed;

cfg_if::cfg_if! {
    if #[cfg(not(target_arch = "wasm32"))] {
        mod http;
        mod listen;
        mod origin;
        pub use self::http::{HttpBody, HttpOptions, HttpService, HttpServiceBuilder, Principal};
        pub use listen::{Bind, Listener, Page, Serve};
    }
}

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use activity::Busy;
pub use answer::ToolError;
pub use builder::ServerBuilder;
pub use context::RequestContext;
pub use handler::{CompleteRequest, CompletionHandler, PromptHandler, ReadRequest, ResourceHandler, ToolHandler};
pub use peer::{Peer, PeerCredentials};
#[cfg(feature = "schemars")]
pub use typed::{Structured, ToolOutput, TypedTool, schemars};

use connection::Connection;
use registry::Registry;
use seal::Sealer;
use shared::Shared;
use subscriptions::Change;

use crate::json::Json;
use crate::platform::{BoxFuture, Lock, MaybeSend};
use crate::proto::{CallToolResult, Prompt, Resource, ResourceTemplate, Tool};
use crate::transport::{Link, TransportError};

/// An MCP server. Cheap to clone; clones are the same server.
///
/// ```no_run
/// # async fn run() -> Result<(), everywire::Error> {
/// use everywire::json::Json;
/// use everywire::proto::CallToolResult;
/// use everywire::server::Server;
///
/// let any = Json::from_text(r#"{"type":"object"}"#).unwrap();
/// let server = Server::builder("echo", "1.0")
///     .tool_fn("echo", any, async |arguments, _cx| Ok(CallToolResult::text(arguments.to_text())))
///     .build();
/// server.run_websocket("127.0.0.1:9001").await
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    info: Json,
    /// What every complete modern result carries beside its own members.
    complete: Json,
    input_required: Json,
    instructions: Option<String>,
    registry: Registry,
    limits: Limits,
    /// `None` where the platform has no randomness: interactive requests are then refused.
    sealer: Option<Sealer>,
    connections: Lock<Vec<Weak<Shared>>>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    page_size: usize,
    list_ttl: Duration,
    in_flight: usize,
    keep_alive: Option<Duration>,
    finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_size: 100,
            list_ttl: Duration::ZERO,
            in_flight: 128,
            keep_alive: Some(Duration::from_secs(30)),
            finish: Duration::from_secs(10),
        }
    }
}

impl Inner {
    /// Has a connection told of changes from now on, while it lives.
    fn register(&self, shared: &Arc<Shared>) {
        let mut connections = self.connections.lock();
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Arc::downgrade(shared));
    }
}

impl Server {
    /// A server by its name and version.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(name.into(), version.into())
    }

    /// Serves one connection until it ends. The link may come from anywhere: [`memory::pair`](crate::transport::memory),
    /// a listener, a carrier of your own.
    ///
    /// # Errors
    /// Where the connection ended otherwise than by an orderly close.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the connection's handlers and drops the link.
    pub fn serve_link(&self, link: Link) -> impl Future<Output = Result<(), TransportError>> + MaybeSend + use<> {
        self.serve_link_as(link, None, Box::pin(std::future::pending()))
    }

    /// [`Self::serve_link`] for a connection that was authenticated: `principal` is what handlers see, and what the state
    /// of interactive requests is bound to. Once `shutdown` completes, requests under way are finished, new ones are
    /// refused, subscriptions end, and the link is closed.
    ///
    /// # Errors
    /// As [`Self::serve_link`].
    ///
    /// # Cancel safety
    /// As [`Self::serve_link`].
    pub fn serve_link_as(
        &self,
        link: Link,
        principal: Option<String>,
        shutdown: BoxFuture<'static, ()>,
    ) -> impl Future<Output = Result<(), TransportError>> + MaybeSend + use<> {
        let peer = Peer::new(link.transport);
        self.connection(link, principal, peer, shutdown)
    }

    fn connection(
        &self,
        link: Link,
        principal: Option<String>,
        peer: Peer,
        shutdown: BoxFuture<'static, ()>,
    ) -> Connection {
        let shared = Arc::new(Shared::new(principal, Arc::new(peer)));
        self.inner.register(&shared);
        Connection::new(self.inner.clone(), shared, link, shutdown)
    }

    /// Adds a tool while clients are connected, or replaces the one of this name, and tells them.
    pub fn add_tool(&self, name: impl Into<String>, handler: impl ToolHandler) {
        builder::insert_tool(&self.inner.registry, name.into(), handler);
        self.tools_changed();
    }

    /// Adds a tool made of a description and a closure: see [`ServerBuilder::tool_fn`].
    pub fn add_tool_fn<F, Fut>(&self, name: impl Into<String>, tool: impl Into<Tool>, call: F)
    where
        F: Fn(Json, RequestContext) -> Fut + MaybeSend + crate::MaybeSync + 'static,
        Fut: Future<Output = Result<CallToolResult, ToolError>> + MaybeSend,
    {
        self.add_tool(name, handler::ToolFn { tool: tool.into(), call });
    }

    /// Removes a tool and tells the clients. Calls under way go on. `false` where there is none of this name.
    pub fn remove_tool(&self, name: &str) -> bool {
        let removed = self.inner.registry.tools.remove(name);
        if removed {
            self.tools_changed();
        }
        removed
    }

    /// Adds a resource while clients are connected, or replaces the one of this URI, and tells them.
    pub fn add_resource(&self, resource: Resource, handler: impl ResourceHandler) {
        builder::insert_resource(&self.inner.registry, &resource, handler);
        self.resources_changed();
    }

    /// Adds the resources of a URI template while clients are connected, and tells them.
    ///
    /// # Errors
    /// Where the template cannot be matched; see [`ServerBuilder::resource_template`].
    pub fn add_resource_template(
        &self,
        template: ResourceTemplate,
        handler: impl ResourceHandler,
    ) -> Result<(), crate::Error> {
        builder::insert_template(&self.inner.registry, &template, handler).map_err(crate::Error::config)?;
        self.resources_changed();
        Ok(())
    }

    /// Removes a resource, or a template by its text, and tells the clients. `false` where there is none.
    pub fn remove_resource(&self, uri: &str) -> bool {
        let registry = &self.inner.registry;
        let removed = registry.resources.remove(uri) || registry.templates.remove(uri);
        if removed {
            self.resources_changed();
        }
        removed
    }

    /// Adds a prompt while clients are connected, or replaces the one of this name, and tells them.
    pub fn add_prompt(&self, prompt: Prompt, handler: impl PromptHandler) {
        builder::insert_prompt(&self.inner.registry, &prompt, handler);
        self.prompts_changed();
    }

    /// Removes a prompt and tells the clients. `false` where there is none of this name.
    pub fn remove_prompt(&self, name: &str) -> bool {
        let removed = self.inner.registry.prompts.remove(name);
        if removed {
            self.prompts_changed();
        }
        removed
    }

    /// Tells the clients that the list of tools changed: legacy ones always, modern ones that listen for it.
    pub fn tools_changed(&self) {
        self.changed(&Change::Tools);
    }

    /// Tells the clients that the list of resources or templates changed, as [`Self::tools_changed`].
    pub fn resources_changed(&self) {
        self.changed(&Change::Resources);
    }

    /// Tells the clients that the list of prompts changed, as [`Self::tools_changed`].
    pub fn prompts_changed(&self) {
        self.changed(&Change::Prompts);
    }

    /// Tells the clients that subscribed to this resource that it changed.
    pub fn resource_updated(&self, uri: impl Into<String>) {
        self.changed(&Change::Resource(uri.into()));
    }

    fn changed(&self, change: &Change) {
        let connections: Vec<_> = self.inner.connections.lock().iter().filter_map(Weak::upgrade).collect();
        for connection in connections {
            connection.changed(change);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("info", &self.inner.info).finish_non_exhaustive()
    }
}
