//! `everywire bridge`, run as people run it, with clients at one end and servers of its own or somebody else's at the other.

#![cfg(all(not(target_arch = "wasm32"), feature = "cli"))]

mod access;
mod carriers;
mod endings;
#[cfg(target_os = "linux")]
mod processes;
mod recording;
mod support;
