//! The WebSocket carrier over TCP and TLS.

mod carrier;
mod connect;
mod io;
mod link;

use std::fmt;
use std::time::Duration;

use self::carrier::{HeaderMap, HeaderName, HeaderValue, Uri};
use super::tls;
#[cfg(feature = "server")]
use crate::frame::{Liveness, Profile};
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
use crate::transport::address::{check, config};
use crate::transport::offer::Subprotocols;
use crate::transport::token::TokenSource;
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// The server's end of a connection whose handshake is done, as a link; `read` is what came behind it already.
#[cfg(feature = "server")]
pub(crate) fn served<S>(stream: S, read: Vec<u8>, max_message: usize) -> Link
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let link = link::link(carrier::Carrier::served(stream, read, max_message));
    Link { profile: Profile::SharedChannel { reopen: false, liveness: Liveness::Ping }, ..link }
}

/// Headers that the handshake itself sets.
const RESERVED: [&str; 6] =
    ["host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-accept"];

/// A WebSocket transport: `ws://` and `wss://` (RFC 6455), one JSON-RPC message per text frame.
///
/// Every [`connect`](Transport::connect) opens a fresh socket with `TCP_NODELAY`, so that a session may reconnect. Its
/// links hold a sender back once the socket takes no more, answer the peer's pings, and close with 1003 on a binary
/// frame, 1007 on text that is not UTF-8 and 1009 on a message over the limit. Redirects are not followed.
///
/// Nothing here writes a header, a token or a message to a log, but the library below does, to the target `tungstenite`
/// of the `log` crate at level *trace*: keep that level off where logs are kept.
///
/// ```
/// # fn main() -> Result<(), everywire::transport::TransportError> {
/// use everywire::transport::WebSocket;
/// let transport = WebSocket::new("ws://127.0.0.1:9001/")?.header("x-team", "blue")?.token("secret")?;
/// assert!(!format!("{transport:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
pub struct WebSocket {
    target: Target,
    headers: HeaderMap,
    token: Option<TokenSource>,
    subprotocols: Subprotocols,
    /// The automatic offer was found not to be taken.
    bare: bool,
    max_message: usize,
    connect_timeout: Duration,
    trust: tls::Trust,
}

/// Where a transport connects to.
struct Target {
    uri: Uri,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    secure: bool,
    /// The address as errors show it, without its query.
    label: String,
}

impl WebSocket {
    /// A transport to `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for an address that cannot work: empty, not `ws://` or `wss://`, without a host,
    /// with a user name or a fragment, or `wss://` in a build without the feature `tls`.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        let label = check(url)?.to_owned();
        let invalid = || config("the WebSocket address is not a valid URL; check host, port and characters");
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let secure = uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss"));
        if secure {
            tls::available("wss")?;
        }
        let authority = uri.authority().ok_or_else(invalid)?;
        let bracketed = authority.host();
        // A port that is no number between 0 and 65535 reads as none at all.
        let port = match (authority.port_u16(), authority.as_str().strip_prefix(bracketed)) {
            (Some(port), _) => port,
            (None, Some("")) => [80, 443][usize::from(secure)],
            _ => return Err(invalid()),
        };
        let host = bracketed.trim_matches(['[', ']']).to_owned();
        Ok(Self {
            target: Target { host, port, secure, label, uri },
            headers: HeaderMap::new(),
            token: None,
            subprotocols: Subprotocols::Auto,
            bare: false,
            max_message: 16 << 20,
            connect_timeout: Duration::from_secs(10),
            trust: tls::Trust::default(),
        })
    }

    /// Sends a header with the handshake. Browsers cannot, so this does not exist on wasm32.
    ///
    /// The value is treated as a secret: neither errors nor `Debug` show it.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for what is no header, for `Authorization` beside a token, and for those of the
    /// handshake itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, TransportError> {
        let name = HeaderName::try_from(name)
            .map_err(|_| config("a header has a name of letters, digits and hyphens; check the name given"))?;
        if RESERVED.contains(&name.as_str()) {
            return Err(config(format!("the header {name} is set by the handshake itself; leave it out")));
        }
        match name.as_str() {
            "sec-websocket-protocol" => return Err(config("set `subprotocols` instead of the header for them")),
            "sec-websocket-extensions" => return Err(config("WebSocket extensions cannot be set by a header")),
            "authorization" if self.token.is_some() => return Err(twice()),
            _ => {}
        }
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| config(format!("the value of the header {name} contains a control character")))?;
        value.set_sensitive(true);
        self.headers.append(name, value);
        Ok(self)
    }

    /// Sends `Authorization: Bearer <token>` with every handshake.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] for a token that no header can carry, or beside an `Authorization` header.
    pub fn token(mut self, token: impl Into<String>) -> Result<Self, TransportError> {
        if self.headers.contains_key("authorization") {
            return Err(twice());
        }
        self.token = Some(TokenSource::fixed(token.into())?);
        Ok(self)
    }

    /// Asks for a token before every handshake and sends it as `Authorization: Bearer <token>`.
    ///
    /// The time it takes does not count against the connect timeout: somebody may be signing in.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] beside an `Authorization` header.
    pub fn token_provider(
        mut self,
        provider: impl Fn() -> BoxFuture<'static, Result<String, TransportError>> + MaybeSend + MaybeSync + 'static,
    ) -> Result<Self, TransportError> {
        if self.headers.contains_key("authorization") {
            return Err(twice());
        }
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

    /// The largest message taken from the server, in bytes. Default: 16 MiB.
    ///
    /// A larger one ends the link with [`TransportErrorKind::TooLarge`] as soon as its size is announced, before
    /// memory is set aside for it.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How long name resolution, TCP, TLS and the WebSocket handshake may take together. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether to offer permessage-deflate (RFC 7692). Default: no.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] where it is asked for: this carrier has no compression.
    pub fn compression(self, wanted: bool) -> Result<Self, TransportError> {
        if wanted {
            return Err(config("this WebSocket carrier cannot compress; leave compression off"));
        }
        Ok(self)
    }

    /// Trusts the certificates of a PEM text beside the system's roots.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`] where the text holds no usable certificate.
    #[cfg(feature = "tls")]
    pub fn extra_root(mut self, pem: impl AsRef<[u8]>) -> Result<Self, TransportError> {
        self.trust.add(pem.as_ref())?;
        Ok(self)
    }

    fn has_token(&self) -> bool {
        self.token.is_some()
    }
}

impl Transport for WebSocket {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let mut headers = self.headers.clone();
            if let Some(source) = &self.token {
                headers.insert("authorization", connect::bearer(&source.token().await?)?);
            }
            let timeout = self.connect_timeout;
            match tokio::time::timeout(timeout, self.open(&headers)).await {
                Ok(result) => result,
                Err(_) => Err(TransportError::new(
                    TransportErrorKind::ConnectFailed,
                    format!(
                        "{} did not complete the handshake within {} ms; check that it is reachable, or raise connect_timeout",
                        self.target.label,
                        timeout.as_millis()
                    ),
                )),
            }
        })
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("url", &self.target.label)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("subprotocols", &self.subprotocols)
            .finish_non_exhaustive()
    }
}

fn twice() -> TransportError {
    config("a token and an Authorization header were both given; keep one of them")
}
