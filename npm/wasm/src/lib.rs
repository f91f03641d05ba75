//! The WebAssembly of the npm package: what `everywire` exports to JavaScript.

#[cfg(target_arch = "wasm32")]
pub use everywire::*;
