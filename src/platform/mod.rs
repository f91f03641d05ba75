//! The few things the two worlds do differently: clocks, tasks, locks, marker traits.
//!
//! `native.rs` and `web.rs` offer the same names with the same signatures; everything above chooses nothing by target.

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        mod web;
        use web as imp;
    } else {
        mod native;
        use native as imp;
    }
}

#[cfg(test)]
pub(crate) use imp::test;
pub use imp::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
pub(crate) use imp::{Lock, Task, fill_random, now, seed, spawn, wall};
