//! The options of a listener.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::accept::Limits;
use super::door::{Door, Refused};
use super::http::Front;
use super::lines::Lines;
use super::listener::{Bound, Listener};
use super::pace;
use super::page::Page;
use super::reception::{Reception, Speaks};
use super::serve::Serve;
use super::tcp::Tcp;
use super::token::Token;
use super::unix::Unix;
use crate::error::Error;
use crate::platform::BoxFuture;
use crate::server::http::{HttpOptions, HttpService};
use crate::server::origin::{Origin, Policy};
use crate::server::{Peer, Server};

/// Options of a listener; `.await` binds it.
///
/// # Errors
/// Where the address is not one, is taken, or is not loopback without [`Self::allow_remote`]; where at the path of a Unix
/// socket there is something else than a socket that was left behind; where an allowed origin, the path or the token is none; where an option says something about another kind of listener.
#[derive(Clone)]
#[must_use = "nothing is bound until it is awaited"]
pub struct Bind {
    place: Place,
    serve: Arc<dyn Serve>,
    /// Set where `serve` is a server: HTTP needs more of it than links.
    server: Option<Server>,
    websocket: bool,
    http: Option<HttpOptions>,
    remote: bool,
    mode: Option<u32>,
    web: Web,
    refused: Option<Refused>,
    max_connections: usize,
    max_message: usize,
    handshake_timeout: Duration,
    idle_timeout: Option<Duration>,
    drain: Duration,
}

#[derive(Debug, Clone)]
enum Place {
    Tcp(String),
    Unix(PathBuf),
}

/// What only clients that begin with an HTTP request can be asked for and be given.
#[derive(Debug, Clone, Default)]
struct Web {
    origins: Vec<String>,
    own_pages: bool,
    hosts: Vec<String>,
    path: Option<String>,
    pages: BTreeMap<String, Page>,
    token: Option<String>,
}

impl Bind {
    /// WebSocket connections go to `serve`, which is a [`Server`] or something of your own. For a server there is
    /// [`Server::bind_websocket`].
    pub fn websocket(address: impl ToString, serve: impl Serve) -> Self {
        Self { websocket: true, ..Self::new(Place::Tcp(address.to_string()), Arc::new(serve)) }
    }

    /// TCP connections, which carry one message per line, go to `serve`. See [`Server::bind_tcp`].
    pub fn tcp(address: impl ToString, serve: impl Serve) -> Self {
        Self::new(Place::Tcp(address.to_string()), Arc::new(serve))
    }

    /// Connections to a Unix socket, which carry one message per line, go to `serve`. See [`Server::bind_unix`].
    pub fn unix(path: impl Into<PathBuf>, serve: impl Serve) -> Self {
        Self::new(Place::Unix(path.into()), Arc::new(serve))
    }

    /// As [`Self::websocket`], of a server.
    pub(super) fn server_websocket(address: String, server: &Server) -> Self {
        Self { server: Some(server.clone()), ..Self::websocket(address, server.clone()) }
    }

    /// Streamable HTTP.
    pub(super) fn server_http(address: String, server: &Server) -> Self {
        Self {
            http: Some(HttpOptions::default()),
            server: Some(server.clone()),
            ..Self::new(Place::Tcp(address), Arc::new(server.clone()))
        }
    }

    fn new(place: Place, serve: Arc<dyn Serve>) -> Self {
        Self {
            place,
            serve,
            server: None,
            websocket: false,
            http: None,
            remote: false,
            mode: None,
            web: Web::default(),
            refused: None,
            max_connections: 1024,
            max_message: 16 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: None,
            drain: Duration::from_secs(10),
        }
    }

