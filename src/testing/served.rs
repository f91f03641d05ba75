//! The scripted server behind the listeners of this crate.

use futures_util::future::select;

use super::peer::Peer;
use crate::platform::BoxFuture;
use crate::server::{Peer as Client, Serve};
use crate::transport::Link;

/// So that any listener can have it: `Bind::tcp("127.0.0.1:0", server).await`. Once it shuts down, links are dropped.
impl Serve for Peer {
    fn serve(&self, link: Link, _client: Client, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let peer = self.clone();
        Box::pin(async move {
            select(Box::pin(Self::serve(&peer, link)), shutdown).await;
        })
    }
}
