//! What this side takes from the host: its JSON, its objects, and messages through their getters.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::frame::RequestId;
use crate::json::JsonError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub(super) fn json_parse(text: &JsString) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify, catch)]
    pub(super) fn json_stringify(value: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = assign, catch)]
    pub(super) fn assign_all(target: &JsValue, source: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = hasOwn, catch)]
    pub(super) fn has_own_key(object: &JsValue, key: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = hasOwn, catch)]
    pub(super) fn has_own(object: &JsValue, key: &str) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    pub(super) fn own_keys(object: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    pub(super) fn reflect_get(object: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set, catch)]
    pub(super) fn reflect_set(object: &JsValue, key: &str, value: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = defineProperty, catch)]
    pub(super) fn define_property(object: &JsValue, key: &str, attributes: &JsValue) -> Result<bool, JsValue>;

    /// A received message, read through its getters.
    pub(super) type Envelope;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn id(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn method(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn params(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn result(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn error(this: &Envelope) -> JsValue;
    #[wasm_bindgen(structural, method, getter, js_name = resultType)]
    pub(super) fn result_type(this: &Envelope) -> JsValue;

    /// A message being written.
    #[wasm_bindgen(js_name = Object)]
    #[derive(Clone)]
    pub(super) type Frame;
    #[wasm_bindgen(constructor, js_class = "Object")]
    pub(super) fn new() -> Frame;
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_jsonrpc(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_id(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_method(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, getter, js_name = method)]
    pub(super) fn method_of(this: &Frame) -> JsValue;
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_params(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_result(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_error(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, getter, js_name = params)]
    pub(super) fn params_of(this: &Frame) -> JsValue;
    #[wasm_bindgen(structural, method, setter, js_name = _meta)]
    pub(super) fn set_meta(this: &Frame, value: &JsValue);
    #[wasm_bindgen(structural, method, getter, js_name = _meta)]
    pub(super) fn meta_of(this: &Frame) -> JsValue;
}

thread_local! {
    /// Interned once: crossing a string into JavaScript costs more than the call that uses it.
    pub(super) static VERSION: JsValue = JsValue::from_str("2.0");
    pub(super) static COMPLETE: JsValue = JsValue::from_str("complete");
    static PROTO: JsValue = JsValue::from_str("__proto__");
}

pub(super) fn error_of(error: &JsValue) -> JsonError {
    let text = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    JsonError::new(text.unwrap_or_else(|| "the value cannot be written as JSON".into()))
}

pub(super) fn stringify(value: &JsValue) -> Result<JsString, JsonError> {
    let text = json_stringify(value).map_err(|e| error_of(&e))?;
    // `undefined`, functions and symbols have no JSON form: stringify answers with undefined.
    text.dyn_into::<JsString>().map_err(|_| JsonError::new("the value cannot be written as JSON"))
}

pub(super) fn is_plain_object(value: &JsValue) -> bool {
    value.is_object() && !Array::is_array(value)
}

/// Sets a key chosen by a peer: `__proto__` becomes an ordinary member.
pub(super) fn set_key(object: &JsValue, key: &str, value: &JsValue) {
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
pub(super) fn assign(target: &JsValue, source: &JsValue) -> Result<JsValue, JsValue> {
    if !source.is_object() || !PROTO.with(|proto| has_own_key(source, proto))? {
        return assign_all(target, source);
    }
    for key in own_keys(source)?.iter().filter_map(|key| key.as_string()) {
        set_key(target, &key, &reflect_get(source, &key)?);
    }
    Ok(target.clone())
}

pub(super) fn id_of(value: &JsValue) -> Option<RequestId> {
    match value.as_f64() {
        Some(number) => RequestId::from_f64(number),
        None => text_of(value).map(|s| RequestId::Text(s.into())),
    }
}

/// The string, unless a surrogate stands alone in it: as an id or a method it would come out as another one.
pub(super) fn text_of(value: &JsValue) -> Option<String> {
    value.dyn_ref::<JsString>().filter(|text| text.is_valid_utf16()).map(String::from)
}

pub(super) fn id_value(id: &RequestId) -> JsValue {
    match id {
        RequestId::Number(number) => JsValue::from_f64(*number as f64),
        RequestId::Text(text) => JsValue::from_str(text),
    }
}
