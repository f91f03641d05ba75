//! The two halves of an open socket. Nothing is allocated for a message on the way through.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::Sink;

use super::socket::Socket;
use crate::frame::{Close, Inbound, Liveness, Outbound, Profile};
use crate::platform::{BoxFuture, sleep};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Bytes that the host may hold unsent before the sender waits.
const HIGH_WATER: f64 = 1048576.0;
/// Characters given to the host between two looks at what it holds unsent: the look is not free.
const LOOK_EVERY: usize = 64 * 1024;
/// How often a sender that waits looks again; the host has no event for it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long the peer may take to answer our close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// A link over an open socket.
pub(super) fn link(socket: Socket) -> Link {
    let socket = Rc::new(socket);
    Link {
        transport: "websocket",
        profile: Profile::SharedChannel { reopen: true, liveness: Liveness::Request },
        tx: Box::pin(Sender { socket: socket.clone(), unseen: 0, timer: None }),
        rx: Box::pin(Receiver { socket, ended: false }),
    }
}

struct Sender {
    socket: Rc<Socket>,
    /// Characters given to the host since the last look.
    unseen: usize,
    /// Runs only while the sender waits: for room, or for the peer to close.
    timer: Option<BoxFuture<'static, ()>>,
}

struct Receiver {
    socket: Rc<Socket>,
    ended: bool,
}

impl Sender {
    fn check(&self) -> Result<(), TransportError> {
        match &self.socket.state.borrow().end {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(())) => Err(TransportError::new(
                TransportErrorKind::Closed { code: 1000 },
                "the link is closed; open a new one",
            )),
            None => Ok(()),
        }
    }
}

impl Sink<Outbound> for Sender {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.check()?;
        if self.unseen < LOOK_EVERY {
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        while this.socket.buffered() > HIGH_WATER {
            let timer = this.timer.get_or_insert_with(|| sleep(LOOK_AGAIN));
            if timer.as_mut().poll(cx).is_pending() {
                this.socket.state.borrow_mut().writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            this.timer = None;
        }
        this.timer = None;
        this.unseen = 0;
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        match item {
            Outbound::Message(text) => {
                self.check()?;
                self.unseen += text.len();
                self.socket.send(&text)
            }
            // No script can send a ping, as the profile says.
            Outbound::Ping => Ok(()),
            // Only for per-request links.
            Outbound::Post(_)
            | Outbound::Abort(_)
            | Outbound::Answered(_)
            | Outbound::Resume(..)
            | Outbound::Listen => Ok(()),
            Outbound::Close(close) => {
                self.socket.close(&close);
                Ok(())
            }
        }
    }

    /// The host sends by itself.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(self.check())
    }

    /// Closes with 1000 unless that has begun, and waits a little for the peer's part.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = &mut *self;
        if this.socket.state.borrow().end.is_some() {
            return Poll::Ready(Ok(()));
        }
        let closing = this.socket.state.borrow().closing;
        if !closing {
            this.timer = None;
            this.socket.close(&Close::NORMAL);
        }
        this.socket.state.borrow_mut().writer = Some(cx.waker().clone());
        let timer = this.timer.get_or_insert_with(|| sleep(CLOSE_WAIT));
        timer.as_mut().poll(cx).map(Ok)
    }
}

impl Stream for Receiver {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let mut state = this.socket.state.borrow_mut();
        if let Some(text) = state.pop() {
            return Poll::Ready(Some(Ok(Inbound::Message(text))));
        }
        if let Some(end) = &state.end {
            this.ended = true;
            return Poll::Ready(end.clone().err().map(Err));
        }
        // Woken once, then registered again: the waker of the last poll is the one that counts.
        match &state.reader {
            Some(known) if known.will_wake(cx.waker()) => {}
            _ => state.reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
