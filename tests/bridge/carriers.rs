//! Every carrier on either side.

use std::process::Stdio;

use everywire::Client;
use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::transport::{StdioTransport, Transport as _};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Bridge, Folder, PATIENCE, backend, call, program};

#[tokio::test]
async fn five_bridges_in_a_row_pass_a_call_over_every_carrier() {
    let folder = Folder::new("row");
    let tcp = Bridge::start(&["--listen", "tcp://127.0.0.1:0", "--no-token", "--", &backend()]).await;
    assert!(tcp.url.starts_with("tcp://127.0.0.1:"), "{}", tcp.url);
    let socket = format!("unix:{}", folder.path("socket"));
    let unix = Bridge::start(&["--listen", &socket, &tcp.url]).await;
    assert_eq!(unix.url, socket);
    let web = Bridge::start(&["--listen", "ws://127.0.0.1:0", &unix.url]).await;
    let header = format!("Authorization: Bearer {}", web.token.as_deref().expect("a token"));
    let shared =
        Bridge::start(&["--listen", "tcp://127.0.0.1:0", "--no-token", "--shared", "--header", &header, &web.url])
            .await;
    let last =
        StdioTransport::command(env!("CARGO_BIN_EXE_everywire")).args(["bridge", "--listen", "stdio:", &shared.url]);
    let client = Client::over(last).connect().await.expect("connected");
    assert_eq!(call(&client, "echo", "all the way").await, "all the way");
    let wide = "ü€\u{1F600}\n".repeat(50_000);
    assert_eq!(call(&client, "echo", &wide).await, wide);
    client.close().await;
}

/// In the era of exchanges without a state, and in that of sessions.
#[tokio::test]
async fn an_http_server_is_reached_over_websocket() {
    use everywire::EraChoice;
    let (_demo, url) = crate::support::demo().await;
    for (era, options) in [(EraChoice::Modern, &[][..]), (EraChoice::Legacy, &[]), (EraChoice::Auto, &["--shared"])] {
        let arguments = [&["--listen", "ws://127.0.0.1:0"], options, &[url.as_str()]].concat();
        let mut bridge = Bridge::start(&arguments).await;
        let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel();
        let client = Client::over(bridge.transport())
            .era(era)
            .on_elicit(move |_, request| {
                let _ = asked.send(request.message().to_owned());
                async { everywire::proto::ElicitResult::decline() }
            })
            .connect()
            .await
            .expect("connected");
        assert_eq!(call(&client, "echo", "over HTTP").await, "over HTTP");
        // A question in the middle of a call, by whichever way the era has.
        client.call_tool("book_table", serde_json::json!({})).await.expect("an answer");
        assert!(questions.recv().await.is_some());
        let unknown = client.call_tool("no such tool", serde_json::json!({})).await.expect_err("there is none");
        assert!(unknown.rpc().is_some(), "{unknown}");
        client.close().await;
        bridge.says("client 1 left").await;
    }
}

#[tokio::test]
async fn an_http_server_that_is_not_there_is_told_in_the_answer() {
    let bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "http://127.0.0.1:9/mcp"]).await;
    let connected = Client::over(bridge.transport()).connect();
    let error = tokio::time::timeout(PATIENCE, connected).await.expect("in time").expect_err("nobody is there");
    assert!(error.to_string().contains("over HTTP: "), "{error}");
}

#[tokio::test]
async fn a_message_with_raw_line_breaks_reaches_a_child_as_one_line() {
    let bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--", "cat"]).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    let two = "{\"jsonrpc\":\"2.0\",\r\n\"method\":\"a\",\"params\":{ \"text\" : \"x\\ny\" }}\n";
    let one = "{\"jsonrpc\":\"2.0\",\"id\":1.0e0,\"method\":\"\\u0070ing\"}";
    for text in [two, one] {
        let text = Text::from_utf8(text.to_owned().into()).expect("UTF-8");
        link.tx.send(Outbound::Message(text)).await.expect("sent");
    }
    let mut next = async || match tokio::time::timeout(PATIENCE, link.rx.next()).await {
        Ok(Some(Ok(Inbound::Message(text)))) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    let compacted = next().await;
    assert!(!compacted.contains(['\n', '\r']), "{compacted:?}");
    let read: serde_json::Value = serde_json::from_str(&compacted).expect("JSON");
    assert_eq!(read, serde_json::from_str::<serde_json::Value>(two).expect("JSON"));
    assert_eq!(next().await, one, "a single line passes byte for byte");
}

#[tokio::test]
async fn questions_through_a_pipe_are_answered_although_it_ends() {
    let mut piped = program()
        .args(["bridge", "--listen", "stdio:", "--", &backend()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let ask = r#"{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"pipe","version":"1"}}}"#;
    let mut stdin = piped.stdin.take().expect("piped");
    stdin.write_all(format!("{ask}\n").as_bytes()).await.expect("sent");
    drop(stdin);
    let ran = tokio::time::timeout(PATIENCE, piped.wait_with_output()).await.expect("in time").expect("it ran");
    let out = String::from_utf8(ran.stdout).expect("UTF-8");
    let answer: serde_json::Value = serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{error}: {out:?}"));
    assert!(answer["id"] == 7 && answer["result"]["serverInfo"]["name"] == "bridge-backend", "{out}");
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("client 1 connected: stdio"));
}

/// What any page can make a browser send to any port of this machine.
#[tokio::test]
async fn an_http_request_to_a_tcp_listener_starts_nothing() {
    let mut bridge = Bridge::start(&["--listen", "tcp://127.0.0.1:0", "--no-token", "--", "cat"]).await;
    bridge.says("warning").await;
    let mut stream = TcpStream::connect(bridge.url.trim_start_matches("tcp://")).await.expect("connected");
    let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}\n";
    let request =
        format!("POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // `cat` would say it back.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("closed");
    assert!(!String::from_utf8_lossy(&answer).contains("tools/call"), "{}", String::from_utf8_lossy(&answer));
}
