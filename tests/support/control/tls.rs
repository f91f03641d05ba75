use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// A certificate of its own making for `elsewhere.example`, which nobody here is called.
pub(crate) fn wrong_name() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()])
        .expect("a name that certificates can hold");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key just made");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that fits the certificate");
    TlsAcceptor::from(Arc::new(config))
}
