//! A test kit for transports: faults by a seed, the promises that a transport has to keep, recording and replaying.
//!
//! Everything here is for tests, of this crate's transports and of yours. It runs on every target, with the crate's own
//! clock: natively that is tokio's, so a test on a runtime with a paused clock takes no time.

mod faults;
mod journal;
mod peer;
mod plan;
mod promises;
mod script;

cfg_if::cfg_if! {
    if #[cfg(not(target_arch = "wasm32"))] {
        mod stream;
        pub use stream::{FaultyStream, StreamFaults};
    }
}

pub use faults::Faults;
pub use journal::Journal;
pub use peer::Peer;
pub use plan::Plan;
pub use promises::{Report, Verdict, promises};
