use std::time::Duration;

use everywire::BoxFuture;

pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

pub(crate) fn spawn(task: BoxFuture<'static, ()>) {
    wasm_bindgen_futures::spawn_local(task);
}

pub(crate) fn now() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}

/// A page has no environment: what it was compiled with.
pub(crate) fn setting(name: &str) -> Option<u64> {
    let given = match name {
        "KIT_SEEDS" => option_env!("KIT_SEEDS"),
        "KIT_SEED" => option_env!("KIT_SEED"),
        _ => None,
    };
    given.map(|text| text.parse().expect("a number"))
}
