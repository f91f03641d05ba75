//! JSON as text: serde_json over shared, sliceable strings.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{JsonError, Malformed, Message, MessageId, Meta};
use crate::frame::RequestId;

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// The text of one message, in a shared buffer: cloning copies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(ByteString);

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

fn id_of(raw: &str) -> Option<RequestId> {
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

/// Any JSON value: text natively, the host's own value on wasm32. Cheap to clone.
#[derive(Clone)]
pub struct Json(ByteString);

impl Json {
    /// The value `null`.
    pub fn null() -> Self {
        Self(ByteString::from_static("null"))
    }

    /// A string.
    pub(crate) fn string(text: &str) -> Self {
        let mut out = String::with_capacity(text.len() + 2);
        push_str(&mut out, text);
        Self(out.into())
    }

    /// An array of strings.
    pub(crate) fn strings(all: &[String]) -> Self {
        Self(serde_json::to_string(all).unwrap_or_default().into())
    }

    /// Reads a value from its text.
    ///
    /// # Errors
    /// Where the text is not one JSON value.
    pub fn from_text(text: &str) -> Result<Self, JsonError> {
        let raw: Box<RawValue> = serde_json::from_str(text)?;
        Ok(Self(String::from(Box::<str>::from(raw)).into()))
    }

    /// Writes a Rust value.
    ///
    /// # Errors
    /// Where the value has no JSON form (a map with keys that are not strings, say).
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        Ok(Self(serde_json::to_string(value)?.into()))
    }

    /// Reads the value as a Rust type.
    ///
    /// # Errors
    /// Where the value does not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        match serde_json::from_str(&self.0) {
            Ok(value) => Ok(value),
            Err(error) => match mend(&self.0) {
                Some(mended) => Ok(serde_json::from_str(&mended)?),
                None => Err(error.into()),
            },
        }
    }

    /// The value as JSON text.
    pub fn to_text(&self) -> String {
        self.0.to_string()
    }

    fn members(&self) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
        struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);
        impl<'de> Deserialize<'de> for Members<'de> {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Members<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        #[derive(Deserialize)]
                        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
                        let mut all = Vec::new();
                        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                            all.push((key, value));
                        }
                        Ok(Members(all))
                    }
                }
                d.deserialize_map(Visitor)
            }
        }
        serde_json::from_str::<Members<'_>>(&self.0).ok().map(|members| members.0)
    }

    fn slice(&self, raw: &RawValue) -> Self {
        Self(self.0.slice_ref(raw.get()))
    }

    /// The member `key` of an object, the last where it stands twice.
    pub fn get(&self, key: &str) -> Option<Self> {
        let members = self.members()?;
        members.iter().rev().find(|(name, _)| name == key).map(|(_, raw)| self.slice(raw))
    }

    /// The members of an object, in order, the last where a name stands twice.
    pub fn entries(&self) -> Option<Vec<(String, Self)>> {
        let mut all: Vec<(String, Self)> = Vec::new();
        for (key, raw) in self.members()? {
            match all.iter_mut().find(|(name, _)| *name == key) {
                Some((_, value)) => *value = self.slice(raw),
                None => all.push((key.into_owned(), self.slice(raw))),
            }
        }
        Some(all)
    }

    /// The items of an array.
    pub fn items(&self) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(&self.0).ok()?;
        Some(items.into_iter().map(|raw| self.slice(raw)).collect())
    }

    /// The value, where it is a string.
    pub fn as_str(&self) -> Option<String> {
        self.parse().ok()
    }

    /// The value, where it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        serde_json::from_str(&self.0).ok()
    }

    /// The value, where it is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        serde_json::from_str(&self.0).ok()
    }

    pub(crate) fn as_id(&self) -> Option<RequestId> {
        id_of(&self.0)
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        self.0.trim_start().starts_with('{')
    }

    /// Whether this is an array.
    pub fn is_array(&self) -> bool {
        self.0.trim_start().starts_with('[')
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.0.trim() == "null"
    }

    /// Several members of an object in one pass; `None` where this is no object.
    pub(crate) fn pick<const N: usize>(&self, names: [&str; N]) -> Option<[Option<Self>; N]> {
        let members = self.members()?;
        Some(names.map(|name| members.iter().rev().find(|(key, _)| key == name).map(|(_, raw)| self.slice(raw))))
    }

    /// Whether both are written alike: a fast look that may say no to equal values.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether the text `needle` stands anywhere in the value's text: a fast look before a slow one.
    pub(crate) fn mentions(&self, needle: &str) -> bool {
        memchr::memmem::find(self.0.as_bytes(), needle.as_bytes()).is_some()
    }
}

