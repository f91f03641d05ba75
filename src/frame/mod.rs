//! What passes between a session and a carrier.

mod id;
mod packet;
mod profile;

pub use id::RequestId;
pub use packet::{Close, Inbound, Outbound};
pub use profile::{Liveness, Profile};
