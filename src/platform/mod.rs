//! The few things the two worlds do differently: clocks, tasks, locks, marker traits.
//!
//! `native.rs` and `web.rs` offer the same names with the same signatures; everything above chooses nothing by target.

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "what only the server uses"))]
        mod web;
        use web as imp;
    } else {
        #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "what only the server uses"))]
        mod native;
        use native as imp;
    }
}

#[cfg(any(feature = "http", feature = "server", all(feature = "websocket", target_arch = "wasm32")))]
pub(crate) use imp::base64;
#[cfg(feature = "server")]
pub(crate) use imp::fill_random;
#[cfg(test)]
pub(crate) use imp::test;
pub use imp::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
pub(crate) use imp::{Lock, Task, now, seed, spawn, wall};
#[cfg(feature = "http")]
pub(crate) use imp::{http_date, line_end};
