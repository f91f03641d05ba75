//! The twin of `tls.rs` in a build without the feature `tls`.

use crate::transport::{TransportError, TransportErrorKind};

pub(super) const HTTP_1: &[&[u8]] = &[];
#[cfg(feature = "http")]
pub(super) const HTTP_2: &[&[u8]] = &[];

/// A stream that is never made.
pub(super) type TlsStream<S> = S;

/// Whether TLS can be had in this build; `scheme` is the address's.
pub(super) fn available(scheme: &str) -> Result<(), TransportError> {
    Err(TransportError::new(
        TransportErrorKind::Config,
        format!("{scheme}:// needs the crate feature `tls`, which this build leaves out"),
    ))
}

/// What a transport trusts: nothing.
#[derive(Clone, Default)]
pub(super) struct Trust {}

impl Trust {
    /// Refuses.
    pub(super) async fn connect<S>(
        &self,
        stream: S,
        _host: &str,
        _label: &str,
        _protocols: &[&[u8]],
    ) -> Result<TlsStream<S>, TransportError> {
        available("https").map(|()| stream)
    }
}

/// Whether both ends agreed on HTTP/2: nobody was asked.
#[cfg(feature = "http")]
pub(super) fn is_http_2<S>(_stream: &TlsStream<S>) -> bool {
    false
}

/// No I/O error comes from TLS.
#[cfg(feature = "websocket")]
pub(super) fn cause(_error: &std::io::Error, _label: &str) -> Option<TransportError> {
    None
}

/// No error comes from TLS.
#[cfg(feature = "http")]
pub(super) fn late_refusal(_error: &(dyn std::error::Error + 'static), _label: &str) -> Option<TransportError> {
    None
}

#[cfg(all(test, feature = "websocket"))]
mod tests {
    use crate::transport::{TransportErrorKind, WebSocket};

    #[test]
    fn a_secure_address_is_refused_and_names_the_feature() {
        let error = WebSocket::new("wss://localhost/").expect_err("refused");
        assert_eq!(*error.kind(), TransportErrorKind::Config);
        assert!(error.to_string().contains("feature `tls`"), "{error}");
    }
}
