//! Three clients over one TCP connection: `cargo run --example shared_transport -- 127.0.0.1:8080` beside any server there.

use everywire::Client;
use everywire::transport::{SharedTransport, Tcp};

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    // Share a single transport across multiple clients.
    let shared = SharedTransport::new(Tcp::new(&address)?);
    // It is opened once, for all of them.
    let (one, two, three) = tokio::try_join!(
        Client::over(shared.clone()).connect(),
        Client::over(shared.clone()).connect(),
        Client::over(shared.clone()).connect(),
    )?;
    // All clients now operate independently.
    let (tools, more, same) = tokio::try_join!(one.tools_all(), two.tools_all(), three.tools_all())?;
    println!("{} {} {}", tools.len(), more.len(), same.len());
    Ok(())
}
