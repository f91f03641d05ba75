//! What the client promises, one file per promise, over real sockets: the same bodies natively, in a page and in a dedicated worker.

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod cancellation;
mod elicitation;
mod errors;
mod garbage;
mod handshake;
mod input;
mod interruption;
mod keep_alive;
mod limits;
mod own_server;
mod reconnect;
mod timeouts;
