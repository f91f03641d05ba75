//! What this side takes from the host: `fetch`, its responses, and their bodies as streams. Any object with the same
//! members will do, since a user may bring a `fetch` of another library or realm.

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub(super) type Global;
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    pub(super) static GLOBAL: Global;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn fetch(this: &Global) -> Option<Function>;
    /// Only pages and their workers have one.
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn location(this: &Global) -> Option<Location>;
    pub(super) type Location;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn origin(this: &Location) -> JsValue;

    /// What `fetch` is told.
    pub(super) type Init;
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_body(this: &Init, text: &JsString);
    #[wasm_bindgen(structural, method, setter)]
    pub(super) fn set_signal(this: &Init, signal: &JsValue);

    /// A function that does nothing: that is what the host's own prototype of functions is.
    #[wasm_bindgen(thread_local_v2, js_namespace = Function, js_name = prototype)]
    pub(super) static NOTHING: Function;
    pub(super) type Fetching;
    #[wasm_bindgen(structural, method, js_name = bind)]
    pub(super) fn prepared(this: &Fetching, receiver: &JsValue, url: &JsValue, init: &JsValue) -> JsValue;
    /// The function behind a closure of ours.
    pub(super) type Handler;
    #[wasm_bindgen(structural, method)]
    pub(super) fn bind(this: &Handler, receiver: &JsValue, fetcher: u32, exchange: f64, kept: bool) -> JsValue;
    /// A promise that `Promise.resolve` gave.
    pub(super) type Pending;
    #[wasm_bindgen(structural, method)]
    pub(super) fn then(this: &Pending, kept: &JsValue, broken: &JsValue) -> Pending;

    pub(super) type AbortController;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> AbortController;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(structural, method)]
    pub(super) fn abort(this: &AbortController);

    pub(super) type Response;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn status(this: &Response) -> Option<f64>;
    #[wasm_bindgen(structural, method, getter, js_name = type)]
    pub(super) fn kind(this: &Response) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn headers(this: &Response) -> Headers;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn body(this: &Response) -> JsValue;
    pub(super) type Headers;
    #[wasm_bindgen(structural, method, catch)]
    pub(super) fn get(this: &Headers, name: &JsValue) -> Result<Option<String>, JsValue>;

    pub(super) type Body;
    #[wasm_bindgen(structural, method, catch, js_name = getReader)]
    pub(super) fn get_reader(this: &Body) -> Result<Reader, JsValue>;
    pub(super) type Reader;
    #[wasm_bindgen(structural, method, catch)]
    pub(super) fn read(this: &Reader) -> Result<JsValue, JsValue>;
    /// Of a reader, and of a stream that has none.
    pub(super) type Cancel;
    #[wasm_bindgen(structural, method, catch)]
    pub(super) fn cancel(this: &Cancel) -> Result<JsValue, JsValue>;

    /// What a reader's `read` resolves with.
    pub(super) type Part;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn done(this: &Part) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn value(this: &Part) -> JsValue;
    pub(super) type Bytes;
    #[wasm_bindgen(structural, method, getter, js_name = byteLength)]
    pub(super) fn byte_length(this: &Bytes) -> Option<f64>;

    #[derive(Clone)]
    pub(super) type TextDecoder;
    #[wasm_bindgen(constructor)]
    pub(super) fn new(label: &JsValue, options: &JsValue) -> TextDecoder;
    #[wasm_bindgen(structural, method, catch)]
    pub(super) fn decode(this: &TextDecoder, bytes: &JsValue, options: &JsValue) -> Result<JsString, JsValue>;
}

/// Cancels a reader or a stream. Nobody hears whether that worked.
pub(super) fn cancel(what: &JsValue) {
    if let Ok(promise) = what.unchecked_ref::<Cancel>().cancel() {
        NOTHING.with(|nothing| pending(&promise).then(&JsValue::UNDEFINED, nothing));
    }
}

/// What a function of the host or the user gave, as a promise of the host.
pub(super) fn pending(given: &JsValue) -> Pending {
    js_sys::Promise::resolve(given).unchecked_into()
}
