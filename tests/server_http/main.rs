//! Streamable HTTP as the server speaks it, in every revision, over real sockets.
#![cfg(all(feature = "server", not(target_arch = "wasm32")))]

mod clients;
mod limits;
mod modern;
mod mounted;
mod resumption;
mod security;
mod sessions;
mod streaming;
mod support;
