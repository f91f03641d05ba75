use std::fmt;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::Json;
use super::host::{Envelope, Frame, VERSION, assign, id_of, id_value, json_parse, stringify, text_of};
use crate::frame::RequestId;
use crate::json::{Malformed, Message, MessageId};

/// Some bytes as they came from the network.
#[cfg(feature = "http")]
pub(crate) type Buffer = Vec<u8>;

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

    /// A part of a buffer; `None` where it is not UTF-8.
    #[cfg(feature = "http")]
    pub(crate) fn within(_buffer: &Buffer, part: &[u8]) -> Option<Self> {
        std::str::from_utf8(part).ok().map(|text| Self::from(JsString::from(text)))
    }

    /// The text as a value, a new one each time.
    pub(crate) fn value(&self) -> Option<Json> {
        json_parse(&self.text).ok().map(Json)
    }

    /// Reads the envelope.
    pub(crate) fn read(&self) -> Result<Message, Malformed> {
        Self::message(&self.parsed()?)
    }

    pub(super) fn parsed(&self) -> Result<JsValue, Malformed> {
        json_parse(&self.text).map_err(|_| Malformed::NotJson)
    }

    pub(super) fn message(value: &JsValue) -> Result<Message, Malformed> {
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
                return Err(if Array::is_array(value) { Malformed::Batch } else { Malformed::NotMessage });
            }
            return Ok(Message { id, method: None, params: None, result, error });
        }
        let method = text_of(&method).ok_or(Malformed::NotMessage)?;
        Ok(Message { id, method: Some(method), params: filled(envelope.params()), result: None, error: None })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::web::host::set_key;
    use crate::platform::test;

    #[test]
    fn a_kept_value_is_not_the_one_that_a_page_may_change() {
        let given = Json::from_text(r#"{"tools":[{"name":"a"}]}"#).expect("JSON");
        let kept = given.frozen(100).expect("small");
        set_key(given.as_js(), "tools", &JsValue::NULL);
        let first = kept.value().expect("JSON");
        assert_eq!(first.to_text(), r#"{"tools":[{"name":"a"}]}"#);
        set_key(first.as_js(), "tools", &JsValue::NULL);
        assert_eq!(kept.value().expect("JSON").to_text(), r#"{"tools":[{"name":"a"}]}"#);
        assert!(first.frozen(5).is_none());
    }
}
