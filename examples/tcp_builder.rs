//! A TCP connection with its options set: `cargo run --example tcp_builder` beside `TRANSPORT=tcp`'s `transport_from_env`.

use everywire::transport::{Tcp, TcpKeepAlive};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let buffer = 64 * 1024;
    let tcp = Tcp::new(&address)?.keep_alive(TcpKeepAlive::default()).send_buffer(buffer).receive_buffer(buffer);
    let client = everywire::Client::over(tcp).connect().await?;
    println!("{}", client.call_tool("echo", serde_json::json!({ "text": "hello" })).await?.all_text());
    Ok(())
}
