//! wss://: own roots, wrong names, unknown authorities.

use std::sync::Arc;

use everywire::transport::{Transport, TransportErrorKind, WebSocket};
use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::support::*;

/// A root as PEM, and a server whose certificate it signed for `name`.
async fn server(name: &str) -> (String, Server) {
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.distinguished_name.push(DnType::CommonName, format!("root of {name}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("params").signed_by(&key, &root).expect("signed");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            #[expect(clippy::result_large_err, reason = "the library's own signature")]
            let select = |_: &Request, mut response: Response| {
                response.headers_mut().insert("sec-websocket-protocol", "mcp".parse().expect("a value"));
                Ok(response)
            };
            let mut socket = tokio_tungstenite::accept_hdr_async(stream, select).await.expect("a handshake");
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() {
                    socket.send(message).await.expect("sent");
                }
            }
        }
    })
    .await;
    (root.pem(), server)
}

fn socket(server: &Server, host: &str) -> WebSocket {
    WebSocket::new(&format!("wss://{host}:{}/", server.address.port())).expect("valid")
}

#[tokio::test]
async fn an_extra_root_is_trusted() {
    for (name, host) in [("localhost", "localhost"), ("127.0.0.1", "127.0.0.1")] {
        let (root, server) = server(name).await;
        let mut transport = socket(&server, host).extra_root(root).expect("a root");
        for _ in 0..2 {
            let mut link = transport.connect().await.expect("a link");
            let text = "z".repeat(1 << 20);
            link.tx.send(message(&text)).await.expect("sent");
            assert!(next_text(&mut link).await == text);
            link.tx.close().await.expect("closed");
        }
    }
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let (_root, server) = server("localhost").await;
    let (other, _) = self::server("other.example").await;
    let error = socket(&server, "localhost").extra_root(other).expect("a root").connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::Tls);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(error.to_string().contains("add its root"), "{error}");
}

#[tokio::test]
async fn a_wrong_name_is_refused() {
    let (root, server) = server("elsewhere.example").await;
    let error = socket(&server, "localhost").extra_root(root).expect("a root").connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::Tls);
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let (root, _) = self::server("localhost").await;
    let error = socket(&server, "localhost").extra_root(root).expect("a root").connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::Tls);
    assert!(error.to_string().contains("speaks TLS"), "{error}");
}
