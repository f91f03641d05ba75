//! A bound listener.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use super::accept::{self, Limits};
use super::reception::Reception;
use super::tcp::Tcp;
use super::unix::Unix;
use crate::error::Error;

/// A bound listener.
pub struct Listener {
    pub(super) socket: Bound,
    pub(super) reception: Arc<Reception>,
    pub(super) limits: Limits,
    pub(super) url: String,
}

pub(super) enum Bound {
    Tcp(Tcp),
    Unix(Unix),
}

impl Listener {
    /// The address that was bound; its port is the real one where 0 was asked for. `None`: it is a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Bound::Tcp(tcp) => Some(tcp.address),
            Bound::Unix(_) => None,
        }
    }

    /// What a client on this machine connects to: `ws://127.0.0.1:9001/mcp`, `http://…`, `tcp://127.0.0.1:8080`,
    /// `unix:/tmp/mcp.sock`, `unix:@name`. A listener that speaks both HTTP and WebSocket gives the `http://` address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves connections until `shutdown` completes. Then none is accepted any more, requests under way are finished
    /// within the drain timeout, subscriptions end with a result, and every connection is closed, WebSockets with code
    /// 1001. A Unix socket's file is removed, if it is still the one that was bound.
    ///
    /// Failures to accept, for want of file descriptors say, are waited out: a pause from 10 milliseconds up to a second.
    ///
    /// # Errors
    /// Where the socket stops accepting for good.
    ///
    /// # Cancel safety
    /// Dropping the future drops the listener and every connection.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), Error> {
        match self.socket {
            Bound::Tcp(tcp) => accept::run(tcp, self.reception, self.limits, shutdown).await,
            Bound::Unix(unix) => accept::run(unix, self.reception, self.limits, shutdown).await,
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("url", &self.url).field("limits", &self.limits).finish_non_exhaustive()
    }
}
