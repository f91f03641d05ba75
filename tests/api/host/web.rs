use everywire::BoxFuture;

pub use wasm_bindgen_test::wasm_bindgen_test as test;

pub fn spawn(task: BoxFuture<'static, ()>) {
    wasm_bindgen_futures::spawn_local(task);
}
