//! What one client can do to the others: slow ones, large ones, many of them; and how the server ends.

use std::sync::Arc;
use std::time::Duration;

use everywire::proto::CallToolResult;
use everywire::server::{HttpOptions, Page, RequestContext, Server};
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::support::*;

/// Sends some bytes, and reads until the server closes.
async fn say(site: &Site, bytes: &[u8]) -> String {
    let mut stream = soon(TcpStream::connect(site.address)).await.expect("connected");
    stream.write_all(bytes).await.expect("sent");
    let mut read = Vec::new();
    // The server may reset what it has not read.
    let _ = soon(stream.read_to_end(&mut read)).await;
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn who_is_slow_with_the_first_request_is_dropped() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.handshake_timeout(Duration::from_millis(50))).await;
    for begin in
        ["", "P", "POST /mcp HTTP/1.1\r\nHost: local", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let answer = say(&site, begin.as_bytes()).await;
        assert!(!answer.contains("200"), "{begin:?}: {answer}");
    }
    // Nor does a later request come piece by piece.
    let whole = "PUT /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = soon(TcpStream::connect(site.address)).await.expect("connected");
    stream.write_all(whole.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("send a POST") {
        assert_ne!(soon(stream.read_buf(&mut answer)).await.expect("an answer"), 0);
    }
    stream.write_all(&whole.as_bytes()[..20]).await.expect("sent");
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1 ").count(), 1);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = builder().build();
    let options = HttpOptions::new().body_timeout(Duration::from_millis(50));
    let site = Site::with(&server, |bind| bind.http(options)).await;
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Accept: application/json, text/event-stream\r\nContent-Length: 100\r\n\r\n{";
    let answer = say(&site, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.max_message(1000)).await;
    let params = |length: usize| json!({"name": "echo", "arguments": {"a": "x".repeat(length)}});
    assert_eq!(site.modern("tools/call", params(100)).await.status, 200);
    assert_eq!(site.modern("tools/call", params(1000)).await.status, 413);
    // Said ahead, and not said at all.
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Accept: application/json, text/event-stream\r\n";
    let answer = say(&site, format!("{head}Content-Length: 1000000000\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let chunk = format!("{:x}\r\n{}\r\n", 600, " ".repeat(600));
    let answer = say(&site, format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let site = Site::new(&builder().build()).await;
    let head = |length: usize| format!("PUT /mcp HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(length));
    let mut connection = soon(TcpStream::connect(site.address)).await.expect("connected");
    connection.write_all(head(30_000).as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    soon(connection.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 405");
    let answer = say(&site, &head(100_000).as_bytes()[..90_000]).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn connections_have_a_limit() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.max_connections(1)).await;
    let mut first = site.connect().await;
    assert_eq!(first.send(Method::GET, &[], "").await.status, 405);
    let answer = say(&site, b"").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert_eq!(first.send(Method::GET, &[], "").await.status, 405);
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let site = Site::new(&builder().build()).await;
    let mut connection = site.connect().await;
    for id in 0..20 {
        let body = request(id, "tools/call", modern(json!({"name": "echo", "arguments": {"id": id}})));
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "echo"),
            ("content-type", "application/json"),
            ("accept", BOTH),
        ];
        let answer = connection.send(Method::POST, &headers, body.to_string()).await.json().await;
        assert_eq!((&answer["id"], text(&answer)), (&json!(id), &*format!(r#"{{"id":{id}}}"#)));
    }
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let server = builder().build();
    let site = Site::new(&server).await;
    let stream = soon(TcpStream::connect(site.address)).await.expect("connected");
    let (sender, connection) =
        soon(hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))).await.expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let mut calls = tokio::task::JoinSet::new();
    for id in 0..20 {
        let mut sender = sender.clone();
        let body = request(id, "tools/call", modern(json!({"name": "echo", "arguments": {"id": id}}))).to_string();
        let request = http::Request::post(format!("http://{}/mcp", site.address))
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "echo")
            .header("content-type", "application/json")
            .header("accept", BOTH)
            .body(Full::new(bytes::Bytes::from(body)))
            .expect("a request");
        calls.spawn(async move {
            let response = sender.send_request(request).await.expect("an answer");
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!((&answer["id"], text(&answer)), (&json!(id), &*format!(r#"{{"id":{id}}}"#)));
        });
    }
    while let Some(done) = soon(calls.join_next()).await {
        done.expect("every call is answered");
    }
    drop(sender);
    let _ = soon(connection).await;
    // Under a wrong name it is refused as over HTTP/1.1.
    let stream = soon(TcpStream::connect(site.address)).await.expect("connected");
    let (mut sender, connection) =
        soon(hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = http::Request::post("http://evil.example.com/mcp").body(Full::new(bytes::Bytes::new()));
    let response = soon(sender.send_request(request.expect("a request"))).await.expect("an answer");
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn other_paths_and_pages() {
    let server = builder().build();
    let page = Page::new("text/html", b"<p>hello".as_slice()).header("X-Frame-Options", "DENY");
    let site = Site::with(&server, |bind| bind.path("/mcp").page("/", page)).await;
    assert_eq!(site.call("echo", json!({})).await.status, 200);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = say(&site, get("/").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("<p>hello"), "{answer}");
    assert!(answer.contains("x-frame-options: DENY") && answer.contains("nosniff"), "{answer}");
    assert!(say(&site, get("/other").as_bytes()).await.starts_with("HTTP/1.1 404"));
    let evil = get("/").replace("localhost", "evil.example.com");
    assert!(say(&site, evil.as_bytes()).await.starts_with("HTTP/1.1 403"));
}

/// A tool that waits to be told to go on.
fn waiting() -> (Server, Arc<Notify>, Arc<Notify>) {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (says, waits) = (begun.clone(), go.clone());
    let server = builder()
        .tool_fn("wait", schema(), move |_, _: RequestContext| {
            let (says, waits) = (says.clone(), waits.clone());
            async move {
                says.notify_one();
                waits.notified().await;
                Ok(CallToolResult::text("done"))
            }
        })
        .build();
    (server, begun, go)
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way() {
    let (server, begun, go) = waiting();
    let mut site = Site::new(&server).await;
    let client = site.session("2025-11-25", json!({})).await;
    let mut own = client.get(None).await;
    own.event().await.expect("a first event");
    let headers: Vec<_> = client.headers().into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let mut idle = site.connect().await;
    assert_eq!(idle.send(Method::GET, &[], "").await.status, 405);
    let (mut modern, mut legacy) = (site.connect().await, site.connect().await);
    let common = [("content-type", "application/json"), ("accept", BOTH)];
    let modern = tokio::spawn(async move {
        let mut all = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "wait")];
        all.extend(common);
        let body = request(1, "tools/call", crate::support::modern(json!({"name": "wait"})));
        modern.send(Method::POST, &all, body.to_string()).await.outcome(1).await
    });
    begun.notified().await;
    let legacy = tokio::spawn(async move {
        let mut all: Vec<_> = headers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        all.extend(common);
        let body = request(1, "tools/call", json!({"name": "wait"}));
        legacy.send(Method::POST, &all, body.to_string()).await.outcome(1).await
    });
    begun.notified().await;
    site.stop();
    // Its own stream ends at once.
    assert_eq!(own.event().await, None);
    go.notify_waiters();
    assert_eq!(text(&soon(modern).await.expect("no panic")), "done");
    assert_eq!(text(&soon(legacy).await.expect("no panic")), "done");
    site.stopped().await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let (server, begun, _go) = waiting();
    let site = Site::with(&server, |bind| bind.drain_timeout(Duration::from_millis(50))).await;
    let address = site.address;
    let call = tokio::spawn(async move {
        let mut connection = Connection::open(address).await;
        let body = request(1, "tools/call", modern(json!({"name": "wait"}))).to_string();
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "wait"),
            ("content-type", "application/json"),
            ("accept", BOTH),
        ];
        connection.send(Method::POST, &headers, body).await.status
    });
    begun.notified().await;
    site.stopped().await;
    // The connection broke: there is no answer.
    assert!(soon(call).await.is_err());
}
