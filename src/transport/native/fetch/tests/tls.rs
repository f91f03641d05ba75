//! https://: HTTP/2 by ALPN, what is trusted, tunnels.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Notify, mpsc};
use tokio_rustls::TlsAcceptor;

use super::support::*;
use crate::transport::TransportErrorKind;
use crate::transport::http::{Content, Fact, Fetch, Reading};
use crate::transport::native::fetch::{Fetcher, HttpOptions};

/// A root as PEM, and what accepts with a certificate that it signed for `name`.
fn acceptor(name: &str, protocols: &[&str], asks_for_certificate: bool) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.distinguished_name.push(DnType::CommonName, format!("root of {name}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("params").signed_by(&key, &root).expect("signed");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().expect("versions");
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).expect("a root");
    let builder = if asks_for_certificate {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(vec![leaf.der().clone()], key).expect("a certificate");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    (root.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// A server of `localhost` that echoes over HTTP/1.1.
async fn plain_echo(protocols: &[&str]) -> (String, Peer) {
    let (root, acceptor) = acceptor("localhost", protocols, false);
    let peer = Peer::start(move |wire| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(wire.0.into_inner()).await else { return };
            let mut wire = Wire::new(stream);
            while let Some(asked) = wire.asked().await {
                wire.say(json(&format!("{} {}", asked.line(), asked.body))).await;
            }
        }
    })
    .await;
    (root, peer)
}

/// A server of `localhost` that answers every HTTP/2 request by `answer`.
async fn http_2<F>(answer: impl Fn(http::Request<Incoming>) -> F + Clone + Send + Sync + 'static) -> (String, Peer)
where
    F: Future<Output = http::Response<Answer>> + Send + 'static,
{
    let (root, acceptor) = acceptor("localhost", &["h2"], false);
    let peer = Peer::start(move |wire| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(stream) = acceptor.accept(wire.0.into_inner()).await else { return };
            let service = service_fn(|request| {
                let answering = answer(request);
                async move { Ok::<_, Infallible>(answering.await) }
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await;
    (root, peer)
}

type Answer = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

fn trusting(root: &str) -> Fetcher {
    fetcher_with(|options| {
        options.no_proxy();
        options.extra_root(root.as_bytes()).expect("a root");
    })
}

fn url(peer: &Peer, path: &str) -> String {
    format!("https://localhost:{}{path}", peer.address.port())
}

#[tokio::test]
async fn http_2_carries_many_exchanges_on_one_connection() {
    let all = Arc::new(Barrier::new(64));
    let (root, peer) = http_2(move |request| {
        let all = all.clone();
        async move {
            assert_eq!(request.version(), http::Version::HTTP_2);
            assert_eq!(request.uri().path(), "/mcp");
            let body = request.into_body().collect().await.expect("a body").to_bytes();
            if body.starts_with(b"all") {
                // Nobody is answered before all have asked.
                all.wait().await;
            }
            let mut answer = http::Response::new(Full::new(body).boxed_unsync());
            answer.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
            answer
        }
    })
    .await;
    let mut fetcher = trusting(&root);
    assert_eq!(exchange(&mut fetcher, post(&url(&peer, "/mcp"), "first")).await.expect("an answer").1, "first");
    for id in 0..64 {
        fetcher.start(id, post(&url(&peer, "/mcp"), &format!("all {id}")));
    }
    let mut waiting: HashSet<_> = (0..64).collect();
    while !waiting.is_empty() {
        match next(&mut fetcher).await {
            (id, Fact::Head { status: 200, content: Content::Json }) => fetcher.read(id, Reading::Text { limit: 100 }),
            (id, Fact::Text(text)) => {
                assert_eq!(text.as_str(), format!("all {id}"));
                assert!(waiting.remove(&id));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn abort_resets_the_stream_and_spares_the_connection() {
    let gone = Arc::new(Notify::new());
    let told = gone.clone();
    let (root, peer) = http_2(move |request| {
        let told = told.clone();
        async move {
            if request.uri().path() == "/quick" {
                return http::Response::new(Full::new(Bytes::from("{}")).boxed_unsync());
            }
            let (tx, rx) = mpsc::channel(1);
            tokio::spawn(async move {
                tx.send(Ok(hyper::body::Frame::data(Bytes::from(": hello\n\n")))).await.expect("wanted");
                tx.closed().await;
                told.notify_one();
            });
            let stream = futures_util::stream::unfold(rx, |mut rx| async move { Some((rx.recv().await?, rx)) });
            http::Response::new(StreamBody::new(stream).boxed_unsync())
        }
    })
    .await;
    let mut fetcher = trusting(&root);
    fetcher.start(1, post(&url(&peer, "/stream"), "{}"));
    assert_eq!(head(&mut fetcher).await, (200, Content::Other));
    fetcher.read(1, Reading::Chunks);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Chunk(_))));
    fetcher.abort(1);
    gone.notified().await;
    exchange(&mut fetcher, post(&url(&peer, "/quick"), "{}")).await.expect("an answer");
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn http_1_is_spoken_where_there_is_nothing_else() {
    for protocols in [&["http/1.1"][..], &[]] {
        let (root, peer) = plain_echo(protocols).await;
        let mut fetcher = trusting(&root);
        for _ in 0..2 {
            let answer = exchange(&mut fetcher, post(&url(&peer, "/mcp"), "body")).await.expect("an answer");
            assert_eq!(answer.1, "POST /mcp HTTP/1.1 body");
        }
        assert_eq!(peer.accepted(), 1);
    }
}

#[tokio::test]
async fn what_is_not_trusted_is_not_spoken_to() {
    let (root, _) = acceptor("other.example", &[], false);
    let (_, stranger) = plain_echo(&[]).await;
    let error = exchange(&mut trusting(&root), get(&url(&stranger, "/?ticket=secret"))).await.expect_err("unknown");
    assert_eq!(*error.kind(), TransportErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("UnknownIssuer") && error.to_string().contains("add its root"), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    let (root, peer) = plain_echo(&[]).await;
    let address = format!("https://{}/", peer.address);
    let error = exchange(&mut trusting(&root), get(&address)).await.expect_err("another name");
    assert_eq!(*error.kind(), TransportErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    let peer = Peer::start(|mut wire| async move {
        wire.say("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        wire.gone().await;
    })
    .await;
    let (root, _) = acceptor("localhost", &[], false);
    let error = exchange(&mut trusting(&root), get(&url(&peer, "/"))).await.expect_err("no TLS");
    assert_eq!(*error.kind(), TransportErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("speaks TLS") && error.to_string().contains("http://"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_is_missing_is_a_matter_of_tls() {
    let (root, acceptor) = acceptor("localhost", &["http/1.1"], true);
    let peer = Peer::start(move |wire| {
        let acceptor = acceptor.clone();
        // In TLS 1.3 the client has done its part and may have written already when this refusal comes.
        async move { assert!(acceptor.accept(wire.0.into_inner()).await.is_err()) }
    })
    .await;
    let error = exchange(&mut trusting(&root), post(&url(&peer, "/"), "{}")).await.expect_err("refused");
    assert_eq!(*error.kind(), TransportErrorKind::Tls, "{error}");
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_meets_the_connect_timeout() {
    let peer = Peer::start(|mut wire| async move { wire.gone().await }).await;
    let mut fetcher = fetcher_with(|options| {
        options.no_proxy();
        options.connect_timeout(Duration::from_millis(250));
    });
    let address = peer.address.to_string();
    let error = exchange(&mut fetcher, get(&format!("https://{address}/"))).await.expect_err("no connection");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains(&address) && error.to_string().contains("250 ms"), "{error}");
}

/// A proxy that leads where it is asked to, if it is shown this credential.
async fn tunnelling(asked: mpsc::UnboundedSender<Asked>) -> Peer {
    Peer::start(move |mut wire| {
        let asked = asked.clone();
        async move {
            let Some(connect) = wire.asked().await else { return };
            let line = connect.line().to_owned();
            let allowed = connect.header("proxy-authorization") == Some("Basic dXNlcjpwdw==");
            asked.send(connect).expect("wanted");
            if !allowed {
                return wire.say(answer(407, "proxy-authenticate: Basic\r\n", "")).await;
            }
            let target = line.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).expect("a target");
            let mut onward = TcpStream::connect(target).await.expect("a server");
            wire.say("HTTP/1.1 200 Established\r\n\r\n").await;
            let _ = copy_bidirectional(&mut wire.0, &mut onward).await;
            let _ = onward.shutdown().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_tunnel_keeps_the_proxy_out() {
    let (tx, mut asked) = mpsc::unbounded_channel();
    let proxy = tunnelling(tx).await;
    let (root, peer) = plain_echo(&["http/1.1"]).await;
    let through = |credential: &str| {
        fetcher_with(|options: &mut HttpOptions| {
            options.proxy(&format!("http://{credential}{}", proxy.address)).expect("a proxy");
            options.extra_root(root.as_bytes()).expect("a root");
        })
    };
    let mut fetcher = through("user:pw@");
    for _ in 0..2 {
        let mut request = post(&url(&peer, "/mcp"), "body");
        request.headers.push(("authorization".into(), "Bearer secret".into()));
        let answer = exchange(&mut fetcher, request).await.expect("an answer");
        assert_eq!(answer.1, "POST /mcp HTTP/1.1 body");
    }
    let connect = asked.recv().await.expect("asked");
    assert_eq!(connect.line(), format!("CONNECT localhost:{} HTTP/1.1", peer.address.port()));
    assert!(!connect.head.contains("secret"), "{}", connect.head);
    assert_eq!((proxy.accepted(), peer.accepted()), (1, 1));
    let error = exchange(&mut through(""), get(&url(&peer, "/"))).await.expect_err("no tunnel");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("authorization") && error.to_string().contains("credential"), "{error}");
}

#[tokio::test]
async fn a_proxy_may_speak_tls_itself() {
    let (root, acceptor) = acceptor("localhost", &["h2", "http/1.1"], false);
    let proxy = Peer::start(move |wire| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(wire.0.into_inner()).await else { return };
            let mut wire = Wire::new(stream);
            while let Some(asked) = wire.asked().await {
                wire.say(json(asked.line())).await;
            }
        }
    })
    .await;
    let mut fetcher = fetcher_with(|options| {
        options.proxy(&url(&proxy, "")).expect("a proxy");
        options.extra_root(root.as_bytes()).expect("a root");
    });
    let answer = exchange(&mut fetcher, get("http://server.invalid/mcp")).await.expect("an answer");
    assert_eq!(answer.1, "GET http://server.invalid/mcp HTTP/1.1");
}
