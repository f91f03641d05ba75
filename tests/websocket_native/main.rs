//! The native WebSocket carrier against scripted servers: one file for each group of promises.
#![cfg(all(feature = "websocket", feature = "tls", not(target_arch = "wasm32")))]

mod closing;
mod flow;
mod handshake;
mod limits;
mod settings;
mod subprotocols;
mod support;
mod tls;
