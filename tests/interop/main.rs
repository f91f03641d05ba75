//! Peers that nobody here wrote, over real sockets, in both directions. `scripts/interop` installs them and says where they
//! are; without it (`EVERYWIRE_INTEROP` unset) there is nobody to talk to and the tests say so.

#[cfg(feature = "cli")]
mod cli;
mod everything;
mod http_clients;
mod http_servers;
mod our_server;
mod peers;
mod stdio_clients;
mod stdio_servers;
mod websocket;

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Content, ElicitRequest, ElicitResult};
use everywire::{Client, InputContext};
use our_server::our_server;
use serde_json::{Value, json};

/// Long enough for a slow machine, and never waited for where things work.
const PATIENCE: Duration = Duration::from_secs(60);

fn text(result: &CallToolResult) -> &str {
    match result.content.first() {
        Some(Content::Text(content)) => &content.text,
        other => panic!("not a text: {other:?}"),
    }
}

fn encode(value: Value) -> Json {
    Json::encode(&value).expect("JSON")
}

async fn ada(_: InputContext, request: ElicitRequest) -> ElicitResult {
    assert!(matches!(request, ElicitRequest::Form { .. }));
    ElicitResult::accept(encode(json!({"name": "Ada"})))
}

async fn echoes(client: &Client) {
    assert_eq!(text(&client.call_tool("echo", json!({"text": "żółw"})).await.expect("echoes")), "żółw");
}

async fn fails(client: &Client) {
    assert!(client.call_tool("fail", json!({})).await.expect("a tool's failure is a result").is_error);
}

/// The progress that the peer's tool reports.
async fn steps(client: &Client) -> Vec<f64> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let steps = seen.clone();
    let call = client.call_tool("steps", json!({})).progress(move |p| steps.lock().expect("lock").push(p.progress));
    assert_eq!(text(&call.await.expect("steps")), "done");
    let seen = seen.lock().expect("lock");
    seen.clone()
}

/// Runs a foreign client to its end and gives back what it printed.
async fn printed_by(mut command: Command) -> Value {
    let output = tokio::task::spawn_blocking(move || command.output().expect("the client starts"));
    let output = tokio::time::timeout(PATIENCE, output).await.expect("the client ends").expect("no panic");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// What every foreign client saw of our server.
fn check(seen: &Value) {
    assert_eq!(seen["server"], "everywire-peer");
    assert_eq!(seen["tools"], json!(["ask", "echo", "fail", "seen", "steps"]));
    assert_eq!(seen["echo"], "żółw");
    assert_eq!(seen["ask"], "hello Ada");
    assert_eq!(seen["steps"], "done");
    // Python counts in floats.
    let progress: Vec<_> = seen["progress"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
    assert_eq!(progress, [1.0, 2.0, 3.0]);
    assert_eq!(seen["failed"], true);
}
