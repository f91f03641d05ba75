//! A transport of one's own: any byte stream that can be opened again. tests/kit keeps it to what every transport promises.

use std::net::SocketAddr;

use everywire::transport::{Link, StreamTransport, Transport, TransportError, TransportErrorKind::ConnectFailed};
use everywire::{BoxFuture, Client, Error, frame::Liveness, frame::Profile};

/// Where to.
pub struct CustomTransport(pub SocketAddr);

impl Transport for CustomTransport {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let stream = tokio::net::TcpStream::connect(self.0).await;
            let stream = stream.map_err(|error| TransportError::new(ConnectFailed, error.to_string()))?;
            let (reader, writer) = stream.into_split();
            let link = StreamTransport::new(reader, writer).connect().await?;
            Ok(Link { profile: Profile::SharedChannel { reopen: true, liveness: Liveness::Channel }, ..link })
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).and_then(|at| at.parse().ok()).unwrap_or(([127, 0, 0, 1], 9001).into());
    let client = Client::over(CustomTransport(address)).connect().await?;
    client.tools_all().await.map(|tools| println!("{tools:#?}"))
}
