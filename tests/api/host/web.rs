use everywire::BoxFuture;

pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

pub(crate) fn spawn(task: BoxFuture<'static, ()>) {
    wasm_bindgen_futures::spawn_local(task);
}
