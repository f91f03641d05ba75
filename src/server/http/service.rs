//! The endpoint as a service: what every request has to pass before it is a message.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use tokio::sync::watch;

use super::body::HttpBody;
use super::cors;
use super::head;
use super::modern::is_modern;
use super::options::HttpOptions;
use super::receive::receive;
use super::reply::{self, Reply, refuse};
use super::sessions::Sessions;
use crate::json::{Malformed, MessageId, Text};
use crate::platform::{BoxFuture, Lock};
use crate::proto::code;
use crate::proto::versions::LEGACY;
use crate::server::Server;
use crate::server::answer::Failure;
use crate::server::dispatch::{Asked, Params};
use crate::server::meta::MetaReader;
use crate::server::origin::Policy;
use crate::server::peer::Peer;

pub(super) const ALLOW: &str = "GET, POST, DELETE";
pub(super) const ALLOW_STATELESS: &str = "POST";

/// Who a request was authenticated as. Authentication in front of [`HttpService`] puts it into the request's extensions
/// (as a [`Peer`] may be put there, of whom the server in front knows more):
/// handlers see it ([`RequestContext::principal`](crate::server::RequestContext::principal)), and sessions and the state
/// of interactive requests are bound to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal(String);

impl Principal {
    /// By a name that is the same for each request of this caller and for nobody else's.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Principal").finish_non_exhaustive()
    }
}

/// An MCP endpoint over Streamable HTTP, in every revision, as a [`tower_service::Service`]: it mounts in hyper, tower and
/// axum (`router.route_service("/mcp", service)`). Cheap to clone; clones share their sessions. [`Server::http_service`]
/// makes one.
///
/// It answers at whatever path it is asked, and needs a tokio runtime.
#[derive(Clone)]
pub struct HttpService {
    endpoint: Arc<Endpoint>,
    memory: Arc<Memory>,
}

/// Who sends a request.
pub(super) struct Caller {
    pub(super) principal: Option<String>,
    pub(super) peer: Arc<Peer>,
}

/// What requests mostly have in common with the last one, which was looked at already.
struct Memory {
    /// What is known of every peer.
    peer: Peer,
    meta: Lock<MetaReader>,
    admitted: Lock<Option<Admitted>>,
}

/// Addressed by this name and on behalf of this origin a request is admitted.
struct Admitted {
    host: HeaderValue,
    origin: Option<HeaderValue>,
    peer: Arc<Peer>,
}

impl Memory {
    fn new(peer: Peer) -> Arc<Self> {
        Arc::new(Self { peer, meta: Lock::default(), admitted: Lock::default() })
    }
}

pub(super) struct Endpoint {
    pub(super) server: Server,
    pub(super) options: HttpOptions,
    pub(super) sessions: Sessions,
    policy: Policy,
    cors: bool,
    max_message: usize,
    closing: watch::Sender<bool>,
}

impl HttpService {
    pub(in crate::server) fn new(server: Server, policy: Policy, max_message: usize, options: HttpOptions) -> Self {
        let sessions = Sessions::new(&options);
        let cors = options.cors || !policy.origins.is_empty();
        let closing = watch::Sender::new(false);
        let endpoint = Endpoint { server, options, sessions, policy, cors, max_message, closing };
        Self { endpoint: Arc::new(endpoint), memory: Memory::new(Peer::new("http")) }
    }

    /// The same endpoint for another connection, whose client's requests are like each other.
    pub(in crate::server) fn connection(&self, peer: Peer) -> Self {
        Self { endpoint: self.endpoint.clone(), memory: Memory::new(peer) }
    }

    /// Begins to stop: subscriptions end with a result, other streams that nobody's answer is awaited on end, new requests
    /// are answered with 503. Requests under way go on. For servers of your own, whose graceful shutdown would wait for
    /// those streams for ever.
    pub fn shutdown(&self) {
        self.endpoint.closing.send_replace(true);
        self.endpoint.sessions.close();
    }

    /// Ends every session at once; what runs for them is dropped.
    pub(in crate::server) fn end(&self) {
        self.endpoint.sessions.clear();
    }

