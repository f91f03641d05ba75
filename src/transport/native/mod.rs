#[cfg(feature = "http")]
mod fetch;
#[cfg(any(feature = "http", feature = "websocket"))]
cfg_if::cfg_if! {
    if #[cfg(feature = "tls")] {
        mod tls;
    } else {
        #[path = "no_tls.rs"]
        mod tls;
    }
}
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "http")]
pub(crate) use fetch::{Fetcher, HttpOptions};
#[cfg(feature = "websocket")]
pub use websocket::WebSocket;
#[cfg(feature = "server")]
pub(crate) use websocket::served;
