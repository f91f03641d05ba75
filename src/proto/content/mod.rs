mod read;

pub(super) use read::one_or_many;

use serde::{Deserialize, Serialize, Serializer};

use super::wire::{is_false, or_default};
use super::{Annotations, Icon, Resource, ResourceContents};
use crate::json::Json;

/// One piece of what a tool, a prompt or a model says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(TextContent),
    /// A picture.
    Image(ImageContent),
    /// Sound.
    Audio(AudioContent),
    /// A resource that can be read from the server.
    ResourceLink(Resource),
    /// A resource with its contents.
    Resource(EmbeddedResource),
    /// A model wants to use a tool (sampling only).
    ToolUse(ToolUseContent),
    /// What a tool answered a model (sampling only).
    ToolResult(ToolResultContent),
    /// A kind that is not known here, whole.
    Unknown(Json),
}

/// Text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "text")]
#[non_exhaustive]
pub struct TextContent {
    /// The text.
    pub text: String,
    /// Whom it is for and how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// A picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "image", rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImageContent {
    /// The picture, base64.
    pub data: String,
    /// Its media type.
    pub mime_type: String,
    /// Whom it is for and how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// Sound.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "audio", rename_all = "camelCase")]
#[non_exhaustive]
pub struct AudioContent {
    /// The sound, base64.
    pub data: String,
    /// Its media type.
    pub mime_type: String,
    /// Whom it is for and how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// A resource with its contents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "resource")]
#[non_exhaustive]
pub struct EmbeddedResource {
    /// The contents.
    pub resource: ResourceContents,
    /// Whom it is for and how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// A model wants to use a tool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "tool_use")]
#[non_exhaustive]
pub struct ToolUseContent {
    /// What the result is matched by.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, an object.
    pub input: Json,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// What a tool answered a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename = "tool_result", rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolResultContent {
    /// The id of the tool use that this answers.
    pub tool_use_id: String,
    /// What the tool said; no further tool use or result.
    #[serde(default, deserialize_with = "read::leaves")]
    pub content: Vec<Content>,
    /// What the tool said, as a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Json>,
    /// Whether the tool failed.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub is_error: bool,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl Content {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent { text: text.into(), annotations: None, meta: None })
    }

    /// A picture: base64 and its media type.
    pub fn image(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Image(ImageContent { data: data.into(), mime_type: mime_type.into(), annotations: None, meta: None })
    }

    /// Sound: base64 and its media type.
    pub fn audio(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Audio(AudioContent { data: data.into(), mime_type: mime_type.into(), annotations: None, meta: None })
    }

    /// A resource that can be read from the server.
    pub fn resource_link(resource: Resource) -> Self {
        Self::ResourceLink(resource)
    }

    /// A resource with its contents.
    pub fn resource(resource: ResourceContents) -> Self {
        Self::Resource(EmbeddedResource { resource, annotations: None, meta: None })
    }

    /// A model's wish to use a tool; `input` is an object.
    pub fn tool_use(id: impl Into<String>, name: impl Into<String>, input: Json) -> Self {
        Self::ToolUse(ToolUseContent { id: id.into(), name: name.into(), input, meta: None })
    }

    /// A tool's answer to a model.
    pub fn tool_result(tool_use_id: impl Into<String>, content: impl IntoIterator<Item = Content>) -> Self {
        Self::ToolResult(ToolResultContent {
            tool_use_id: tool_use_id.into(),
            content: content.into_iter().collect(),
            structured_content: None,
            is_error: false,
            meta: None,
        })
    }

    /// Whom it is for and how much it matters. Content that has no annotations stays as it is.
    pub fn annotated(mut self, annotations: Annotations) -> Self {
        match &mut self {
            Self::Text(content) => content.annotations = Some(annotations),
            Self::Image(content) => content.annotations = Some(annotations),
            Self::Audio(content) => content.annotations = Some(annotations),
            Self::ResourceLink(resource) => resource.annotations = Some(annotations),
            Self::Resource(content) => content.annotations = Some(annotations),
            Self::ToolUse(_) | Self::ToolResult(_) | Self::Unknown(_) => {}
        }
        self
    }

    /// The text, where this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(content) => Some(&content.text),
            _ => None,
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(content) => content.serialize(s),
            Self::Image(content) => content.serialize(s),
            Self::Audio(content) => content.serialize(s),
            Self::ResourceLink(resource) => Link::from(resource).serialize(s),
            Self::Resource(content) => content.serialize(s),
            Self::ToolUse(content) => content.serialize(s),
            Self::ToolResult(content) => content.serialize(s),
            Self::Unknown(value) => value.serialize(s),
        }
    }
}

/// A [`Resource`] with the `type` of a link before its members.
#[derive(Serialize)]
#[serde(tag = "type", rename = "resource_link", rename_all = "camelCase")]
struct Link<'a> {
    uri: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a Annotations>,
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'a [Icon],
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Json>,
}

impl<'a> From<&'a Resource> for Link<'a> {
    fn from(resource: &'a Resource) -> Self {
        Self {
            uri: &resource.uri,
            name: &resource.name,
            title: resource.title.as_deref(),
            description: resource.description.as_deref(),
            mime_type: resource.mime_type.as_deref(),
            size: resource.size,
            annotations: resource.annotations.as_ref(),
            icons: &resource.icons,
            meta: resource.meta.as_ref(),
        }
    }
}