    /// Who sends a request.
    ///
    /// # Errors
    /// The answer to a request that is addressed under a wrong name, or by a page that may not.
    pub(in crate::server) fn admit(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
    ) -> Result<Arc<Peer>, Box<Response<HttpBody>>> {
        self.endpoint.admit(headers, uri, &self.memory)
    }

    async fn serve<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Response<HttpBody> {
        match self.admit(request.headers(), request.uri()) {
            Ok(peer) => {
                let told = request.extensions().get::<Peer>().cloned();
                self.serve_admitted(request, told.map_or(peer, Arc::new)).await
            }
            Err(refused) => *refused,
        }
    }

    /// Answers a request of this peer, which was [admitted](Self::admit).
    pub(in crate::server) async fn serve_admitted<B: Body<Data = Bytes>>(
        &self,
        request: Request<B>,
        peer: Arc<Peer>,
    ) -> Response<HttpBody> {
        let (parts, body) = request.into_parts();
        let preflight = self.endpoint.cors
            && parts.headers.contains_key(ORIGIN)
            && cors::is_preflight(&parts.method, &parts.headers);
        let reply = match preflight {
            true => cors::preflight(&parts.headers),
            false => self.endpoint.answer(&parts, body, peer, &self.memory.meta).await,
        };
        self.readable(&parts.headers, reply)
    }

    /// An answer that the page which asked, if one did, can read.
    pub(in crate::server) fn readable(&self, asked: &HeaderMap, mut reply: Response<HttpBody>) -> Response<HttpBody> {
        if self.endpoint.cors {
            cors::apply(&mut reply, asked.get(ORIGIN).cloned());
        }
        reply
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("server", &self.endpoint.server).finish_non_exhaustive()
    }
}

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<HttpBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.serve(request).await) })
    }
}

