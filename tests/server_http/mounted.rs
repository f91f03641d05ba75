//! The endpoint within somebody else's server, and beside a WebSocket at one address.

use axum::Router;
use axum::routing::get;
use everywire::Client;
use everywire::server::{HttpOptions, Principal};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::*;

#[tokio::test]
async fn it_mounts_in_axum() {
    let server = builder().build();
    let service = server.http_service().build().expect("a service");
    let router = Router::new()
        .route("/", get(|| async { "home" }))
        .route_service("/mcp", service.clone())
        .layer(axum::Extension(Principal::new("me")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let closing = service.clone();
    let serving = tokio::spawn(async move {
        let stop = async move {
            let _ = stopped.await;
            closing.shutdown();
        };
        axum::serve(listener, router).with_graceful_shutdown(stop).await
    });
    let mut connection = Connection::open(address).await;
    let headers = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "echo"),
        ("content-type", "application/json"),
        ("accept", BOTH),
    ];
    let body = request(1, "tools/call", modern(json!({"name": "echo", "arguments": {"a": 1}})));
    let answer = connection.send(Method::POST, &headers, body.to_string()).await.json().await;
    assert_eq!(text(&answer), r#"{"a":1}"#);
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let begun = connection.send(Method::POST, &headers[3..], request(0, "initialize", params).to_string()).await;
    let session = begun.header("mcp-session-id").expect("a session").to_owned();
    begun.json().await;
    let evil = connection.send(Method::GET, &[("host", "evil.example.com")], "").await;
    assert_eq!(evil.status, 403);
    // Open streams do not hold the shutdown up.
    let mut streaming = Connection::open(address).await;
    let headers = [("mcp-session-id", session.as_str()), ("accept", "text/event-stream")];
    let mut stream = streaming.send(Method::GET, &headers, "").await;
    stream.event().await.expect("a first event");
    drop((evil, connection));
    stop.send(()).expect("still serving");
    assert_eq!(stream.event().await, None);
    drop((stream, streaming));
    soon(serving).await.expect("no panic").expect("an orderly end");
}

#[tokio::test]
async fn one_address_answers_websocket_and_http() {
    let server = builder().build();
    for site in [
        Site::with(&server, |bind| bind.path("/mcp").and_websocket()).await,
        Site::over(server.bind_websocket("127.0.0.1:0").path("/mcp").http(HttpOptions::new())).await,
    ] {
        let url = format!("ws://{}/mcp", site.address);
        let client = soon(Client::connect(&url)).await.expect("connected");
        let result = soon(async { client.call_tool("echo", json!({"a": 1})).await }).await.expect("a result");
        assert_eq!(result.content[0].as_text(), Some(r#"{"a":1}"#));
        assert_eq!(text(&site.call("echo", json!({"a": 2})).await.json().await), r#"{"a":2}"#);
        // A handshake is judged as any request is.
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut evil = upgrade.to_vec();
        evil.push(("origin", "https://evil.example.com"));
        assert_eq!(site.send(Method::GET, &evil, "").await.status, 403);
        assert_eq!(site.send(Method::GET, &upgrade[..3], "").await.status, 400);
        // Both end in an orderly way.
        soon(site.stopped()).await;
    }
    // Where it was not asked for there is none.
    let site = Site::new(&server).await;
    let url = format!("ws://{}/mcp", site.address);
    assert!(soon(Client::connect(&url)).await.is_err());
}

#[tokio::test]
async fn handlers_do_not_know_the_carrier() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.and_websocket()).await;
    let client = soon(Client::connect(&format!("ws://{}/", site.address))).await.expect("connected");
    let over_websocket = soon(async { client.call_tool("echo", json!({"x": [1, 2]})).await }).await.expect("a result");
    let modern = site.call("echo", json!({"x": [1, 2]})).await.json().await;
    let session = site.session("2025-11-25", json!({})).await;
    let legacy = session.request(1, "tools/call", json!({"name": "echo", "arguments": {"x": [1, 2]}})).await;
    let legacy: Value = legacy.json().await;
    assert_eq!(over_websocket.content[0].as_text(), Some(text(&modern)));
    assert_eq!(modern["result"]["content"], legacy["result"]["content"]);
}
