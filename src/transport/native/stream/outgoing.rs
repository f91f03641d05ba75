//! Messages on their way out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::frame::one_line;
use crate::json::Text;

/// Messages from this size on are written from where they are; smaller ones are gathered first.
const LARGE: usize = 16 * 1024;
/// Memory that an empty buffer may keep.
const KEEP: usize = 16 * 1024;
/// Pieces that one write takes.
const PIECES: usize = 16;

/// A writer and what it has not taken yet.
pub(super) struct Outgoing<W> {
    writer: W,
    /// Written first.
    queue: VecDeque<Bytes>,
    /// Small messages behind the queue, from `sent` on.
    small: Vec<u8>,
    sent: usize,
    /// The size of all this.
    waiting: usize,
    unflushed: bool,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer, queue: VecDeque::new(), small: Vec::new(), sent: 0, waiting: 0, unflushed: false }
    }

    /// How many bytes wait for the writer.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How much memory small messages hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.small.capacity()
    }

    /// Queues a message as one line.
    pub(super) fn push(&mut self, text: Text) {
        let bytes = match one_line(text.as_str()) {
            Some(line) => line.into(),
            None => text.into_bytes(),
        };
        self.unflushed = true;
        self.waiting += bytes.len() + 1;
        if bytes.len() < LARGE {
            self.small.reserve(bytes.len() + 1);
            self.small.extend_from_slice(&bytes);
        } else {
            if !self.small.is_empty() {
                let mut small = Bytes::from(std::mem::take(&mut self.small));
                small.advance(std::mem::take(&mut self.sent));
                self.queue.push_back(small);
            }
            self.queue.push_back(bytes);
        }
        self.small.push(b'\n');
    }

    /// Writes what waits, as much as the writer takes, and flushes.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        while self.waiting > 0 {
            let written = ready!(self.poll_write(cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.take(written);
        }
        ready!(Pin::new(&mut self.writer).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let small = self.small.get(self.sent..).unwrap_or_default();
        if self.queue.is_empty() {
            return Pin::new(&mut self.writer).poll_write(cx, small);
        }
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let all = self.queue.iter().map(|piece| piece.as_ref()).chain(std::iter::once(small));
        let count = pieces.iter_mut().zip(all).map(|(piece, bytes)| *piece = IoSlice::new(bytes)).count();
        Pin::new(&mut self.writer).poll_write_vectored(cx, pieces.get(..count).unwrap_or_default())
    }

    /// Forgets what is written.
    fn take(&mut self, mut written: usize) {
        self.waiting = self.waiting.saturating_sub(written);
        while let Some(piece) = self.queue.front_mut() {
            if written < piece.len() {
                return piece.advance(written);
            }
            written -= piece.len();
            self.queue.pop_front();
        }
        self.sent += written;
        if self.sent >= self.small.len() {
            self.sent = 0;
            self.small.clear();
            self.small.shrink_to(KEEP);
            self.queue.shrink_to(PIECES);
        }
    }

    /// Writes what waits, then ends the stream.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
