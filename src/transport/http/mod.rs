//! Streamable HTTP in every revision, over a `fetch` that each platform brings.
//!
//! ```text
//! session ─ Outbound ─> link ─> core ─ start, read, abort ─> Fetch (native: hyper, web: the host's fetch)
//! session <─ Inbound ── link <─ core <─── facts ──────────── Fetch
//! ```
//! `core` and `facts` are pure; `push` is the stream of what the server says unasked; `answer` reads refusals; `older` is
//! the transport of 2024-11-05.

mod answer;
mod core;
mod facts;
mod fetch;
#[cfg(test)]
mod gates;
mod link;
mod older;
mod push;
#[cfg(any(test, feature = "__fuzzing"))]
mod scripted;
#[cfg(test)]
mod tests;
mod tokens;

#[cfg(any(test, feature = "__fuzzing"))]
pub(crate) use scripted::{Answer, Scripted};

pub(crate) use fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::address::{self, config};
use super::imp::{Fetcher, HttpOptions};
use super::token::TokenSource;
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
use crate::text::join;
use crate::transport::{Link, Transport, TransportError};

/// Headers that the transport itself sets.
const RESERVED: [&str; 12] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
];

/// What all links of one transport share.
pub(crate) struct Config {
    pub(crate) url: Arc<str>,
    /// The address as errors show it, without its query.
    pub(crate) label: String,
    /// The user's own, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    token: Option<TokenSource>,
    pub(crate) idle: Duration,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) max_message: usize,
    /// The server's stream is found where its messages are posted: it speaks the transport of 2024-11-05.
    older: AtomicBool,
}

impl Config {
    /// Whether a refused token may be followed by another.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        matches!(self.token, Some(TokenSource::Provider(_)))
    }

    /// Whether the next link is one of 2024-11-05, if the server agrees.
    pub(crate) fn seems_older(&self, older: bool) {
        self.older.store(older, Ordering::Relaxed);
    }

    pub(crate) fn next_token(&self) -> Option<BoxFuture<'static, Result<String, TransportError>>> {
        self.token.as_ref().map(TokenSource::token)
    }
}

/// A Streamable HTTP transport: `http://` and `https://` (basic/transports/streamable-http).
///
/// Every message is a POST of its own; the answer is one JSON object or a stream of server-sent events, read as it comes.
/// Which revision the server speaks is found out by the client: 2026-07-28 without a session, 2025-03-26 to 2025-11-25
/// with one (`Mcp-Session-Id`, resumed streams, a stream for what the server says unasked, DELETE at the end), and the
/// HTTP+SSE transport of 2024-11-05.
///
/// At most 128 requests are under way at once, others wait their turn. No timeout cuts a stream that is alive.
///
/// What may have run is never sent again by itself. A browser does that on its own account, and nobody can stop it: where a
/// kept connection ends before the answer began, it sends the request again (Chromium once, Firefox up to ten times).
pub struct Http {
    config: Arc<Config>,
    pub(in crate::transport) own: HttpOptions,
}

impl Http {
    /// A transport to `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Config`](super::TransportErrorKind::Config) for an address that cannot work: empty, not `http://` or `https://`,
    /// without a host, with a user name or a fragment, or `https://` in a native build without the feature `tls`.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        let label = address::http(url)?.to_owned();
        let config = Config {
            url: url.into(),
            label,
            headers: Vec::new(),
            token: None,
            idle: Duration::from_secs(300),
            first_byte: None,
            max_message: 16 << 20,
            older: AtomicBool::new(false),
        };
        Ok(Self { config: Arc::new(config), own: HttpOptions::of(url)? })
    }

    /// Only a transport that no link was made of yet is set up.
    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        if let Some(config) = Arc::get_mut(&mut self.config) {
            change(config);
        }
        self
    }

    /// Sends a header with every request. In a page across origins the server must allow it
    /// (`Access-Control-Allow-Headers`).
    ///
    /// The value is treated as a secret: neither errors nor `Debug` show it.
    ///
    /// # Errors
    /// [`Config`](super::TransportErrorKind::Config) for what is no header, for `Authorization` beside a token, and for those
    /// that the transport itself sets.
    pub fn header(self, name: &str, value: &str) -> Result<Self, TransportError> {
        let name = name.to_ascii_lowercase();
        if !address::is_token(&name) {
            return Err(config("a header has a name of letters, digits and hyphens; check the name given"));
        }
        if RESERVED.contains(&name.as_str()) || name.starts_with("mcp-param-") {
            return Err(config(join(&["the header ", &name, " is set by the transport itself; leave it out"])));
        }
        if name == "authorization" && self.config.token.is_some() {
            return Err(twice());
        }
        let value = value.trim_ascii();
        if value.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err(config(join(&["the value of the header ", &name, " contains a control character"])));
        }
        Ok(self.set(|config| config.headers.push((name, value.to_owned()))))
    }

    /// Sends `Authorization: Bearer <token>` with every request.
    ///
    /// # Errors
    /// [`Config`](super::TransportErrorKind::Config) for a token that no header can carry, or beside an `Authorization`
    /// header.
    pub fn token(self, token: impl Into<String>) -> Result<Self, TransportError> {
        self.with_token(TokenSource::fixed(token.into())?)
    }

    /// Asks for a token before the first request, and again when the server refuses it (HTTP 401): the refused requests are
    /// then sent once more, as the server has not looked at them.
    ///
    /// # Errors
    /// [`Config`](super::TransportErrorKind::Config) beside an `Authorization` header.
    pub fn token_provider(
        self,
        provider: impl Fn() -> BoxFuture<'static, Result<String, TransportError>> + MaybeSend + MaybeSync + 'static,
    ) -> Result<Self, TransportError> {
        self.with_token(TokenSource::Provider(Box::new(provider)))
    }

    fn with_token(self, source: TokenSource) -> Result<Self, TransportError> {
        if self.config.headers.iter().any(|(name, _)| name == "authorization") {
            return Err(twice());
        }
        Ok(self.set(|config| config.token = Some(source)))
    }

    /// How long a stream may bring no byte at all, comments included, before it is given up and opened again. Default
    /// 5 min.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.set(|config| config.idle = timeout)
    }

    /// How long an answer may take to begin. Default: as long as the call may take; a server that answers with plain JSON
    /// begins when it is done.
    pub fn first_byte_timeout(self, timeout: Duration) -> Self {
        self.set(|config| config.first_byte = Some(timeout))
    }

    /// The largest message taken from the server, in bytes (UTF-16 code units of a JSON answer in a browser). Default:
    /// 16 MiB. A larger one fails its call alone, before it is read whole.
    pub fn max_message(self, bytes: usize) -> Self {
        self.set(|config| config.max_message = bytes)
    }
}

impl Transport for Http {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let token = match self.config.next_token() {
                Some(token) => Some(token.await?),
                None => None,
            };
            let fetch = Fetcher::new(&self.own)?;
            if self.config.older.swap(false, Ordering::Relaxed) {
                return older::connect(fetch, self.config.clone(), token).await;
            }
            Ok(link::link(fetch, self.config.clone(), token))
        })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("url", &self.config.label)
            .field("headers", &self.config.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("token", &self.config.token.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

fn twice() -> TransportError {
    config("a token and an Authorization header were both given; keep one of them")
}
