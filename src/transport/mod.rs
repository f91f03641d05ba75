//! Carriers: how messages travel. Each is as thin as its medium allows; correlation, timers and retries are the
//! session's.

#[cfg(any(feature = "websocket", feature = "http", not(target_arch = "wasm32")))]
mod address;
mod error;
mod fallback;
#[cfg(feature = "http")]
mod http;
pub mod memory;
#[cfg(feature = "websocket")]
mod offer;
mod queue;
mod shared;
#[cfg(any(feature = "websocket", feature = "http"))]
mod token;

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        mod web;
        #[cfg(any(feature = "websocket", feature = "http"))]
        use web as imp;
        #[cfg(feature = "http")]
        pub use web::Credentials;
    } else {
        mod native;
        #[cfg(any(feature = "websocket", feature = "http"))]
        use native as imp;
        #[allow(unused_imports, reason = "what composes on lines needs features")]
        pub(crate) use native::{LineOptions, lines};
        #[cfg(feature = "stdio")]
        #[allow(unused_imports, reason = "what only the server uses")]
        pub(crate) use native::own_streams;
        #[cfg(feature = "http")]
        pub use native::HttpChannel;
        #[cfg(feature = "stdio")]
        pub use native::{StdioCommand, StdioTransport};
        pub use native::{StreamTransport, Tcp, TcpKeepAlive, Unix};
        #[cfg(feature = "server")]
        pub(crate) use native::served;
    }
}

pub use error::{TransportError, TransportErrorKind};
pub use fallback::Fallback;
#[cfg(feature = "http")]
pub use http::Http;
#[cfg(all(feature = "http", any(test, feature = "__fuzzing")))]
pub(crate) use http::{Answer, Scripted};
#[cfg(feature = "websocket")]
pub use imp::WebSocket;
#[cfg(feature = "websocket")]
pub use offer::Subprotocols;
pub use shared::SharedTransport;

use crate::frame::{Inbound, Outbound, Profile};
use crate::platform::{BoxFuture, BoxSink, BoxStream, MaybeSend};

/// Opens links to one peer. The only async trait of the crate: reconnecting is calling it again.
pub trait Transport: MaybeSend + 'static {
    /// Opens a fresh link. Called again after every loss.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt and releases everything it opened.
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>>;

    /// What the peer is known by, under which a client remembers the era that it speaks (see
    /// [`EraCache`](crate::EraCache)): an address, a digest of a command. `None`, the default: nothing is remembered. It
    /// holds no secret.
    fn address(&self) -> Option<String> {
        None
    }
}

impl Transport for Box<dyn Transport> {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        (**self).connect()
    }

    fn address(&self) -> Option<String> {
        (**self).address()
    }
}

/// An open link, in two halves so that a blocked write never stops reading.
pub struct Link {
    /// What the carrier can do.
    pub profile: Profile,
    /// What the carrier is called: `websocket`, `http`, `http+sse` (2024-11-05), `stdio`, `tcp`, `unix`, `stream`, `memory`,
    /// or a name of your own.
    pub transport: &'static str,
    /// Takes messages for the peer. Back-pressure is its `poll_ready`; after `Outbound::Close` it is only flushed and
    /// closed.
    pub tx: BoxSink<Outbound, TransportError>,
    /// Delivers messages of the peer. The first error is the last item; an end without an error is an orderly close.
    pub rx: BoxStream<Result<Inbound, TransportError>>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("transport", &self.transport)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}
