//! The twin of `tls.rs` in a build without the feature `tls`.

use std::io;

use tokio::net::TcpStream;

use super::Target;
use crate::transport::TransportError;
use crate::transport::address::config;

/// A stream that is never made.
pub(super) type TlsStream<S> = S;

/// Whether `wss://` can be had in this build.
pub(super) fn available() -> Result<(), TransportError> {
    Err(config("wss:// needs the crate feature `tls`, which this build leaves out"))
}

/// What a transport trusts: nothing.
#[derive(Default)]
pub(super) struct Trust {}

impl Trust {
    /// Refuses.
    pub(super) async fn connect(
        &mut self,
        tcp: TcpStream,
        _target: &Target,
    ) -> Result<TlsStream<TcpStream>, TransportError> {
        available()?;
        Ok(tcp)
    }
}

/// No I/O error comes from TLS.
pub(super) fn cause(_error: &io::Error, _target: &Target) -> Option<TransportError> {
    None
}

#[cfg(test)]
mod tests {
    use crate::transport::{TransportErrorKind, WebSocket};

    #[test]
    fn a_secure_address_is_refused_and_names_the_feature() {
        let error = WebSocket::new("wss://localhost/").expect_err("refused");
        assert_eq!(*error.kind(), TransportErrorKind::Config);
        assert!(error.to_string().contains("feature `tls`"), "{error}");
    }
}
