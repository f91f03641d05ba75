//! A pair of links in memory, with the semantics of a shared channel.
//!
//! For tests of your own transports, handlers and servers: what one end sends the other receives, in order, and a full
//! queue holds the sender back.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::SinkExt;

use super::queue::{Rx, Tx, queue};
use super::{Link, Transport, TransportError, TransportErrorKind};
use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::platform::BoxFuture;

/// How many messages one direction holds before its sender waits.
const QUEUE: usize = 64;

/// Two connected links. Dropping one ends the other.
pub fn pair() -> (Link, Link) {
    let (a, b) = (queue(QUEUE), queue(QUEUE));
    (link(a.0, b.1), link(b.0, a.1))
}

fn link(tx: Tx<Outbound>, rx: Rx<Outbound>) -> Link {
    Link {
        transport: "memory",
        profile: Profile::SharedChannel { reopen: false, liveness: Liveness::Channel },
        tx: Box::pin(tx.sink_map_err(|_| gone())),
        rx: Box::pin(Receiver(rx)),
    }
}

fn gone() -> TransportError {
    TransportError::new(TransportErrorKind::Lost, "the other end of the in-memory pair is gone")
}

struct Receiver(Rx<Outbound>);

impl Stream for Receiver {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| match item? {
            Outbound::Message(text) => Some(Ok(Inbound::Message(text))),
            Outbound::Ping => Some(Ok(Inbound::Alive)),
            Outbound::Close(_) => None,
            // Only for per-request links.
            _ => Some(Ok(Inbound::Alive)),
        })
    }
}

/// A transport that opens in-memory links and hands their other ends to a listener.
pub struct Memory {
    accept: Tx<Link>,
}

/// Receives the other end of every link that its [`Memory`] transport opens.
pub struct MemoryListener {
    links: Rx<Link>,
}

impl Memory {
    /// A transport and the listener that its links arrive at.
    pub fn new() -> (Self, MemoryListener) {
        let (accept, links) = queue(QUEUE);
        (Self { accept }, MemoryListener { links })
    }
}

impl Transport for Memory {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let (mut ours, mut theirs) = pair();
            ours.profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Channel };
            theirs.profile = ours.profile;
            let refused =
                || TransportError::new(TransportErrorKind::ConnectFailed, "nobody listens at the in-memory address");
            self.accept.send(theirs).await.map_err(|_| refused())?;
            Ok(ours)
        })
    }
}

impl Stream for MemoryListener {
    type Item = Link;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Link>> {
        Pin::new(&mut self.links).poll_next(cx)
    }
}
