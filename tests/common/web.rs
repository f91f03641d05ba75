use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

pub use wasm_bindgen_test::wasm_bindgen_test as promise;

pub const IN_BROWSER: bool = true;

const PORT: &str = match option_env!("EVERYWIRE_CONTROL_PORT") {
    Some(port) => port,
    None => "9877",
};

async fn awaited(promise: Result<JsValue, JsValue>) -> JsValue {
    let promise: Promise = promise.expect("a promise").unchecked_into();
    match JsFuture::from(promise).await {
        Ok(value) => value,
        Err(error) => panic!("{error:?}; is the control server running? scripts/test web starts it"),
    }
}

fn method(object: &JsValue, name: &str) -> Function {
    Reflect::get(object, &name.into()).expect("an object").unchecked_into()
}

/// A page has no processes.
pub fn child(_: &str) -> everywire::Builder {
    unreachable!("no test of a page has a child process")
}

/// One GET, in a page or a worker alike.
pub async fn get(command: &str) -> String {
    let global = js_sys::global();
    let url = format!("http://127.0.0.1:{PORT}{command}");
    let response = awaited(method(&global, "fetch").call1(&JsValue::UNDEFINED, &url.into())).await;
    let text = awaited(method(&response, "text").call0(&response)).await;
    text.as_string().expect("text")
}

/// The module's linear memory in bytes. It never shrinks, so it is what was needed at most.
pub fn memory() -> usize {
    core::arch::wasm32::memory_size(0) * 65536
}
