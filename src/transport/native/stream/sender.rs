//! The half that writes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Sink;
use tokio::io::{AsyncRead, AsyncWrite};

use super::outgoing::Outgoing;
use super::receiver::{Source, broke};
use crate::frame::Outbound;
use crate::platform::{BoxFuture, Lock, sleep};
use crate::transport::{TransportError, TransportErrorKind};

/// Bytes that may wait for the writer before the sender waits too.
const HIGH_WATER: usize = 64 * 1024;
/// How long the peer may take to end its side after we ended ours.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// The sending half of a link.
pub(super) struct Sender<R: AsyncRead + Unpin, W> {
    out: Outgoing<W>,
    source: Arc<Lock<Source<R>>>,
    /// Why nothing can be sent any more.
    end: Option<TransportError>,
    /// Ends the wait for the peer.
    patience: Option<BoxFuture<'static, ()>>,
    /// Our side is shut down, or broken.
    shut: bool,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Sender<R, W> {
    pub(super) fn new(out: Outgoing<W>, source: Arc<Lock<Source<R>>>) -> Self {
        Self { out, source, end: None, patience: None, shut: false }
    }

    fn check(&self) -> Result<(), TransportError> {
        self.end.clone().map_or(Ok(()), Err)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let drained = ready!(self.out.poll_drain(cx));
        Poll::Ready(drained.map_err(|error| {
            let error = unsent(&error);
            self.end = Some(error.clone());
            self.shut = true;
            error
        }))
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Sink<Outbound> for Sender<R, W> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.check()?;
        if self.out.waiting() > HIGH_WATER && self.poll_drain(cx)?.is_pending() && self.out.waiting() > HIGH_WATER {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        self.check()?;
        match item {
            Outbound::Message(text) => self.out.push(text),
            Outbound::Close(_) => self.end = Some(closed()),
            // There is nothing below JSON-RPC here, and the rest is for per-request links.
            _ => {}
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.shut {
            self.check()?;
        }
        self.poll_drain(cx)
    }

    /// Ends our side, then waits a little for the peer's end, so that what was written is not lost: closing a socket with
    /// unread data resets it.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = &mut *self;
        this.end.get_or_insert_with(closed);
        let patience = this.patience.get_or_insert_with(|| sleep(CLOSE_WAIT));
        if patience.as_mut().poll(cx).is_ready() {
            this.source.lock().finish();
            return Poll::Ready(Ok(()));
        }
        if !this.shut
            && let Poll::Ready(_) = this.out.poll_shutdown(cx)
        {
            // Whatever failed, the link is closed: that is what was asked for.
            this.shut = true;
        }
        let ended = this.source.lock().poll_end(cx).is_ready();
        if ended && this.shut { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<R: AsyncRead + Unpin, W> Drop for Sender<R, W> {
    fn drop(&mut self) {
        // A receiver that waits for the end of closing must not wait for ever.
        if self.patience.is_some() {
            self.source.lock().finish();
        }
    }
}

fn closed() -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code: 1000 }, "the link is closed; open a new one")
}

fn unsent(error: &io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::WriteZero => {
            let detail = "the peer does not read any more: it ended, or closed its side";
            TransportError::new(TransportErrorKind::Lost, detail)
        }
        _ => broke(error),
    }
}
