#![doc = "everywire"]
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![cfg_attr(
    target_arch = "wasm32",
    allow(clippy::arc_with_non_send_sync, reason = "there is one thread, and one text for both targets")
)]

mod client;
mod error;
pub mod frame;
#[cfg(all(target_arch = "wasm32", feature = "js"))]
mod js;
pub mod json;
mod platform;
pub mod proto;
mod resilience;
#[cfg(feature = "server")]
pub mod server;
mod session;
mod text;
pub mod transport;

pub use client::{
    Builder, Call, Client, EraCache, Events, InputContext, InputHandler, Outcome, Pending, Resumable, ServerIdentity,
    Subscription,
};
pub use error::{Error, RpcError};
pub use platform::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
pub use resilience::Reconnect;
pub use session::{Era, EraChoice, Event, InputPolicy, Latency, Metrics, Overflow, State};
