use serde::{Deserialize, Deserializer, Serialize};

use super::wire::{maybe_number, names, or_default};

/// Where the next page of a list begins: opaque, and only good for the server that gave it.
pub type Cursor = String;

/// Who speaks, or who something is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}
names!(Role: "a role (user or assistant)" { User = "user", Assistant = "assistant" });

/// Who may share a cached result (2026-07-28 server/utilities/caching).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheScope {
    /// The same for everybody.
    Public,
    /// Only for the authorization context that asked. A scope that is not known here counts as this one.
    Private,
}
names!(CacheScope: "a cache scope" { Public = "public", Private = "private" } fallback Private);

/// Whether a result is final (2026-07-28 basic/index). Absent means complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultType {
    /// The result is final.
    Complete,
    /// The server asks for input first.
    InputRequired,
    /// A type of an extension.
    Other(String),
}

impl ResultType {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Complete => "complete",
            Self::InputRequired => "input_required",
            Self::Other(name) => name,
        }
    }
}

impl Serialize for ResultType {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ResultType {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = ResultType;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a result type")
            }
            fn visit_str<E>(self, name: &str) -> Result<ResultType, E> {
                Ok(match name {
                    "complete" => ResultType::Complete,
                    "input_required" => ResultType::InputRequired,
                    other => ResultType::Other(other.to_owned()),
                })
            }
        }
        d.deserialize_str(Visitor)
    }
}

/// Hints about whom content is for and how much it matters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Annotations {
    /// Whom it is meant for; empty says nothing. Roles that are not known here are left out.
    #[serde(default, deserialize_with = "known_roles", skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<Role>,
    /// From 0 (entirely optional) to 1 (effectively required).
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// When it was last changed, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

fn known_roles<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Role>, D::Error> {
    let names: Vec<String> = or_default(d)?;
    Ok(names.iter().filter_map(|name| Role::from_name(name)).collect())
}

/// A picture that stands for a tool, a resource, a prompt or a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Icon {
    /// An `https:` or `data:` URI. It comes from the peer: check its origin before showing it.
    pub src: String,
    /// Its media type, where the source does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Sizes such as `48x48`, or `any`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// The background it is drawn for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<IconTheme>,
}

impl Icon {
    /// An icon from an `https:` or `data:` URI.
    pub fn new(src: impl Into<String>) -> Self {
        Self { src: src.into(), mime_type: None, sizes: Vec::new(), theme: None }
    }
}

/// The background an icon is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IconTheme {
    /// A light background. A theme that is not known here counts as this one.
    Light,
    /// A dark background.
    Dark,
}
names!(IconTheme: "an icon theme" { Light = "light", Dark = "dark" } fallback Light);
