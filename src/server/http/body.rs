//! The body of an answer: nothing, one message, or a stream of events.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::event::COMMENT;

/// The body of an answer of [`HttpService`](super::HttpService). Dropping it tells the server that the client is gone.
pub struct HttpBody(Kind);

enum Kind {
    Empty,
    Whole(Bytes),
    Events(Box<Events>),
}

/// Where the events of a stream come from, each as it goes on the wire.
pub(super) trait Source: Send {
    /// `None` where the stream is over.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>>;
}

struct Events {
    source: Box<dyn Source>,
    /// Sends a comment when nothing was said for so long, so that nobody on the way takes the stream for dead.
    quiet: Option<(Duration, Pin<Box<Sleep>>)>,
    over: bool,
}

impl HttpBody {
    pub(super) fn empty() -> Self {
        Self(Kind::Empty)
    }

    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }

    pub(super) fn events(source: Box<dyn Source>, keep_alive: Option<Duration>) -> Self {
        let quiet = keep_alive.map(|after| (after, Box::pin(tokio::time::sleep(after))));
        Self(Kind::Events(Box::new(Events { source, quiet, over: false })))
    }
}

impl Events {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(event) = self.source.poll_event(cx) {
            self.over = event.is_none();
            if let Some((after, quiet)) = &mut self.quiet {
                quiet.as_mut().reset(Instant::now() + *after);
            }
            return Poll::Ready(event);
        }
        let Some((after, quiet)) = &mut self.quiet else { return Poll::Pending };
        if quiet.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        quiet.as_mut().reset(Instant::now() + *after);
        Poll::Ready(Some(Bytes::from_static(COMMENT)))
    }
}

impl Body for HttpBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.0 {
            Kind::Empty => None,
            Kind::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Some(bytes)
            }
            Kind::Events(events) => std::task::ready!(events.poll(cx)),
        };
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Events(events) => events.over,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Events(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Empty => "empty",
            Kind::Whole(_) => "whole",
            Kind::Events(_) => "events",
        };
        f.debug_tuple("HttpBody").field(&kind).finish()
    }
}
