//! The test kit, and this crate's own transports run through it.

mod carriers;
mod faults;
mod host;
mod storm;
#[cfg(not(target_arch = "wasm32"))]
mod streams;
