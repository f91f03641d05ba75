//! Everything a client can be told before it connects.

mod target;

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        mod web;
        use web as imp;
    } else {
        mod native;
        use native as imp;
    }
}

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;

use super::era_cache::EraCache;
use super::host::{EventSinks, RustHost, Waiting};
use super::input::{Handlers, InputContext, typed};
use super::{Client, Driver, Shared, start};
use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::platform::{MaybeSend, MaybeSync, seed};
use crate::proto::{CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, ListRootsResult, Root};
use crate::resilience::Reconnect;
use crate::session::{EraChoice, InputPolicy, Options, Session};
#[cfg(feature = "http")]
use crate::transport::Http;
use crate::transport::Transport;
#[cfg(any(feature = "websocket", feature = "http"))]
use crate::transport::TransportError;
#[cfg(feature = "websocket")]
use crate::transport::{Subprotocols, WebSocket};
use target::Target;

/// A client to be: options, handlers, then [`connect`](Builder::connect).
///
/// Handlers are registered before the connection is made, so there is no window in which a server's question is
/// answered by nobody; what the server is told the client can do follows from them.
#[must_use = "a builder does nothing until it connects"]
pub struct Builder {
    target: Target,
    options: Options,
    handlers: Handlers,
    cache: Option<EraCache>,
    trace: bool,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Builder {
    fn new(target: Target) -> Self {
        let cache = Some(EraCache::default());
        let (options, handlers) = (Options::default(), Handlers::default());
        Self { target, options, handlers, cache, trace: false, token: None, headers: Vec::new() }
    }

    pub(super) fn url(url: &str) -> Self {
        Self::new(Target::of(url))
    }

    pub(super) fn transport(transport: Box<dyn Transport>) -> Self {
        Self::new(Target::Transport(transport))
    }

    /// What the client is called, for the server's logs and eyes. Default: `everywire` and its version.
    pub fn name(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        (self.options.name, self.options.version) = (name.into(), version.into());
        self
    }

    /// The client's name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.options.title = Some(title.into());
        self
    }

    /// Which protocol era to speak. Default: ask the server.
    pub fn era(mut self, era: EraChoice) -> Self {
        self.options.era = era;
        self
    }

    /// Where the server's era is remembered between connects; `None` remembers nothing. Default: the process's memory,
    /// for clients made from a URL.
    pub fn era_cache(mut self, cache: Option<EraCache>) -> Self {
        self.cache = cache;
        self
    }

