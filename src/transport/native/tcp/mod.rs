//! Newline-delimited JSON over TCP.

mod connect;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use super::stream::MAX_MESSAGE;
use crate::platform::BoxFuture;
use crate::transport::address::config;
use crate::transport::{Link, Transport, TransportError};

/// A TCP transport: one JSON-RPC message per line, as on stdio (2026-07-28 basic/transports, "Custom Transports"). Nothing
/// on the way is encrypted and nobody is asked who they are: for loopback and networks that one trusts.
///
/// Every [`connect`](Transport::connect) opens a fresh connection, so that a session may reconnect; all addresses that the
/// host's name stands for are tried. Its links are as those of [`StreamTransport`](crate::transport::StreamTransport).
///
/// ```
/// # fn main() -> Result<(), everywire::transport::TransportError> {
/// use everywire::transport::{Tcp, TcpKeepAlive};
/// let transport = Tcp::new("127.0.0.1:9000")?.keep_alive(TcpKeepAlive::default()).send_buffer(64 * 1024);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tcp {
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    /// The address as it was given.
    label: String,
    connect_timeout: Duration,
    max_message: usize,
    socket: Socket,
}

/// What a socket is told.
#[derive(Clone)]
struct Socket {
    nodelay: bool,
    keep_alive: Option<TcpKeepAlive>,
    send_buffer: Option<usize>,
    receive_buffer: Option<usize>,
}

/// When the system asks a silent peer whether it is there (RFC 9293 section 3.8.4). A peer that vanished without a word, a
/// cable that was pulled, is noticed by nothing else while nobody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpKeepAlive {
    /// Silence before the first question. Default: 60 s. Whole seconds count.
    pub time: Duration,
    /// Between questions that are not answered. Default: 10 s. Whole seconds count.
    pub interval: Duration,
    /// Unanswered questions until the connection is given up. Default: 6.
    pub retries: u32,
}

impl Default for TcpKeepAlive {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), interval: Duration::from_secs(10), retries: 6 }
    }
}

impl Tcp {
    /// A transport to `address`, `host:port` or `[IPv6]:port`; `tcp://` may stand before it. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`](crate::transport::TransportErrorKind::Config) for an address without a host or
    /// without a port between 1 and 65535, or with anything else.
    pub fn new(address: &str) -> Result<Self, TransportError> {
        let invalid = || config("a TCP address is tcp://host:port and nothing more; check it");
        let rest = match address.split_at_checked(6) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tcp://") => rest,
            _ => address,
        };
        let label = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = label.rsplit_once(':').ok_or_else(invalid)?;
        let port = match port.parse() {
            Ok(port) if port > 0 && port_is_digits(label) => port,
            _ => return Err(invalid()),
        };
        let bare = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').filter(|inner| inner.contains(':')).ok_or_else(invalid)?,
            None => host,
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/?#@[]\\".contains(c);
        if bare.is_empty() || bare.contains(odd) || (bare == host && host.contains(':')) {
            return Err(invalid());
        }
        Ok(Self {
            host: bare.to_owned(),
            port,
            label: label.to_owned(),
            connect_timeout: Duration::from_secs(10),
            max_message: MAX_MESSAGE,
            socket: Socket { nodelay: true, keep_alive: None, send_buffer: None, receive_buffer: None },
        })
    }

    /// How long name resolution and connecting may take together. Default: 10 s. Where the name stands for several
    /// addresses, each that is tried has an equal part of the time that is left.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The largest message taken from the peer, in bytes. Default: 16 MiB. A longer line ends the link with
    /// [`TransportErrorKind::TooLarge`](crate::transport::TransportErrorKind::TooLarge).
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Whether small writes go out at once (`TCP_NODELAY`). Default: yes; messages that come together are written
    /// together anyway.
    pub fn nodelay(mut self, on: bool) -> Self {
        self.socket.nodelay = on;
        self
    }

    /// Lets the system ask a silent peer whether it is there (`SO_KEEPALIVE`). Default: off.
    pub fn keep_alive(mut self, keep_alive: impl Into<Option<TcpKeepAlive>>) -> Self {
        self.socket.keep_alive = keep_alive.into();
        self
    }

    /// The size of the system's buffer for what is sent, in bytes (`SO_SNDBUF`), set before connecting. Default: the
    /// system's, which adapts by itself. Connecting fails where the system grants less.
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.socket.send_buffer = Some(bytes);
        self
    }

    /// The size of the system's buffer for what is received, in bytes (`SO_RCVBUF`), as
    /// [`send_buffer`](Self::send_buffer).
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.socket.receive_buffer = Some(bytes);
        self
    }
}

/// `"+80"` is a number to Rust and no port.
fn port_is_digits(label: &str) -> bool {
    label.rsplit(':').next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Transport for Tcp {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(self.open())
    }

    fn address(&self) -> Option<String> {
        Some(format!("tcp://{}", self.label))
    }
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("address", &self.label).finish_non_exhaustive()
    }
}
