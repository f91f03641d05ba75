//! Servers as child processes: what becomes of them and of what they start, on Linux, whose `/proc` tells.

#![cfg(target_os = "linux")]

mod endings;
mod environment;
mod errors;
mod own;
mod parents;
mod restart;
mod stderr;
mod support;
