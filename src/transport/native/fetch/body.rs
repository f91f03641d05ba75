//! An answer's body, decompressed as it comes and read no faster than it is taken.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder};
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use hyper::body::{Body as _, Incoming};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::failure::{bad_body, in_body};
use crate::transport::TransportError;

/// How much is decompressed at once.
const PIECE: usize = 16 * 1024;

pub(super) enum Body {
    Plain(Incoming),
    Packed(Box<Packed>),
}

pub(super) enum Packed {
    Gzip(GzipDecoder<Frames>),
    Brotli(BrotliDecoder<Frames>),
}

impl Body {
    pub(super) fn new(incoming: Incoming, headers: &HeaderMap, url: &str) -> Result<Self, TransportError> {
        let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|_| !incoming.is_end_stream()) else {
            return Ok(Self::Plain(incoming));
        };
        let is = |name: &str| encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        if is("gzip") || is("x-gzip") {
            let mut decoder = GzipDecoder::new(Frames::new(incoming));
            // RFC 1952 section 2.2: members follow each other.
            decoder.multiple_members(true);
            Ok(Self::Packed(Box::new(Packed::Gzip(decoder))))
        } else if is("br") {
            Ok(Self::Packed(Box::new(Packed::Brotli(BrotliDecoder::new(Frames::new(incoming))))))
        } else if is("identity") || is("") {
            Ok(Self::Plain(incoming))
        } else {
            Err(bad_body(url, "a body in an encoding that was not asked for (content-encoding)"))
        }
    }

    /// How many bytes will come, where that is known.
    pub(super) fn len(&self) -> Option<u64> {
        match self {
            Self::Plain(incoming) => incoming.size_hint().exact(),
            Self::Packed(_) => None,
        }
    }

    /// Whether it is known without asking that nothing more comes.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::Plain(incoming) if incoming.is_end_stream())
    }

    /// The next bytes, never none of them; `None` at the end.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>, url: &str) -> Poll<Option<Result<Bytes, TransportError>>> {
        match self {
            Self::Plain(incoming) => poll_bytes(incoming, cx).map_err(|error| in_body(&error, url)),
            Self::Packed(packed) => match ready!(packed.poll_piece(cx)) {
                Ok(piece) if piece.is_empty() => Poll::Ready(None),
                Ok(piece) => Poll::Ready(Some(Ok(piece))),
                // Nothing at all is how some servers compress nothing.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !packed.frames().begun => {
                    Poll::Ready(None)
                }
                Err(error) => Poll::Ready(Some(Err(undone(&error, url)))),
            },
        }
    }
}

impl Packed {
    fn frames(&mut self) -> &mut Frames {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }

    /// The next bytes, decompressed; none at the end of the body.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut space = vec![0; PIECE];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(match self {
            Self::Gzip(decoder) => Pin::new(decoder).poll_read(cx, &mut buffer),
            Self::Brotli(decoder) => Pin::new(decoder).poll_read(cx, &mut buffer),
        })?;
        let length = buffer.filled().len();
        if length == 0 {
            // Read to the end, or the connection is of no use for the next exchange.
            return match ready!(Pin::new(self.frames()).poll_fill_buf(cx))? {
                [] => Poll::Ready(Ok(Bytes::new())),
                _ => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            };
        }
        // A stream's events are small, and one may be kept for long.
        let piece = if length < PIECE / 4 {
            Bytes::copy_from_slice(&space[..length])
        } else {
            Bytes::from(space).slice(..length)
        };
        Poll::Ready(Ok(piece))
    }
}

/// Why something cannot be decompressed.
fn undone(error: &io::Error, url: &str) -> TransportError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
        Some(broken) => in_body(broken, url),
        None if error.kind() == io::ErrorKind::UnexpectedEof => in_body(error, url),
        None => bad_body(url, "a compressed body that cannot be decompressed"),
    }
}

/// The next bytes of a body, never none of them.
fn poll_bytes(incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
    loop {
        match ready!(Pin::new(&mut *incoming).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
                // Nothing, or trailers.
                _ => {}
            },
        }
    }
}

/// A body as what a decoder reads from; it holds one frame.
pub(super) struct Frames {
    incoming: Incoming,
    frame: Bytes,
    begun: bool,
}

impl Frames {
    fn new(incoming: Incoming) -> Self {
        Self { incoming, frame: Bytes::new(), begun: false }
    }
}

impl AsyncRead for Frames {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Frames {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.frame.is_empty()
            && let Some(frame) = ready!(poll_bytes(&mut this.incoming, cx))
        {
            this.frame = frame.map_err(io::Error::other)?;
            this.begun = true;
        }
        Poll::Ready(Ok(&this.frame))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        let amount = amount.min(self.frame.len());
        self.frame.advance(amount);
    }
}
