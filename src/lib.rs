#![doc = "everywire"]

mod client;
mod error;
pub mod frame;
pub mod json;
mod platform;
pub mod proto;
mod resilience;
#[cfg(feature = "server")]
pub mod server;
mod session;
pub mod transport;

pub use client::{Builder, Call, Client, EraCache, Events, InputContext, InputHandler, Pending, ServerIdentity};
pub use error::{Error, RpcError};
pub use platform::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
pub use resilience::Reconnect;
pub use session::{Era, EraChoice, Event, InputPolicy, Latency, Metrics, Overflow, State};
