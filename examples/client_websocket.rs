//! Connects to a WebSocket server that it reconnects to, and calls a tool: `cargo run --example client_websocket` beside
//! `echo_server`.

use std::time::Duration;

use everywire::{Client, Reconnect};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let client = Client::builder(&url)
        .reconnect(Reconnect { base_delay: Duration::from_secs(1), max_attempts: Some(5), ..Reconnect::default() })
        .keep_alive(Duration::from_secs(30))
        .timeout(Duration::from_secs(30))
        .connect()
        .await?;
    for tool in client.tools_all().await? {
        println!("{}", tool.name);
    }
    println!("{}", client.call_tool("echo", json!({ "text": "hello" })).await?.all_text());
    Ok(())
}
