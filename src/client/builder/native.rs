//! What only a native client can be told.

#[cfg(feature = "http")]
use std::time::Duration;

#[cfg(feature = "http")]
use crate::session::Timeouts;
#[cfg(feature = "http")]
use crate::transport::Http;
#[cfg(feature = "websocket")]
use crate::transport::{TransportError, WebSocket};

#[cfg(feature = "websocket")]
pub(super) fn headers(mut socket: WebSocket, headers: &[(String, String)]) -> Result<WebSocket, TransportError> {
    for (name, value) in headers {
        socket = socket.header(name, value)?;
    }
    Ok(socket)
}

#[cfg(feature = "http")]
pub(super) fn connect_timeout(http: Http, timeout: Duration, _timeouts: &mut Timeouts) -> Http {
    http.connect_timeout(timeout)
}
