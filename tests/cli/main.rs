//! The program `everywire`, run as people run it, against its own demo server and servers of this crate.

#![cfg(all(not(target_arch = "wasm32"), feature = "cli"))]

mod calls;
mod commands;
mod input;
#[cfg(unix)]
mod interrupt;
mod page;
mod support;
mod targets;
