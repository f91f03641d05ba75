//! What passes between a session and a carrier.

#[cfg(feature = "http")]
mod events;
mod id;
mod packet;
mod profile;

#[cfg(feature = "http")]
#[allow(unused_imports)]
pub(crate) use events::{EventParser, TooLarge};
pub use id::RequestId;
pub use packet::{Body, Close, Failure, Inbound, Outbound, Post, Resume};
pub use profile::{Liveness, Profile};
