//! Servers on TCP and Unix sockets, spoken to by hand.
#![cfg(all(feature = "server", unix))]

mod eras;
mod limits;
mod many;
#[path = "../server_support/mod.rs"]
mod server_support;
mod support;
mod transcript;
mod unix;
