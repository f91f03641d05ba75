//! HTTP connections: Streamable HTTP, pages, and WebSocket upgrades at the same address.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use http::header::{UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};

use super::accept::Stopping;
use super::door::Door;
use super::pace::{Counted, Judge, Pace, Paced};
use crate::platform::{BoxFuture, Lock};
use crate::server::Peer;
use crate::server::http::{HttpBody, HttpService, is_preflight, refusal};
use crate::transport::{Link, served};

/// Largest request head in bytes, with room for arguments that are repeated in headers.
const MAX_HEAD: usize = 64 * 1024;
/// How often an HTTP/2 client is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// What answers at an address that speaks HTTP.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) service: HttpService,
    pub(super) door: Arc<Door>,
    pub(super) websocket: bool,
    pub(super) timeout: Duration,
    /// How long a connection may be without a request.
    pub(super) idle: Duration,
    pub(super) streams: u32,
}

/// What happens to a connection from elsewhere.
enum Signal {
    Tick,
    Stop,
}

impl Front {
    /// Serves a connection until it ends, or becomes a WebSocket.
    pub(super) async fn serve<S>(&self, stream: S, peer: Peer, stopping: &Stopping) -> Option<(Link, Peer)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pace = Arc::new(Pace::default());
        let mut judge = Judge::new(pace.clone(), self.timeout, self.idle);
        let tick = judge.tick();
        let ticking = || -> BoxFuture<'static, Signal> {
            Box::pin(async move {
                tokio::time::sleep(tick).await;
                Signal::Tick
            })
        };
        let answering = Arc::new(Answering {
            service: self.service.connection(Peer { transport: "http", ..peer }),
            websocket: self.websocket,
            door: self.door.clone(),
            pace: pace.clone(),
            upgrade: Lock::default(),
        });
        let answers = answering.clone();
        let service = service_fn(move |request| {
            let answers = answers.clone();
            async move { answers.answer(request).await }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // Heads that do not come are the judge's business: a timer for each would cost more than many a request.
        builder.http1().header_read_timeout(None).max_buf_size(MAX_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .max_concurrent_streams(self.streams)
            .max_header_list_size(MAX_HEAD as u32);
        let stream = TokioIo::new(Paced::new(stream, pace));
        let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(stream, service));
        // Looked at only when one of them wakes, however often the connection does.
        let mut signals: FuturesUnordered<BoxFuture<'static, Signal>> = FuturesUnordered::new();
        signals.push(ticking());
        let stop = stopping.wait();
        signals.push(Box::pin(async move {
            stop.await;
            Signal::Stop
        }));
        loop {
            tokio::select! {
                biased;
                // How a connection ends is its client's business.
                _ = connection.as_mut() => break,
                Some(signal) = signals.next() => match signal {
                    Signal::Stop => connection.as_mut().graceful_shutdown(),
                    Signal::Tick if judge.look() => signals.push(ticking()),
                    Signal::Tick => return None,
                },
            }
        }
        let (upgrade, peer) = answering.upgrade.lock().take()?;
        let upgraded = tokio::time::timeout(self.timeout, upgrade).await.ok()?.ok()?;
        let peer = Peer { transport: "websocket", ..(*peer).clone() };
        Some((served(TokioIo::new(upgraded), Vec::new(), self.door.max_message), peer))
    }
}

/// Answers the requests of one connection.
struct Answering {
    service: HttpService,
    websocket: bool,
    door: Arc<Door>,
    pace: Arc<Pace>,
    /// Set where the connection becomes a WebSocket, of this peer.
    upgrade: Lock<Option<(OnUpgrade, Arc<Peer>)>>,
}

impl Answering {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Counted>, Infallible> {
        let active = self.pace.begin(request.version() == Version::HTTP_2);
        let response = self.respond(request).await;
        Ok(response.map(|body| Counted { body, _active: active }))
    }

    async fn respond(&self, mut request: Request<Incoming>) -> Response<HttpBody> {
        let peer = match self.service.admit(request.headers(), request.uri()) {
            Ok(peer) => peer,
            Err(refused) => return *refused,
        };
        let path = request.uri().path();
        let upgrades = self.websocket && request.headers().contains_key(UPGRADE);
        if request.method() == Method::GET
            && !upgrades
            && let Some(page) = self.door.pages.get(path)
        {
            return page.response();
        }
        if self.door.path.as_deref().is_some_and(|served| served != path) {
            let nothing = refusal(StatusCode::NOT_FOUND, "there is nothing at this path");
            return self.service.readable(request.headers(), nothing);
        }
        // A browser asks on its own behalf whether the page may send the token (WHATWG Fetch, CORS-preflight).
        if !is_preflight(request.method(), request.headers())
            && let Err((status, why)) = self.door.check_token(request.headers())
        {
            let mut refused = refusal(status, why);
            refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return self.service.readable(request.headers(), refused);
        }
        if upgrades {
            return self.upgrade(&mut request, peer);
        }
        self.service.serve_admitted(request, peer).await
    }

    fn upgrade(&self, request: &mut Request<Incoming>, peer: Arc<Peer>) -> Response<HttpBody> {
        let mut head = Request::new(());
        *head.method_mut() = request.method().clone();
        *head.version_mut() = request.version();
        *head.headers_mut() = request.headers().clone();
        match Door::accept(&head) {
            Ok(response) => {
                *self.upgrade.lock() = Some((hyper::upgrade::on(request), peer));
                response.map(|()| HttpBody::whole(""))
            }
            Err((status, why)) => refusal(status, why),
        }
    }
}
