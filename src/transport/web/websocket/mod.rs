//! The WebSocket carrier over the host's own class.

mod link;
mod socket;

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use js_sys::Function;

use self::socket::Socket;
use crate::platform::{BoxFuture, MaybeSend, MaybeSync, base64, sleep};
use crate::text::join;
use crate::transport::address::is_token;
use crate::transport::address::{check, config};
use crate::transport::offer::Subprotocols;
use crate::transport::token::TokenSource;
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// A WebSocket transport over the host's own WebSocket: pages, workers of every kind, Deno, Bun, workerd, and Node
/// with the class of a library.
///
/// Every [`connect`](Transport::connect) makes a fresh socket; dropping its link unhooks and closes it. A link closes
/// with 4003 on a binary frame, 4009 on a message over the limit and 4008 when messages come faster than they are
/// taken, for a script can neither use the codes of RFC 6455 nor slow its peer down. A host never says why a socket did
/// not open: every such failure is [`TransportErrorKind::ConnectFailed`] with the possible causes. Headers and extra
/// roots cannot be set from a script, so those methods exist natively only.
pub struct WebSocket {
    url: String,
    label: String,
    class: Option<Function>,
    token: Option<TokenSource>,
    subprotocols: Subprotocols,
    /// The automatic offer was found not to be taken.
    bare: bool,
    max_message: usize,
    connect_timeout: Duration,
}

impl WebSocket {
    /// A transport to `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for an address that cannot work: empty, not `ws://` or `wss://`, without a host,
    /// with a user name or a fragment.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        Ok(Self {
            label: check(url)?.into(),
            url: url.into(),
            class: None,
            token: None,
            subprotocols: Subprotocols::Auto,
            bare: false,
            max_message: 16 << 20,
            connect_timeout: Duration::from_secs(10),
        })
    }

    /// Uses this class instead of the host's global `WebSocket`: any with the same members, such as that of Node's
    /// package `ws`.
    pub fn constructor(mut self, class: Function) -> Self {
        self.class = Some(class);
        self
    }

    /// Offers the token as the subprotocol `mcp.auth.<token>`, base64url-encoded where a subprotocol could not carry it
    /// as it is. A script cannot set headers.
    ///
    /// Subprotocols end up in access logs of servers and proxies: prefer a cookie, or a short-lived ticket in the
    /// address. With a token the automatic second attempt without an offer is not made, and `mcp` is offered even with
    /// [`Subprotocols::None`]: a host insists that the server selects something, which is never the token.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for a token that is empty or not visible ASCII.
    pub fn token(mut self, token: impl Into<String>) -> Result<Self, TransportError> {
        self.token = Some(TokenSource::fixed(token.into())?);
        Ok(self)
    }

    /// Asks for a token before every connection and offers it as [`token`](Self::token) does.
    ///
    /// The time it takes does not count against the connect timeout: somebody may be signing in.
    ///
    /// # Errors
    /// None here; natively beside an `Authorization` header.
    pub fn token_provider(
        mut self,
        provider: impl Fn() -> BoxFuture<'static, Result<String, TransportError>> + MaybeSend + MaybeSync + 'static,
    ) -> Result<Self, TransportError> {
        self.token = Some(TokenSource::Provider(Box::new(provider)));
        Ok(self)
    }

    /// Which subprotocols to offer. Default: [`Subprotocols::Auto`].
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for a list that no handshake can carry.
    pub fn subprotocols(mut self, subprotocols: Subprotocols) -> Result<Self, TransportError> {
        subprotocols.check()?;
        self.bare = false;
        self.subprotocols = subprotocols;
        Ok(self)
    }

    /// The largest message taken from the server, in UTF-16 code units (at most as many as bytes). Default: 16 Mi.
    ///
    /// A larger one ends the link with [`TransportErrorKind::TooLarge`] before it is parsed.
    pub fn max_message(mut self, size: usize) -> Self {
        self.max_message = size;
        self
    }

    /// How long a socket may take to open. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether to ask for permessage-deflate. A host decides that itself and tells nobody. Default: no.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] where it is asked for.
    pub fn compression(self, wanted: bool) -> Result<Self, TransportError> {
        if wanted {
            return Err(config("compression is the host's own decision and cannot be set by a script; leave it off"));
        }
        Ok(self)
    }

    /// Opens one socket; `Ok(Err(_))` is a failure that the offer may be the reason of.
    async fn attempt(&self, token: Option<&str>) -> Result<Result<Link, TransportError>, TransportError> {
        let mut offer = self.subprotocols.offer(self.bare);
        if let Some(token) = token {
            // No server selects the token, and a host fails a socket whose offer was not taken: something else goes with it.
            if offer.is_empty() {
                offer.push("mcp".into());
            }
            offer.push(auth_protocol(token));
        }
        let socket = Socket::open(self.class.as_ref(), &self.url, &offer, self.max_message)?;
        let mut timeout = sleep(self.connect_timeout);
        poll_fn(|cx| {
            let mut state = socket.state.borrow_mut();
            if state.opened {
                return Poll::Ready(Ok(Ok(())));
            }
            if let Some(Err(error)) = &state.end {
                return Poll::Ready(Ok(Err(error.clone())));
            }
            state.reader = Some(cx.waker().clone());
            drop(state);
            timeout.as_mut().poll(cx).map(|()| Err(timed_out()))
        })
        .await
        .map(|opened| opened.map(|()| link::link(socket)))
    }
}

impl Transport for WebSocket {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let token = match &self.token {
                Some(source) => Some(source.token().await?),
                None => None,
            };
            let failed = match self.attempt(token.as_deref()).await? {
                Ok(link) => return Ok(link),
                Err(error) => error,
            };
            if token.is_some() || self.bare || self.subprotocols != Subprotocols::Auto {
                return Err(failed);
            }
            self.bare = true;
            let second = self.attempt(None).await.and_then(|second| second);
            if second.is_err() {
                // The offer was not the reason, or not the only one: it stands the next time.
                self.bare = false;
            }
            second
        })
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocket(")?;
        f.write_str(&self.label)?;
        f.write_str(")")
    }
}

/// The subprotocol that carries a token.
fn auth_protocol(token: &str) -> String {
    if is_token(token) {
        return join(&["mcp.auth.", token]);
    }
    let base64url = |c| match c {
        '+' => Some('-'),
        '/' => Some('_'),
        '=' => None,
        other => Some(other),
    };
    let encoded: String = base64(token).chars().filter_map(base64url).collect();
    join(&["mcp.auth.", &encoded])
}

fn timed_out() -> TransportError {
    TransportError::new(
        TransportErrorKind::ConnectFailed,
        "the WebSocket did not open in time; check that the server is reachable, or raise connect_timeout",
    )
}
