//! Links that come from anywhere: a listener of your own, or memory.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::{SinkExt, StreamExt};

use super::accept::{self, Arrival, Arrivals, Limits, Reception, Stopping};
use super::serve::Serve;
use crate::error::Error;
use crate::frame::Outbound;
use crate::platform::{BoxFuture, BoxStream};
use crate::server::answer::Failure;
use crate::server::{Peer, Server};
use crate::transport::Link;

const LIMITS: Limits = Limits { connections: 1024, drain: Duration::from_secs(10) };
/// How long a link that there is no room for may take to be told so.
const REFUSING: Duration = Duration::from_secs(10);

impl Server {
    /// Serves links from a listener of your own, or from [`memory::pair`](crate::transport::memory::pair), until the
    /// stream has ended and every connection with it. At most 1024 at a time; one more is told so and closed.
    ///
    /// # Errors
    /// None at present.
    ///
    /// # Cancel safety
    /// Dropping the future drops every connection.
    pub async fn serve(&self, links: impl Stream<Item = Link> + Send + 'static) -> Result<(), Error> {
        self.serve_until(links, std::future::pending()).await
    }

    /// [`Self::serve`], until `shutdown` completes: then no more links are taken, and requests under way are finished
    /// within 10 seconds.
    ///
    /// # Errors
    /// As [`Self::serve`].
    ///
    /// # Cancel safety
    /// As [`Self::serve`].
    pub async fn serve_until(
        &self,
        links: impl Stream<Item = Link> + Send + 'static,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        accept::run(Links(Box::pin(links)), Arc::new(self.clone()), LIMITS, shutdown).await
    }
}

struct Links(BoxStream<Link>);

impl Arrivals for Links {
    type Connection = Link;

    async fn next(&mut self) -> Arrival<Link> {
        match self.0.next().await {
            Some(link) => {
                let peer = Peer::new(link.transport);
                Arrival::Connection(link, peer)
            }
            None => Arrival::End,
        }
    }
}

impl Reception<Link> for Server {
    fn receive(self: Arc<Self>, link: Link, peer: Peer, stopping: Stopping) -> BoxFuture<'static, ()> {
        Serve::serve(&*self, link, peer, stopping.wait())
    }

    fn refuse(self: Arc<Self>, mut link: Link) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let full = Failure::internal("the server has as many connections as it takes; try again later");
            let told = async {
                if link.tx.send(Outbound::Message(full.text(None))).await.is_ok() {
                    let _ = link.tx.close().await;
                }
            };
            let _ = tokio::time::timeout(REFUSING, told).await;
        })
    }
}
