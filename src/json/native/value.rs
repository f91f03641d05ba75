//! One JSON value as the text it is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use bytestring::ByteString;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::mend::mend;
use super::text::{Text, id_of};
use super::write::{RAW, push_str, to_string};
use super::{read, scan};
use crate::frame::RequestId;
use crate::json::JsonError;

/// Any JSON value: text natively, the host's own value on wasm32. Cheap to clone.
#[derive(Clone)]
pub struct Json(pub(super) ByteString);

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

    /// An array of values.
    pub(crate) fn list(all: &[Self]) -> Self {
        let mut text = String::from("[");
        for (at, value) in all.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(&value.0);
        }
        text.push(']');
        Self(text.into())
    }

    /// An array of strings.
    pub(crate) fn strings(all: &[String]) -> Self {
        Self(to_string(all).unwrap_or_default().into())
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
        Ok(Self(to_string(value)?.into()))
    }

    /// Reads the value as a Rust type.
    ///
    /// # Errors
    /// Where the value does not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        if let Ok(value) = read::from_text(&self.0) {
            return Ok(value);
        }
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

    fn members(&self) -> Option<Vec<(Cow<'_, str>, &str)>> {
        let mut all = Vec::new();
        if scan::members(&self.0, |key, value| all.push((Cow::Borrowed(key), value))).is_some() {
            return Some(all);
        }
        read_members(&self.0).ok()
    }

    fn slice(&self, part: &str) -> Self {
        Self(self.0.slice_ref(part))
    }

    /// The member `key` of an object, the last where it stands twice.
    pub fn get(&self, key: &str) -> Option<Self> {
        let [member] = self.pick([key])?;
        member
    }

    /// The members of an object, in order, the last where a name stands twice.
    pub fn entries(&self) -> Option<Vec<(String, Self)>> {
        let members = self.members()?;
        let mut all: Vec<(String, Self)> = Vec::with_capacity(members.len());
        // Few are compared with each other; many, which a peer may send, are looked up.
        let mut known = (members.len() > 32).then(|| HashMap::with_capacity(members.len()));
        for (key, raw) in &members {
            let at = match &mut known {
                Some(known) => Some(*known.entry(key.as_ref()).or_insert(all.len())),
                None => all.iter().position(|(name, _)| name == key),
            };
            match at.and_then(|at| all.get_mut(at)) {
                Some((_, value)) => *value = self.slice(raw),
                None => all.push((key.clone().into_owned(), self.slice(raw))),
            }
        }
        Some(all)
    }

    /// The items of an array.
    pub fn items(&self) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(&self.0).ok()?;
        Some(items.into_iter().map(|raw| self.slice(raw.get())).collect())
    }

    /// The value, where it is a string.
    pub fn as_str(&self) -> Option<String> {
        match plain(&self.0) {
            Some(plain) => Some(plain.to_owned()),
            None => self.parse().ok(),
        }
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
        let mut found = [None; N];
        let passed = scan::members(&self.0, |key, value| {
            if let Some(at) = names.iter().position(|name| *name == key) {
                found[at] = Some(value);
            }
        });
        if passed.is_none() {
            let members = read_members(&self.0).ok()?;
            found = names.map(|name| members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value));
        }
        Some(found.map(|value| value.map(|value| self.slice(value))))
    }

    /// The value's text in a buffer of its own, for keeping; `None` where it is longer than `most`.
    pub(crate) fn frozen(&self, most: usize) -> Option<Text> {
        (self.0.len() <= most).then(|| Text(self.to_text().into()))
    }

    /// Whether both are written alike: a fast look that may say no to equal values.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether the text `needle` stands anywhere in the value's text: a fast look before a slow one.
    pub(crate) fn mentions(&self, needle: &str) -> bool {
        memchr::memmem::find(self.0.as_bytes(), needle.as_bytes()).is_some()
    }

    /// Whether `needle`, plain ASCII, may stand in a name or a string of this value, however deep: a look at the text before
    /// a walk through it.
    pub(crate) fn text_contains(&self, needle: &str) -> bool {
        // An ASCII character can be escaped too, if nobody does it.
        self.mentions(needle) || self.mentions("\\u00")
    }
}

/// The inside of a string without escapes.
pub(super) fn plain(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', inside.as_bytes()).is_none().then_some(inside)
}

/// The members of an object, by serde_json.
pub(super) fn read_members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de str)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                all.push((key, value.get()));
            }
            Ok(all)
        }
    }
    let mut text = serde_json::Deserializer::from_str(text);
    let members = text.deserialize_map(Members)?;
    text.end()?;
    Ok(members)
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What a `RawValue` says of itself, without reading the text once more to make one.
        let mut raw = serializer.serialize_struct(RAW, 1)?;
        raw.serialize_field(RAW, self.0.as_ref() as &str)?;
        raw.end()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(String::from(Box::<str>::from(raw)).into()))
    }
}
