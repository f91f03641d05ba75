//! What passes between a session and a carrier.

#[cfg(feature = "http")]
#[allow(dead_code)]
mod events;
#[cfg(any(feature = "http", feature = "server"))]
#[allow(dead_code)]
pub(crate) mod header_value;
mod id;
#[cfg(not(target_arch = "wasm32"))]
mod lines;
mod packet;
mod profile;

#[cfg(feature = "http")]
#[allow(unused_imports)]
pub(crate) use events::{EventParser, TooLarge};
pub use id::RequestId;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use lines::{Block, Broken, Lines, one_line};
pub use packet::{Body, Close, Failure, Inbound, Outbound, Post, Resume};
pub use profile::{Liveness, Profile};
