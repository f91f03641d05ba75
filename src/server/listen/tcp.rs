//! TCP sockets.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::accept::{Arrival, Arrivals};
use super::reception::Socket;
use crate::error::Error;
use crate::server::Peer;

/// After how much silence a connection is asked for by the kernel whether its machine is still there, and how often
/// again: nobody else would notice that one was unplugged.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

pub(super) struct Tcp {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Tcp {
    pub(super) async fn bind(address: &str, remote: bool) -> Result<Self, Error> {
        let addresses = resolve(address).await?;
        if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback())
            && !remote
        {
            return Err(Error::config(format!(
                "{address} can be reached by other machines; bind a loopback address or call allow_remote(true)"
            )));
        }
        let failed = |error| Error::config(format!("cannot listen on {address}: {error}"));
        let listener = TcpListener::bind(&addresses[..]).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }
}

async fn resolve(address: &str) -> Result<Vec<SocketAddr>, Error> {
    let resolved = tokio::net::lookup_host(address).await;
    let addresses: Vec<SocketAddr> = resolved
        .map_err(|error| Error::config(format!("{address:?} is no address to listen on ({error}); write host:port")))?
        .collect();
    if addresses.is_empty() {
        return Err(Error::config(format!("{address:?} is no address to listen on; write host:port")));
    }
    Ok(addresses)
}

impl Arrivals for Tcp {
    type Connection = TcpStream;

    async fn next(&mut self) -> Arrival<TcpStream> {
        match self.listener.accept().await {
            Ok((stream, address)) => {
                // What cannot be set on a connection that is gone already is no loss.
                let _ = stream.set_nodelay(true);
                let alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE_INTERVAL);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&alive);
                let mut peer = Peer::new("tcp");
                peer.address = Some(address);
                Arrival::Connection(stream, peer)
            }
            Err(error) => Arrival::Failed(error),
        }
    }
}

impl Socket for TcpStream {
    type Reader = OwnedReadHalf;
    type Writer = OwnedWriteHalf;

    fn halves(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        self.into_split()
    }
}
