//! HTTP connections: Streamable HTTP, pages, and WebSocket upgrades at the same address.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::handshake::Door;
use crate::platform::{BoxFuture, Lock};
use crate::server::http::{HttpBody, HttpService, refusal};
use crate::transport::{Link, served};

/// How long a connection may be without a request, and how often an HTTP/2 client is asked whether it is there.
const IDLE: Duration = Duration::from_secs(75);
const PING: Duration = Duration::from_secs(30);

/// What answers at an address that speaks HTTP.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) service: HttpService,
    pub(super) websocket: bool,
    pub(super) timeout: Duration,
    pub(super) streams: u32,
}

/// What one connection's requests leave behind.
#[derive(Default)]
struct Left {
    /// A request was read.
    begun: AtomicBool,
    /// The connection becomes a WebSocket.
    upgrade: Lock<Option<OnUpgrade>>,
}

impl Front {
    /// Serves a connection until it ends, or becomes a WebSocket.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        door: Arc<Door>,
        mut stopping: watch::Receiver<bool>,
    ) -> Option<Link> {
        let left = Arc::new(Left::default());
        let answering = Arc::new(Answering {
            service: self.service.connection(),
            websocket: self.websocket,
            door: door.clone(),
            left: left.clone(),
        });
        let service = service_fn(move |request| {
            let answering = answering.clone();
            let future: BoxFuture<'static, _> = Box::pin(async move { answering.answer(request).await });
            future
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .max_concurrent_streams(self.streams)
            .max_header_list_size(64 * 1024);
        let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut first = std::pin::pin!(tokio::time::sleep(self.timeout));
        let mut stop = std::pin::pin!(async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        });
        let (mut waiting, mut stopped) = (true, false);
        loop {
            tokio::select! {
                // How a connection ends is its client's business.
                _ = connection.as_mut() => break,
                () = first.as_mut(), if waiting => {
                    if !left.begun.load(Ordering::Relaxed) {
                        return None;
                    }
                    waiting = false;
                }
                () = stop.as_mut(), if !stopped => {
                    connection.as_mut().graceful_shutdown();
                    stopped = true;
                }
            }
        }
        let upgrade = left.upgrade.lock().take()?;
        let upgraded = tokio::time::timeout(self.timeout, upgrade).await.ok()?.ok()?;
        Some(served(TokioIo::new(upgraded), Vec::new(), door.max_message))
    }
}

/// Answers the requests of one connection.
struct Answering {
    service: HttpService,
    websocket: bool,
    door: Arc<Door>,
    left: Arc<Left>,
}

impl Answering {
    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<HttpBody>, Infallible> {
        self.left.begun.store(true, Ordering::Relaxed);
        if let Some(refused) = self.service.refused(request.headers(), request.uri()) {
            return Ok(refused);
        }
        let path = request.uri().path();
        let upgrades = self.websocket && request.headers().contains_key(UPGRADE);
        if request.method() == Method::GET
            && !upgrades
            && let Some(page) = self.door.pages.get(path)
        {
            return Ok(page.response());
        }
        if self.door.path.as_deref().is_some_and(|served| served != path) {
            return Ok(refusal(StatusCode::NOT_FOUND, "there is nothing at this path"));
        }
        if upgrades {
            return Ok(self.upgrade(&mut request));
        }
        Ok(self.service.clone().serve_admitted(request).await)
    }

    fn upgrade(&self, request: &mut Request<Incoming>) -> Response<HttpBody> {
        let mut head = Request::new(());
        *head.method_mut() = request.method().clone();
        *head.version_mut() = request.version();
        *head.headers_mut() = request.headers().clone();
        match Door::accept(&head) {
            Ok(response) => {
                *self.left.upgrade.lock() = Some(hyper::upgrade::on(request));
                response.map(|()| HttpBody::whole(""))
            }
            Err((status, why)) => refusal(status, why),
        }
    }
}
