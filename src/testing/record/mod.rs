//! Recording what passes over a transport, and playing it back.
//!
//! A recording is JSON Lines, UTF-8, one object per line, in the order in which the messages passed. Readers ignore members
//! and events that they do not know.
//!
//! ```text
//! {"recording":1,"program":"everywire 0.1.0"}
//! {"at":0.0,"link":1,"event":"open","transport":"tcp"}
//! {"at":1.204,"link":1,"from":"client","message":{"jsonrpc":"2.0","id":1,"method":"server/discover"}}
//! {"at":2.9,"link":1,"from":"server","message":{"jsonrpc":"2.0","id":1,"result":{}}}
//! {"at":3.0,"link":1,"from":"server","text":"what is no JSON"}
//! {"at":9.1,"link":1,"event":"close","by":"client"}
//! {"at":9.4,"link":2,"event":"lost","reason":"reset by peer"}
//! ```
//!
//! `at` is milliseconds since the recording began, `link` counts the links from 1.

mod matching;
mod redact;
mod replay;
mod writer;

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::Sink;

pub use redact::redact;
pub use replay::{Replay, Replayed};
pub use writer::RecordingWriter;

use crate::frame::{Inbound, Outbound};
use crate::platform::{BoxFuture, BoxSink, BoxStream, MaybeSend};
use crate::transport::{Link, Transport, TransportError};

/// A transport whose messages are written down: see [`RecordingWriter`] for where to, and for what is left out.
pub struct Recorder<T, W> {
    inner: T,
    writer: RecordingWriter<W>,
}

impl<T: Transport, W: Write + MaybeSend + 'static> Recorder<T, W> {
    /// Records what passes over `inner`. The writer is cheap to clone: keep one to read from.
    pub fn new(inner: T, writer: RecordingWriter<W>) -> Self {
        Self { inner, writer }
    }
}

impl<T: Transport, W: Write + MaybeSend + 'static> Transport for Recorder<T, W> {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let link = self.inner.connect().await?;
            let number = self.writer.open(link.transport);
            let tx = Sent { inner: link.tx, writer: self.writer.clone(), number };
            let rx = Received { inner: link.rx, writer: self.writer.clone(), number };
            Ok(Link { tx: Box::pin(tx), rx: Box::pin(rx), ..link })
        })
    }

    fn address(&self) -> Option<String> {
        self.inner.address()
    }
}

struct Sent<W> {
    inner: BoxSink<Outbound, TransportError>,
    writer: RecordingWriter<W>,
    number: u64,
}

impl<W: Write + MaybeSend + 'static> Sink<Outbound> for Sent<W> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.as_mut().poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        match &item {
            Outbound::Message(text) => self.writer.message(self.number, true, text),
            Outbound::Post(post) => self.writer.message(self.number, true, &post.text),
            Outbound::Close(_) => self.writer.close(self.number, Some("client")),
            _ => {}
        }
        self.inner.as_mut().start_send(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.as_mut().poll_close(cx)
    }
}

struct Received<W> {
    inner: BoxStream<Result<Inbound, TransportError>>,
    writer: RecordingWriter<W>,
    number: u64,
}

impl<W: Write + MaybeSend + 'static> Stream for Received<W> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.inner.as_mut().poll_next(cx));
        match &item {
            Some(Ok(Inbound::Message(text) | Inbound::On(_, text) | Inbound::Reply(_, _, text))) => {
                self.writer.message(self.number, false, text);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => self.writer.lost(self.number, error.detail()),
            None => self.writer.close(self.number, Some("server")),
        }
        Poll::Ready(item)
    }
}
