//! A WebSocket server with one tool: `cargo run --example echo_server --features server`.

use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError, ToolHandler};

struct Echo;

impl ToolHandler for Echo {
    async fn call(&self, arguments: Json, _cx: RequestContext) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::text(arguments.to_text()))
    }
}

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let server = Server::builder("ws-server", "1.0.0").tool("echo", Echo).build();
    let listener = server.bind_websocket(address).await?;
    println!("{}", listener.url());
    listener.run(async { drop(tokio::signal::ctrl_c().await) }).await
}
