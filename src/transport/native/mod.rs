#[cfg(feature = "http")]
mod fetch;
#[cfg(feature = "http")]
mod http_channel;
#[cfg(any(feature = "http", feature = "websocket"))]
cfg_if::cfg_if! {
    if #[cfg(feature = "tls")] {
        mod tls;
    } else {
        #[path = "no_tls.rs"]
        mod tls;
    }
}
#[cfg(feature = "stdio")]
mod stdio;
mod stream;
mod tcp;
cfg_if::cfg_if! {
    if #[cfg(unix)] {
        mod unix;
    } else {
        #[path = "no_unix.rs"]
        mod unix;
    }
}
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "http")]
pub(crate) use fetch::{Fetcher, HttpOptions};
#[cfg(feature = "http")]
pub use http_channel::HttpChannel;
#[cfg(feature = "stdio")]
#[allow(unused_imports, reason = "what only the server uses")]
pub(crate) use stdio::own_streams;
#[cfg(feature = "stdio")]
pub use stdio::{StdioCommand, StdioTransport};
pub use stream::StreamTransport;
#[allow(unused_imports, reason = "what composes on lines needs features")]
pub(crate) use stream::{LineOptions, MAX_MESSAGE, lines};
pub use tcp::{Tcp, TcpKeepAlive};
pub use unix::Unix;
#[cfg(feature = "websocket")]
pub use websocket::WebSocket;
#[cfg(feature = "server")]
pub(crate) use websocket::served;
