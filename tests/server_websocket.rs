//! The WebSocket listener, spoken to by tungstenite and by hand.
#![cfg(feature = "server")]

mod server_support;

use std::net::SocketAddr;
use std::time::Duration;

use everywire::proto::CallToolResult;
use everywire::server::{Bind, RequestContext, Server};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use server_support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), everywire::Error>>,
}

async fn run(bind: Bind) -> Running {
    let listener = bind.await.expect("it binds");
    let address = listener.local_addr().expect("a TCP address");
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(listener.run(async { drop(stopped.await) }));
    Running { address, stop: Some(stop), task }
}

fn server() -> Server {
    builder().build()
}

async fn start() -> Running {
    run(server().bind_websocket("127.0.0.1:0")).await
}

async fn connect(address: SocketAddr) -> Socket {
    connect_async(format!("ws://{address}/")).await.expect("a connection").0
}

async fn next(socket: &mut Socket) -> Option<Result<Message, WsError>> {
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time")
}

async fn json_from(socket: &mut Socket) -> Value {
    loop {
        match next(socket).await.expect("open").expect("sound") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn ask(socket: &mut Socket, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": "q", "method": method, "params": modern(params)});
    socket.send(Message::text(request.to_string())).await.expect("sent");
    let answer = json_from(socket).await;
    assert_eq!(answer["id"], "q", "{answer}");
    answer
}

/// The code of the close frame that ends the connection.
async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match next(socket).await {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("a close frame, not {other:?}"),
        }
    }
}

/// Sends a request head and gives the whole answer.
async fn http(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, async {
        let mut buffer = [0; 1024];
        while !answer.windows(4).any(|window| window == b"\r\n\r\n") || !answer.starts_with(b"HTTP/1.1 101") {
            match stream.read(&mut buffer).await.expect("read") {
                0 => break,
                read => answer.extend_from_slice(&buffer[..read]),
            }
        }
    });
    read.await.expect("in time");
    String::from_utf8(answer).expect("text")
}

fn upgrade(extra: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n"
    )
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

