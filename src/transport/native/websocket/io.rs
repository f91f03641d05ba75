//! A tokio stream as the blocking kind of stream that a WebSocket library reads and writes, for two halves that may
//! live in two tasks.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Memory that an empty backlog may keep.
const KEEP: usize = 64 * 1024;

/// Which half of a link is being polled.
#[derive(Clone, Copy)]
pub(super) enum Half {
    Tx,
    Rx,
}

/// A stream that takes every write at once and keeps what the socket does not take yet: the halves pause on
/// [`Io::backlog`], and a message is never half accepted.
pub(super) struct Io<S> {
    stream: S,
    wakers: Wakers,
    backlog: Vec<u8>,
    /// How much of the backlog is on the wire.
    sent: usize,
    unflushed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Io<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, wakers: Wakers::default(), backlog: Vec::new(), sent: 0, unflushed: false }
    }

    /// Names the waker of the half that is being polled.
    pub(super) fn register(&mut self, half: Half, waker: &Waker) {
        self.wakers.register(half, waker);
    }

    /// Wakes both halves.
    pub(super) fn wake(&self) {
        self.wakers.joint.wake_by_ref();
    }

    /// How many bytes wait for the socket.
    pub(super) fn backlog(&self) -> usize {
        self.backlog.len() - self.sent
    }

    /// Writes the backlog.
    pub(super) fn poll_drain(&mut self) -> Poll<io::Result<()>> {
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        let cx = &mut Context::from_waker(&self.wakers.joint);
        while self.sent < self.backlog.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.backlog[self.sent..])? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => self.sent += written,
                Poll::Pending => return Poll::Pending,
            }
        }
        self.sent = 0;
        self.backlog.clear();
        self.backlog.shrink_to(KEEP);
        std::task::ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Ends our direction, then throws away what still comes until the peer ends its own: closing a socket with
    /// unread data resets it, and the reset would overtake our close frame.
    pub(super) fn poll_linger(&mut self) -> Poll<()> {
        let drained = self.poll_drain();
        let cx = &mut Context::from_waker(&self.wakers.joint);
        match drained {
            Poll::Ready(Ok(())) => match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            },
            Poll::Ready(Err(_)) => return Poll::Ready(()),
            Poll::Pending => {}
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

fn now_or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Io<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Who waits for an answer must not sit on the question.
        if let Poll::Ready(Err(error)) = self.poll_drain() {
            return Err(error);
        }
        let mut buf = ReadBuf::new(buf);
        let cx = &mut Context::from_waker(&self.wakers.joint);
        now_or_would_block(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
        Ok(buf.filled().len())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for Io<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        if self.backlog() == 0 {
            let cx = &mut Context::from_waker(&self.wakers.joint);
            while taken < buf.len() {
                match Pin::new(&mut self.stream).poll_write(cx, &buf[taken..])? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(written) => taken += written,
                    Poll::Pending => break,
                }
            }
        }
        self.backlog.extend_from_slice(&buf[taken..]);
        self.unflushed = true;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        now_or_would_block(self.poll_drain())
    }
}

/// The socket remembers one waker for each direction, but either half may read (closing) and write (a pong): it is
/// given one that wakes both. Within one task, the usual case, that is the task's own.
struct Wakers {
    tx: Option<Waker>,
    rx: Option<Waker>,
    joint: Waker,
}

impl Default for Wakers {
    fn default() -> Self {
        Self { tx: None, rx: None, joint: Waker::noop().clone() }
    }
}

impl Wakers {
    fn register(&mut self, half: Half, waker: &Waker) {
        let slot = match half {
            Half::Tx => &mut self.tx,
            Half::Rx => &mut self.rx,
        };
        if slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        *slot = Some(waker.clone());
        self.joint = match (&self.tx, &self.rx) {
            (Some(tx), Some(rx)) if !tx.will_wake(rx) => Waker::from(Arc::new(Both(tx.clone(), rx.clone()))),
            _ => waker.clone(),
        };
    }
}

struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}
