//! A fault layer around byte streams: what breaks in the middle of a message.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::journal::Journal;
use super::plan::{Dice, Fault, Plan};
use crate::platform::{BoxFuture, sleep};

/// Makes faulty streams, one for each link, by one plan. Cheap to clone.
///
/// Bytes pass in pieces of 1 to 512, whatever was read or written at once. After each piece a fault of the plan may follow:
/// a delay, a cut (the stream ends, or is reset, in the middle of whatever passes), or a half-open stream (writes vanish
/// and nothing arrives until it ends as timed out). [`drop`](Plan::drop), [`duplicate`](Plan::duplicate) and
/// [`refuse`](Plan::refuse) mean nothing to a stream of bytes: TCP itself neither loses nor repeats any.
#[derive(Clone)]
pub struct StreamFaults {
    journal: Journal,
    links: Arc<AtomicU64>,
}

impl StreamFaults {
    /// Faults by this plan.
    pub fn new(plan: Plan) -> Self {
        Self { journal: Journal::new(plan), links: Arc::default() }
    }

    /// What happens, to be kept and printed where a test fails.
    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// A stream with the plan's faults; the n-th that is made has the faults of the n-th link.
    pub fn wrap<S>(&self, inner: S) -> FaultyStream<S> {
        let link = self.links.fetch_add(1, Ordering::AcqRel) + 1;
        let plan = self.journal.plan();
        let way = |name, stream| {
            let mut dice = plan.dice(link, stream);
            let left = piece(&mut dice);
            Way { name, dice, left, passed: 0, delay: None }
        };
        let (read, write) = (way("in", 3), way("out", 4));
        FaultyStream {
            inner,
            link,
            journal: self.journal.clone(),
            read,
            write,
            broken: None,
            noticed: None,
            reader: None,
        }
    }
}

/// The length of the next piece: often a few bytes, sometimes many.
fn piece(dice: &mut Dice) -> u64 {
    let most = if dice.below(3) == 0 { 8 } else { 512 };
    dice.below(most) + 1
}

/// A byte stream with faults: see [`StreamFaults`].
pub struct FaultyStream<S> {
    inner: S,
    link: u64,
    journal: Journal,
    read: Way,
    write: Way,
    broken: Option<Broken>,
    /// When the operating system notices that nobody is there.
    noticed: Option<BoxFuture<'static, ()>>,
    /// Who waits for bytes: a fault of the writing half concerns it, too.
    reader: Option<Waker>,
}

/// One direction.
struct Way {
    name: &'static str,
    dice: Dice,
    /// Bytes of the piece that passes.
    left: u64,
    passed: u64,
    delay: Option<BoxFuture<'static, ()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// The end of the stream, as if its peer had closed it.
    Ended,
    Reset,
    HalfOpen,
}

impl Way {
    /// How many bytes may pass now.
    fn room(&self, wanted: usize) -> usize {
        wanted.min(usize::try_from(self.left).unwrap_or(usize::MAX))
    }

    /// Some bytes have passed: `Some` where the stream breaks after them.
    fn pass(&mut self, count: usize, link: u64, journal: &Journal) -> Option<Broken> {
        self.passed += count as u64;
        self.left = self.left.saturating_sub(count as u64);
        if self.left > 0 {
            return None;
        }
        self.left = piece(&mut self.dice);
        let fault = self.dice.message().filter(|_| !journal.is_calm())?;
        let broken = match fault {
            Fault::Drop | Fault::Duplicate => return None,
            Fault::Delay(by) => {
                self.delay = Some(sleep(by));
                None
            }
            Fault::Cut { arrives: true } => Some(Broken::Ended),
            Fault::Cut { arrives: false } => Some(Broken::Reset),
            Fault::HalfOpen => Some(Broken::HalfOpen),
        };
        journal.note(format!("link {link} {} after {} bytes: {fault:?}", self.name, self.passed));
        broken
    }

    fn poll_delay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(cx));
            self.delay = None;
        }
        Poll::Ready(())
    }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "a fault was asked for: reset")
}

impl<S> FaultyStream<S> {
    fn break_off(&mut self, broken: Option<Broken>) {
        if broken.is_some() {
            self.broken = broken;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FaultyStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.reader = Some(cx.waker().clone());
        match this.broken {
            Some(Broken::Ended) => return Poll::Ready(Ok(())),
            Some(Broken::Reset) => return Poll::Ready(Err(reset())),
            Some(Broken::HalfOpen) => {
                let patience = this.journal.plan().half_open_for;
                ready!(this.noticed.get_or_insert_with(|| sleep(patience)).as_mut().poll(cx));
                this.broken = Some(Broken::Reset);
                let text = "a fault was asked for: nobody is there";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)));
            }
            None => {}
        }
        ready!(this.read.poll_delay(cx));
        let mut piece = [0; 512];
        let room = this.read.room(buf.remaining().min(piece.len()));
        let mut part = ReadBuf::new(piece.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
        buf.put_slice(part.filled());
        let count = part.filled().len();
        if count > 0 {
            let broken = this.read.pass(count, this.link, &this.journal);
            this.break_off(broken);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FaultyStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match this.broken {
            Some(Broken::HalfOpen) => return Poll::Ready(Ok(buf.len())),
            Some(_) => return Poll::Ready(Err(reset())),
            None => {}
        }
        ready!(this.write.poll_delay(cx));
        let room = this.write.room(buf.len());
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, buf.get(..room).unwrap_or(buf)))?;
        let broken = this.write.pass(count, this.link, &this.journal);
        this.break_off(broken);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.broken {
            Some(Broken::HalfOpen) => Poll::Ready(Ok(())),
            Some(_) => Poll::Ready(Err(reset())),
            None => Pin::new(&mut self.inner).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.broken {
            Some(Broken::HalfOpen) => Poll::Ready(Ok(())),
            Some(_) => Poll::Ready(Err(reset())),
            None => Pin::new(&mut self.inner).poll_shutdown(cx),
        }
    }
}
