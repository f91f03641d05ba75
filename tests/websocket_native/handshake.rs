//! What a handshake carries, and what its failures say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use everywire::frame::{Liveness, Profile};
use everywire::transport::{Transport, TransportError, TransportErrorKind, WebSocket};
use tokio::io::AsyncWriteExt;

use crate::support::*;

async fn answering(answer: &'static str) -> Server {
    Server::start(move |mut stream| async move {
        request(&mut stream).await;
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await
}

async fn failure(socket: WebSocket) -> TransportError {
    let mut socket = socket;
    socket.connect().await.expect_err("no link")
}

/// A server that notes the given headers of each handshake and accepts it.
async fn noting(log: Log, names: &'static [&'static str]) -> Server {
    Server::start(move |mut stream| {
        let log = log.clone();
        async move {
            let head = request(&mut stream).await;
            log.push(head.lines().next().unwrap_or_default());
            for name in names {
                log.push(header(&head, name).unwrap_or_else(|| "-".into()));
            }
            switch(&mut stream, &head, "Sec-WebSocket-Protocol: mcp\r\n").await;
            let _ = close_code(&mut stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn headers_path_and_token_reach_the_server() {
    let log = Log::default();
    let server = noting(log.clone(), &["authorization", "x-team"]).await;
    let link = WebSocket::new(&format!("ws://{}/mcp?x=1", server.address))
        .and_then(|socket| socket.header("X-Team", "blue"))
        .and_then(|socket| socket.token("secret"))
        .expect("valid settings")
        .connect()
        .await
        .expect("a link");
    assert_eq!(link.profile, Profile::SharedChannel { reopen: true, liveness: Liveness::Ping });
    assert_eq!(log.take(), ["GET /mcp?x=1 HTTP/1.1", "Bearer secret", "blue"]);
}

#[tokio::test]
async fn a_provider_gives_a_fresh_token_to_every_handshake() {
    let log = Log::default();
    let server = noting(log.clone(), &["authorization"]).await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut socket = server
        .socket()
        .token_provider(move || {
            let n = count.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { Ok(format!("token-{n}")) })
        })
        .expect("valid");
    socket.connect().await.expect("a link");
    socket.connect().await.expect("a link");
    let lines = log.take();
    assert_eq!([&lines[1], &lines[3]], ["Bearer token-0", "Bearer token-1"]);
}

#[tokio::test]
async fn a_provider_that_fails_or_gives_nonsense_ends_the_attempt_before_it_begins() {
    let log = Log::default();
    let server = noting(log.clone(), &[]).await;
    let failing = server
        .socket()
        .token_provider(|| {
            Box::pin(async { Err(TransportError::new(TransportErrorKind::Config, "signed out; sign in again")) })
        })
        .expect("valid");
    assert_eq!(failure(failing).await.to_string(), "signed out; sign in again");
    let nonsense = server.socket().token_provider(|| Box::pin(async { Ok("se cret".into()) })).expect("valid");
    let error = failure(nonsense).await;
    assert_eq!(*error.kind(), TransportErrorKind::Config);
    assert!(!error.to_string().contains("cret"), "{error}");
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn a_status_other_than_101_is_named_with_what_to_do() {
    for (answer, status, word) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", 401, "give a token"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", 403, "refuses this client"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", 404, "check the address"),
        ("HTTP/1.1 302 Found\r\nLocation: ws://other.example/mcp\r\n\r\n", 302, "ws://other.example/mcp"),
        ("HTTP/1.1 500 Internal Server Error\r\n\r\n", 500, "log"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", 200, "no WebSocket"),
    ] {
        let server = answering(answer).await;
        let error = failure(server.socket()).await;
        assert_eq!(*error.kind(), TransportErrorKind::Refused { status });
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.is_auth(), matches!(status, 401 | 403));
    }
    let server = answering("HTTP/1.1 401 Unauthorized\r\n\r\n").await;
    let error = failure(server.socket().token("secret").expect("valid")).await;
    assert!(error.to_string().contains("the token was refused"), "{error}");
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn who_is_no_websocket_server_is_told_apart() {
    for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "", "HTTP/1.1 101 Switching Protocols\r\n\r\n"] {
        let server = answering(answer).await;
        let error = failure(server.socket()).await;
        assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed, "{error}");
        assert!(error.to_string().contains("WebSocket server"), "{error}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_to_connect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = failure(WebSocket::new(&format!("ws://{address}/?ticket=secret")).expect("valid")).await;
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let server = Server::start(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let error = failure(server.socket().connect_timeout(Duration::from_millis(50))).await;
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("within 50 ms"), "{error}");
}
