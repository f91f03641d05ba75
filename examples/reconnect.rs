//! When and how often a lost connection is opened again, and how the client notices that it is lost.

use std::time::Duration;

use everywire::{Client, Reconnect};

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let policy = Reconnect {
        base_delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(30),
        max_attempts: Some(5),
        ..Reconnect::default()
    };
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let client = Client::builder(&url)
        .reconnect(policy)
        .keep_alive(Duration::from_secs(30))
        .timeout(Duration::from_secs(30))
        .connect()
        .await?;
    println!("{:?}", client.state());
    client.close().await;
    Ok(())
}
