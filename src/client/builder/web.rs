//! What a browser cannot do.

#[cfg(feature = "http")]
use std::time::Duration;

#[cfg(feature = "http")]
use crate::session::Timeouts;
#[cfg(feature = "http")]
use crate::transport::Http;
#[cfg(feature = "websocket")]
use crate::transport::{TransportError, TransportErrorKind, WebSocket};

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
