#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "websocket")]
pub use websocket::WebSocket;
#[cfg(feature = "server")]
pub(crate) use websocket::served;
