//! The core against a scripted fetch: a virtual clock, no I/O. They run on both platforms.

mod exchanges;
mod fake;
mod headers;
mod link;
mod older;
mod push;
mod sessions;
mod streams;
mod tokens;

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        /// Runs what makes timers, and waits for none.
        fn with_timers(test: impl FnOnce()) {
            test();
        }
    } else {
        /// Runs what makes timers, and waits for none.
        fn with_timers(test: impl FnOnce()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let runtime = runtime.expect("a runtime");
            let _guard = runtime.enter();
            test();
        }
    }
}
