//! What a browser cannot do.

use std::time::Duration;

#[cfg(feature = "http")]
use crate::session::Timeouts;
#[cfg(feature = "http")]
use crate::transport::Http;
use crate::transport::{Transport, TransportError};
#[cfg(feature = "websocket")]
use crate::transport::{TransportErrorKind, WebSocket};

/// A browser opens no sockets of its own: there is none.
pub(super) enum Own {}

impl Own {
    pub(super) fn of(_url: &str) -> Option<Result<Self, TransportError>> {
        None
    }

    pub(super) fn connect_timeout(self, _timeout: Duration) -> Self {
        self
    }

    pub(super) fn open(self, _max_message: usize) -> Box<dyn Transport> {
        match self {}
    }
}

#[cfg(feature = "websocket")]
pub(super) fn headers(socket: WebSocket, headers: &[(String, String)]) -> Result<WebSocket, TransportError> {
    if headers.is_empty() {
        return Ok(socket);
    }
    let detail = "a browser cannot send headers with a WebSocket; give a token, or use an http:// address";
    Err(TransportError::new(TransportErrorKind::Config, detail))
}

/// A fetch does not tell connecting from answering: the handshake's requests are bounded.
#[cfg(feature = "http")]
pub(super) fn connect_timeout(http: Http, timeout: Duration, timeouts: &mut Timeouts) -> Http {
    timeouts.probe = Some(timeout);
    timeouts.handshake = timeout;
    http
}
