//! Messages: their text, and what stands in the envelope.

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Json;
use super::object::push_id;
use crate::frame::RequestId;
use crate::json::{Malformed, Message, MessageId};

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

    /// Text over a buffer, not copied; `None` where it is not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Option<Self> {
        ByteString::try_from(bytes).ok().map(Self)
    }

    /// Reads the envelope. The payload stays a slice of this text.
    pub(crate) fn read(&self) -> Result<Message, Malformed> {
        let Envelope { id, method, params, result, error } = match serde_json::from_str(&self.0) {
            Ok(envelope) => envelope,
            Err(_) => {
                return Err(if serde_json::from_str::<serde::de::IgnoredAny>(&self.0).is_err() {
                    Malformed::NotJson
                } else if self.0.trim_start().starts_with('[') {
                    Malformed::Batch
                } else {
                    Malformed::NotMessage
                });
            }
        };
        let filled = |raw: Option<&'_ RawValue>| {
            raw.filter(|raw| raw.get() != "null").map(|raw| Json(self.0.slice_ref(raw.get())))
        };
        let method = match method.filter(|raw| raw.get() != "null") {
            None => None,
            Some(raw) => Some(serde_json::from_str::<String>(raw.get()).map_err(|_| Malformed::NotMessage)?),
        };
        let error = filled(error);
        // `"result": null` beside an error is how JSON-RPC 1.0 writes an error.
        let result = match result {
            Some(raw) if raw.get() == "null" && error.is_some() => None,
            Some(raw) => Some(Json(self.0.slice_ref(raw.get()))),
            None => None,
        };
        if method.is_none() && result.is_none() && error.is_none() {
            return Err(Malformed::NotMessage);
        }
        Ok(Message {
            id: id.map_or(MessageId::Absent, |raw| id_of(raw.get()).map_or(MessageId::Alien, MessageId::Id)),
            method,
            params: filled(params),
            error: if result.is_some() { None } else { error },
            result,
        })
    }
}

/// The members of an envelope, unread; the last where one stands twice, as `JSON.parse` has it.
#[derive(Default)]
struct Envelope<'a> {
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Field {
            Id,
            Method,
            Params,
            Result,
            Error,
            #[serde(other)]
            Other,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Envelope<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON-RPC message")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Envelope::default();
                while let Some(field) = map.next_key()? {
                    let member = match field {
                        Field::Id => &mut all.id,
                        Field::Method => &mut all.method,
                        Field::Params => &mut all.params,
                        Field::Result => &mut all.result,
                        Field::Error => &mut all.error,
                        Field::Other => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                            continue;
                        }
                    };
                    *member = Some(map.next_value()?);
                }
                Ok(all)
            }
        }
        d.deserialize_map(Visitor)
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
