//! A test kit for transports: faults by a seed, the promises that a transport has to keep, recording and replaying.
//!
//! Everything here is for tests, of this crate's transports and of yours. It runs on every target, with the crate's own
//! clock: natively that is tokio's, so a test on a runtime with a paused clock takes no time.
//!
//! The test of a transport of your own, against a server that the kit brings:
//!
//! ```
//! # #[cfg(all(feature = "server", not(target_arch = "wasm32")))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use everywire::server::Bind;
//! use everywire::testing::promises;
//! use everywire::transport::Tcp;
//!
//! let report = promises(async |server| {
//!     let listener = Bind::tcp("127.0.0.1:0", server).await.expect("a free port");
//!     let address = listener.local_addr().expect("a TCP address").to_string();
//!     tokio::spawn(listener.run(std::future::pending()));
//!     Tcp::new(&address).expect("an address") // yours
//! });
//! let report = report.await;
//! println!("{report}");
//! report.assert();
//! # }
//! # #[cfg(not(all(feature = "server", not(target_arch = "wasm32"))))]
//! # fn main() {}
//! ```

mod faults;
mod journal;
mod peer;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "for byte streams, which are native"))]
mod plan;
mod promises;
pub mod record;
mod script;

cfg_if::cfg_if! {
    if #[cfg(not(target_arch = "wasm32"))] {
        #[cfg(feature = "server")]
        mod served;
        mod stream;
        pub use stream::{FaultyStream, StreamFaults};
    }
}

pub use faults::Faults;
pub use journal::Journal;
pub use peer::Peer;
pub use plan::Plan;
pub use promises::{Report, Verdict, promises};
pub use record::{Recorder, RecordingWriter, Replay, Replayed};
