//! An MCP server as a child process: `cargo run --example child_process python3 -m my_mcp_server`.

use everywire::{Client, transport::StdioTransport};

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let mut command = std::env::args().skip(1);
    let child = StdioTransport::command(command.next().unwrap_or_else(|| "python3".into())).args(command);
    let client = Client::over(child.current_dir("/").env("DEBUG", "true")).connect().await?;
    for tool in client.tools_all().await? {
        println!("{}", tool.name);
    }
    client.close().await;
    Ok(())
}
