//! What the host throws or rejects with: anything at all.

use wasm_bindgen::prelude::*;

use crate::text::before;

#[wasm_bindgen]
extern "C" {
    pub(super) type Thrown;
    #[wasm_bindgen(structural, method, getter)]
    fn message(this: &Thrown) -> JsValue;
    #[cfg(feature = "http")]
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn cause(this: &Thrown) -> JsValue;
    #[cfg(feature = "http")]
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn code(this: &Thrown) -> JsValue;
}

/// The members of what was thrown, where it has any.
pub(super) fn thrown(value: &JsValue) -> Option<&Thrown> {
    value.is_object().then(|| value.unchecked_ref())
}

/// The message, or `otherwise`.
pub(super) fn said(value: &JsValue, otherwise: &str) -> String {
    let message = thrown(value).and_then(|thrown| thrown.message().as_string()).filter(|message| !message.is_empty());
    message.unwrap_or_else(|| otherwise.into())
}

/// What the host said of `url`, which it repeats: without its query, that may carry a ticket.
pub(super) fn without_query(said: &str, url: &str) -> String {
    if url.is_empty() { said.into() } else { replaced(said, url, before(url, b"?")) }
}

/// `text` with `by` wherever `what` stood, which is not empty.
fn replaced(mut text: &str, what: &str, by: &str) -> String {
    let mut all = String::new();
    loop {
        if let Some(rest) = text.strip_prefix(what) {
            all.push_str(by);
            text = rest;
            continue;
        }
        let mut chars = text.chars();
        let Some(next) = chars.next() else { return all };
        all.push(next);
        text = chars.as_str();
    }
}
