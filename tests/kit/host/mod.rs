//! Where the tests run: tokio natively, the host's event loop on wasm32.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{now, setting, spawn, test};
#[cfg(target_arch = "wasm32")]
pub(crate) use web::{now, setting, spawn, test};
