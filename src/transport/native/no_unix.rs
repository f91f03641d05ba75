//! A platform without Unix sockets.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use crate::platform::BoxFuture;
use crate::transport::address::config;
use crate::transport::{Link, Transport, TransportError};

/// A Unix socket transport, which cannot be made here: this platform has none.
#[derive(Debug, Clone)]
pub struct Unix(Infallible);

impl Unix {
    /// Fails: this platform has no Unix sockets.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`](crate::transport::TransportErrorKind::Config), always.
    pub fn new(_path: impl AsRef<Path>) -> Result<Self, TransportError> {
        Err(config("this platform has no Unix sockets; use tcp://, ws:// or http://"))
    }

    /// How long connecting may take.
    pub fn connect_timeout(self, _timeout: Duration) -> Self {
        match self.0 {}
    }

    /// The largest message taken from the peer, in bytes.
    pub fn max_message(self, _bytes: usize) -> Self {
        match self.0 {}
    }
}

impl Transport for Unix {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        match self.0 {}
    }
}