/// The text with U+FFFD for every escaped surrogate that stands alone, which is what a JavaScript host makes of it when
/// it hands the string on; `None` where there is none. Servers that cut strings by UTF-16 length send them.
fn mend(text: &str) -> Option<String> {
    /// The UTF-16 unit of the escape that begins here.
    fn unit(rest: &str) -> Option<u16> {
        u16::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()
    }
    const ESCAPE: usize = r"\uXXXX".len();
    let (mut mended, mut done, mut at) = (String::new(), 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr(b'\\', rest.as_bytes())) {
        let here = at + found;
        let rest = text.get(here..)?;
        at = here
            + match unit(rest) {
                // Any other escape, `\\` among them: its second character begins no escape.
                None => 2,
                Some(0xD800..=0xDBFF) if matches!(rest.get(ESCAPE..).and_then(unit), Some(0xDC00..=0xDFFF)) => {
                    2 * ESCAPE
                }
                Some(0xD800..=0xDFFF) => {
                    mended.push_str(text.get(done..here)?);
                    mended.push('\u{FFFD}');
                    done = here + ESCAPE;
                    ESCAPE
                }
                Some(_) => ESCAPE,
            };
    }
    mended.push_str(text.get(done..)?);
    (done > 0).then_some(mended)
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(String::from(Box::<str>::from(raw)).into()))
    }
}

/// Builds an object member by member.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self("{".into())
    }

    fn key(&mut self, key: &str) -> &mut String {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_str(&mut self.0, key);
        self.0.push(':');
        &mut self.0
    }

    pub(crate) fn str(mut self, key: &str, value: &str) -> Self {
        push_str(self.key(key), value);
        self
    }

    pub(crate) fn num(mut self, key: &str, value: f64) -> Self {
        let text = if value.is_finite() {
            serde_json::to_string(&serde_json::Number::from_f64(value))
        } else {
            Ok("null".into())
        };
        let out = self.key(key);
        match RequestId::from_f64(value) {
            Some(whole) => push_id(out, &whole),
            None => out.push_str(&text.unwrap_or_default()),
        }
        self
    }

    pub(crate) fn bool(mut self, key: &str, value: bool) -> Self {
        self.key(key).push_str(if value { "true" } else { "false" });
        self
    }

    pub(crate) fn json(mut self, key: &str, value: &Json) -> Self {
        self.key(key).push_str(&value.0);
        self
    }

    pub(crate) fn id(mut self, key: &str, value: &RequestId) -> Self {
        push_id(self.key(key), value);
        self
    }

    pub(crate) fn build(mut self) -> Json {
        self.0.push('}');
        Json(self.0.into())
    }
}

fn push_str(out: &mut String, value: &str) {
    // A string always has a JSON form.
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
}

fn push_id(out: &mut String, id: &RequestId) {
    use fmt::Write as _;
    match id {
        RequestId::Number(number) => _ = write!(out, "{number}"),
        RequestId::Text(text) => push_str(out, text),
    }
}

/// A request or notification before its id and `_meta` are known: the text is written once and only finished.
#[derive(Clone)]
pub(crate) struct Draft {
    text: String,
    params: Params,
    /// Where the caller's own params end, and whether there were any.
    own: (usize, Params),
    user_meta: Option<Json>,
}

#[derive(Clone, Copy, PartialEq)]
enum Params {
    Absent,
    /// Open objects: the message's and the params', which has no member yet or some.
    Empty,
    Some,
}

/// A finished message that may have to be written once more, with another id.
#[derive(Clone)]
pub(crate) struct Sent {
    text: Text,
    params: Params,
    own: (usize, Params),
    open: usize,
    user_meta: Option<Json>,
}

#[derive(Serialize)]
struct Head<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: P,
}

