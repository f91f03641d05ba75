//! The test kit's server on the standard streams of this process.

use everywire::testing::Peer;
use everywire::transport::{StdioTransport, Transport as _};

#[tokio::main]
async fn main() {
    let link = StdioTransport::new().connect().await.expect("opened for the first time");
    Peer::new().serve(link).await;
}
