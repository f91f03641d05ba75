//! What only a native HTTP transport can be told.

use std::time::Duration;

use crate::transport::{Http, TransportError};

impl Http {
    /// How long name resolution, TCP and TLS of a new connection may take together. Default: 10 s. Kept connections are used
    /// again without it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.own.connect_timeout(timeout);
        self
    }

    /// Goes through this proxy (`http://`, `https://`, `socks5://`), whatever the environment says, to loopback addresses too.
    ///
    /// # Errors
    /// [`Config`](crate::transport::TransportErrorKind::Config) where it is no such address.
    pub fn proxy(mut self, url: &str) -> Result<Self, TransportError> {
        self.own.proxy(url)?;
        Ok(self)
    }

    /// Goes through no proxy. Default: those of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`),
    /// loopback addresses excepted.
    pub fn no_proxy(mut self) -> Self {
        self.own.no_proxy();
        self
    }

    /// Trusts the certificates of a PEM text beside the system's roots.
    ///
    /// # Errors
    /// [`Config`](crate::transport::TransportErrorKind::Config) where the text holds no usable certificate.
    #[cfg(feature = "tls")]
    pub fn extra_root(mut self, pem: impl AsRef<[u8]>) -> Result<Self, TransportError> {
        self.own.extra_root(pem.as_ref())?;
        Ok(self)
    }
}
