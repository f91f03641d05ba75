//! What Streamable HTTP asks of a platform.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::json::{Buffer, Text};
use crate::platform::MaybeSend;
use crate::text::before;
use crate::transport::TransportError;

/// Exchanges of one link. Each platform brings one.
///
/// An exchange is: `Head`, then by the [`Reading`] one `Text`, or `Chunk`s and `End`; `Failed` ends it at any point. Facts
/// of one exchange are in order, those of several interleave. After its last fact an exchange is forgotten by the
/// fetcher, and its connection is free for the next.
pub(crate) trait Fetch: MaybeSend + 'static {
    /// Begins an exchange: what is sent leaves at the next `poll`, if not at once.
    fn start(&mut self, id: ExchangeId, request: Request);
    /// A header of the answer, between its head and its end.
    fn header(&self, id: ExchangeId, name: &str) -> Option<String>;
    /// How the body is wanted; called once, after the head.
    fn read(&mut self, id: ExchangeId, reading: Reading);
    /// Drops the exchange and its connection or stream; no fact of it follows.
    fn abort(&mut self, id: ExchangeId);
    /// The way to the server may be dead without a word: what was kept open for the next exchange is not used again. Where
    /// the host keeps the connections nothing can be done.
    fn forget_connections(&mut self) {}
    /// The next fact; `Pending` also where no exchange is open.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)>;
}

/// Names an exchange on one link.
pub(crate) type ExchangeId = u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

/// Names in lower case, and values, both checked.
pub(crate) type Headers = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// A request as the core wants it sent. It has no `Debug`: its headers hold secrets.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Arc<str>,
    /// Names in lower case, values checked: what the fetcher's own settings add (the user's headers) comes from the core
    /// too, so the fetcher adds none but what its medium needs.
    pub(crate) headers: Headers,
    pub(crate) body: Option<Text>,
    /// The page may be going away: the request must outlive it (`keepalive` of fetch); natively it changes nothing.
    #[allow(dead_code, reason = "natively nothing cuts a request off")]
    pub(crate) farewell: bool,
}

/// What happened to an exchange.
#[derive(Debug)]
pub(crate) enum Fact {
    Head {
        status: u16,
        content: Content,
    },
    /// The whole body ([`Reading::Text`]): the last fact.
    Text(Text),
    /// Some of the body, as the bytes came, decompressed ([`Reading::Chunks`]).
    Chunk(Buffer),
    /// The body ended as it should: the last fact.
    End,
    /// The exchange broke: the last fact. Before the head: [`ConnectFailed`](crate::transport::TransportErrorKind) or
    /// `Tls` where the request did certainly not leave, `Opaque` where a browser does not say, `Lost` else.
    Failed(TransportError),
}

/// A body's media type, as far as it matters. Parameters (`; charset=utf-8`) are ignored, and so is letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// `application/json`, and any `…+json`.
    Json,
    /// `text/event-stream`.
    Events,
    /// `text/html`, `application/xhtml+xml`.
    Html,
    /// Any other, or none said.
    Other,
}

impl Content {
    pub(crate) fn of(content_type: &str) -> Self {
        let kind = before(content_type, b";").trim_ascii().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" => Self::Events,
            "text/html" | "application/xhtml+xml" => Self::Html,
            kind if kind == "application/json" || kind.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// How a body is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As one text, of at most so many bytes ([`TooLarge`](crate::transport::TransportErrorKind) beyond, and the rest is not
    /// read). Bytes that are not UTF-8 are an error (`Protocol`).
    Text { limit: usize },
    /// As it comes; the next chunk is read when the last was taken.
    Chunks,
    /// Not at all: read to its end if that is near (64 KiB, so that the connection is of use again), dropped otherwise.
    /// `End` follows.
    Discard,
}