#[tokio::test]
async fn both_eras_over_a_socket() {
    let running = start().await;
    let mut one = connect(running.address).await;
    let answer = ask(&mut one, "tools/call", json!({"name": "echo", "arguments": {"text": "héllo"}})).await;
    assert_eq!(text(&answer), r#"{"text":"héllo"}"#);
    let mut two = connect(running.address).await;
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    // White space around a message is the client's business.
    two.send(Message::text(format!(" \n{request}\r\n"))).await.expect("sent");
    assert_eq!(json_from(&mut two).await["result"]["protocolVersion"], "2025-11-25");
    two.send(Message::Ping("hi".into())).await.expect("sent");
    assert!(matches!(next(&mut two).await, Some(Ok(Message::Pong(payload))) if payload == "hi"));
    two.close(None).await.expect("closed");
    while next(&mut two).await.is_some() {}
    assert!(ask(&mut one, "tools/list", json!({})).await["result"].is_object());
}

#[tokio::test]
async fn answers_do_not_wait_for_each_other_and_many_go_at_once() {
    let running = start().await;
    let mut socket = connect(running.address).await;
    for n in 0..1000 {
        let params = modern(json!({"name": "echo", "arguments": {"n": n}}));
        let request = json!({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": params});
        socket.feed(Message::text(request.to_string())).await.expect("fed");
        if n % 64 == 63 {
            socket.flush().await.expect("sent");
        }
    }
    socket.flush().await.expect("sent");
    for n in 0..1000 {
        let answer = json_from(&mut socket).await;
        assert_eq!((&answer["id"], text(&answer)), (&json!(n), format!(r#"{{"n":{n}}}"#).as_str()));
    }
}

#[tokio::test]
async fn subprotocols() {
    let running = start().await;
    let host = format!("Host: {}\r\n", running.address);
    for (offered, selected) in [
        (None, None),
        (Some("mcp"), Some("mcp")),
        (Some("mcp.version.2025-11-25, mcp"), Some("mcp")),
        (Some("mcp.auth.c2VjcmV0, mcp.version.2026-07-28"), Some("mcp.version.2026-07-28")),
        (Some("mcp.auth.c2VjcmV0"), None),
        (Some("chat"), None),
    ] {
        let offer = offered.map(|offered| format!("Sec-WebSocket-Protocol: {offered}\r\n")).unwrap_or_default();
        let answer = http(running.address, &upgrade(&format!("{host}{offer}"))).await;
        assert_eq!(status(&answer), 101);
        let found = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-protocol").then_some(value)
        });
        assert_eq!(found, selected, "{offered:?}");
    }
}

#[tokio::test]
async fn origins_and_hosts() {
    let bind = server().bind_websocket("127.0.0.1:0").allow_origin("https://app.example").allow_host("mcp.example");
    let running = run(bind).await;
    let address = running.address;
    let own = address.to_string();
    for (host, origin, expected) in [
        (Some(own.as_str()), None, 101),
        (Some("localhost:9001"), Some("http://localhost:5173"), 101),
        (Some("[::1]"), Some("http://127.0.0.1"), 101),
        (Some(&own), Some("https://app.example"), 101),
        (Some("mcp.example"), Some("https://app.example:443"), 101),
        (Some(&own), Some("http://app.example"), 403),
        (Some(&own), Some("https://app.example.evil.com"), 403),
        (Some(&own), Some("http://localhost.evil.com"), 403),
        (Some(&own), Some("null"), 403),
        (Some("evil.example"), None, 403),
        (Some("localhost.evil.com"), Some("http://localhost"), 403),
        (None, None, 400),
    ] {
        let mut headers = host.map(|host| format!("Host: {host}\r\n")).unwrap_or_default();
        if let Some(origin) = origin {
            headers += &format!("Origin: {origin}\r\n");
        }
        let answer = http(address, &upgrade(&headers)).await;
        assert_eq!(status(&answer), expected, "{host:?} {origin:?}: {answer}");
    }
    let twice = http(address, &upgrade("Host: localhost\r\nHost: evil.example\r\n")).await;
    assert_eq!(status(&twice), 400);
    // The rule that a real client meets.
    let mut request = format!("ws://{address}/").into_client_request().expect("request");
    request.headers_mut().insert("Origin", HeaderValue::from_static("https://evil.example"));
    let refused = connect_async(request).await.expect_err("refused");
    assert!(matches!(refused, WsError::Http(response) if response.status() == 403));
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let running = run(server().bind_websocket("127.0.0.1:0").path("/mcp")).await;
    let address = running.address;
    let websocket = upgrade("Host: localhost\r\n");
    for (head, expected) in [
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 426),
        ("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}".to_owned(), 426),
        ("OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 426),
        ("GET /mcp HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned(), 426),
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}".to_owned(), 400),
        (format!("GET /mcp HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000)), 431),
        (websocket.clone(), 404),
        (websocket.replace("GET / ", "GET /mcp "), 101),
        (websocket.replace("GET / ", "GET /mcp?ticket=1 "), 101),
        (websocket.replace("GET / ", "GET /mcp/ "), 404),
        (websocket.replace("GET / ", "GET /mcp ").replace("dGhlIHNhbXBsZSBub25jZQ==", "x"), 400),
    ] {
        let answer = http(address, &head).await;
        assert_eq!(status(&answer), expected, "{head:.60?}: {answer}");
        if expected != 101 {
            let body = answer.split("\r\n\r\n").nth(1).expect("a body");
            assert!(body.trim().len() > 10, "a sentence says why: {answer}");
        }
    }
}

#[tokio::test]
async fn loopback_is_the_default() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let refused = server().bind_websocket(address).await.expect_err("refused");
        assert!(refused.is_config() && refused.to_string().contains("allow_remote"), "{refused}");
    }
    let allowed = server().bind_websocket("0.0.0.0:0").allow_remote(true).await.expect("allowed");
    assert!(allowed.local_addr().is_some_and(|address| address.port() > 0));
    let running = start().await;
    let taken = server().bind_websocket(running.address).await.expect_err("taken");
    assert!(taken.is_config() && taken.to_string().contains("cannot listen"), "{taken}");
    for nonsense in ["", "nonsense", "127.0.0.1", "127.0.0.1:99999"] {
        let error = server().bind_websocket(nonsense).await.expect_err("refused");
        assert!(error.is_config() && error.to_string().contains("host:port"), "{error}");
    }
    let error = server().bind_websocket("127.0.0.1:0").allow_origin("app.example").await.expect_err("refused");
    assert!(error.is_config() && error.to_string().contains("origin"), "{error}");
    let error = server().bind_websocket("127.0.0.1:0").path("mcp").await.expect_err("refused");
    assert!(error.is_config() && error.to_string().contains("/mcp"), "{error}");
}

#[tokio::test]
async fn breaches_close_with_their_code() {
    let running = run(server().bind_websocket("127.0.0.1:0").max_message(1000)).await;
    let mut binary = connect(running.address).await;
    binary.send(Message::binary(b"{}".to_vec())).await.expect("sent");
    assert_eq!(close_code(&mut binary).await, 1003);

    let mut fits = connect(running.address).await;
    let answer = ask(&mut fits, "tools/call", json!({"name": "echo", "arguments": {"x": "y".repeat(500)}})).await;
    assert!(answer["result"].is_object());

    let mut large = connect(running.address).await;
    // The server may close before everything is out.
    let _ = large.send(Message::text("x".repeat(100_000))).await;
    assert_eq!(close_code(&mut large).await, 1009);

    // 1 GiB announced, nothing of it sent: refused by its head.
    let mut stream = TcpStream::connect(running.address).await.expect("connected");
    stream.write_all(upgrade("Host: localhost\r\n").as_bytes()).await.expect("sent");
    let mut answer = [0; 4096];
    let mut seen = Vec::new();
    while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read(&mut answer).await.expect("read");
        seen.extend_from_slice(&answer[..read]);
    }
    stream.write_all(&[0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]).await.expect("sent");
    let mut frame = [0; 4];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut frame)).await.expect("in time").expect("a frame");
    assert_eq!((frame[0], u16::from_be_bytes([frame[2], frame[3]])), (0x88, 1009));

    // Others are not concerned.
    assert!(ask(&mut fits, "tools/list", json!({})).await["result"].is_object());
}

#[tokio::test]
async fn connections_and_handshakes_are_limited() {
    let bind = server().bind_websocket("127.0.0.1:0").max_connections(2).handshake_timeout(Duration::from_millis(100));
    let running = run(bind).await;
    let mut one = connect(running.address).await;
    // A client that never asks is not waited for.
    let mut silent = TcpStream::connect(running.address).await.expect("connected");
    silent.write_all(b"GET / HTTP/1.1\r\nHost: localh").await.expect("sent");
    let gone = tokio::time::timeout(PATIENCE, silent.read(&mut [0; 16])).await.expect("dropped in time");
    assert!(matches!(gone, Ok(0) | Err(_)));
    let two = connect(running.address).await;
    let answer = http(running.address, &upgrade("Host: localhost\r\n")).await;
    assert_eq!(status(&answer), 503);
    drop(two);
    // Its place is free again as soon as the server has seen the end.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while connect_async(format!("ws://{}/", running.address)).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "the place is not given back");
        tokio::task::yield_now().await;
    }
    assert!(ask(&mut one, "tools/list", json!({})).await["result"].is_object());
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_dropped() {
    let server = builder().keep_alive(Some(Duration::from_millis(50))).build();
    let running = run(server.bind_websocket("127.0.0.1:0")).await;
    // Answered by the library while it is read.
    let mut alive = connect(running.address).await;
    for _ in 0..6 {
        assert!(matches!(next(&mut alive).await, Some(Ok(Message::Ping(_)))));
    }
    // Reads, but answers nothing: a raw socket.
    let mut dead = TcpStream::connect(running.address).await.expect("connected");
    dead.write_all(upgrade("Host: localhost\r\n").as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, dead.read_to_end(&mut bytes)).await.expect("dropped in time").expect("read");
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    assert_eq!(bytes[head..].iter().filter(|byte| **byte == 0x89).count(), 2, "two pings, then no more");
}

#[tokio::test]
async fn shutdown_finishes_what_is_under_way() {
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let (began, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let door = gate.clone();
    let server = builder()
        .tool_fn("waits", schema(), move |_, _cx: RequestContext| {
            let (door, began) = (door.clone(), began.clone());
            async move {
                began.send(())?;
                door.acquire().await?.forget();
                Ok(CallToolResult::text("finished"))
            }
        })
        .build();
    let mut running = run(server.bind_websocket("127.0.0.1:0")).await;
    let (mut busy, mut idle) = (connect(running.address).await, connect(running.address).await);
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern(json!({"name": "waits"}))});
    busy.send(Message::text(request.to_string())).await.expect("sent");
    beginnings.recv().await.expect("it begins");
    ask(&mut idle, "tools/list", json!({})).await;
    running.stop.take().expect("running").send(()).expect("running");
    assert_eq!(close_code(&mut idle).await, 1001);
    assert!(connect_async(format!("ws://{}/", running.address)).await.is_err(), "nobody new is taken");
    gate.add_permits(1);
    assert_eq!(text(&json_from(&mut busy).await), "finished");
    assert_eq!(close_code(&mut busy).await, 1001);
    let ended = tokio::time::timeout(PATIENCE, running.task).await.expect("in time").expect("no panic");
    assert!(ended.is_ok());
}

#[tokio::test]
async fn shutdown_waits_no_longer_than_it_should() {
    let server = builder().tool_fn("never", schema(), async |_, _| std::future::pending().await).build();
    let mut running = run(server.bind_websocket("127.0.0.1:0").drain_timeout(Duration::from_millis(50))).await;
    let mut socket = connect(running.address).await;
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern(json!({"name": "never"}))});
    socket.send(Message::text(request.to_string())).await.expect("sent");
    ask(&mut socket, "tools/list", json!({})).await;
    running.stop.take().expect("running").send(()).expect("running");
    tokio::time::timeout(PATIENCE, running.task).await.expect("in time").expect("no panic").expect("ended");
    while let Some(Ok(_)) = next(&mut socket).await {}
}
