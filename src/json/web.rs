//! JSON as the host's own values: `JSON.parse` and `JSON.stringify` do the work, heads are read through getters.

use std::fmt;

use js_sys::{Array, JsString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::{JsonError, Malformed, Message, MessageId, Meta};
use crate::frame::RequestId;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn json_parse(text: &JsString) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify, catch)]
    fn json_stringify(value: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = assign, catch)]
    fn assign_all(target: &JsValue, source: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = hasOwn, catch)]
    fn has_own_key(object: &JsValue, key: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = hasOwn, catch)]
    fn has_own(object: &JsValue, key: &str) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    fn own_keys(object: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn reflect_get(object: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set, catch)]
    fn reflect_set(object: &JsValue, key: &str, value: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = defineProperty, catch)]
    fn define_property(object: &JsValue, key: &str, attributes: &JsValue) -> Result<bool, JsValue>;

    /// A received message, read through its getters.
    type Envelope;
    #[wasm_bindgen(structural, method, getter)]
    fn id(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    fn method(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    fn params(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    fn result(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    fn error(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter, js_name = resultType)]
    fn result_type(this: &Envelope) -> JsValue;

    /// A message being written.
    #[wasm_bindgen(js_name = Object)]
    #[derive(Clone)]
    type Frame;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Frame;
    #[wasm_bindgen(structural, method, setter)]
    fn set_jsonrpc(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    fn set_id(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    fn set_method(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    fn set_params(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    fn set_result(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    fn set_error(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, getter, js_name = params)]
    fn params_of(this: &Frame) -> JsValue;
    #[wasm_bindgen(structural, method, setter, js_name = _meta)]
    fn set_meta(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, getter, js_name = _meta)]
    fn meta_of(this: &Frame) -> JsValue;
}

thread_local! {
    /// Interned once: crossing a string into JavaScript costs more than the call that uses it.
    static VERSION: JsValue = JsValue::from_str("2.0");
    static COMPLETE: JsValue = JsValue::from_str("complete");
    static PROTO: JsValue = JsValue::from_str("__proto__");
}

fn error_of(error: &JsValue) -> JsonError {
    let text = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    JsonError::new(text.unwrap_or_else(|| "the value cannot be written as JSON".into()))
}

fn stringify(value: &JsValue) -> Result<JsString, JsonError> {
    let text = json_stringify(value).map_err(|e| error_of(&e))?;
    // `undefined`, functions and symbols have no JSON form: stringify answers with undefined.
    text.dyn_into::<JsString>().map_err(|_| JsonError::new("the value cannot be written as JSON"))
}

fn is_plain_object(value: &JsValue) -> bool {
    value.is_object() && !Array::is_array(value)
}

/// Sets a key chosen by a peer: `__proto__` becomes an ordinary member.
fn set_key(object: &JsValue, key: &str, value: &JsValue) {
    if key == "__proto__" {
        let attributes = js_sys::Object::new();
        for (name, setting) in [
            ("value", value),
            ("writable", &JsValue::TRUE),
            ("enumerable", &JsValue::TRUE),
            ("configurable", &JsValue::TRUE),
        ] {
            let _ = reflect_set(&attributes, name, setting);
        }
        let _ = define_property(object, key, &attributes);
    } else {
        let _ = reflect_set(object, key, value);
    }
}

/// Copies the members of `source`. `Object.assign` alone would take a member `__proto__` for the target's prototype.
fn assign(target: &JsValue, source: &JsValue) -> Result<JsValue, JsValue> {
    if !source.is_object() || !PROTO.with(|proto| has_own_key(source, proto))? {
        return assign_all(target, source);
    }
    for key in own_keys(source)?.iter().filter_map(|key| key.as_string()) {
        set_key(target, &key, &reflect_get(source, &key)?);
    }
    Ok(target.clone())
}

/// The text of one message: a JavaScript string that never enters linear memory.
#[derive(Clone, PartialEq)]
pub struct Text {
    text: JsString,
    /// Asked for once: the host is slower to ask than a field.
    len: usize,
}

impl Text {
    /// The length in UTF-16 code units, which is at most the length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The JavaScript string.
    pub fn as_js(&self) -> &JsString {
        &self.text
    }

    /// Reads the envelope.
    pub(crate) fn read(&self) -> Result<Message, Malformed> {
        let value = json_parse(&self.text).map_err(|_| Malformed::NotJson)?;
        if !value.is_object() {
            return Err(Malformed::NotMessage);
        }
        let present = |value: JsValue| (!value.is_undefined()).then_some(value);
        let filled = |value: JsValue| (!value.is_undefined() && !value.is_null()).then_some(Json(value));
        let envelope: &Envelope = value.unchecked_ref();
        let id = match present(envelope.id()) {
            None => MessageId::Absent,
            Some(id) => id_of(&id).map_or(MessageId::Alien, MessageId::Id),
        };
        let method = envelope.method();
        if method.is_undefined() || method.is_null() {
            let error = filled(envelope.error());
            // `"result": null` beside an error is how JSON-RPC 1.0 writes an error.
            let result = present(envelope.result()).filter(|value| !value.is_null() || error.is_none()).map(Json);
            let error = if result.is_some() { None } else { error };
            if result.is_none() && error.is_none() {
                return Err(if Array::is_array(&value) { Malformed::Batch } else { Malformed::NotMessage });
            }
            return Ok(Message { id, method: None, params: None, result, error });
        }
        let method = text_of(&method).ok_or(Malformed::NotMessage)?;
        Ok(Message { id, method: Some(method), params: filled(envelope.params()), result: None, error: None })
    }
}

fn id_of(value: &JsValue) -> Option<RequestId> {
    match value.as_f64() {
        Some(number) => RequestId::from_f64(number),
        None => text_of(value).map(|s| RequestId::Text(s.into())),
    }
}

/// The string, unless a surrogate stands alone in it: as an id or a method it would come out as another one.
fn text_of(value: &JsValue) -> Option<String> {
    value.dyn_ref::<JsString>().filter(|text| text.is_valid_utf16()).map(String::from)
}

fn id_value(id: &RequestId) -> JsValue {
    match id {
        RequestId::Number(number) => JsValue::from_f64(*number as f64),
        RequestId::Text(text) => JsValue::from_str(text),
    }
}

impl From<JsString> for Text {
    fn from(text: JsString) -> Self {
        Self { len: text.length() as usize, text }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(JsString::from(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(&self.text))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Any JSON value: text natively, the host's own value on wasm32. Cheap to clone.
#[derive(Clone)]
pub struct Json(JsValue);

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

/// Builds an object member by member.
pub(crate) struct Object(JsValue);

impl Object {
    pub(crate) fn new() -> Self {
        Self(js_sys::Object::new().into())
    }

    pub(crate) fn str(self, key: &str, value: &str) -> Self {
        set_key(&self.0, key, &JsValue::from_str(value));
        self
    }

    pub(crate) fn num(self, key: &str, value: f64) -> Self {
        set_key(&self.0, key, &JsValue::from_f64(value));
        self
    }

    pub(crate) fn bool(self, key: &str, value: bool) -> Self {
        set_key(&self.0, key, &JsValue::from_bool(value));
        self
    }

    pub(crate) fn json(self, key: &str, value: &Json) -> Self {
        set_key(&self.0, key, &value.0);
        self
    }

    pub(crate) fn id(self, key: &str, value: &RequestId) -> Self {
        set_key(&self.0, key, &id_value(value));
        self
    }

    pub(crate) fn build(self) -> Json {
        Json(self.0)
    }

    #[cfg_attr(not(feature = "js"), expect(dead_code, reason = "only the npm package hands objects out"))]
    pub(crate) fn into_js(self) -> JsValue {
        self.0
    }
}

/// A request or notification before its id and `_meta` are known.
#[derive(Clone)]
pub(crate) struct Draft {
    frame: Frame,
    params: JsValue,
    /// The params are our own copy and may be written to.
    owned: bool,
    user_meta: Option<Json>,
}

/// A finished message that may have to be written once more, with another id.
#[derive(Clone)]
pub(crate) struct Sent {
    text: Text,
    user_meta: Option<Json>,
}

impl Draft {
    /// A message without params.
    pub(crate) fn new(method: &str) -> Self {
        Self::over(&JsValue::from_str(method), JsValue::UNDEFINED)
    }

    /// A message over host values, as a call from JavaScript gives them: nothing is copied.
    pub(crate) fn over(method: &JsValue, params: JsValue) -> Self {
        let frame = Frame::new();
        VERSION.with(|version| frame.set_jsonrpc(version));
        frame.set_method(method);
        Self { frame, params, owned: false, user_meta: None }
    }

    /// A message whose params are a Rust value that serialises as an object.
    pub(crate) fn encode<P: Serialize>(method: &str, params: P) -> Result<Self, JsonError> {
        let params = Json::encode(&params)?;
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        Ok(Self { owned: true, ..Self::over(&JsValue::from_str(method), params.0) })
    }

    /// A message whose params are any object, `_meta` included.
    pub(crate) fn with_params(method: &str, params: &Json) -> Result<Self, JsonError> {
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        Ok(Self::over(&JsValue::from_str(method), params.0.clone()))
    }

    /// The caller's own `_meta` entries.
    pub(crate) fn user_meta(mut self, meta: Option<Json>) -> Self {
        if meta.is_some() {
            self.user_meta = meta;
        }
        self
    }

    /// The params as an object that we may write to; the caller's is never changed.
    fn own_params(&mut self) -> Result<&Frame, JsonError> {
        if !self.owned {
            self.params = assign(Frame::new().as_ref(), &self.params).map_err(|e| error_of(&e))?;
            self.owned = true;
        }
        Ok(self.params.unchecked_ref())
    }

    /// Adds a member to the params.
    pub(crate) fn set(&mut self, key: &str, value: &Json) {
        if let Ok(params) = self.own_params() {
            set_key(params.as_ref(), key, &value.0);
        }
    }

    /// Makes the draft independent of values that the caller may still change.
    pub(crate) fn freeze(mut self) -> Result<Self, JsonError> {
        if !self.owned && !self.params.is_undefined() {
            self.params = json_parse(&stringify(&self.params)?).map_err(|e| error_of(&e))?;
            self.owned = true;
        }
        Ok(self)
    }

    /// Writes id and `_meta` and closes the message.
    pub(crate) fn finish(mut self, id: Option<&RequestId>, meta: Meta<'_>) -> Result<Sent, JsonError> {
        if self.user_meta.is_none() && !meta.is_empty() && !self.params.is_undefined() {
            let own = self.params.unchecked_ref::<Frame>().meta_of();
            self.user_meta = is_plain_object(&own).then_some(Json(own));
        }
        let user_meta = meta.user.cloned().or(self.user_meta.take());
        let base = meta.base.map(|base| base.0.clone());
        if user_meta.is_some() || base.is_some() || meta.progress_token.is_some() {
            let all = match (&user_meta, base, meta.progress_token) {
                // The common case: the protocol's entries alone, one object for every request.
                (None, Some(base), None) => base,
                (user, base, token) => {
                    let all: JsValue = Frame::new().into();
                    if let Some(user) = user {
                        assign(&all, &user.0).map_err(|e| error_of(&e))?;
                    }
                    if let Some(base) = base {
                        assign(&all, &base).map_err(|e| error_of(&e))?;
                    }
                    if let Some(token) = token {
                        set_key(&all, "progressToken", &JsValue::from_f64(token as f64));
                    }
                    all
                }
            };
            self.own_params()?.set_meta(&all);
        }
        if !self.params.is_undefined() {
            self.frame.set_params(&self.params);
        }
        if let Some(id) = id {
            self.frame.set_id(&id_value(id));
        }
        let text = Text::from(stringify(self.frame.as_ref())?);
        Ok(Sent { text, user_meta })
    }
}

impl Sent {
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The same message to be sent once more, under another id.
    pub(crate) fn reopen(&self) -> Draft {
        // Our own text always parses.
        let frame: Frame = json_parse(&self.text.text).unwrap_or(JsValue::UNDEFINED).unchecked_into();
        let params = frame.params_of();
        if !params.is_undefined() {
            // An undefined member is not written.
            set_key(&params, "_meta", &JsValue::UNDEFINED);
        }
        Draft { frame, params, owned: true, user_meta: self.user_meta.clone() }
    }

    /// The message as the caller gave it, without members added since.
    pub(crate) fn original(&self) -> Draft {
        let draft = self.reopen();
        if !draft.params.is_undefined() {
            for added in ["inputResponses", "requestState"] {
                set_key(&draft.params, added, &JsValue::UNDEFINED);
            }
        }
        draft
    }
}

fn response(id: JsValue, fill: impl FnOnce(&Frame)) -> Text {
    let frame = Frame::new();
    VERSION.with(|version| frame.set_jsonrpc(version));
    frame.set_id(&id);
    fill(&frame);
    Text::from(stringify(frame.as_ref()).unwrap_or_else(|_| JsString::from("{}")))
}

/// The text of a result.
pub(crate) fn result_text(id: &RequestId, result: &Json) -> Text {
    response(id_value(id), |frame| frame.set_result(&result.0))
}

/// The text of a result with the members of `extra`, an object that is not empty and shares no name with `result`.
pub(crate) fn result_text_with(id: &RequestId, result: &Json, extra: &Json) -> Text {
    let whole = assign(Frame::new().as_ref(), &result.0).and_then(|copy| assign(&copy, &extra.0));
    response(id_value(id), |frame| frame.set_result(whole.as_ref().unwrap_or(&result.0)))
}

/// The text of an error; without an id where the request's could not be read.
pub(crate) fn error_text(id: Option<&RequestId>, error: &Json) -> Text {
    response(id.map_or(JsValue::NULL, id_value), |frame| frame.set_error(&error.0))
}
