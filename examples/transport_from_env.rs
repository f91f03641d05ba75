//! A server whose transport is chosen by its environment: `TRANSPORT=http cargo run --example transport_from_env --features
//! server`, or `websocket`, `tcp`, `unix`; without the variable its standard streams.

use everywire::{json::Json, proto::CallToolResult, server::Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let echo = async |arguments: Json, _cx| Ok(CallToolResult::text(arguments.to_text()));
    let server = Server::builder("env-server", "1.0.0").tool_fn("echo", Json::from_text(r#"{"type":"object"}"#)?, echo);
    Ok(server.build().run_from_env().await?)
}
