//! Answers a server's questions, five at a time: `cargo run --example elicitation ws://127.0.0.1:PORT/mcp` beside `everywire demo`.

use everywire::proto::ElicitResult;
use everywire::{Client, InputPolicy};

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let url = std::env::args().nth(1).unwrap_or_default();
    let client = Client::builder(&url)
        .input_policy(InputPolicy { max_concurrent: 5, ..InputPolicy::default() })
        .on_elicit(async |_cx, request| {
            println!("{}", request.message());
            ElicitResult::decline()
        })
        .connect()
        .await?;
    println!("{}", client.call_tool("book_table", ()).await?.all_text());
    Ok(())
}
