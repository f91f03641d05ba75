// The README is the front page. Its picture stands beside it and not beside the documentation: the first definition of a
// link counts, so here it is an empty image.
#![cfg_attr(
    all(feature = "server", not(target_arch = "wasm32")),
    doc = "[screenshot]: data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\n\n",
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(feature = "server", not(target_arch = "wasm32"))),
    doc = "The MCP client that runs everywhere: browser, edge and native, over one protocol core."
)]
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![cfg_attr(
    target_arch = "wasm32",
    allow(clippy::arc_with_non_send_sync, reason = "there is one thread, and one text for both targets")
)]

mod client;
mod error;
#[cfg(all(feature = "http", any(test, feature = "__fuzzing")))]
mod first_answer;
pub mod frame;
#[cfg(feature = "__fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(all(target_arch = "wasm32", feature = "js"))]
mod js;
pub mod json;
mod platform;
pub mod proto;
mod resilience;
#[cfg(feature = "server")]
pub mod server;
mod session;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
pub mod transport;

pub use client::{
    Builder, Call, Client, EraCache, Events, InputContext, Outcome, Pending, Resumable, ServerIdentity, Subscription,
};
pub use error::{Error, RpcError};
pub use platform::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
pub use resilience::Reconnect;
pub use session::{Era, EraChoice, Event, InputPolicy, Latency, Metrics, Overflow, State};
