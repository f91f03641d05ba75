use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::wire::{is_false, or_default};
use super::{Annotations, Icon, Resource, ResourceContents};
use crate::json::{Json, Object};

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
    /// What the tool said.
    #[serde(default, deserialize_with = "or_default")]
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

// Content is read on the way of every call. serde's internally tagged enums collect each object into a tree before they
// look at it; here the members go straight into their type whenever `type` stands first, which is where every SDK puts it.

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("content, an object with a type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        match map.next_key::<Key>()? {
            Some(Key::Type) => straight(map.next_value::<Kind>()?, map),
            Some(Key::Other(first)) => collected(first, map),
            None => Err(A::Error::missing_field("type")),
        }
    }
}

/// `type` stood first: the other members are read where they belong.
fn straight<'de, A: MapAccess<'de>>(kind: Kind, mut map: A) -> Result<Content, A::Error> {
    fn rest<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
    match kind {
        Kind::Text => rest(map).map(Content::Text),
        Kind::Image => rest(map).map(Content::Image),
        Kind::Audio => rest(map).map(Content::Audio),
        Kind::ResourceLink => rest(map).map(Content::ResourceLink),
        Kind::Resource => rest(map).map(Content::Resource),
        Kind::ToolUse => rest(map).map(Content::ToolUse),
        Kind::ToolResult => rest(map).map(Content::ToolResult),
        Kind::Unknown(name) => {
            let mut whole = Object::new().str("type", &name);
            while let Some((key, value)) = map.next_entry::<String, Json>()? {
                whole = whole.json(&key, &value);
            }
            Ok(Content::Unknown(whole.build()))
        }
    }
}

/// `type` stands later: the members are kept as values, and read once the kind is known.
fn collected<'de, A: MapAccess<'de>>(first: String, mut map: A) -> Result<Content, A::Error> {
    let mut whole = Object::new().json(&first, &map.next_value()?);
    let mut kind = None;
    while let Some(key) = map.next_key::<Key>()? {
        match key {
            Key::Type => {
                let name: Kind = map.next_value()?;
                whole = whole.str("type", name.name());
                kind = Some(name);
            }
            Key::Other(key) => whole = whole.json(&key, &map.next_value()?),
        }
    }
    fn read<T: DeserializeOwned, E: serde::de::Error>(whole: &Json) -> Result<T, E> {
        whole.parse().map_err(E::custom)
    }
    let whole = whole.build();
    match kind.ok_or_else(|| A::Error::missing_field("type"))? {
        Kind::Text => read(&whole).map(Content::Text),
        Kind::Image => read(&whole).map(Content::Image),
        Kind::Audio => read(&whole).map(Content::Audio),
        Kind::ResourceLink => read(&whole).map(Content::ResourceLink),
        Kind::Resource => read(&whole).map(Content::Resource),
        Kind::ToolUse => read(&whole).map(Content::ToolUse),
        Kind::ToolResult => read(&whole).map(Content::ToolResult),
        Kind::Unknown(_) => Ok(Content::Unknown(whole)),
    }
}

/// The name of a member: `type`, or another.
enum Key {
    Type,
    Other(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(if name == "type" { Key::Type } else { Key::Other(name.to_owned()) })
            }
        }
        d.deserialize_str(Names)
    }
}

enum Kind {
    Text,
    Image,
    Audio,
    ResourceLink,
    Resource,
    ToolUse,
    ToolResult,
    Unknown(String),
}

impl Kind {
    fn name(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::ResourceLink => "resource_link",
            Self::Resource => "resource",
            Self::ToolUse => "tool_use",
            Self::ToolResult => "tool_result",
            Self::Unknown(name) => name,
        }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Kind;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a content type")
            }
            fn visit_str<E>(self, name: &str) -> Result<Kind, E> {
                Ok(match name {
                    "text" => Kind::Text,
                    "image" => Kind::Image,
                    "audio" => Kind::Audio,
                    "resource_link" => Kind::ResourceLink,
                    "resource" => Kind::Resource,
                    "tool_use" => Kind::ToolUse,
                    "tool_result" => Kind::ToolResult,
                    other => Kind::Unknown(other.to_owned()),
                })
            }
        }
        d.deserialize_str(Names)
    }
}

/// Content that is one piece or a list of pieces, as sampling has it: a single piece is written without a list, which is
/// how every revision before 2025-11-25 wants it.
pub(super) mod one_or_many {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(content: &[Content], s: S) -> Result<S::Ok, S::Error> {
        match content {
            [one] => one.serialize(s),
            many => many.serialize(s),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Content>, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Vec<Content>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("content, or a list of it")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Content>, A::Error> {
                ContentVisitor.visit_map(map).map(|one| vec![one])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Content>, A::Error> {
                let mut all = Vec::new();
                while let Some(content) = seq.next_element()? {
                    all.push(content);
                }
                Ok(all)
            }
        }
        d.deserialize_any(OneOrMany)
    }
}