impl Draft {
    /// A message without params.
    pub(crate) fn new(method: &str) -> Self {
        let mut text = String::with_capacity(128);
        text.push_str(r#"{"jsonrpc":"2.0","method":"#);
        push_str(&mut text, method);
        Self { own: (text.len(), Params::Absent), text, params: Params::Absent, user_meta: None }
    }

    /// A message whose params are a Rust value that serialises as an object.
    ///
    /// The value must not write a `_meta` member; give it with [`Self::user_meta`].
    pub(crate) fn encode<P: Serialize>(method: &str, params: P) -> Result<Self, JsonError> {
        let mut text = serde_json::to_string(&Head { jsonrpc: "2.0", method, params })?;
        if !text.ends_with("}}") {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        text.truncate(text.len() - 2);
        let params = if text.trim_end().ends_with('{') { Params::Empty } else { Params::Some };
        Ok(Self { own: (text.len(), params), text, params, user_meta: None })
    }

    /// A message whose params are any object, `_meta` included.
    pub(crate) fn with_params(method: &str, params: &Json) -> Result<Self, JsonError> {
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        if !params.mentions("_meta") {
            return Self::encode(method, params);
        }
        let mut draft = Self::new(method);
        let mut meta = None;
        draft.open();
        for (key, value) in params.entries().unwrap_or_default() {
            if key == "_meta" {
                meta = Some(value).filter(Json::is_object);
            } else {
                draft.set(&key, &value);
            }
        }
        draft.own = (draft.text.len(), draft.params);
        draft.user_meta = meta;
        Ok(draft)
    }

    /// The caller's own `_meta` entries.
    pub(crate) fn user_meta(mut self, meta: Option<Json>) -> Self {
        if meta.is_some() {
            self.user_meta = meta;
        }
        self
    }

    fn open(&mut self) {
        if self.params == Params::Absent {
            self.text.push_str(r#","params":{"#);
            self.params = Params::Empty;
        }
    }

    fn member(&mut self, key: &str) {
        self.open();
        if self.params == Params::Some {
            self.text.push(',');
        }
        self.params = Params::Some;
        push_str(&mut self.text, key);
        self.text.push(':');
    }

    /// Adds a member to the params.
    pub(crate) fn set(&mut self, key: &str, value: &Json) {
        self.member(key);
        self.text.push_str(&value.0);
    }

    /// Makes the draft independent of values that the caller may still change.
    pub(crate) fn freeze(self) -> Result<Self, JsonError> {
        Ok(self)
    }

    /// Writes id and `_meta` and closes the message.
    pub(crate) fn finish(mut self, id: Option<&RequestId>, meta: Meta<'_>) -> Result<Sent, JsonError> {
        let (params, open) = (self.params, self.text.len());
        let user_meta = self.user_meta.take();
        let meta = Meta { user: meta.user.or(user_meta.as_ref()), ..meta };
        if !meta.is_empty() {
            self.member("_meta");
            let mut all = Object::new();
            if let Some(user) = meta.user {
                for (key, value) in user.entries().unwrap_or_default() {
                    if !meta.reserves(&key) {
                        all = all.json(&key, &value);
                    }
                }
            }
            if let Some(token) = meta.progress_token {
                push_id(all.key("progressToken"), &RequestId::Number(token));
            }
            match meta.base {
                // The common case: the protocol's entries alone, which are a whole object already.
                Some(base) if all.0.len() == 1 => self.text.push_str(&base.0),
                Some(base) => {
                    let inner = base.0.trim().trim_start_matches('{').strip_suffix('}').unwrap_or_default();
                    all.0.push(',');
                    all.0.push_str(inner);
                    self.text.push_str(&all.0);
                    self.text.push('}');
                }
                None => {
                    self.text.push_str(&all.0);
                    self.text.push('}');
                }
            }
        }
        if self.params != Params::Absent {
            self.text.push('}');
        }
        if let Some(id) = id {
            self.text.push_str(r#","id":"#);
            push_id(&mut self.text, id);
        }
        self.text.push('}');
        Ok(Sent { text: self.text.into(), params, own: self.own, open, user_meta })
    }
}

impl Sent {
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The same message to be sent once more, under another id.
    pub(crate) fn reopen(&self) -> Draft {
        Draft {
            text: self.text.as_str()[..self.open].to_owned(),
            params: self.params,
            own: self.own,
            user_meta: self.user_meta.clone(),
        }
    }

    /// The message as the caller gave it, without members added since.
    pub(crate) fn original(&self) -> Draft {
        let (end, params) = self.own;
        Draft { text: self.text.as_str()[..end].to_owned(), params, own: self.own, user_meta: self.user_meta.clone() }
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
