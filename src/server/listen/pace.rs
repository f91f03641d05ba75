//! Whether a client keeps its connection moving: one that sends a head byte by byte, or takes nothing of its answers, must
//! not hold one of the connections that others wait for.
//!
//! Counters that a slow tick looks at, so that a request costs no timer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::server::http::HttpBody;

/// How long a connection may be without a request where nothing else is said.
pub(super) const IDLE: Duration = Duration::from_secs(75);
/// How long a client may take nothing of what is written to it.
const STALL: Duration = Duration::from_secs(60);
/// Looks within one timeout.
const TICKS: u32 = 4;

/// What happened on a connection.
#[derive(Default)]
pub(super) struct Pace {
    requests: AtomicUsize,
    /// Requests that are not answered to the end.
    active: AtomicUsize,
    /// Something came that is not a request yet.
    partial: AtomicBool,
    /// HTTP/2 has frames that belong to no request.
    frames: AtomicBool,
    written: AtomicUsize,
    stalled: AtomicBool,
}

impl Pace {
    /// A request was read.
    pub(super) fn begin(self: &Arc<Self>, frames: bool) -> Active {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.active.fetch_add(1, Ordering::Relaxed);
        self.partial.store(false, Ordering::Relaxed);
        if frames {
            self.frames.store(true, Ordering::Relaxed);
        }
        Active(self.clone())
    }
}

/// While it lives, a request is not answered to the end.
pub(super) struct Active(Arc<Pace>);

impl Drop for Active {
    fn drop(&mut self) {
        // What was read meanwhile was the rest of this request.
        self.0.partial.store(false, Ordering::Relaxed);
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Judges a connection, tick by tick.
pub(super) struct Judge {
    pace: Arc<Pace>,
    timeout: Duration,
    idle_timeout: Duration,
    requests: usize,
    written: usize,
    /// Ticks without a request that should have come, without any request, without progress in writing.
    late: u32,
    idle: u32,
    stalled: u32,
}

impl Judge {
    pub(super) fn new(pace: Arc<Pace>, timeout: Duration, idle_timeout: Duration) -> Self {
        Self { pace, timeout, idle_timeout, requests: 0, written: 0, late: 0, idle: 0, stalled: 0 }
    }

    pub(super) fn tick(&self) -> Duration {
        (self.timeout / TICKS).max(Duration::from_millis(1))
    }

    /// Whether the connection goes on, one tick after the last look.
    pub(super) fn look(&mut self) -> bool {
        let pace = &*self.pace;
        let requests = pace.requests.load(Ordering::Relaxed);
        let moved = std::mem::replace(&mut self.requests, requests) != requests;
        if moved || pace.active.load(Ordering::Relaxed) > 0 {
            (self.late, self.idle) = (0, 0);
        } else {
            let awaited = pace.partial.load(Ordering::Relaxed) && !pace.frames.load(Ordering::Relaxed);
            self.late = if awaited || requests == 0 { self.late + 1 } else { 0 };
            self.idle = self.idle.saturating_add(1);
        }
        let written = pace.written.load(Ordering::Relaxed);
        let wrote = std::mem::replace(&mut self.written, written) != written;
        let stalled = !wrote && pace.stalled.load(Ordering::Relaxed);
        self.stalled = if stalled { self.stalled.saturating_add(1) } else { 0 };
        let over = |ticks, limit| self.tick().saturating_mul(ticks) >= limit;
        self.late < TICKS && !over(self.idle, self.idle_timeout) && !over(self.stalled, STALL)
    }
}

/// A stream whose traffic is noted.
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace }
    }

    fn wrote(&self, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &wrote {
            self.pace.written.fetch_add(*count, Ordering::Relaxed);
        }
        self.pace.stalled.store(wrote.is_pending(), Ordering::Relaxed);
        wrote
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pace.partial.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(wrote)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wrote(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A body whose request is under way until it is sent or dropped.
pub(super) struct Counted {
    pub(super) body: HttpBody,
    pub(super) _active: Active,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> (Arc<Pace>, Judge) {
        let pace = Arc::new(Pace::default());
        (pace.clone(), Judge::new(pace, Duration::from_secs(4), IDLE))
    }

    /// How many ticks the connection goes on, up to 200.
    fn ticks(judge: &mut Judge) -> usize {
        (0..200).take_while(|_| judge.look()).count()
    }

    #[test]
    fn the_first_request_has_to_come_in_time() {
        let (pace, mut judge) = judge();
        assert_eq!(ticks(&mut judge), 3);
        // However many bytes of it have come.
        pace.partial.store(true, Ordering::Relaxed);
        assert!(!judge.look());
    }

    #[test]
    fn a_later_request_may_be_long_in_coming_but_not_once_it_began() {
        let (pace, mut judge) = judge();
        drop(pace.begin(false));
        assert_eq!(ticks(&mut judge), 75, "idle for 75 seconds");
        drop(pace.begin(false));
        assert!(judge.look());
        pace.partial.store(true, Ordering::Relaxed);
        assert_eq!(ticks(&mut judge), 3);
    }

    #[test]
    fn a_request_under_way_is_waited_for() {
        let (pace, mut judge) = judge();
        let active = pace.begin(false);
        pace.partial.store(true, Ordering::Relaxed);
        assert_eq!(ticks(&mut judge), 200);
        // The rest of its body is no beginning of another.
        drop(active);
        assert_eq!(ticks(&mut judge), 74);
    }

    #[test]
    fn frames_between_requests_are_no_beginning_of_one() {
        let (pace, mut judge) = judge();
        drop(pace.begin(true));
        pace.partial.store(true, Ordering::Relaxed);
        assert_eq!(ticks(&mut judge), 75);
    }

    #[test]
    fn who_takes_nothing_is_let_go() {
        let (pace, mut judge) = judge();
        let _active = pace.begin(false);
        pace.stalled.store(true, Ordering::Relaxed);
        for count in 0..100 {
            pace.written.store(count, Ordering::Relaxed);
            assert!(judge.look(), "it takes some");
        }
        assert_eq!(ticks(&mut judge), 59, "the sixtieth second is one too many");
    }
}
