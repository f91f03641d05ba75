//! Newline-delimited JSON over any pair of byte streams (2026-07-28 basic/transports, "stdio" and "Custom Transports").

mod outgoing;
mod receiver;
mod sender;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use self::outgoing::Outgoing;
use self::receiver::{Receiver, Source};
use self::sender::Sender;
use crate::frame::{Liveness, Profile};
use crate::platform::{BoxFuture, Lock};
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// The largest message where nothing else is said.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// What a link of lines is, beside its streams.
pub(crate) struct LineOptions {
    /// What [`Link::transport`] says.
    pub(crate) transport: &'static str,
    pub(crate) profile: Profile,
    /// The longest line taken, in bytes.
    pub(crate) max_message: usize,
}

/// A link over open streams.
pub(crate) fn lines<R, W>(reader: R, writer: W, options: LineOptions) -> Link
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let source = Arc::new(Lock::new(Source::new(reader, options.max_message)));
    Link {
        profile: options.profile,
        transport: options.transport,
        tx: Box::pin(Sender::new(Outgoing::new(writer), source.clone())),
        rx: Box::pin(Receiver::new(source, options.max_message)),
    }
}

/// A transport over streams that are open already: one JSON-RPC message per line, as on stdio. For ssh, serial lines,
/// [`tokio::io::duplex`], and whatever else can be read and written.
///
/// It opens once: when the link ends, the client does not reconnect. Reading and writing do not wait for each other. Many
/// messages at once are written together, one alone is written at once. A line end may be LF or CR LF, blank lines are
/// ignored; what is written has no line break within a message.
///
/// Closing flushes, shuts the writer down and waits up to 2 s for the reader's end; dropping drops both at once.
///
/// ```
/// # async fn demo() -> Result<(), everywire::Error> {
/// use everywire::{Client, transport::StreamTransport};
/// let (ours, theirs) = tokio::io::duplex(64 * 1024);
/// # drop(theirs);
/// let (reader, writer) = tokio::io::split(ours);
/// let client = Client::over(StreamTransport::new(reader, writer)).connect().await?;
/// # Ok(())
/// # }
/// ```
pub struct StreamTransport<R, W> {
    streams: Option<(R, W)>,
    max_message: usize,
}

impl<R, W> StreamTransport<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    /// A transport that reads the peer's messages from `reader` and writes to `writer`. Nothing is read or written before
    /// it is connected.
    pub fn new(reader: R, writer: W) -> Self {
        Self { streams: Some((reader, writer)), max_message: MAX_MESSAGE }
    }

    /// The largest message taken from the peer, in bytes. Default: 16 MiB. A longer line ends the link with
    /// [`TransportErrorKind::TooLarge`], and costs no more memory than the limit and one read of at most 64 KiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }
}

impl<R, W> Transport for StreamTransport<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        let link = self.streams.take().map(|(reader, writer)| {
            let profile = Profile::SharedChannel { reopen: false, liveness: Liveness::Channel };
            lines(reader, writer, LineOptions { transport: "stream", profile, max_message: self.max_message })
        });
        let detail = "the streams of this transport were used already; make another transport from fresh ones";
        let link = link.ok_or_else(|| TransportError::new(TransportErrorKind::ConnectFailed, detail));
        Box::pin(std::future::ready(link))
    }
}

impl<R, W> fmt::Debug for StreamTransport<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamTransport").field("used", &self.streams.is_none()).finish_non_exhaustive()
    }
}
