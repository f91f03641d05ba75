//! The half that reads.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::frame::{Block, Broken, Inbound, Lines};
use crate::platform::Lock;
use crate::transport::{TransportError, TransportErrorKind};

/// Reads without a message before others have a turn: a peer can send blank lines without end.
const READS: usize = 64;

/// A reader and what of it is no whole line yet.
///
/// The halves of a link share it, because the sender waits for the peer's end when it closes. Until then only the
/// receiver takes the lock, once for each read.
pub(super) struct Source<R> {
    reader: R,
    lines: Lines,
    max_message: usize,
    state: State,
    /// The receiver's.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// The sender waits for the peer's end. What still comes is thrown away.
    Closing,
    /// Nothing more is read.
    Over,
}

impl<R: AsyncRead + Unpin> Source<R> {
    pub(super) fn new(reader: R, max_message: usize) -> Self {
        Self { reader, lines: Lines::new(max_message), max_message, state: State::Open, waker: None }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let read = pin!(self.reader.read_buf(self.lines.space())).poll(cx);
        match &read {
            Poll::Ready(Ok(read)) => self.lines.filled(*read),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.lines.rest(),
        }
        read
    }

    /// Reads until lines are whole. `None` at the stream's end.
    fn poll_block(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Block, TransportError>>> {
        for _ in 0..READS {
            match self.lines.next() {
                Ok(Some(block)) => return Poll::Ready(Some(Ok(block))),
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Some(Err(failure(broken, self.max_message)))),
            }
            match ready!(self.poll_read(cx)) {
                Ok(0) => {
                    self.state = State::Over;
                    return Poll::Ready(self.lines.end().map_err(cut_off).transpose());
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(broke(&error)))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Throws away what comes until the peer's end.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.state == State::Open {
            self.state = State::Closing;
            self.lines = Lines::new(0);
        }
        for _ in 0..READS {
            if self.state == State::Over {
                return Poll::Ready(());
            }
            match ready!(self.poll_read(cx)) {
                Ok(0) | Err(_) => self.finish(),
                Ok(_) => self.lines.discard(),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// A sender that closes in another task takes the reader's one place for a waker.
    fn register(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }

    /// Nothing more is read. The receiver is told.
    pub(super) fn finish(&mut self) {
        self.state = State::Over;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The receiving half of a link.
pub(super) struct Receiver<R> {
    source: Arc<Lock<Source<R>>>,
    block: Block,
    max_message: usize,
    ended: bool,
}

impl<R> Receiver<R> {
    pub(super) fn new(source: Arc<Lock<Source<R>>>, max_message: usize) -> Self {
        Self { source, block: Block::empty(), max_message, ended: false }
    }
}

impl<R: AsyncRead + Unpin> Stream for Receiver<R> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        for _ in 0..READS {
            if this.ended {
                return Poll::Ready(None);
            }
            match this.block.next() {
                Some(Ok(text)) => return Poll::Ready(Some(Ok(Inbound::Message(text)))),
                Some(Err(broken)) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(failure(broken, this.max_message))));
                }
                None => {}
            }
            let mut source = this.source.lock();
            match source.state {
                State::Open => match source.poll_block(cx) {
                    Poll::Ready(Some(Ok(block))) => this.block = block,
                    Poll::Ready(end) => {
                        this.ended = true;
                        return Poll::Ready(end.and_then(Result::err).map(Err));
                    }
                    Poll::Pending => {
                        source.register(cx.waker());
                        return Poll::Pending;
                    }
                },
                State::Closing => {
                    source.register(cx.waker());
                    return Poll::Pending;
                }
                State::Over => this.ended = true,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn failure(broken: Broken, limit: usize) -> TransportError {
    match broken {
        Broken::TooLong(size) => TransportError::new(
            TransportErrorKind::TooLarge { size, limit },
            format!(
                "the peer sent a message of {size} bytes or more, over the limit of {limit}; raise max_message or ask for less"
            ),
        ),
        Broken::NotUtf8 => TransportError::new(
            TransportErrorKind::Protocol,
            "the peer sent a line that is not UTF-8; messages are JSON in UTF-8, so the fault is the peer's",
        ),
    }
}

/// The stream is over with so many bytes of a message.
fn cut_off(size: usize) -> TransportError {
    let detail =
        format!("the peer's stream ended in the middle of a message, after {size} bytes of it; it may have crashed");
    TransportError::new(TransportErrorKind::Lost, detail)
}

pub(super) fn broke(error: &io::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Lost, format!("the connection broke: {error}"))
}
