//! An MCP endpoint beside other routes of an axum application.
//!
//! `cargo run --example axum_mount --features server`, then connect a client to `http://127.0.0.1:9002/mcp`.

use axum::Router;
use axum::routing::get;
use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let any = Json::from_text(r#"{"type":"object"}"#)?;
    let server = Server::builder("axum-mount", "1.0")
        .tool_fn("echo", any, async |arguments, _cx| Ok(CallToolResult::text(arguments.to_text())))
        .build();
    let mcp = server.http_service().build()?;
    let router = Router::new().route("/", get(|| async { "MCP is at /mcp" })).route_service("/mcp", mcp.clone());
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/mcp", listener.local_addr()?);
    let stop = async move {
        let _ = tokio::signal::ctrl_c().await;
        // Streams that stay open would hold axum's own shutdown up.
        mcp.shutdown();
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    Ok(())
}
