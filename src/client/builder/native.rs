//! What only a native client can be told.

use std::time::Duration;

#[cfg(feature = "http")]
use crate::session::Timeouts;
#[cfg(feature = "http")]
use crate::transport::Http;
#[cfg(feature = "websocket")]
use crate::transport::WebSocket;
use crate::transport::{Tcp, Transport, TransportError, TransportErrorKind, Unix};

/// What a native program can open beside WebSockets and HTTP.
pub(super) enum Own {
    Tcp(Tcp),
    Unix(Unix),
}

impl Own {
    /// `None` where the scheme is another's.
    pub(super) fn of(url: &str) -> Option<Result<Self, TransportError>> {
        let (scheme, rest) = url.split_once(':')?;
        if scheme.eq_ignore_ascii_case("tcp") {
            return Some(Tcp::new(rest.strip_prefix("//").unwrap_or(rest)).map(Self::Tcp));
        }
        if !scheme.eq_ignore_ascii_case("unix") {
            return None;
        }
        Some(match rest.strip_prefix("//") {
            // As a URL: an empty host, then the path.
            Some(path) if path.starts_with(['/', '@']) => Unix::new(path).map(Self::Unix),
            Some(_) => {
                let detail = "a Unix socket has a path and no host; write unix:/path/to/socket";
                Err(TransportError::new(TransportErrorKind::Config, detail))
            }
            None => Unix::new(rest).map(Self::Unix),
        })
    }

    pub(super) fn connect_timeout(self, timeout: Duration) -> Self {
        match self {
            Self::Tcp(tcp) => Self::Tcp(tcp.connect_timeout(timeout)),
            Self::Unix(unix) => Self::Unix(unix.connect_timeout(timeout)),
        }
    }

    pub(super) fn open(self, max_message: usize) -> Box<dyn Transport> {
        match self {
            Self::Tcp(tcp) => Box::new(tcp.max_message(max_message)),
            Self::Unix(unix) => Box::new(unix.max_message(max_message)),
        }
    }
}

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

#[cfg(test)]
mod tests;
