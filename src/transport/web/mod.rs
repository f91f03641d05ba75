#[cfg(feature = "http")]
mod fetch;
#[cfg(any(feature = "http", feature = "websocket"))]
mod thrown;
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "http")]
pub use fetch::Credentials;
#[cfg(feature = "http")]
pub(crate) use fetch::{Fetcher, HttpOptions};
#[cfg(feature = "websocket")]
pub use websocket::WebSocket;
