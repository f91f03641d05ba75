//! Unix sockets.

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        #[path = "abstract_linux.rs"]
        mod abstract_name;
    } else {
        #[path = "abstract_other.rs"]
        mod abstract_name;
    }
}
mod place;

use std::path::Path;

use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use self::place::Placed;
use super::accept::{Arrival, Arrivals};
use super::reception::Socket;
use crate::error::Error;
use crate::server::Peer;
use crate::server::peer::PeerCredentials;

pub(super) struct Unix {
    // Fields are dropped in this order: a socket that nobody listens on any more is another server's to replace, so its
    // file goes first.
    _placed: Option<Placed>,
    listener: UnixListener,
}

impl Unix {
    pub(super) async fn bind(path: &Path, mode: Option<u32>) -> Result<Self, Error> {
        let name = path.to_str().and_then(|path| path.strip_prefix('@'));
        let Some(name) = name else {
            let (placed, listener) = place::bind(path, mode.unwrap_or(place::MODE)).await?;
            return Ok(Self { _placed: Some(placed), listener });
        };
        if mode.is_some() {
            return Err(Error::config("an abstract socket has no permissions to set; give it a path instead"));
        }
        let failed = |error| Error::config(format!("cannot listen on the abstract socket {path:?}: {error}"));
        let listener = abstract_name::bind(name).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self { _placed: None, listener: UnixListener::from_std(listener).map_err(failed)? })
    }
}

impl Arrivals for Unix {
    type Connection = UnixStream;

    async fn next(&mut self) -> Arrival<UnixStream> {
        match self.listener.accept().await {
            Ok((stream, _)) => {
                let mut peer = Peer::new("unix");
                let told = stream.peer_cred().ok();
                peer.credentials = told.map(|told| PeerCredentials::new(told.uid(), told.gid(), told.pid()));
                Arrival::Connection(stream, peer)
            }
            Err(error) => Arrival::Failed(error),
        }
    }
}

impl Socket for UnixStream {
    type Reader = OwnedReadHalf;
    type Writer = OwnedWriteHalf;

    fn halves(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        self.into_split()
    }
}
