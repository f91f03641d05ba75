//! Objects written member by member.

use super::Json;
use super::write::{push_int, push_str};
use crate::frame::RequestId;

/// Builds an object member by member.
pub(crate) struct Object(pub(super) String);

impl Object {
    pub(crate) fn new() -> Self {
        Self("{".into())
    }

    pub(super) fn key(&mut self, key: &str) -> &mut String {
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

pub(super) fn push_id(out: &mut String, id: &RequestId) {
    match id {
        RequestId::Number(number) => push_int(out, *number),
        RequestId::Text(text) => push_str(out, text),
    }
}
