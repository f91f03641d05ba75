//! A server on a Unix socket that its owner and group may use: `cargo run --example unix_socket --features server`, then
//! `everywire tools unix:/tmp/mcp.sock`. Ctrl-C ends it and takes the socket away.

use everywire::{json::Json, proto::CallToolResult, server::Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/tmp/mcp.sock".into());
    let echo = async |arguments: Json, _cx| Ok(CallToolResult::text(arguments.to_text()));
    let server =
        Server::builder("unix-server", "1.0.0").tool_fn("echo", Json::from_text(r#"{"type":"object"}"#)?, echo);
    let listener = server.build().bind_unix(path).mode(0o660).max_message(8192).await?;
    println!("{}", listener.url());
    Ok(listener.run(async { drop(tokio::signal::ctrl_c().await) }).await?)
}
