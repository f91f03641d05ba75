//! Newline-delimited JSON over Unix domain sockets.

mod connect;
#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "named_linux.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "named_other.rs")]
mod named;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::stream::MAX_MESSAGE;
use crate::platform::BoxFuture;
use crate::transport::{Link, Transport, TransportError};

/// A Unix socket transport: one JSON-RPC message per line, as on stdio (2026-07-28 basic/transports, "Custom
/// Transports"). Who may connect is said by the permissions of the socket's file and folder.
///
/// Every [`connect`](Transport::connect) opens a fresh connection, so that a session may reconnect. Its links are as those
/// of [`StreamTransport`](crate::transport::StreamTransport).
///
/// On platforms without Unix sockets (Windows) [`new`](Self::new) fails.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> Result<(), everywire::transport::TransportError> {
/// use std::time::Duration;
/// use everywire::transport::Unix;
/// let transport = Unix::new("/run/user/1000/mcp.sock")?.connect_timeout(Duration::from_secs(1));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Unix {
    /// As the system is told it: the name of an abstract socket begins with a zero byte.
    path: PathBuf,
    /// As it was given.
    label: String,
    connect_timeout: Duration,
    max_message: usize,
}

impl Unix {
    /// A transport to the socket at `path`. One that begins with `@` is the name of an abstract socket, which has no file;
    /// only Linux has such. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`](crate::transport::TransportErrorKind::Config) for a path or name that no socket can
    /// have: empty, too long (Linux: 107 bytes), with a zero byte, or abstract where there are none.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, TransportError> {
        let path = path.as_ref();
        let label = path.to_string_lossy().into_owned();
        let path = connect::checked(path, &label)?;
        Ok(Self { path, label, connect_timeout: Duration::from_secs(10), max_message: MAX_MESSAGE })
    }

    /// How long connecting may take: a server that is not quick enough at accepting lets others wait. Default: 10 s.
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
}

impl Transport for Unix {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(self.open())
    }

    fn address(&self) -> Option<String> {
        Some(format!("unix:{}", self.label))
    }
}

impl fmt::Debug for Unix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unix").field("path", &self.label).finish_non_exhaustive()
    }
}
