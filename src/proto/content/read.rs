//! Content is read on the way of every call. serde's internally tagged enums collect each object into a tree before they
//! look at it; here the members go straight into their type whenever `type` stands first, which is where every SDK puts it.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Content;
use crate::json::{Json, Object};

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(ContentVisitor)
    }
}

/// What a tool result holds: no further tool use or result (2025-11-25 and later, `ContentBlock`). One that stands there
/// all the same stays a value, so that nesting costs no stack.
pub(super) fn leaves<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Content>, D::Error> {
    struct Leaf(Content);
    impl<'de> Deserialize<'de> for Leaf {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            d.deserialize_map(LeafVisitor).map(Leaf)
        }
    }
    struct LeafVisitor;
    impl<'de> Visitor<'de> for LeafVisitor {
        type Value = Content;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            ContentVisitor.expecting(f)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Content, A::Error> {
            visit(map, |kind| match kind {
                Kind::ToolUse | Kind::ToolResult => Kind::Unknown(kind.name().to_owned()),
                kind => kind,
            })
        }
    }
    let leaves = Option::<Vec<Leaf>>::deserialize(d)?.unwrap_or_default();
    Ok(leaves.into_iter().map(|leaf| leaf.0).collect())
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("content, an object with a type")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Content, A::Error> {
        visit(map, |kind| kind)
    }
}

fn visit<'de, A: MapAccess<'de>>(mut map: A, narrow: fn(Kind) -> Kind) -> Result<Content, A::Error> {
    match map.next_key::<Key>()? {
        Some(Key::Type) => straight(narrow(map.next_value()?), map),
        Some(Key::Other(first)) => collected(first, map, narrow),
        None => Err(A::Error::missing_field("type")),
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
fn collected<'de, A: MapAccess<'de>>(first: String, mut map: A, narrow: fn(Kind) -> Kind) -> Result<Content, A::Error> {
    let mut whole = Object::new().json(&first, &map.next_value()?);
    let mut kind = None;
    while let Some(key) = map.next_key::<Key>()? {
        match key {
            Key::Type => {
                let name: Kind = narrow(map.next_value()?);
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
pub(crate) mod one_or_many {
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
