#![doc = "everywire"]

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
