//! Peers that nobody here wrote, over real sockets, in both directions. `scripts/interop` installs them and says where they
//! are; without it (`EVERYWIRE_INTEROP` unset) there is nobody to talk to and the tests say so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Content, ElicitRequest, ElicitResult};
use everywire::server::{RequestContext, Server, ToolError};
use everywire::{Client, Era, InputContext};
use serde_json::{Value, json};

struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where `scripts/interop` put Python's environment and Node's modules.
fn installed() -> PathBuf {
    let folder =
        std::env::var_os("EVERYWIRE_INTEROP").expect("run scripts/interop: it installs the peers of these tests");
    PathBuf::from(folder)
}

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop"))
}

fn python() -> Command {
    let mut command = Command::new(installed().join("venv/bin/python"));
    command.current_dir(here());
    command
}

fn python_server() -> (Peer, String) {
    let mut child = python().arg("server.py").stdout(Stdio::piped()).spawn().expect("Python starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout is piped"))
        .read_line(&mut line)
        .expect("the server says its port");
    let port: u16 = line.trim().parse().expect("a port");
    (Peer(child), format!("ws://127.0.0.1:{port}/"))
}

fn text(result: &CallToolResult) -> &str {
    match result.content.first() {
        Some(Content::Text(content)) => &content.text,
        other => panic!("not a text: {other:?}"),
    }
}

async fn ada(_: InputContext, request: ElicitRequest) -> ElicitResult {
    assert!(matches!(request, ElicitRequest::Form { .. }));
    ElicitResult::accept(Json::encode(&json!({"name": "Ada"})).expect("JSON"))
}

#[tokio::test]
async fn our_client_and_the_python_sdk_server() {
    let (_peer, url) = python_server();
    let client = Client::builder(&url).on_elicit(ada).connect().await.expect("connects");
    let server = client.server().expect("said who it is");
    assert_eq!((server.era, server.protocol_version), (Era::Legacy, "2025-11-25"));
    assert_eq!(server.info.expect("has a name").name, "python-peer");

    let mut tools: Vec<_> = client.tools_all().await.expect("lists").into_iter().map(|tool| tool.name).collect();
    tools.sort();
    assert_eq!(tools, ["ask", "echo", "fail", "steps"]);
    assert_eq!(text(&client.call_tool("echo", json!({"text": "żółw"})).await.expect("echoes")), "żółw");
    assert_eq!(text(&client.call_tool("ask", json!({})).await.expect("asks")), "accept: Ada");

    let seen = Arc::new(Mutex::new(Vec::new()));
    let steps = seen.clone();
    let call = client.call_tool("steps", json!({})).progress(move |p| steps.lock().expect("lock").push(p.progress));
    assert_eq!(text(&call.await.expect("steps")), "done");
    assert_eq!(*seen.lock().expect("lock"), [1.0, 2.0, 3.0]);

    assert!(client.call_tool("fail", json!({})).await.expect("a tool's failure is a result").is_error);
    client.ping().await.expect("answers a ping");
    client.close().await;
}

fn our_server() -> Server {
    let object = || Json::encode(&json!({"type": "object"})).expect("JSON");
    Server::builder("everywire-peer", "1.0.0")
        .tool_fn("echo", object(), |arguments: Json, _cx: RequestContext| async move {
            Ok(CallToolResult::text(arguments.get_str("text").ok_or_else(|| ToolError::message("text is missing"))?))
        })
        .tool_fn("ask", object(), |_: Json, cx: RequestContext| async move {
            let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
            let schema = Json::encode(&schema).map_err(|e| ToolError::message(e.to_string()))?;
            let answer = cx.elicit("name", ElicitRequest::form("What is your name?", schema)).await?;
            let name = answer.content.and_then(|content| content.get_str("name")).unwrap_or_default();
            Ok(CallToolResult::text(format!("hello {name}")))
        })
        .tool_fn("steps", object(), |_: Json, cx: RequestContext| async move {
            for step in [1.0, 2.0, 3.0] {
                cx.progress(step, Some(3.0), None).await;
            }
            // The TypeScript SDK forgets progress that arrives in one packet with the result: a question keeps them apart.
            let schema = Json::encode(&json!({"type": "object", "properties": {}}))
                .map_err(|e| ToolError::message(e.to_string()))?;
            cx.elicit("seen", ElicitRequest::form("Seen?", schema)).await?;
            Ok(CallToolResult::text("done"))
        })
        .tool_fn("fail", object(), |_: Json, _cx: RequestContext| async move { Err(ToolError::message("as asked")) })
        .build()
}

/// Runs a foreign client against our server and gives back what it printed.
async fn seen_by(mut command: Command) -> Value {
    let listener = our_server().bind_websocket("127.0.0.1:0").await.expect("binds");
    let url = format!("ws://{}/", listener.local_addr());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.run(async move { _ = stopped.await }));
    let output = tokio::task::spawn_blocking(move || command.arg(url).output().expect("the client starts"));
    let output =
        tokio::time::timeout(Duration::from_secs(60), output).await.expect("the client ends").expect("no panic");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let _ = stop.send(());
    serving.await.expect("no panic").expect("ends in order");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn check(seen: &Value) {
    assert_eq!(seen["server"], "everywire-peer");
    assert_eq!(seen["tools"], json!(["ask", "echo", "fail", "steps"]));
    assert_eq!(seen["echo"], "żółw");
    assert_eq!(seen["ask"], "hello Ada");
    assert_eq!(seen["steps"], "done");
    assert_eq!(seen["progress"], json!([1, 2, 3]));
    assert_eq!(seen["failed"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_sdk_client_and_our_server() {
    let mut command = python();
    command.arg("client.py");
    let mut seen = seen_by(command).await;
    // Python counts in floats.
    seen["progress"] = json!(
        seen["progress"].as_array().expect("a list").iter().map(|p| p.as_f64().map(|p| p as i64)).collect::<Vec<_>>()
    );
    assert_eq!(seen["version"], "2025-11-25");
    check(&seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_typescript_sdk_client_and_our_server() {
    let mut command = Command::new("node");
    command.current_dir(installed()).arg("client.mjs");
    check(&seen_by(command).await);
}
