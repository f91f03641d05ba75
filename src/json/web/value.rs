use js_sys::Array;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::Text;
use super::host::{
    COMPLETE, Envelope, error_of, has_own, id_of, is_plain_object, json_parse, own_keys, reflect_get, stringify,
};
use crate::frame::RequestId;
use crate::json::JsonError;

/// Any JSON value: text natively, the host's own value on wasm32. Cheap to clone.
#[derive(Clone)]
pub struct Json(pub(super) JsValue);

impl Json {
    /// The value `null`.
    pub fn null() -> Self {
        Self(JsValue::NULL)
    }

    /// The value over a host value that has a JSON form.
    pub fn from_js(value: JsValue) -> Self {
        Self(value)
    }

    /// The host's value.
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }

    /// A string.
    pub(crate) fn string(text: &str) -> Self {
        Self(JsValue::from_str(text))
    }

    /// An array of values.
    pub(crate) fn list(all: &[Self]) -> Self {
        Self(all.iter().map(|value| &value.0).collect::<Array>().into())
    }

    /// An array of strings.
    pub(crate) fn strings(all: &[String]) -> Self {
        Self(all.iter().map(|text| JsValue::from_str(text)).collect::<Array>().into())
    }

    /// Reads a value from its text.
    ///
    /// # Errors
    /// Where the text is not one JSON value.
    pub fn from_text(text: &str) -> Result<Self, JsonError> {
        json_parse(&text.into()).map(Self).map_err(|e| error_of(&e))
    }

    /// Writes a Rust value. A map's key `__proto__` is lost on wasm32, where the value is built as a host object.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        // `json_compatible`, or a map would become a `Map`, which JSON.stringify writes as `{}`.
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        value.serialize(&serializer).map(Self).map_err(|e| JsonError::new(e.to_string()))
    }

    /// Reads the value as a Rust type.
    ///
    /// # Errors
    /// Where the value does not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_wasm_bindgen::from_value(self.0.clone()).map_err(|e| JsonError::new(e.to_string()))
    }

    /// The value as JSON text.
    pub fn to_text(&self) -> String {
        stringify(&self.0).map_or_else(|_| "null".into(), |text| String::from(&text))
    }

    /// The member `key` of an object.
    pub fn get(&self, key: &str) -> Option<Self> {
        if !is_plain_object(&self.0) || !has_own(&self.0, key).unwrap_or(false) {
            return None;
        }
        reflect_get(&self.0, key).ok().filter(|value| !value.is_undefined()).map(Self)
    }

    /// The members of an object, in the host's order.
    pub fn entries(&self) -> Option<Vec<(String, Self)>> {
        if !is_plain_object(&self.0) {
            return None;
        }
        let keys = own_keys(&self.0).ok()?;
        Some(
            keys.iter()
                .filter_map(|key| key.as_string())
                .filter_map(|key| self.get(&key).map(|value| (key, value)))
                .collect(),
        )
    }

    /// The items of an array.
    pub fn items(&self) -> Option<Vec<Self>> {
        Some(self.0.dyn_ref::<Array>()?.iter().map(Self).collect())
    }

    /// The value, where it is a string.
    pub fn as_str(&self) -> Option<String> {
        self.0.as_string()
    }

    /// The value, where it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        // What is out of range in a text is infinite here.
        self.0.as_f64().filter(|number| number.is_finite())
    }

    /// The value, where it is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    pub(crate) fn as_id(&self) -> Option<RequestId> {
        id_of(&self.0)
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        is_plain_object(&self.0)
    }

    /// Whether this is an array.
    pub fn is_array(&self) -> bool {
        Array::is_array(&self.0)
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.0.is_null()
    }

    /// Several members of an object in one pass; `None` where this is no object.
    pub(crate) fn pick<const N: usize>(&self, names: [&str; N]) -> Option<[Option<Self>; N]> {
        is_plain_object(&self.0).then(|| names.map(|name| self.get(name)))
    }

    /// The value's text, for keeping: nobody can change it. `None` where it is longer than `most`.
    pub(crate) fn frozen(&self, most: usize) -> Option<Text> {
        stringify(&self.0).ok().map(Text::from).filter(|text| text.len() <= most)
    }

    /// Whether both are the same value: a fast look that may say no to equal values.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// A fast look before a slow one: whether `needle` may stand in `resultType`. Ordinary results say `complete` there or
    /// nothing, and neither takes a string across the border.
    pub(crate) fn mentions(&self, _needle: &str) -> bool {
        if !self.0.is_object() {
            return false;
        }
        let kind = self.0.unchecked_ref::<Envelope>().result_type();
        !kind.is_undefined() && !COMPLETE.with(|complete| *complete == kind)
    }

    /// Whether `needle`, plain ASCII, may stand in a name or a string of this value, however deep: a look at the text before
    /// a walk through it.
    pub(crate) fn text_contains(&self, needle: &str) -> bool {
        // What is nested too deeply to be written may hold anything.
        stringify(&self.0).map_or(true, |text| text.includes(needle, 0))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_wasm_bindgen::preserve::deserialize(deserializer).map(Self)
    }
}
