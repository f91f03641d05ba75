#![doc = "everywire"]

mod error;
pub mod frame;
pub mod json;
mod platform;
pub mod proto;
#[cfg(feature = "server")]
pub mod server;
pub mod transport;

pub use error::{Error, RpcError};
pub use platform::{BoxFuture, BoxSink, BoxStream, MaybeSend, MaybeSync, sleep};
