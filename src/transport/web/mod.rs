#[cfg(feature = "http")]
#[cfg_attr(not(test), allow(dead_code, unused_imports, reason = "until the transport over it stands"))]
mod fetch;
#[cfg(any(feature = "http", feature = "websocket"))]
mod thrown;
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "http")]
#[allow(unused_imports, reason = "until the transport over it stands")]
pub(crate) use fetch::{Fetcher, HttpOptions};
#[cfg(feature = "websocket")]
pub use websocket::WebSocket;
