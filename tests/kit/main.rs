//! The test kit, and this crate's own transports run through it.

#[cfg(not(target_arch = "wasm32"))]
mod broken;
mod carriers;
#[cfg(not(target_arch = "wasm32"))]
#[path = "../../examples/custom_transport.rs"]
#[allow(dead_code, reason = "the program around it")]
mod custom_transport;
mod faults;
mod host;
#[cfg(not(target_arch = "wasm32"))]
mod layer;
mod record;
mod storm;
#[cfg(not(target_arch = "wasm32"))]
mod streams;
