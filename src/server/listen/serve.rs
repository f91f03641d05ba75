//! What is done with a link that a listener accepted.

use std::sync::Arc;

use crate::platform::BoxFuture;
use crate::server::{Peer, Server};
use crate::transport::Link;

/// What is done with the links that a listener accepts: a [`Server`] answers on them, a bridge or a recorder of your own
/// passes them on. See [`Bind::tcp`](super::Bind::tcp), [`Bind::unix`](super::Bind::unix) and
/// [`Bind::websocket`](super::Bind::websocket).
pub trait Serve: Send + Sync + 'static {
    /// Serves one link until it ends; how is its peer's business. Called once per connection, after the handshake: over
    /// TCP and Unix sockets the first message has come, which the link then delivers.
    ///
    /// Once `shutdown` completes the link is to be closed as soon as nothing is under way; the listener drops the future
    /// when its drain timeout is over.
    ///
    /// # Cancel safety
    /// Dropping the future has to end everything that was begun for the link.
    fn serve(&self, link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()>;
}

impl Serve for Server {
    fn serve(&self, link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let connection = self.connection(link, None, peer, shutdown);
        Box::pin(async move {
            let _ = connection.await;
        })
    }
}

impl<S: Serve + ?Sized> Serve for Arc<S> {
    fn serve(&self, link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        (**self).serve(link, peer, shutdown)
    }
}
