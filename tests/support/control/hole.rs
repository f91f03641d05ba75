use std::future::pending;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port in front of a peer that can become a black hole: connections stay open and are accepted, but nothing gets through.
pub(crate) struct Hole {
    pub(crate) port: u16,
    swallowing: Arc<watch::Sender<bool>>,
}

impl Hole {
    pub(crate) async fn before(peer: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let swallowing = Arc::new(watch::Sender::new(false));
        let switch = swallowing.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, peer, switch.subscribe()));
            }
        });
        Ok(Self { port, swallowing })
    }

    pub(crate) fn swallow(&self, on: bool) {
        self.swallowing.send_replace(on);
    }
}

async fn carry(near: TcpStream, peer: u16, mut swallowing: watch::Receiver<bool>) {
    // Accepted into the hole: it holds the connection for as long as the hole is there, and then drops it.
    if swallowing.wait_for(|on| !on).await.is_err() {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", peer)).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        () = copy(near_in, far_out, swallowing.clone()) => {}
        () = copy(far_in, near_out, swallowing) => {}
    }
}

/// Once swallowed, a connection is lost for good: bytes are missing in it.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut swallowing: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => Some(read),
            () = turned_on(&mut swallowing) => None,
        };
        match read {
            None => return pending().await,
            Some(Ok(0) | Err(_)) => return,
            Some(Ok(count)) => {
                if to.write_all(buffer.get(..count).unwrap_or_default()).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn turned_on(swallowing: &mut watch::Receiver<bool>) {
    // Without a sender nobody can turn it on any more.
    if swallowing.wait_for(|on| *on).await.is_err() {
        pending().await
    }
}
