//! A token that every WebSocket and HTTP client has to bring.
#![cfg(feature = "server")]

mod server_support;

use std::net::SocketAddr;

use everywire::proto::{CallToolResult, Content};
use everywire::server::{Bind, HttpOptions, Page, RequestContext, Server};
use everywire::transport::{Subprotocols, WebSocket};
use everywire::{BoxFuture, Client};
use serde_json::json;
use server_support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of characters that no subprotocol could carry, so that it is encoded there.
const TOKEN: &str = "s3/cr+t=";
const ENCODED: &str = "czMvY3IrdD0";

fn server() -> Server {
    builder().build()
}

/// Both kinds of listener, and one that is both.
fn binds() -> [(&'static str, Bind); 3] {
    let server = server();
    [
        ("websocket", server.bind_websocket("127.0.0.1:0")),
        ("http", server.bind_http("127.0.0.1:0")),
        ("both", server.bind_http("127.0.0.1:0").http(HttpOptions::new().cors(true)).and_websocket()),
    ]
}

async fn run(bind: Bind) -> (SocketAddr, String) {
    let listener =
        bind.token(TOKEN).page("/", Page::new("text/plain", &b"a page"[..])).path("/mcp").await.expect("bound");
    let (address, url) = (listener.local_addr().expect("TCP"), listener.url().to_owned());
    tokio::spawn(listener.run(std::future::pending()));
    (address, url)
}

/// Sends a request, with a body where there is one, and gives the head of the answer and what follows it.
async fn ask(address: SocketAddr, request: &str, headers: &[&str], body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let mut text = format!("{request} HTTP/1.1\r\nHost: {address}\r\n");
    for header in headers {
        text += &format!("{header}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.expect("in time").expect("read");
        assert_ne!(read, 0, "{:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).expect("text")
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

/// The value of a header, by its name in lower case.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| {
        let (given, value) = line.split_once(':')?;
        given.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn upgrade(extra: &[&'static str]) -> Vec<&'static str> {
    let mut headers = vec![
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    headers.extend_from_slice(extra);
    headers
}

fn assert_refused(answer: &str) {
    assert_eq!(status(answer), 401, "{answer}");
    assert_eq!(header(answer, "www-authenticate"), Some("Bearer"), "{answer}");
    assert!(!answer.contains(TOKEN) && !answer.contains(ENCODED), "{answer}");
}

#[tokio::test]
async fn a_handshake_without_the_token_is_refused() {
    for (name, bind) in binds() {
        if name == "http" {
            continue;
        }
        let (address, _) = run(bind).await;
        for wrong in [
            &[][..],
            &["Authorization: Bearer wrong"],
            &["Authorization: Bearer s3/cr+t"],
            &["Authorization: Bearer s3/cr+t=x"],
            &["Authorization: Basic s3/cr+t="],
            &["Sec-WebSocket-Protocol: mcp"],
            &["Sec-WebSocket-Protocol: mcp, mcp.auth.wrong"],
            &["Sec-WebSocket-Protocol: mcp, mcp.auth."],
            // A header that is wrong is not made good by something else.
            &["Authorization: Bearer wrong", "Sec-WebSocket-Protocol: mcp, mcp.auth.czMvY3IrdD0"],
        ] {
            assert_refused(&ask(address, "GET /mcp", &upgrade(wrong), "").await);
        }
        for (right, selected) in [
            (&["Authorization: Bearer s3/cr+t="][..], None),
            (&["authorization: bearer s3/cr+t=", "Sec-WebSocket-Protocol: mcp"], Some("mcp")),
            (&["Sec-WebSocket-Protocol: mcp, mcp.auth.czMvY3IrdD0"], Some("mcp")),
            (&["Sec-WebSocket-Protocol: mcp.auth.czMvY3IrdD0, mcp.version.2025-11-25"], Some("mcp.version.2025-11-25")),
            (&["Sec-WebSocket-Protocol: mcp.auth.czMvY3IrdD0"], None),
        ] {
            let answer = ask(address, "GET /mcp", &upgrade(right), "").await;
            assert_eq!(status(&answer), 101, "{answer}");
            assert_eq!(header(&answer, "sec-websocket-protocol"), selected, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_request_without_the_token_is_refused_before_it_is_read() {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": modern(json!({}))}).to_string();
    let headers = |more: &'static str| {
        let mut headers = vec![
            "Content-Type: application/json",
            "Accept: application/json, text/event-stream",
            "MCP-Protocol-Version: 2026-07-28",
            "Mcp-Method: tools/list",
        ];
        headers.extend((!more.is_empty()).then_some(more));
        headers
    };
    for (name, bind) in binds() {
        if name == "websocket" {
            continue;
        }
        let (address, _) = run(bind).await;
        for wrong in ["", "Authorization: Bearer wrong", "Sec-WebSocket-Protocol: mcp.auth.czMvY3IrdD0"] {
            assert_refused(&ask(address, "POST /mcp", &headers(wrong), &request).await);
            // Not even whether it is JSON is looked at.
            assert_refused(&ask(address, "POST /mcp", &headers(wrong), "{").await);
            for method in ["GET", "DELETE", "OPTIONS"] {
                assert_refused(&ask(address, &format!("{method} /mcp"), &headers(wrong), "").await);
            }
        }
        let answer = ask(address, "POST /mcp", &headers("Authorization: Bearer s3/cr+t="), &request).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

#[tokio::test]
async fn pages_and_preflights_need_none() {
    for (name, bind) in binds() {
        let (address, _) = run(bind).await;
        assert_eq!(status(&ask(address, "GET /", &[], "").await), 200, "{name}");
        assert_eq!(status(&ask(address, "GET /other", &[], "").await), 404, "{name}");
    }
    let [.., (_, both)] = binds();
    let (address, _) = run(both).await;
    let page = "Origin: http://localhost:5173";
    let preflight = [page, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"];
    let answer = ask(address, "OPTIONS /mcp", &preflight, "").await;
    assert_eq!(
        (status(&answer), header(&answer, "access-control-allow-headers")),
        (204, Some("authorization")),
        "{answer}"
    );
    // The page may read that it was refused.
    let refused = ask(address, "POST /mcp", &[page], "{}").await;
    assert_refused(&refused);
    assert_eq!(header(&refused, "access-control-allow-origin"), Some("http://localhost:5173"));
    // The origin is looked at first.
    let foreign = ["Origin: https://evil.example", "Authorization: Bearer s3/cr+t="];
    assert_eq!(status(&ask(address, "POST /mcp", &foreign, "{}").await), 403);
}

#[tokio::test]
async fn our_own_clients_bring_it() {
    for (name, bind) in binds() {
        let (address, url) = run(bind).await;
        let refused = Client::connect(&url).await.map(|_| ()).expect_err("no token");
        assert!(refused.transport().is_some_and(|error| error.is_auth()), "{name}: {refused:?}");
        let client = Client::builder(&url).token(TOKEN).connect().await.expect("connected");
        assert!(client.call_tool("echo", json!({"a": 1})).await.is_ok(), "{name}");
        client.close().await;
        if name == "both" {
            let websocket = WebSocket::new(&format!("ws://{address}/mcp")).expect("an address");
            let websocket = websocket.token(TOKEN).expect("a token").subprotocols(Subprotocols::None).expect("none");
            let client = Client::over(websocket).connect().await.expect("connected");
            assert!(client.call_tool("echo", json!({"a": 1})).await.is_ok());
            client.close().await;
        }
    }
}

#[tokio::test]
async fn a_token_that_none_can_bring_is_refused() {
    for bad in ["", "two words", "grün"] {
        let bound: BoxFuture<'_, _> = server().bind_websocket("127.0.0.1:0").token(bad).into_future();
        let why = bound.await.expect_err("refused").to_string();
        assert!(why.contains("token") && (bad.is_empty() || !why.contains(bad)), "{why}");
    }
}

#[tokio::test]
async fn handlers_see_whose_page_it_is() {
    let server = builder()
        .tool_fn("who", schema(), async |_, cx: RequestContext| {
            let peer = cx.peer();
            let local = peer.address.is_some_and(|address| address.ip().is_loopback());
            Ok(CallToolResult::text(format!("{} {local} {:?}", peer.transport, peer.origin)))
        })
        .build();
    let listener =
        server.bind_http("127.0.0.1:0").and_websocket().allow_origin("https://app.example").await.expect("bound");
    let address = listener.local_addr().expect("TCP");
    tokio::spawn(listener.run(std::future::pending()));
    // One connection, on behalf of one page after the other, as a proxy in front has it.
    let mut stream = TcpStream::connect(address).await.expect("connected");
    for (origin, expected) in [
        (None, "http true None"),
        (Some("https://app.example"), "http true Some(\\\"https://app.example\\\")"),
        (Some("http://localhost:5173"), "http true Some(\\\"http://localhost:5173\\\")"),
        (None, "http true None"),
    ] {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern(json!({"name": "who"}))});
        let body = body.to_string();
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\n{origin}Content-Type: application/json\r\nAccept: application/json, \
             text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: who\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let (mut answer, mut buffer) = (String::new(), [0; 4096]);
        while !answer.contains("isError") && !answer.contains("\"text\"") {
            let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.expect("in time").expect("read");
            assert_ne!(read, 0, "{answer}");
            answer += std::str::from_utf8(&buffer[..read]).expect("text");
        }
        assert!(answer.contains(expected), "{expected}: {answer}");
    }
    let websocket =
        WebSocket::new(&format!("ws://{address}/")).expect("an address").header("Origin", "https://app.example");
    let client = Client::over(websocket.expect("a header")).connect().await.expect("connected");
    let who = client.call_tool("who", json!({})).await.expect("an answer");
    let said = who.content.first().and_then(Content::as_text);
    assert_eq!(said, Some("websocket true Some(\"https://app.example\")"));
    client.close().await;
}
