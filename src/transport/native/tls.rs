//! TLS by rustls (ring): the system's roots plus the user's own.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
pub(super) use tokio_rustls::client::TlsStream;

use crate::transport::{TransportError, TransportErrorKind};

/// HTTP/1.1, which a WebSocket and a proxy begin as; without saying so some servers choose HTTP/2.
pub(super) const HTTP_1: &[&[u8]] = &[b"http/1.1"];
/// HTTP/2 before HTTP/1.1.
#[cfg(feature = "http")]
pub(super) const HTTP_2: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Whether TLS can be had in this build; `_scheme` is the address's.
pub(super) fn available(_scheme: &str) -> Result<(), TransportError> {
    Ok(())
}

/// What a transport trusts. The roots are loaded once, with the first connection.
#[derive(Clone, Default)]
pub(super) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    /// Trusts the certificates of a PEM text as well.
    pub(super) fn add(&mut self, pem: &[u8]) -> Result<(), TransportError> {
        let before = self.extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| {
                config(format!("the extra root is not a PEM certificate ({error}); check the file"))
            })?;
            // Seen now rather than with the first connection.
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|error| config(format!("the extra root is not usable as a root certificate: {error}")))?;
            self.extra.push(certificate);
        }
        if self.extra.len() == before {
            return Err(config("the extra root contains no PEM certificate; give the CERTIFICATE block of the root"));
        }
        self.config = OnceLock::new();
        Ok(())
    }

    fn config(&self) -> Result<Arc<ClientConfig>, TransportError> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.extra.iter().cloned());
        if roots.is_empty() {
            return Err(TransportError::new(
                TransportErrorKind::Tls,
                "this system has no root certificates (install ca-certificates), and no extra_root was given",
            ));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::new(TransportErrorKind::Tls, error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }

    /// Performs the TLS handshake with `host`, which errors call `label`, offering these protocols (RFC 7301).
    pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &str,
        label: &str,
        protocols: &[&[u8]],
    ) -> Result<TlsStream<S>, TransportError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| config("the host of the address is no name that a certificate can carry"))?;
        let protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let connector = TlsConnector::from(self.config()?);
        let connected = connector.with_alpn(protocols).connect(name, stream).await;
        connected.map_err(|error| failure(&error, label))
    }
}

/// Whether both ends agreed on HTTP/2.
#[cfg(feature = "http")]
pub(super) fn is_http_2<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}

fn config(detail: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

/// A failure of the TLS handshake.
fn failure(error: &io::Error, label: &str) -> TransportError {
    cause(error, label).unwrap_or_else(|| {
        TransportError::new(
            TransportErrorKind::ConnectFailed,
            format!("{label} broke off the TLS handshake ({error}); check that this port speaks TLS"),
        )
    })
}

/// The TLS failure inside of an I/O error, if it is one: an alert may come as late as with the first read.
pub(super) fn cause(error: &io::Error, label: &str) -> Option<TransportError> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let hint = match cause {
        rustls::Error::InvalidCertificate(_) => "fix the certificate, use the name it was made for, or add its root",
        rustls::Error::InvalidMessage(_) => {
            "check that this port speaks TLS; an address with ws:// or http:// does without"
        }
        _ => "check the server's TLS settings",
    };
    Some(TransportError::new(TransportErrorKind::Tls, format!("TLS with {label} failed: {cause}; {hint}")))
}

/// The refusal of our handshake that came after we thought it done, which it was for us alone: in TLS 1.3 a server looks at
/// the client's certificate last, and nothing that the client sent meanwhile counts.
#[cfg(feature = "http")]
pub(super) fn late_refusal(error: &(dyn std::error::Error + 'static), label: &str) -> Option<TransportError> {
    use rustls::AlertDescription as Alert;
    let error = error.downcast_ref::<io::Error>()?;
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::HandshakeFailure,
        ) => cause(error, label),
        _ => None,
    }
}