    /// How long a server may take between two signs of life of one call. Default 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeouts.call = timeout;
        self
    }

    /// How long one call may take as a whole. Default 10 min. People's time to answer does not count.
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeouts.call_total = timeout;
        self
    }

    /// How long a link may take to open. Default 10 s over TCP, Unix sockets and WebSocket, where the time that a token
    /// provider takes does not count, and natively over HTTP, where it bounds each new TCP or TLS connection; in a browser, which does not tell
    /// connecting from answering, it bounds the handshake's requests over HTTP. 5 min for a transport of one's own.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.target.connect_timeout(timeout, &mut self.options.timeouts);
        self
    }

    /// How long the server may take to answer `initialize`. Default 30 s.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeouts.handshake = timeout;
        self
    }

    /// How long the server may take to answer `server/discover` before it counts as an older one. Default: 2 s on a
    /// shared channel, 10 s over HTTP.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeouts.probe = Some(timeout);
        self
    }

    /// When and how often a lost link is opened again.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.options.reconnect = policy;
        self
    }

    /// Silence after which the server must show that it is alive; two misses and the link is given up. Zero turns it
    /// off. Default 20 s.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.options.keep_alive = interval;
        self
    }

    /// The largest message in bytes, either way (UTF-16 code units in a browser). Default 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.options.max_message = bytes;
        self
    }

    /// How many calls may wait for their answer, sent or not. Beyond that a call fails as overloaded. Default 4,096.
    pub fn max_pending(mut self, calls: usize) -> Self {
        self.options.max_pending = calls;
        self
    }

    /// Whether results are kept for as long as the server says that they hold (its `ttlMs`; 2026-07-28
    /// server/utilities/caching): those of the list methods and of reading resources. A kept result answers at once,
    /// without the server; a notice of change, a gap in such notices and [`Call::fresh`](crate::Call::fresh) make it void.
    /// At most 256 results and 4 MiB are kept, none above 1 MiB, and none is seen by another client. Default: yes. Servers
    /// before 2026-07-28 say nothing of the kind, and nothing is kept of them.
    pub fn cache(mut self, keep: bool) -> Self {
        self.options.cache = keep;
        self
    }

    /// How the server's requests for input are bounded.
    pub fn input_policy(mut self, policy: InputPolicy) -> Self {
        self.options.inputs = policy;
        self
    }

    /// Delivers every message as an [`Event::Frame`](crate::Event::Frame) too. Default: no.
    pub fn trace(mut self, trace: bool) -> Self {
        self.trace = trace;
        self
    }

    /// Answers elicitations by form (client/elicitation).
    pub fn on_elicit<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(InputContext, ElicitRequest) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = ElicitResult> + MaybeSend + 'static,
    {
        self.handlers.form = typed(handler);
        self
    }

    /// Answers elicitations by URL: show the whole URL and who asks, open it only on the person's word.
    pub fn on_elicit_url<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(InputContext, ElicitRequest) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = ElicitResult> + MaybeSend + 'static,
    {
        self.handlers.url = typed(handler);
        self
    }

    /// Answers sampling requests with a model's reply (client/sampling).
    pub fn on_sample<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(InputContext, CreateMessageRequest) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = CreateMessageResult> + MaybeSend + 'static,
    {
        self.handlers.sample = typed(handler);
        self
    }

    /// Tells the server these roots (client/roots).
    pub fn roots(mut self, roots: Vec<Root>) -> Self {
        self.handlers.roots = typed(move |_, _: Json| {
            let result = ListRootsResult::new(roots.clone());
            async move { result }
        });
        self
    }

    /// Sets the WebSocket transport up further: what it can do depends on the platform, and a setting that a platform
    /// does not have does not exist there. Without effect on a client that is not given a WebSocket address, unless
    /// [`prefer_websocket`](Self::prefer_websocket) came before.
    #[cfg(feature = "websocket")]
    pub fn websocket(mut self, setup: impl FnOnce(WebSocket) -> Result<WebSocket, TransportError>) -> Self {
        self.target.websocket(setup);
        self
    }

    /// Sets the HTTP transport up further, as [`websocket`](Self::websocket) does that one.
    #[cfg(feature = "http")]
    pub fn http(mut self, setup: impl FnOnce(Http) -> Result<Http, TransportError>) -> Self {
        self.target.http(setup);
        self
    }

    /// Tries a WebSocket at the same host and path first, for an `http://` or `https://` address, and HTTP where it does
    /// not open.
    #[cfg(all(feature = "websocket", feature = "http"))]
    pub fn prefer_websocket(mut self) -> Self {
        self.target.prefer_websocket();
        self
    }

    /// The bearer token. Over HTTP, and natively over WebSocket, it is the `Authorization` header; for a WebSocket a
    /// browser cannot send headers and offers it as the subprotocol `mcp.auth.<token>`, which may end up in access logs.
    #[cfg(any(feature = "websocket", feature = "http"))]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// A header for every request, or for the WebSocket's handshake. A browser cannot send any with the latter:
    /// [`connect`](Self::connect) then fails with `config`, as it does over TCP and Unix sockets, which have neither headers
    /// nor tokens.
    #[cfg(any(feature = "websocket", feature = "http"))]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Which WebSocket subprotocols to offer. Default: `mcp`, and none where the server does not take it.
    #[cfg(feature = "websocket")]
    pub fn subprotocols(self, subprotocols: Subprotocols) -> Self {
        self.websocket(|socket| socket.subprotocols(subprotocols))
    }

    /// Opens the connection and settles the protocol with the server.
    ///
    /// # Errors
    /// As [`Client::connect`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn connect(mut self) -> Result<Client, Error> {
        self.options.capabilities = self.handlers.capabilities();
        let (transport, key) = self.target.open(self.token, &self.headers, self.options.max_message)?;
        let remember = self.cache.zip(key);
        let known = remember.as_ref().and_then(|(cache, key)| cache.load(key));
        let shared = Shared::new(Session::new(self.options, known, seed()));
        let events = Arc::new(EventSinks::default());
        let host = RustHost {
            shared: Arc::downgrade(&shared),
            events: events.clone(),
            handlers: self.handlers,
            running: BTreeMap::new(),
            remember,
            traces: self.trace,
        };
        let client = Client::new(shared.clone(), events);
        start(Driver::new(shared.clone(), host, transport));
        let (tx, opened) = oneshot::channel();
        shared.command(|session, now| session.open(Waiting::new(tx, None), now));
        match opened.await {
            Ok(answer) => answer.map(|_| client),
            Err(oneshot::Canceled) => Err(Error::new(ErrorKind::Closed)),
        }
    }
}
