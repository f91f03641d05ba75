//! One direction of a relay: messages go from a link's receiving half to another link's sending half as they are.

use std::task::{Context, Poll};

use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::transport::TransportError;
use everywire::{BoxSink, BoxStream};

use super::meter::Meter;

/// Messages passed on in one go before others have their turn.
const BURST: usize = 128;

/// Why a direction is over.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing more comes, in an orderly way or by this error.
    Source(Option<TransportError>),
    /// Nothing more is taken.
    Sink(TransportError),
    /// What came first is not JSON: somebody speaks another protocol.
    Alien,
}

/// It holds one message at a time, so that who sends too fast waits for who takes too slowly, and flushes once for all
/// messages that are there.
pub(super) struct Lane {
    pub(super) from: BoxStream<Result<Inbound, TransportError>>,
    pub(super) to: BoxSink<Outbound, TransportError>,
    held: Option<Text>,
    unflushed: bool,
    meter: Meter,
    /// The first message has to look like JSON.
    wary: bool,
    /// Something came since this was last looked at.
    heard: bool,
    /// A ping waits to be sent.
    ping: bool,
}

impl Lane {
    pub(super) fn new(
        from: BoxStream<Result<Inbound, TransportError>>,
        to: BoxSink<Outbound, TransportError>,
        meter: Meter,
    ) -> Self {
        Self { from, to, held: None, unflushed: false, meter, wary: false, heard: false, ping: false }
    }

    /// Looks at the first message. A page can send an HTTP request to any port of this machine, and lines of JSON in its
    /// body: its head must end the connection before they are read.
    pub(super) fn wary(mut self) -> Self {
        self.wary = true;
        self
    }

    /// A message that was read already.
    pub(super) fn begin_with(&mut self, text: Text) -> Result<(), End> {
        self.take(text)
    }

    /// Passes on what is there. After it is over, it is not polled again.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        for _ in 0..BURST {
            if self.held.is_some() || self.ping {
                match self.to.as_mut().poll_ready(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(End::Sink(error)),
                    Poll::Pending => return Poll::Pending,
                }
                let item = match self.held.take() {
                    Some(text) => Outbound::Message(text),
                    None => {
                        self.ping = false;
                        Outbound::Ping
                    }
                };
                if let Err(error) = self.to.as_mut().start_send(item) {
                    return Poll::Ready(End::Sink(error));
                }
                self.unflushed = true;
                continue;
            }
            if self.meter.poll_ready(cx).is_pending() {
                return self.poll_flush(cx);
            }
            match self.from.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(inbound))) => {
                    self.heard = true;
                    if let Inbound::Message(text) = inbound
                        && let Err(end) = self.take(text)
                    {
                        return Poll::Ready(end);
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(End::Source(Some(error))),
                Poll::Ready(None) => return Poll::Ready(End::Source(None)),
                Poll::Pending => return self.poll_flush(cx),
            }
        }
        cx.waker().wake_by_ref();
        self.poll_flush(cx)
    }

    fn take(&mut self, text: Text) -> Result<(), End> {
        if std::mem::take(&mut self.wary) && !text.as_str().trim_start().starts_with(['{', '[']) {
            return Err(End::Alien);
        }
        self.meter.saw(&text);
        self.held = Some(text);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.unflushed {
            match self.to.as_mut().poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Poll::Ready(End::Sink(error)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Has a ping sent with what is sent next.
    pub(super) fn ping(&mut self) {
        self.ping = true;
    }

    /// Whether the source showed a sign of life since the last question. One that nobody reads counts as alive.
    pub(super) fn was_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard) || self.held.is_some()
    }
}
