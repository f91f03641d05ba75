//! TLS by rustls (ring): the system's roots plus the user's own.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
pub(super) use tokio_rustls::client::TlsStream;

use super::Target;
use crate::transport::address::config;
use crate::transport::{TransportError, TransportErrorKind};

/// Whether `wss://` can be had in this build.
pub(super) fn available() -> Result<(), TransportError> {
    Ok(())
}

/// What a transport trusts. The roots are loaded once, with the first connection.
#[derive(Default)]
pub(super) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    config: Option<Arc<ClientConfig>>,
}

impl Trust {
    /// Trusts the certificates of a PEM text as well.
    pub(super) fn add(&mut self, pem: &[u8]) -> Result<(), TransportError> {
        let before = self.extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| {
                config(&format!("the extra root is not a PEM certificate ({error}); check the file"))
            })?;
            // Seen now rather than with the first connection.
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|error| config(&format!("the extra root is not usable as a root certificate: {error}")))?;
            self.extra.push(certificate);
        }
        if self.extra.len() == before {
            return Err(config("the extra root contains no PEM certificate; give the CERTIFICATE block of the root"));
        }
        self.config = None;
        Ok(())
    }

    fn config(&mut self) -> Result<Arc<ClientConfig>, TransportError> {
        if let Some(config) = &self.config {
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
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::new(TransportErrorKind::Tls, error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A WebSocket begins as HTTP/1.1; without this some servers choose HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        self.config = Some(config.clone());
        Ok(config)
    }

    /// Performs the TLS handshake.
    pub(super) async fn connect(
        &mut self,
        tcp: TcpStream,
        target: &Target,
    ) -> Result<TlsStream<TcpStream>, TransportError> {
        let name = ServerName::try_from(target.host.clone())
            .map_err(|_| config("the host of the address is no name that a certificate can carry"))?;
        let connector = TlsConnector::from(self.config()?);
        connector.connect(name, tcp).await.map_err(|error| failure(&error, target))
    }
}

/// A failure of the TLS handshake.
fn failure(error: &io::Error, target: &Target) -> TransportError {
    cause(error, target).unwrap_or_else(|| {
        TransportError::new(
            TransportErrorKind::ConnectFailed,
            format!("{} broke off the TLS handshake ({error}); check that this port speaks TLS", target.label),
        )
    })
}

/// The TLS failure inside of an I/O error, if it is one: an alert may come as late as with the first read.
pub(super) fn cause(error: &io::Error, target: &Target) -> Option<TransportError> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let hint = match cause {
        rustls::Error::InvalidCertificate(_) => "fix the certificate, use the name it was made for, or add its root",
        rustls::Error::InvalidMessage(_) => "check that this port speaks TLS; an address with ws:// does without",
        _ => "check the server's TLS settings",
    };
    Some(TransportError::new(TransportErrorKind::Tls, format!("TLS with {} failed: {cause}; {hint}", target.label)))
}