impl Endpoint {
    /// Completes when the endpoint is to stop.
    pub(super) fn closing(&self) -> BoxFuture<'static, ()> {
        let mut closing = self.closing.subscribe();
        Box::pin(async move {
            let _ = closing.wait_for(|closing| *closing).await;
        })
    }

    /// Under which name the server is addressed, and by whose page.
    fn admit(&self, headers: &HeaderMap, uri: &Uri, memory: &Memory) -> Result<Arc<Peer>, Box<Reply>> {
        let same = |Admitted { host, origin, .. }: &Admitted| {
            let mut hosts = headers.get_all(HOST).iter();
            hosts.next() == Some(host) && hosts.next().is_none() && headers.get(ORIGIN) == origin.as_ref()
        };
        if let Some(known) = memory.admitted.lock().as_ref().filter(|known| same(known)) {
            return Ok(known.peer.clone());
        }
        let readable = |value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}").to_owned();
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => Some(readable(host)),
            // HTTP/2 has it in the URI.
            (None, _) => uri.authority().map(|authority| authority.as_str().to_owned()),
            (Some(_), Some(_)) => None,
        };
        let Some(host) = host else {
            return Err(Box::new(refuse(StatusCode::BAD_REQUEST, "the request needs exactly one Host header")));
        };
        let origin = headers.get(ORIGIN).map(readable);
        let admitted = self.policy.check(Some(&host), origin.as_deref());
        admitted.map_err(|why| Box::new(refuse(StatusCode::FORBIDDEN, why)))?;
        let peer = Arc::new(Peer { origin, ..memory.peer.clone() });
        if let Some(host) = headers.get(HOST) {
            let (host, origin, peer) = (host.clone(), headers.get(ORIGIN).cloned(), peer.clone());
            *memory.admitted.lock() = Some(Admitted { host, origin, peer });
        }
        Ok(peer)
    }

    async fn answer<B: Body<Data = Bytes>>(
        &self,
        parts: &Parts,
        body: B,
        peer: Arc<Peer>,
        reader: &Lock<MetaReader>,
    ) -> Reply {
        if *self.closing.borrow() {
            let text = "the server is shutting down; connect again";
            return reply::busy(StatusCode::SERVICE_UNAVAILABLE, None, text);
        }
        let principal = parts.extensions.get::<Principal>().map(|principal| principal.0.clone());
        match parts.method {
            Method::POST => self.post(parts, body, Caller { principal, peer }, reader).await,
            Method::GET => self.get(&parts.headers, principal.as_deref()),
            Method::DELETE => self.delete(&parts.headers, principal.as_deref()),
            _ => reply::not_allowed(if self.options.sessions { ALLOW } else { ALLOW_STATELESS }, "send a POST"),
        }
    }

    async fn post<B: Body<Data = Bytes>>(
        &self,
        parts: &Parts,
        body: B,
        caller: Caller,
        reader: &Lock<MetaReader>,
    ) -> Reply {
        let headers = &parts.headers;
        if !head::is_json(headers) {
            let text = "a message is JSON: send the header Content-Type: application/json";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
        }
        if !head::accepts_both(headers) {
            let text = "an answer may be either: send the header Accept: application/json, text/event-stream";
            return refuse(StatusCode::NOT_ACCEPTABLE, text);
        }
        let body = match receive(body, self.max_message, self.options.body_timeout).await {
            Ok(body) => body,
            Err(refused) => return refused,
        };
        let message = match Text::from_utf8(body).ok_or(Malformed::NotJson).and_then(|text| text.read()) {
            Ok(message) => message,
            Err(malformed) => {
                let code = match malformed {
                    Malformed::NotJson => code::PARSE_ERROR,
                    Malformed::Batch | Malformed::NotMessage => code::INVALID_REQUEST,
                };
                return reply::failure(&Failure::new(code, malformed.text()), None);
            }
        };
        match (message.method, message.id) {
            (Some(method), MessageId::Id(id)) => {
                let asked = Asked { id, method, params: message.params };
                self.request(headers, caller, asked, reader).await
            }
            (Some(_), MessageId::Alien) => {
                let text = "the id of a request must be a string or an integer below 2^53";
                refuse(StatusCode::BAD_REQUEST, text)
            }
            (Some(method), MessageId::Absent) => match version(headers) {
                Version::Legacy | Version::Unsaid => {
                    self.notified(headers, caller.principal.as_deref(), &method, message.params.as_ref())
                }
                Version::Modern => reply::empty(StatusCode::ACCEPTED),
                Version::Unknown => unknown_version(),
            },
            (None, id) => match version(headers) {
                Version::Legacy | Version::Unsaid => {
                    let id = if let MessageId::Id(id) = id { Some(id) } else { None };
                    self.answered(
                        headers,
                        caller.principal.as_deref(),
                        id.as_ref(),
                        message.result,
                        message.error.as_ref(),
                    )
                }
                Version::Modern => {
                    refuse(StatusCode::BAD_REQUEST, "a server of this revision asks nothing that could be answered")
                }
                Version::Unknown => unknown_version(),
            },
        }
    }

    async fn request(&self, headers: &HeaderMap, caller: Caller, asked: Asked, reader: &Lock<MetaReader>) -> Reply {
        let params = match Params::read(asked.params.as_ref()) {
            Ok(params) => params,
            Err(failure) => return reply::json(StatusCode::BAD_REQUEST, failure.text(Some(&asked.id))),
        };
        let meta = reader.lock().read(params.meta.as_ref());
        if is_modern(headers, &meta, params.meta.as_ref()) {
            return self.answer_modern(headers, caller, asked, params, meta).await;
        }
        match meta {
            Ok(meta) => self.answer_legacy(headers, caller, asked, params, meta).await,
            Err(failure) => reply::json(StatusCode::OK, failure.text(Some(&asked.id))),
        }
    }
}

/// What a message without params of its own says by its header.
enum Version {
    Unsaid,
    Legacy,
    Modern,
    Unknown,
}

fn version(headers: &HeaderMap) -> Version {
    match head::one(headers, &head::VERSION) {
        Ok(None) => Version::Unsaid,
        Ok(Some(said)) if LEGACY.contains(&said) => Version::Legacy,
        Ok(Some(said)) if crate::proto::versions::MODERN.contains(&said) => Version::Modern,
        _ => Version::Unknown,
    }
}

fn unknown_version() -> Reply {
    refuse(StatusCode::BAD_REQUEST, "MCP-Protocol-Version names no revision that is spoken here")
}
