use wasm_bindgen::prelude::*;

use super::Json;
use super::host::{id_value, set_key};
use crate::frame::RequestId;

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
