//! Connects to a WebSocket server and calls a tool: `cargo run --example client_websocket` beside `echo_server`.

use everywire::Client;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let client = Client::connect("ws://127.0.0.1:9001/").await?;
    for tool in client.tools_all().await? {
        println!("{}", tool.name);
    }
    println!("{}", client.call_tool("echo", json!({ "text": "hello" })).await?.all_text());
    Ok(())
}
