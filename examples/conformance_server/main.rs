//! The server that the official conformance suite tests: `cargo run --example conformance_server --all-features -- 127.0.0.1:3000`.
//!
//! One registration of tools, resources and prompts; 2025-11-25 and 2026-07-28 clients are served by the same handlers.

mod content;
mod input;
mod prompts;
mod reports;
mod resources;
mod rounds;

use everywire::json::Json;
use everywire::proto::Tool;
use everywire::server::Server;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let server = Server::builder("everywire-conformance", env!("CARGO_PKG_VERSION"))
        .description("What the official conformance suite wants to find in a server.");
    let server = content::add(server);
    let server = reports::add(server);
    let server = input::add(server);
    let server = rounds::add(server);
    let server = resources::add(server);
    let server = prompts::add(server);

    let listener = server.build().bind_http(address).await?;
    println!("{}mcp", listener.url());
    listener.run(std::future::pending()).await
}

/// A constant as the wire has it.
fn json(value: Value) -> Json {
    Json::encode(&value).expect("a value of serde_json has a JSON form")
}

/// A tool without arguments.
fn tool(description: &str) -> Tool {
    tool_of(description, serde_json::json!({"type": "object", "properties": {}}))
}

fn tool_of(description: &str, schema: Value) -> Tool {
    Tool::from(json(schema)).description(description)
}
