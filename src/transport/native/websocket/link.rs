//! The two halves of an open WebSocket over one carrier.
//!
//! They share the carrier under a lock that is never held across a wait: a half that cannot go on returns at once, so
//! neither holds up the other, and where one task polls both, as the driver does, the lock is never contended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::Sink;
use tokio::io::{AsyncRead, AsyncWrite};

use super::carrier::{Carrier, Event};
use super::io::Half;
use crate::frame::{Close, Inbound, Liveness, Outbound, Profile};
use crate::platform::{BoxFuture, Lock, sleep};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Bytes that may wait for the socket before the sender waits too.
const HIGH_WATER: usize = 64 * 1024;
/// How long the peer may take to answer our close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// Messages looked through for the close frame behind them, after a write failed.
const LOOK_AHEAD: usize = 1024;

/// A link over an open WebSocket.
pub(super) fn link<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(carrier: Carrier<S>) -> Link {
    let shared = Arc::new(Lock::new(Shared { carrier, early: Vec::new(), end: None, ended: false }));
    Link {
        transport: "websocket",
        profile: Profile::SharedChannel { reopen: true, liveness: Liveness::Ping },
        tx: Box::pin(Sender { shared: shared.clone(), patience: None }),
        rx: Box::pin(Receiver { shared }),
    }
}

struct Shared<S> {
    carrier: Carrier<S>,
    /// Read ahead of their turn, last first.
    early: Vec<Inbound>,
    /// Why nothing more is read: orderly, or with an error.
    end: Option<Result<(), TransportError>>,
    /// The receiver has told its user so.
    ended: bool,
}

struct Sender<S> {
    shared: Arc<Lock<Shared<S>>>,
    /// Ends the wait for the peer's part of the closing handshake.
    patience: Option<BoxFuture<'static, ()>>,
}

struct Receiver<S> {
    shared: Arc<Lock<Shared<S>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Shared<S> {
    /// Reads one item, or the end of all.
    fn poll_inbound(&mut self) -> Poll<Result<Inbound, Result<(), TransportError>>> {
        if let Some(end) = &self.end {
            return Poll::Ready(Err(end.clone()));
        }
        let closing = self.carrier.is_closing();
        let end = match ready!(self.carrier.poll_event()) {
            Ok(Event::Message(text)) => return Poll::Ready(Ok(Inbound::Message(text))),
            Ok(Event::Alive) => return Poll::Ready(Ok(Inbound::Alive)),
            Ok(Event::Closed { code, reason }) => Err(closed(code, &reason)),
            Ok(Event::Ended) => Ok(()),
            // We have said goodbye; how the peer went does not matter.
            Err(_) if closing => Ok(()),
            Err(error) => Err(error),
        };
        self.end = Some(end.clone());
        // The other half may be waiting for something that does not come any more.
        self.carrier.io().wake();
        Poll::Ready(Err(end))
    }

    /// The reason why nothing can be sent.
    fn check(&self) -> Result<(), TransportError> {
        match &self.end {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(())) => Err(closed(1000, "")),
            None => Ok(()),
        }
    }

    /// A write failed. The peer's close frame, which says why, may stand unread behind messages.
    fn explain(&mut self, error: TransportError) -> TransportError {
        let mut early = Vec::new();
        while self.end.is_none() {
            match self.poll_inbound() {
                Poll::Ready(Ok(inbound)) if early.len() < LOOK_AHEAD => early.push(inbound),
                Poll::Ready(Err(_)) => {}
                _ => self.end = Some(Err(error.clone())),
            }
        }
        early.reverse();
        early.append(&mut self.early);
        self.early = early;
        self.carrier.io().wake();
        self.check().err().unwrap_or(error)
    }

    fn poll_flush(&mut self) -> Poll<Result<(), TransportError>> {
        self.carrier.poll_flush().map(|result| result.map_err(|error| self.explain(error)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Outbound> for Sender<S> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut shared = self.shared.lock();
        shared.check()?;
        if shared.carrier.io().backlog() > HIGH_WATER {
            shared.carrier.io().register(Half::Tx, cx.waker());
            let drained = shared.poll_flush()?;
            if drained.is_pending() && shared.carrier.io().backlog() > HIGH_WATER {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        let mut shared = self.shared.lock();
        shared.check()?;
        let result = match item {
            Outbound::Message(text) => shared.carrier.send(text),
            Outbound::Ping => shared.carrier.ping(),
            Outbound::Close(close) => shared.carrier.close(&close),
            // Only for per-request links.
            Outbound::Post(_)
            | Outbound::Abort(_)
            | Outbound::Answered(_)
            | Outbound::Resume(..)
            | Outbound::Listen => Ok(()),
        };
        result.map_err(|error| shared.explain(error))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut shared = self.shared.lock();
        shared.check()?;
        shared.carrier.io().register(Half::Tx, cx.waker());
        shared.poll_flush()
    }

    /// Closes with 1000 unless a close frame was sent, and waits a little for the peer's.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = &mut *self;
        let patience = this.patience.get_or_insert_with(|| sleep(CLOSE_WAIT));
        if patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut shared = this.shared.lock();
        shared.carrier.io().register(Half::Tx, cx.waker());
        if shared.end.is_none() {
            // Whatever fails from here on, the link is closed: that is what was asked for.
            let _ = shared.carrier.close(&Close::NORMAL);
            let _ = shared.carrier.poll_flush();
            while ready!(shared.poll_inbound()).is_ok() {}
        }
        match &shared.end {
            Some(Ok(())) => Poll::Ready(Ok(())),
            _ => shared.carrier.io().poll_linger().map(Ok),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<S> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.shared.lock();
        if shared.ended {
            return Poll::Ready(None);
        }
        if let Some(inbound) = shared.early.pop() {
            return Poll::Ready(Some(Ok(inbound)));
        }
        shared.carrier.io().register(Half::Rx, cx.waker());
        match ready!(shared.poll_inbound()) {
            Ok(inbound) => Poll::Ready(Some(Ok(inbound))),
            Err(end) => {
                shared.ended = true;
                Poll::Ready(end.err().map(Err))
            }
        }
    }
}

fn closed(code: u16, reason: &str) -> TransportError {
    let what = match code {
        1000 => "the server closed the connection (1000)",
        1001 => "the server is going away (1001)",
        1008 | 4401 | 4403 => "the server refused this client; give a valid token or sign in again",
        1009 => "the server says that a message was too large for it (1009); send less or raise its limit",
        1011..=1014 => "the server failed or is overloaded; try again later",
        4409 => "another client took this one's place (4409); close one of the two",
        _ => "the server closed the connection",
    };
    let mut detail = format!("{what} [close code {code}]");
    // The reason is the peer's text, at most 123 bytes; control characters do not belong into a log line.
    let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
    if !reason.is_empty() {
        detail.push_str(": ");
        detail.push_str(&reason);
    }
    TransportError::new(TransportErrorKind::Closed { code }, detail)
}
