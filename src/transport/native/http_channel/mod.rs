//! Streamable HTTP as one channel, for programs that pass messages on without being a client themselves.

mod exchanges;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::Sink;

use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::platform::{BoxFuture, BoxSink, BoxStream, Lock};
use crate::transport::{Link, Transport, TransportError};
use exchanges::Exchanges;

/// An HTTP server whose link looks like a WebSocket's: whole messages in, whole messages out, in any order. For bridges and
/// proxies, which have no [`Client`](crate::Client) that could tell the carrier what each message is about; a client takes
/// [`Http`](crate::transport::Http) itself, and with it repetitions, the probe's rules and warnings.
///
/// What HTTP says outside of a message is read from it: its id, method and name, the protocol's revision (from `_meta`, or as
/// `initialize` agreed on), and the arguments that a tool's `x-mcp-header` annotations name, once a list with the tool has
/// passed. A request whose exchange fails is answered with a JSON-RPC error (-32603) that says why. A cancelled request's
/// stream is closed. In the era of sessions the stream of what the server says unasked is kept open; a session that expires
/// ends the link, so that the other side begins a new one.
///
/// Native only.
pub struct HttpChannel<T>(T);

impl<T: Transport> HttpChannel<T> {
    /// Over this transport, an [`Http`](crate::transport::Http) say. The links of one that is no per-request carrier are
    /// handed on as they are.
    pub fn new(transport: T) -> Self {
        Self(transport)
    }
}

impl<T: Transport> Transport for HttpChannel<T> {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let link = self.0.connect().await?;
            if !link.profile.is_per_request() {
                return Ok(link);
            }
            let Link { transport, tx, rx, .. } = link;
            let shared = Arc::new(Lock::new(Shared { exchanges: Exchanges::default(), tx, rx }));
            Ok(Link {
                profile: Profile::SharedChannel { reopen: true, liveness: Liveness::Channel },
                transport,
                tx: Box::pin(Half(shared.clone())),
                rx: Box::pin(Half(shared)),
            })
        })
    }

    fn address(&self) -> Option<String> {
        self.0.address()
    }
}

struct Shared {
    exchanges: Exchanges,
    tx: BoxSink<Outbound, TransportError>,
    rx: BoxStream<Result<Inbound, TransportError>>,
}

struct Half(Arc<Lock<Shared>>);

impl Shared {
    /// Hands on what waits for the link below.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.exchanges.out.is_empty() {
            ready!(self.tx.as_mut().poll_ready(cx))?;
            if let Some(out) = self.exchanges.out.pop_front() {
                self.tx.as_mut().start_send(out)?;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Sink<Outbound> for Half {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut shared = self.0.lock();
        ready!(shared.poll_drain(cx))?;
        shared.tx.as_mut().poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        let mut shared = self.0.lock();
        match item {
            Outbound::Message(text) => shared.exchanges.sent(text),
            Outbound::Close(close) => shared.exchanges.out.push_back(Outbound::Close(close)),
            // Not sent to a shared channel without pings.
            _ => {}
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut shared = self.0.lock();
        ready!(shared.poll_drain(cx))?;
        if !shared.exchanges.inbound.is_empty() {
            // Refused without a request: whoever reads has to look.
            cx.waker().wake_by_ref();
        }
        shared.tx.as_mut().poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut shared = self.0.lock();
        ready!(shared.poll_drain(cx))?;
        shared.tx.as_mut().poll_close(cx)
    }
}

impl Stream for Half {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.0.lock();
        loop {
            if let Some(text) = shared.exchanges.inbound.pop_front() {
                return Poll::Ready(Some(Ok(Inbound::Message(text))));
            }
            match ready!(shared.rx.as_mut().poll_next(cx)) {
                Some(Ok(inbound)) => shared.exchanges.came(inbound),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
            // What follows from it, the end of an exchange say, is for the link below alone.
            if !shared.exchanges.out.is_empty()
                && let Poll::Ready(Ok(())) = shared.poll_drain(cx)
            {
                let _ = shared.tx.as_mut().poll_flush(cx);
            }
        }
    }
}
