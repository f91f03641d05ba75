//! WebSocket, with the SDKs that have it.

use std::process::Command;

use everywire::{Client, Era};
use serde_json::{Value, json};

use crate::peers::{node, python, serve};
use crate::{ada, check, echoes, fails, our_server, printed_by, steps, text};

#[tokio::test]
async fn our_client_and_the_python_sdk_server() {
    let mut command = python("server.py");
    command.arg("websocket");
    let (_peer, port) = serve(command);
    let client = Client::builder(&format!("ws://127.0.0.1:{port}/")).on_elicit(ada).connect().await.expect("connects");
    let server = client.server().expect("said who it is");
    assert_eq!((server.era, server.protocol_version), (Era::Legacy, "2025-11-25"));
    assert_eq!(server.info.expect("has a name").name, "python-peer");

    let mut tools: Vec<_> = client.tools_all().await.expect("lists").into_iter().map(|tool| tool.name).collect();
    tools.sort();
    assert_eq!(tools, ["ask", "ask_aside", "change", "echo", "fail", "never", "steps"]);
    echoes(&client).await;
    assert_eq!(text(&client.call_tool("ask", json!({})).await.expect("asks")), "accept: Ada");
    assert_eq!(steps(&client).await, [1.0, 2.0, 3.0]);
    fails(&client).await;
    client.ping().await.expect("answers a ping");
    client.close().await;
}

/// What a foreign client saw of our server.
async fn seen_by(mut command: Command) -> Value {
    let listener = our_server().bind_websocket("127.0.0.1:0").await.expect("binds");
    command.arg(listener.url());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.run(async move { _ = stopped.await }));
    let seen = printed_by(command).await;
    let _ = stop.send(());
    serving.await.expect("no panic").expect("ends in order");
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_sdk_client_and_our_server() {
    let seen = seen_by(python("client.py")).await;
    assert_eq!(seen["version"], "2025-11-25");
    check(&seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_typescript_sdk_client_and_our_server() {
    check(&seen_by(node("client.mjs")).await);
}