    /// Serves Streamable HTTP, with these options; beside WebSocket where that is served. It takes a [`Server`]: what serves
    /// links only cannot answer HTTP requests.
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.http = Some(options);
        self
    }

    /// Serves WebSocket too, at the same path.
    pub fn and_websocket(mut self) -> Self {
        self.websocket = true;
        self
    }

    /// Whether other machines may reach the server. Without it only loopback addresses can be bound. Put authentication
    /// and TLS in front of a server that is reachable.
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.remote = allow;
        self
    }

    /// Lets pages of this origin connect, `https://app.example` say: scheme, host and port have to be the same. Pages on
    /// loopback may too, unless [`Self::own_pages_only`] says otherwise, and programs, which send no `Origin`. HTTP and
    /// WebSocket only.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.web.origins.push(origin.into());
        self
    }

    /// Whether, of the pages on this machine, only those of this very listener may connect: see [`Self::page`]. Default:
    /// pages of any loopback origin may. With it a server that is not on loopback is known by its addresses and by the names
    /// of [`Self::allow_host`] only. HTTP and WebSocket only.
    pub fn own_pages_only(mut self, only: bool) -> Self {
        self.web.own_pages = only;
        self
    }

    /// Calls this for every handshake that is refused, with who asked, the HTTP status and the sentence that they were told:
    /// 401 without the token, 403 from a page that may not connect, for example. WebSocket listeners without HTTP only.
    pub fn on_refused(mut self, refused: impl Fn(&Peer, u16, &str) + Send + Sync + 'static) -> Self {
        self.refused = Some(Refused(Arc::new(refused)));
        self
    }

    /// Lets a server on loopback be addressed by this name, as a proxy in front of it does. Other names are refused,
    /// since a page could have made them point here (DNS rebinding). HTTP and WebSocket only.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.web.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Serves this path only, `/mcp` say; others are answered with 404. Default: any path. HTTP and WebSocket only.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.web.path = Some(path.into());
        self
    }

    /// Answers plain `GET` requests for this path with a page: an inspector, a note for people who open the address, a
    /// sign of life for a load balancer. The checks of host and origin hold for pages too, the token is not asked for.
    /// HTTP and WebSocket only.
    pub fn page(mut self, path: impl Into<String>, page: Page) -> Self {
        self.web.pages.insert(path.into(), page);
        self
    }

    /// Every client has to bring this token: in the header `Authorization: Bearer`, or, where a page's script can set none,
    /// as the WebSocket subprotocol `mcp.auth.<token>`, in base64url where a subprotocol could not carry it as it is.
    /// Others are refused with 401 before anything they say is read. The subprotocol is never selected, so a page has to
    /// offer another one with it, `mcp` say, as this package does.
    ///
    /// It is compared in constant time. One token for all tells no clients apart. Of visible ASCII characters; make it of
    /// at least 16 random bytes. HTTP and WebSocket only: who may use a Unix socket its permissions say.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.web.token = Some(token.into());
        self
    }

    /// The permissions of a Unix socket's file, which hold from its first moment: whoever may write to it may connect.
    /// Default: 0600, its owner alone. Unix sockets with a path only.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Connections at a time. One more is told so and closed: with 503, or over TCP and Unix sockets with a JSON-RPC error
    /// without an id. Default: 1024.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// The largest message taken, in bytes; a larger one closes its WebSocket with code 1009, is answered with 413, or ends
    /// a TCP or Unix connection. Default: 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How long a client may take over the opening handshake, or over the head of an HTTP request; over TCP and Unix
    /// sockets, which have no handshake, until its first message has come whole. Default: 10 seconds.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How long a client may be idle before its connection is closed: it says nothing, no request of its is under way, and it
    /// has no subscription (that of `subscriptions/listen`, or of `resources/subscribe` in the legacy era). It takes up to a
    /// quarter longer.
    ///
    /// Default: `None`, for ever, since an editor that was left open over the weekend is a client like any other. Clients
    /// whose machine is gone are noticed without it: over WebSocket by its pings
    /// ([`ServerBuilder::keep_alive`](crate::server::ServerBuilder::keep_alive)), over TCP by those of the kernel, after some
    /// three minutes. An HTTP connection without a request has 75 seconds by default; `None` leaves it that.
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long requests under way may take to finish at a shutdown. Default: 10 seconds.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain = timeout;
        self
    }

    /// Whether the listener's clients speak in lines, not HTTP.
    fn is_lines(&self) -> bool {
        !self.websocket && self.http.is_none()
    }

    /// Refuses options that would do nothing.
    fn check(&self) -> Result<(), Error> {
        let unix = matches!(self.place, Place::Unix(_));
        if unix && !self.is_lines() {
            return Err(Error::config(
                "a Unix socket carries one message per line; HTTP and WebSocket need a TCP address",
            ));
        }
        if unix && self.remote {
            return Err(Error::config("no other machine can reach a Unix socket; leave allow_remote out"));
        }
        if !unix && self.mode.is_some() {
            return Err(Error::config("only a Unix socket has permissions; leave the mode out"));
        }
        if self.refused.is_some() && (self.is_lines() || self.http.is_some()) {
            return Err(Error::config("only a WebSocket listener without HTTP tells of refused handshakes"));
        }
        let Web { origins, own_pages, hosts, path, pages, token } = &self.web;
        let web = !origins.is_empty()
            || *own_pages
            || !hosts.is_empty()
            || path.is_some()
            || !pages.is_empty()
            || token.is_some();
        if self.is_lines() && web {
            return Err(Error::config(
                "origins, hosts, paths, pages and tokens are for HTTP and WebSocket; a TCP or Unix connection has none of \
                 them",
            ));
        }
        if let Some(path) = path.as_deref().filter(|path| !path.starts_with('/')) {
            return Err(Error::config(format!("{path:?} is no path; write it from the root, /mcp")));
        }
        Ok(())
    }

    async fn bind(self) -> Result<Listener, Error> {
        self.check()?;
        let origins = Origin::parse_all(&self.web.origins)?;
        let token = self.web.token.as_deref().map(Token::new).transpose()?;
        let (socket, loopback, url) = match &self.place {
            Place::Unix(path) => {
                let unix = Unix::bind(path, self.mode).await?;
                (Bound::Unix(unix), true, format!("unix:{}", path.display()))
            }
            Place::Tcp(address) => {
                let tcp = Tcp::bind(address, self.remote).await?;
                let url = match self.is_lines() {
                    true => format!("tcp://{}", tcp.address),
                    false => {
                        let scheme = if self.http.is_some() { "http" } else { "ws" };
                        format!("{scheme}://{}{}", tcp.address, self.web.path.as_deref().unwrap_or("/"))
                    }
                };
                let loopback = tcp.address.ip().is_loopback();
                (Bound::Tcp(tcp), loopback, url)
            }
        };
        let speaks = if self.is_lines() {
            Speaks::Lines(Lines {
                transport: if matches!(socket, Bound::Unix(_)) { "unix" } else { "tcp" },
                max_message: self.max_message,
                timeout: self.handshake_timeout,
            })
        } else {
            let policy = Policy { origins, hosts: self.web.hosts, loopback, own_pages: self.web.own_pages };
            let door = Door {
                policy: policy.clone(),
                path: self.web.path,
                pages: self.web.pages,
                token,
                max_message: self.max_message,
                refused: self.refused,
            };
            match (self.http, self.server) {
                (None, _) => Speaks::WebSocket(door),
                (Some(options), Some(server)) => Speaks::Http(Front {
                    streams: u32::try_from(server.inner.limits.in_flight).unwrap_or(u32::MAX),
                    service: HttpService::new(server, policy, self.max_message, options),
                    door: Arc::new(door),
                    websocket: self.websocket,
                    timeout: self.handshake_timeout,
                    idle: self.idle_timeout.unwrap_or(pace::IDLE),
                }),
                (Some(_), None) => {
                    return Err(Error::config("only a Server answers over HTTP; begin with Server::bind_http"));
                }
            }
        };
        Ok(Listener {
            socket,
            reception: Arc::new(Reception {
                serve: self.serve,
                speaks,
                handshake_timeout: self.handshake_timeout,
                idle_timeout: self.idle_timeout,
            }),
            limits: Limits { connections: self.max_connections, drain: self.drain },
            url,
        })
    }
}

impl IntoFuture for Bind {
    type Output = Result<Listener, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.bind())
    }
}

impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out of it.
        f.debug_struct("Bind")
            .field("place", &self.place)
            .field("websocket", &self.websocket)
            .field("http", &self.http)
            .field("remote", &self.remote)
            .field("max_connections", &self.max_connections)
            .field("max_message", &self.max_message)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("drain", &self.drain)
            .finish_non_exhaustive()
    }
}
