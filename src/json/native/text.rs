//! Messages: their text, and what stands in the envelope.

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::Json;
use super::object::push_id;
use super::scan;
use super::value::{plain, read_members};
use crate::frame::RequestId;
use crate::json::{Malformed, Message, MessageId};

/// Some bytes as they came from the network.
#[cfg(feature = "http")]
pub(crate) type Buffer = Bytes;

/// The text of one message, in a shared buffer: cloning copies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub(super) ByteString);

impl Text {
    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text's buffer, not copied.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }

    /// The text as a value, where that is what it was made of ([`Json::frozen`]).
    pub(crate) fn value(&self) -> Option<Json> {
        Some(Json(self.0.clone()))
    }

    /// Text over a buffer, not copied; `None` where it is not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Option<Self> {
        ByteString::try_from(bytes).ok().map(Self)
    }

    /// A part of a buffer, not copied where it lies within; `None` where it is not UTF-8.
    #[cfg(feature = "http")]
    pub(crate) fn within(buffer: &Buffer, part: &[u8]) -> Option<Self> {
        let (whole, inner) = (buffer.as_ptr_range(), part.as_ptr_range());
        let inside = whole.start <= inner.start && inner.end <= whole.end && !part.is_empty();
        Self::from_utf8(if inside { buffer.slice_ref(part) } else { Bytes::copy_from_slice(part) })
    }

    /// Reads the envelope. The payload stays a slice of this text.
    pub(crate) fn read(&self) -> Result<Message, Malformed> {
        self.message(&self.envelope()?)
    }

    pub(super) fn envelope(&self) -> Result<Envelope<'_>, Malformed> {
        let mut envelope = Envelope::default();
        if scan::members(&self.0, |name, value| envelope.set(name, value)).is_none() {
            envelope = Envelope::default();
            let members = read_members(&self.0).map_err(|_| self.malformed())?;
            members.iter().for_each(|(name, value)| envelope.set(name, value));
        }
        Ok(envelope)
    }

    pub(super) fn message(&self, envelope: &Envelope<'_>) -> Result<Message, Malformed> {
        let Envelope { id, method, params, result, error, .. } = *envelope;
        let filled =
            |part: Option<&'_ str>| part.filter(|part| *part != "null").map(|part| Json(self.0.slice_ref(part)));
        let method = match filled(method) {
            None => None,
            Some(method) => match plain(&method.0) {
                Some(plain) => Some(plain.to_owned()),
                None => Some(serde_json::from_str(&method.0).map_err(|_| Malformed::NotMessage)?),
            },
        };
        let error = filled(error);
        // `"result": null` beside an error is how JSON-RPC 1.0 writes an error.
        let result = match result {
            Some("null") if error.is_some() => None,
            Some(part) => Some(Json(self.0.slice_ref(part))),
            None => None,
        };
        if method.is_none() && result.is_none() && error.is_none() {
            return Err(Malformed::NotMessage);
        }
        Ok(Message {
            id: id.map_or(MessageId::Absent, |raw| id_of(raw).map_or(MessageId::Alien, MessageId::Id)),
            method,
            params: filled(params),
            error: if result.is_some() { None } else { error },
            result,
        })
    }

    /// Why this is no message, where it is not even an object.
    fn malformed(&self) -> Malformed {
        if serde_json::from_str::<serde::de::IgnoredAny>(&self.0).is_err() {
            Malformed::NotJson
        } else if self.0.trim_start().starts_with('[') {
            Malformed::Batch
        } else {
            Malformed::NotMessage
        }
    }
}

/// The members of an envelope, unread; the last where one stands twice, as `JSON.parse` has it.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    pub(super) id: Option<&'a str>,
    method: Option<&'a str>,
    pub(super) params: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    error: Option<&'a str>,
    /// A member stands twice.
    pub(super) twice: bool,
}

impl<'a> Envelope<'a> {
    fn set(&mut self, name: &str, value: &'a str) {
        let place = match name {
            "id" => &mut self.id,
            "method" => &mut self.method,
            "params" => &mut self.params,
            "result" => &mut self.result,
            "error" => &mut self.error,
            _ => return,
        };
        self.twice |= place.replace(value).is_some();
    }
}

pub(super) fn id_of(raw: &str) -> Option<RequestId> {
    if let Ok(number) = raw.parse::<i64>() {
        return (number.unsigned_abs() <= RequestId::MAX_SAFE as u64).then_some(RequestId::Number(number));
    }
    if raw.starts_with('"') {
        return serde_json::from_str::<String>(raw).ok().map(|s| RequestId::Text(s.into()));
    }
    raw.parse::<f64>().ok().and_then(RequestId::from_f64)
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of a result.
pub(crate) fn result_text(id: &RequestId, result: &Json) -> Text {
    let mut text = String::with_capacity(result.0.len() + 48);
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    push_id(&mut text, id);
    text.push_str(r#","result":"#);
    text.push_str(&result.0);
    text.push('}');
    text.into()
}

/// The text of a result with the members of `extra`, an object that is not empty and shares no name with `result`.
pub(crate) fn result_text_with(id: &RequestId, result: &Json, extra: &Json) -> Text {
    let members = |json: &Json| json.0.trim().strip_prefix('{').and_then(|s| s.strip_suffix('}')).map(str::len);
    let (Some(own), Some(_)) = (members(result), members(extra)) else { return result_text(id, result) };
    let (result, extra) = (result.0.trim(), extra.0.trim());
    let mut text = String::with_capacity(result.len() + extra.len() + 48);
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    push_id(&mut text, id);
    text.push_str(r#","result":"#);
    text.push_str(&result[..=own]);
    if !result[1..=own].trim().is_empty() {
        text.push(',');
    }
    text.push_str(&extra[1..]);
    text.push('}');
    text.into()
}

/// The text of an error; without an id where the request's could not be read.
pub(crate) fn error_text(id: Option<&RequestId>, error: &Json) -> Text {
    let mut text = String::with_capacity(error.0.len() + 48);
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    match id {
        Some(id) => push_id(&mut text, id),
        None => text.push_str("null"),
    }
    text.push_str(r#","error":"#);
    text.push_str(&error.0);
    text.push('}');
    text.into()
}
