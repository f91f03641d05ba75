//! What a client connects to.

use std::time::Duration;

use crate::error::Error;
use crate::session::Timeouts;
#[cfg(all(feature = "websocket", feature = "http"))]
use crate::transport::Fallback;
#[cfg(feature = "http")]
use crate::transport::Http;
use crate::transport::Transport;
#[cfg(feature = "websocket")]
use crate::transport::WebSocket;
use crate::transport::{TransportError, TransportErrorKind};

pub(super) enum Target {
    #[cfg(feature = "websocket")]
    WebSocket {
        socket: Result<Box<WebSocket>, TransportError>,
        url: String,
    },
    #[cfg(feature = "http")]
    Http {
        http: Result<Box<Http>, TransportError>,
        url: String,
        /// Tried before.
        #[cfg(feature = "websocket")]
        socket: Option<Result<Box<WebSocket>, TransportError>>,
    },
    /// A carrier that only this platform has.
    Own(Result<Box<super::imp::Own>, TransportError>),
    Transport(Box<dyn Transport>),
}

/// Changes a transport to be, where it came about.
fn change<T>(place: &mut Result<Box<T>, TransportError>, setup: impl FnOnce(T) -> Result<T, TransportError>) {
    let before = std::mem::replace(place, Err(TransportError::in_use()));
    *place = before.and_then(|transport| setup(*transport)).map(Box::new);
}

#[cfg(all(feature = "websocket", feature = "http"))]
fn is_http(url: &str) -> bool {
    url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

impl Target {
    /// The transport that the address's scheme stands for.
    pub(super) fn of(url: &str) -> Self {
        match super::imp::Own::of(url) {
            Some(own) => Self::Own(own.map(Box::new)),
            None => Self::over_common(url),
        }
    }

    #[cfg(all(feature = "websocket", feature = "http"))]
    fn over_common(url: &str) -> Self {
        if is_http(url) { Self::over_http(url) } else { Self::over_websocket(url) }
    }

    #[cfg(all(feature = "websocket", not(feature = "http")))]
    fn over_common(url: &str) -> Self {
        Self::over_websocket(url)
    }

    #[cfg(all(feature = "http", not(feature = "websocket")))]
    fn over_common(url: &str) -> Self {
        Self::over_http(url)
    }

    #[cfg(not(any(feature = "http", feature = "websocket")))]
    fn over_common(_url: &str) -> Self {
        let detail = "this build has no carrier for such an address; build with the feature websocket or http";
        Self::Own(Err(TransportError::new(TransportErrorKind::Config, detail)))
    }

    #[cfg(feature = "websocket")]
    fn over_websocket(url: &str) -> Self {
        Self::WebSocket { socket: WebSocket::new(url).map(Box::new), url: url.to_owned() }
    }

    #[cfg(feature = "http")]
    fn over_http(url: &str) -> Self {
        Self::Http {
            http: Http::new(url).map(Box::new),
            url: url.to_owned(),
            #[cfg(feature = "websocket")]
            socket: None,
        }
    }

    #[cfg(feature = "websocket")]
    pub(super) fn websocket(&mut self, setup: impl FnOnce(WebSocket) -> Result<WebSocket, TransportError>) {
        match self {
            Self::WebSocket { socket, .. } => change(socket, setup),
            #[cfg(feature = "http")]
            Self::Http { socket: Some(socket), .. } => change(socket, setup),
            _ => {}
        }
    }

    #[cfg(feature = "http")]
    pub(super) fn http(&mut self, setup: impl FnOnce(Http) -> Result<Http, TransportError>) {
        if let Self::Http { http, .. } = self {
            change(http, setup);
        }
    }

    #[cfg(all(feature = "websocket", feature = "http"))]
    pub(super) fn prefer_websocket(&mut self) {
        if let Self::Http { url, socket, .. } = self {
            let rest = url.get(4..).unwrap_or_default();
            *socket = Some(WebSocket::new(&crate::text::join(&["ws", rest])).map(Box::new));
        }
    }

    pub(super) fn connect_timeout(&mut self, timeout: Duration, timeouts: &mut Timeouts) {
        match self {
            #[cfg(feature = "websocket")]
            Self::WebSocket { socket, .. } => change(socket, |socket| Ok(socket.connect_timeout(timeout))),
            #[cfg(feature = "http")]
            Self::Http { http, .. } => {
                change(http, |http| Ok(super::imp::connect_timeout(http, timeout, timeouts)));
                #[cfg(feature = "websocket")]
                self.websocket(|socket| Ok(socket.connect_timeout(timeout)));
            }
            Self::Own(own) => change(own, |own| Ok(own.connect_timeout(timeout))),
            Self::Transport(_) => timeouts.connect = timeout,
        }
    }

    /// The transport, and the name under which its server's era is remembered.
    pub(super) fn open(
        self,
        token: Option<String>,
        headers: &[(String, String)],
        max_message: usize,
    ) -> Result<(Box<dyn Transport>, Option<String>), Error> {
        #[cfg(feature = "websocket")]
        let socket_of = |socket: WebSocket| {
            let socket = super::imp::headers(socket.max_message(max_message), headers)?;
            match token.clone() {
                Some(token) => socket.token(token),
                None => Ok(socket),
            }
        };
        match self {
            #[cfg(feature = "websocket")]
            Self::WebSocket { socket, url } => Ok((Box::new(socket_of(*socket?)?), Some(url))),
            #[cfg(feature = "http")]
            Self::Http {
                http,
                url,
                #[cfg(feature = "websocket")]
                socket,
            } => {
                let mut http = http?.max_message(max_message);
                for (name, value) in headers {
                    http = http.header(name, value)?;
                }
                if let Some(token) = token.clone() {
                    http = http.token(token)?;
                }
                #[cfg(feature = "websocket")]
                if let Some(socket) = socket {
                    return Ok((Box::new(Fallback::new(socket_of(*socket?)?, http)), Some(url)));
                }
                Ok((Box::new(http), Some(url)))
            }
            Self::Own(own) => {
                let own = own?;
                if token.is_some() || !headers.is_empty() {
                    let detail = "this carrier has no place for a token or headers; leave them out";
                    return Err(TransportError::new(TransportErrorKind::Config, detail).into());
                }
                let transport = own.open(max_message);
                let address = transport.address();
                Ok((transport, address))
            }
            Self::Transport(transport) => {
                let address = transport.address();
                Ok((transport, address))
            }
        }
    }
}
