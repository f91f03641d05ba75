use serde::{Deserialize, Serialize};

use super::content::one_or_many;
use super::wire::{maybe_number, names, or_default, whole};
use super::{Content, Role, Tool};
use crate::json::Json;

/// The server asks for a message of the client's model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateMessageRequest {
    /// What was said so far.
    pub messages: Vec<SamplingMessage>,
    /// The most tokens to make.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Which model the server would like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_preferences: Option<ModelPreferences>,
    /// The system prompt that the server would like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Whose context to add. Absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_context: Option<IncludeContext>,
    /// How free the model is.
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Where to stop.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
    /// What to hand to the model's provider, an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
    /// The tools that the model may use.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether it must use them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
}

impl CreateMessageRequest {
    /// A request for an answer to these messages, of so many tokens at most.
    pub fn new(messages: impl IntoIterator<Item = SamplingMessage>, max_tokens: u64) -> Self {
        Self {
            messages: messages.into_iter().collect(),
            max_tokens: Some(max_tokens),
            model_preferences: None,
            system_prompt: None,
            include_context: None,
            temperature: None,
            stop_sequences: Vec::new(),
            metadata: None,
            tools: Vec::new(),
            tool_choice: None,
        }
    }

    /// The system prompt that the server would like.
    pub fn system_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.system_prompt = Some(prompt.into());
        self
    }
}

/// One message to or from a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SamplingMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said; one piece is written without a list.
    #[serde(with = "one_or_many")]
    pub content: Vec<Content>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl SamplingMessage {
    /// A message of the person.
    pub fn user(content: impl Into<Content>) -> Self {
        Self { role: Role::User, content: vec![content.into()], meta: None }
    }

    /// A message of the model.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self { role: Role::Assistant, content: vec![content.into()], meta: None }
    }
}

/// The answer to `sampling/createMessage`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateMessageResult {
    /// Who speaks: the model.
    pub role: Role,
    /// What the model said; one piece is written without a list.
    #[serde(with = "one_or_many")]
    pub content: Vec<Content>,
    /// The model that was used.
    pub model: String,
    /// Why it stopped: `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or the provider's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl CreateMessageResult {
    /// What this model said.
    pub fn new(model: impl Into<String>, content: impl IntoIterator<Item = Content>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into_iter().collect(),
            model: model.into(),
            stop_reason: None,
            meta: None,
        }
    }

    /// A text that this model said to its end.
    pub fn text(model: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(model, [Content::text(text)]).stop_reason("endTurn")
    }

    /// Why it stopped.
    pub fn stop_reason(mut self, reason: impl Into<String>) -> Self {
        self.stop_reason = Some(reason.into());
        self
    }
}

/// Which model a server would like. The client decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelPreferences {
    /// Models by name, the best first.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<ModelHint>,
    /// How much cost matters, from 0 to 1.
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub cost_priority: Option<f64>,
    /// How much speed matters, from 0 to 1.
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub speed_priority: Option<f64>,
    /// How much intelligence matters, from 0 to 1.
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub intelligence_priority: Option<f64>,
}

/// A model that a server would like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelHint {
    /// Its name or a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl ModelHint {
    /// A model by its name or a part of it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }
}

/// Whose context a model shall see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IncludeContext {
    /// Nobody's. A name that is not known here counts as this one.
    None,
    /// The asking server's.
    ThisServer,
    /// That of all servers.
    AllServers,
}
names!(IncludeContext: "whose context to include" {
    None = "none",
    ThisServer = "thisServer",
    AllServers = "allServers",
} fallback None);

/// Whether a model must use tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolChoice {
    /// Absent means [`ToolChoiceMode::Auto`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ToolChoiceMode>,
}

impl ToolChoice {
    /// A choice of this mode.
    pub fn new(mode: ToolChoiceMode) -> Self {
        Self { mode: Some(mode) }
    }
}

/// Whether a model must use tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolChoiceMode {
    /// It decides.
    Auto,
    /// It must use one at least.
    Required,
    /// It must use none.
    None,
}
names!(ToolChoiceMode: "a tool choice" { Auto = "auto", Required = "required", None = "none" });
