//! What happens to a connection: which protocol it speaks below MCP, and to whom its link goes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite};

use super::accept::{self, Stopping};
use super::door::{Door, refuse};
use super::http::Front;
use super::lines::Lines;
use super::serve::Serve;
use crate::frame::Inbound;
use crate::platform::BoxFuture;
use crate::server::Peer;
use crate::server::activity::Activity;
use crate::transport::Link;

/// A connected socket.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    type Reader: AsyncRead + Unpin + Send + 'static;
    type Writer: AsyncWrite + Unpin + Send + 'static;

    /// Two halves that do not get into each other's way.
    fn halves(self) -> (Self::Reader, Self::Writer);
}

pub(super) struct Reception {
    pub(super) serve: Arc<dyn Serve>,
    pub(super) speaks: Speaks,
    pub(super) handshake_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
}

impl Reception {
    /// Serves an open link.
    async fn serve(&self, mut link: Link, mut peer: Peer, stopping: &Stopping) {
        let mut shutdown = stopping.wait();
        if let Some(timeout) = self.idle_timeout {
            let activity = Arc::new(Activity::default());
            peer.activity = Some(activity.clone());
            let heard = activity.clone();
            link.rx = Box::pin(link.rx.inspect(move |inbound| {
                // Signs of life below MCP are none of what is waited for.
                if let Ok(Inbound::Message(_)) = inbound {
                    heard.heard();
                }
            }));
            shutdown = Box::pin(async move {
                let idle = std::pin::pin!(activity.idle(timeout));
                futures_util::future::select(idle, shutdown).await;
            });
        }
        self.serve.serve(link, peer, shutdown).await;
    }
}

pub(super) enum Speaks {
    WebSocket(Door),
    /// Streamable HTTP, and WebSocket beside it.
    Http(Front),
    Lines(Lines),
}

impl<S: Socket> accept::Reception<S> for Reception {
    fn receive(self: Arc<Self>, socket: S, peer: Peer, stopping: Stopping) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let opened = match &self.speaks {
                Speaks::Http(front) => front.serve(socket, peer, &stopping).await,
                Speaks::WebSocket(door) => {
                    tokio::time::timeout(self.handshake_timeout, door.open(socket, peer)).await.ok().flatten()
                }
                Speaks::Lines(lines) => lines.open(socket).await.map(|link| (link, peer)),
            };
            if let Some((link, peer)) = opened {
                self.serve(link, peer, &stopping).await;
            }
        })
    }

    fn refuse(self: Arc<Self>, mut socket: S) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Speaks::Lines(lines) = &self.speaks else {
                let full =
                    (StatusCode::SERVICE_UNAVAILABLE, "the server has as many connections as it takes; try later");
                let _ = tokio::time::timeout(self.handshake_timeout, refuse(&mut socket, full)).await;
                return;
            };
            lines.refuse(socket).await;
        })
    }

    fn stopping(&self) {
        if let Speaks::Http(front) = &self.speaks {
            front.service.shutdown();
        }
    }

    fn stopped(&self) {
        if let Speaks::Http(front) = &self.speaks {
            front.service.end();
        }
    }
}
