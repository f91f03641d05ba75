//! Who is at the other end.

use std::net::SocketAddr;
use std::sync::Arc;

use super::activity::{Activity, Busy};

/// Who is at the other end of a connection, as far as the carrier tells: what
/// [`RequestContext::peer`](super::RequestContext::peer) shows to handlers.
///
/// It holds no secret. All but the Unix credentials is by the peer's own word or can be shared by many: decide nothing of
/// weight by it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Peer {
    /// The carrier: `http`, `websocket`, `tcp`, `unix`, `stdio`, or what a [`Link`](crate::transport::Link) of your own
    /// is called.
    pub transport: &'static str,
    /// Where it connects from, over TCP and what stands upon it. Behind a proxy it is the proxy's.
    pub address: Option<SocketAddr>,
    /// The process at the other end of a Unix socket, by the kernel's word.
    pub credentials: Option<PeerCredentials>,
    /// The `Origin` header: the page that connects, by its browser's word. Programs send none.
    pub origin: Option<String>,
    /// Set where somebody wants to know whether the connection is idle.
    pub(super) activity: Option<Arc<Activity>>,
}

/// The process at the other end of a Unix socket when it connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCredentials {
    /// The effective user id.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The process id, where the platform tells it. The process may be gone, and its id another's, by now.
    pub pid: Option<i32>,
}

impl Peer {
    /// A peer that nothing is known of but the carrier. Its members can be set.
    pub fn new(transport: &'static str) -> Self {
        Self { transport, address: None, credentials: None, origin: None, activity: None }
    }

    /// Says that something is under way for this peer: while what it returns lives, the peer's connection is not idle,
    /// however quiet it is ([`Bind::idle_timeout`](super::Bind::idle_timeout)). A [`Server`](super::Server) does so by itself;
    /// this is for a [`Serve`](super::Serve) of your own.
    pub fn busy(&self) -> Busy {
        Busy::new(self.activity.clone())
    }
}

#[allow(dead_code, reason = "not every platform has sockets that tell them")]
impl PeerCredentials {
    pub(super) fn new(uid: u32, gid: u32, pid: Option<i32>) -> Self {
        Self { uid, gid, pid }
    }
}
