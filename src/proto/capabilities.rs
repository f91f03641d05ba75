use serde::{Deserialize, Serialize};

use super::wire::{is_false, or_default, whole};
use super::{CacheScope, Icon, ResultType, meta};
use crate::json::{Json, Object};

/// The name and version of a client or a server. It is the peer's own word: show it, decide nothing by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Implementation {
    /// The program's name.
    pub name: String,
    /// Its version; empty where the peer gave none.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// Pictures that stand for it.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
}

impl Implementation {
    /// A program by its name and version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            description: None,
            website_url: None,
            icons: Vec::new(),
        }
    }

    /// Its name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What it does.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Its home page.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.website_url = Some(url.into());
        self
    }
}

/// What a client can do for a server. An absent member is a capability that it does not have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientCapabilities {
    /// It can ask a person for input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elicitation: Option<ElicitationCapability>,
    /// It can ask a model for a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<SamplingCapability>,
    /// It can name the directories that the server may work on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<RootsCapability>,
    /// Extensions by their identifier, with their settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Json>,
    /// Capabilities outside the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experimental: Option<Json>,
    /// Tasks (2025-11-25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Json>,
}

impl ClientCapabilities {
    /// No capability yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// It can show a person a form.
    pub fn elicit_form(mut self) -> Self {
        self.elicitation.get_or_insert_default().form = Some(empty());
        self
    }

    /// It can send a person to a URL.
    pub fn elicit_url(mut self) -> Self {
        self.elicitation.get_or_insert_default().url = Some(empty());
        self
    }

    /// It can ask a model for a message.
    pub fn sample(mut self) -> Self {
        self.sampling.get_or_insert_default();
        self
    }

    /// It can ask a model that may use tools.
    pub fn sample_with_tools(mut self) -> Self {
        self.sampling.get_or_insert_default().tools = Some(empty());
        self
    }

    /// It can name its roots.
    pub fn roots(mut self, list_changed: bool) -> Self {
        self.roots = Some(RootsCapability { list_changed });
        self
    }

    /// Whether forms may be elicited: `{}` counts as forms (client/elicitation).
    pub fn can_elicit_form(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
    }

    /// Whether URLs may be elicited.
    pub fn can_elicit_url(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|modes| modes.url.is_some())
    }
}

fn empty() -> Json {
    Object::new().build()
}

/// The forms of elicitation that a client has. Neither named means forms only.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ElicitationCapability {
    /// A form to fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Json>,
    /// A URL to visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Json>,
}

/// What a client's sampling can do beside plain messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SamplingCapability {
    /// It honours `includeContext`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Json>,
    /// It honours `tools` and `toolChoice`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Json>,
}

/// What a client's roots can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RootsCapability {
    /// It tells when they change (before 2026-07-28).
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub list_changed: bool,
}

/// What a server offers. An absent member is a capability that it does not have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerCapabilities {
    /// It has tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<ListChangedCapability>,
    /// It has resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourcesCapability>,
    /// It has prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<ListChangedCapability>,
    /// It completes arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completions: Option<Json>,
    /// It sends log messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Json>,
    /// Extensions by their identifier, with their settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Json>,
    /// Capabilities outside the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experimental: Option<Json>,
    /// Tasks (2025-11-25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Json>,
}

impl ServerCapabilities {
    /// No capability yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// It has tools; `list_changed`: it tells when they change.
    pub fn tools(mut self, list_changed: bool) -> Self {
        self.tools = Some(ListChangedCapability { list_changed });
        self
    }

    /// It has resources; `subscribe`: it tells when one changes, `list_changed`: when the list does.
    pub fn resources(mut self, subscribe: bool, list_changed: bool) -> Self {
        self.resources = Some(ResourcesCapability { subscribe, list_changed });
        self
    }

    /// It has prompts; `list_changed`: it tells when they change.
    pub fn prompts(mut self, list_changed: bool) -> Self {
        self.prompts = Some(ListChangedCapability { list_changed });
        self
    }

    /// It completes arguments.
    pub fn completions(mut self) -> Self {
        self.completions = Some(empty());
        self
    }

    /// It sends log messages.
    pub fn logging(mut self) -> Self {
        self.logging = Some(empty());
        self
    }
}

/// A list that the server offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListChangedCapability {
    /// It tells when the list changes.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub list_changed: bool,
}

/// The resources that a server offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourcesCapability {
    /// It tells when a resource changes that was subscribed to.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub subscribe: bool,
    /// It tells when the list changes.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub list_changed: bool,
}

/// The result of `initialize` (before 2026-07-28).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitializeResult {
    /// The version that the session speaks.
    pub protocol_version: String,
    /// What the server offers.
    pub capabilities: ServerCapabilities,
    /// The server's name and version.
    pub server_info: Implementation,
    /// How to use the server, for a model to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl InitializeResult {
    /// A result without instructions.
    pub fn new(version: impl Into<String>, capabilities: ServerCapabilities, server_info: Implementation) -> Self {
        Self { protocol_version: version.into(), capabilities, server_info, instructions: None, meta: None }
    }
}

/// The result of `server/discover` (2026-07-28).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiscoverResult {
    /// The versions that the server speaks, in its order of preference.
    pub supported_versions: Vec<String>,
    /// What the server offers.
    #[serde(default, deserialize_with = "or_default")]
    pub capabilities: ServerCapabilities,
    /// How to use the server, for a model to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// How long the result may be kept, in milliseconds; absent or 0 is not at all.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// Who may share the kept result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_scope: Option<CacheScope>,
    /// Whether the result is final; absent means complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl DiscoverResult {
    /// A complete result that may not be kept.
    pub fn new(
        versions: impl IntoIterator<Item = impl Into<String>>,
        capabilities: ServerCapabilities,
        server_info: &Implementation,
    ) -> Self {
        let info = Json::encode(server_info).ok();
        Self {
            supported_versions: versions.into_iter().map(Into::into).collect(),
            capabilities,
            instructions: None,
            ttl_ms: Some(0),
            cache_scope: Some(CacheScope::Private),
            result_type: Some(ResultType::Complete),
            meta: info.map(|info| Object::new().json(meta::SERVER_INFO, &info).build()),
        }
    }

    /// The server's name and version, where it gave them.
    pub fn server_info(&self) -> Option<Implementation> {
        self.meta.as_ref()?.get(meta::SERVER_INFO)?.parse().ok()
    }
}
