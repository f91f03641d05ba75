//! What passes between a session and a carrier.

mod id;
mod packet;
mod profile;

pub use id::RequestId;
pub use packet::{Body, Close, Failure, Inbound, Outbound, Post, Resume};
pub use profile::{Liveness, Profile};
