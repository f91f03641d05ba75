//! Addresses that only a native client knows, through the builder.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Own;
use crate::transport::TransportErrorKind;
use crate::{Client, Era, EraCache, EraChoice, Error, Reconnect};

/// A server as one would type it: knows `initialize`, and answers a ping with a line of so many bytes.
async fn serve(stream: impl AsyncRead + AsyncWrite, size: usize) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: serde_json::Value = serde_json::from_str(&line).expect("one message on one line");
        let Some(id) = request.get("id") else { continue };
        let result = match request["method"].as_str() {
            Some("initialize") => serde_json::json!({
                "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "typed", "version": "1" },
            }),
            Some("ping") => serde_json::json!({ "filling": "x".repeat(size) }),
            _ => serde_json::Value::Null,
        };
        let unknown = serde_json::json!({ "code": -32601, "message": "Method not found" });
        let (member, value) = if result.is_null() { ("error", unknown) } else { ("result", result) };
        let answer = serde_json::json!({ "jsonrpc": "2.0", "id": id, member: value });
        writer.write_all(format!("{answer}\r\n").as_bytes()).await.expect("written");
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("tcp://{}", listener.local_addr().expect("bound"));
    (listener, url)
}

async fn refused(url: &str) -> Error {
    Client::connect(url).await.expect_err(url)
}

#[tokio::test]
async fn a_tcp_address_connects_and_is_remembered_by_its_name() {
    let (listener, url) = listener().await;
    let cache = EraCache::new();
    let accept = async { serve(listener.accept().await.expect("accepted").0, 10).await };
    let talk = async {
        let client = Client::builder(&url).era_cache(Some(cache.clone())).connect().await;
        let client = client.expect("connected");
        let server = client.server().expect("a server");
        assert_eq!((server.transport, server.era), ("tcp", Era::Legacy));
        client.ping().await.expect("an answer");
        client.close().await;
    };
    tokio::join!(accept, talk);
    assert!(cache.load(&url).is_some());
}

#[tokio::test]
async fn the_largest_message_is_the_builders() {
    let (listener, url) = listener().await;
    tokio::spawn(async move { serve(listener.accept().await.expect("accepted").0, 5_000).await });
    let builder = Client::builder(&url).era(EraChoice::Legacy).max_message(4_000).reconnect(Reconnect::never());
    let client = builder.connect().await.expect("connected");
    let error = client.ping().await.expect_err("too large");
    let cause = error.transport().expect("a carrier's error");
    assert!(matches!(cause.kind(), TransportErrorKind::TooLarge { limit: 4_000, .. }), "{error:?}");
}

#[tokio::test]
async fn the_time_to_connect_is_the_builders() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).expect("bound");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().expect("bound").as_socket().expect("an address");
    // Whom the queue has no room for is not answered at all.
    let mut queued = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        queued.push(stream);
    }
    let builder = Client::builder(&format!("tcp://{address}")).connect_timeout(Duration::from_millis(50));
    let error = builder.connect().await.expect_err("nobody answers");
    assert!(error.to_string().contains("50 ms"), "{error}");
}

#[tokio::test]
async fn carriers_without_headers_refuse_headers_and_tokens() {
    for url in ["tcp://127.0.0.1:9", "unix:/nowhere"] {
        for builder in [Client::builder(url).token("secret"), Client::builder(url).header("x-team", "blue")] {
            let error = builder.connect().await.expect_err(url);
            let cause = error.transport().expect("a carrier's error");
            assert_eq!(*cause.kind(), TransportErrorKind::Config);
            assert!(cause.detail().contains("token") && !cause.detail().contains("secret"));
        }
    }
}

#[tokio::test]
async fn an_address_that_cannot_work_is_said_to() {
    for url in ["tcp://nowhere", "tcp:", "unix:", "unix://host/path", "quic://host:1", "just text"] {
        let error = refused(url).await;
        let cause = error.transport().expect("a carrier's error");
        assert_eq!(*cause.kind(), TransportErrorKind::Config, "{url}: {error}");
    }
}

#[test]
fn schemes_are_told_apart() {
    for (url, address) in [
        ("tcp://localhost:1", "tcp://localhost:1"),
        ("TCP:localhost:1", "tcp://localhost:1"),
        ("unix:/run/mcp.sock", "unix:/run/mcp.sock"),
        ("Unix:///run/mcp.sock", "unix:/run/mcp.sock"),
        ("unix:run/mcp.sock", "unix:run/mcp.sock"),
    ] {
        let own = Own::of(url).expect("a scheme of its own").expect(url);
        assert_eq!(own.open(100).address().as_deref(), Some(address));
    }
    for url in ["ws://host:1", "http://unix:1", "localhost:1", ""] {
        assert!(Own::of(url).is_none(), "{url}");
    }
}
