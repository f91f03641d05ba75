//! JSON where it is cheapest: natively a [`Json`] is text, on the web it is the host's own object.
//!
//! Natively a received message is parsed once for its envelope, the payload stays a slice of the received buffer and is
//! decoded once, into the caller's type. On the web `JSON.parse` and `JSON.stringify` do the work, the session reads the
//! head through getters, and payload text never enters linear memory. Both twins offer the same names with the same
//! signatures, and one table of awkward values runs on both.

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "what only the server uses"))]
        mod web;
        use web as imp;
    } else {
        #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "what only the server uses"))]
        mod native;
        use native as imp;
    }
}

#[cfg(test)]
mod tests;

#[cfg(feature = "http")]
pub(crate) use imp::Buffer;
#[cfg(any(feature = "server", test))]
pub(crate) use imp::result_text_with;
pub(crate) use imp::{Draft, Object, Relayed, Sent, error_text, result_text};
pub use imp::{Json, Text};

use std::fmt;

use crate::frame::RequestId;

/// A value could not be written as JSON or read as the wanted type.
#[derive(Clone)]
pub struct JsonError(std::sync::Arc<str>);

impl JsonError {
    pub(crate) fn new(detail: impl Into<std::sync::Arc<str>>) -> Self {
        Self(detail.into())
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonError({})", self.0)
    }
}

impl std::error::Error for JsonError {}

/// The envelope of one JSON-RPC message. Which fields stand tells its kind: see [`Message::kind`].
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) method: Option<String>,
    pub(crate) params: Option<Json>,
    pub(crate) result: Option<Json>,
    pub(crate) error: Option<Json>,
}

/// The `id` member as it stands in a message.
#[derive(Debug, PartialEq)]
pub(crate) enum MessageId {
    Absent,
    Id(RequestId),
    /// `null`, or a type or size that no request of ours can have.
    Alien,
}

/// Why a text is not one JSON-RPC message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not JSON at all.
    NotJson,
    /// A batch: MCP has none since 2025-06-18.
    Batch,
    /// JSON, but no object with `method`, `result` or `error`.
    NotMessage,
}

impl Malformed {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotJson => "the message is not valid JSON",
            Self::Batch => "the message is a batch (array), which MCP does not have",
            Self::NotMessage => "the message is no JSON-RPC request, notification or response",
        }
    }
}

/// A place in a message, by the names that lead to it, and the id to put there.
pub(crate) type Edit<'a> = (&'a [&'a str], &'a RequestId);

/// What goes into a request's `_meta` beside the caller's own entries.
#[derive(Default, Clone, Copy)]
pub(crate) struct Meta<'a> {
    /// The protocol's entries, one object; they win over the caller's.
    pub(crate) base: Option<&'a Json>,
    pub(crate) progress_token: Option<i64>,
    /// The caller's entries, one object.
    pub(crate) user: Option<&'a Json>,
}

impl Meta<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.base.is_none() && self.progress_token.is_none() && self.user.is_none()
    }

    /// Whether the caller's own entry of this name gives way to one of the protocol's.
    #[cfg_attr(
        target_arch = "wasm32",
        allow(dead_code, reason = "a host's object keeps one member per name by itself")
    )]
    pub(crate) fn reserves(&self, key: &str) -> bool {
        (self.progress_token.is_some() && key == "progressToken")
            || self.base.is_some_and(|base| base.get(key).is_some())
    }
}

impl Json {
    /// The member `key` as a string.
    pub fn get_str(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str()
    }

    /// The member `key` as a request id.
    pub(crate) fn get_id(&self, key: &str) -> Option<RequestId> {
        self.get(key)?.as_id()
    }

    /// The strings of an array; `None` where this is not an array of strings only.
    pub(crate) fn as_strings(&self) -> Option<Vec<String>> {
        self.items()?.iter().map(Json::as_str).collect()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}
