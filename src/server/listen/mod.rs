//! Native listeners.

mod handshake;
mod http;
mod pace;
mod page;

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        #[path = "signal_unix.rs"]
        mod signal;
    } else {
        #[path = "signal_other.rs"]
        mod signal;
    }
}

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_tungstenite::tungstenite::http::StatusCode;

use self::http::Front;
use super::Server;
use super::http::{HttpOptions, HttpService};
use super::origin::{Origin, Policy};
use crate::error::Error;
use crate::platform::BoxFuture;
use handshake::{Door, refuse};
pub use page::Page;

impl Server {
    /// Listens for WebSocket connections: `server.bind_websocket("127.0.0.1:0").await?` is a [`Listener`]. Options come
    /// between the two.
    pub fn bind_websocket(&self, address: impl ToString) -> Bind {
        self.bind(address.to_string(), true, None)
    }

    /// Listens for Streamable HTTP, every revision of it, over HTTP/1.1 and HTTP/2 (with prior knowledge):
    /// `server.bind_http("127.0.0.1:0").await?` is a [`Listener`]. Options come between the two.
    pub fn bind_http(&self, address: impl ToString) -> Bind {
        self.bind(address.to_string(), false, Some(HttpOptions::default()))
    }

    fn bind(&self, address: String, websocket: bool, http: Option<HttpOptions>) -> Bind {
        Bind {
            server: self.clone(),
            address,
            websocket,
            http,
            remote: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            path: None,
            pages: BTreeMap::new(),
            max_connections: 1024,
            max_message: 16 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }

    /// Serves WebSocket connections until the future is dropped, which drops them all.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_websocket(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_websocket(address).await?.run(std::future::pending()).await
    }

    /// Serves WebSocket connections until the process is asked to stop (Ctrl-C, on Unix also SIGTERM), then finishes what
    /// is under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_websocket(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_websocket(address).await?.run(signal::asked_to_stop()).await
    }

    /// Serves Streamable HTTP until the future is dropped, which drops every connection.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_http(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_http(address).await?.run(std::future::pending()).await
    }

    /// Serves Streamable HTTP until the process is asked to stop (Ctrl-C, on Unix also SIGTERM), then finishes what is
    /// under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_http(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_http(address).await?.run(signal::asked_to_stop()).await
    }
}

/// Options of a listener; `.await` binds it.
///
/// # Errors
/// Where the address is not one, is taken, or is not loopback without [`Self::allow_remote`]; where an allowed origin or
/// the path is none.
#[derive(Debug, Clone)]
#[must_use = "nothing is bound until it is awaited"]
pub struct Bind {
    server: Server,
    address: String,
    websocket: bool,
    http: Option<HttpOptions>,
    remote: bool,
    origins: Vec<String>,
    hosts: Vec<String>,
    path: Option<String>,
    pages: BTreeMap<String, Page>,
    max_connections: usize,
    max_message: usize,
    handshake_timeout: Duration,
    drain: Duration,
}

impl Bind {
    /// Serves Streamable HTTP, with these options; beside WebSocket where that is served.
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.http = Some(options);
        self
    }

    /// Serves WebSocket too, at the same path.
    pub fn websocket(mut self) -> Self {
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
    /// loopback and programs that send no `Origin` may always.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Lets a server on loopback be addressed by this name, as a proxy in front of it does. Other names are refused,
    /// since a page could have made them point here (DNS rebinding).
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Serves this path only, `/mcp` say; others are answered with 404. Default: any path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Answers plain `GET` requests for this path with a page: an inspector, a note for people who open the address, a
    /// sign of life for a load balancer. The checks of host and origin hold for pages too.
    pub fn page(mut self, path: impl Into<String>, page: Page) -> Self {
        self.pages.insert(path.into(), page);
        self
    }

    /// Connections at a time; more are answered with 503. Default: 1024.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// The largest message taken, in bytes; a larger one closes its WebSocket with code 1009, or is answered with 413.
    /// Default: 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How long a client may take over the opening handshake, or over the head of an HTTP request. Default: 10 seconds.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How long requests under way may take to finish at a shutdown. Default: 10 seconds.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain = timeout;
        self
    }

    async fn bind(self) -> Result<Listener, Error> {
        let origins = Origin::parse_all(&self.origins)?;
        if let Some(path) = self.path.as_deref().filter(|path| !path.starts_with('/')) {
            return Err(Error::config(format!("{path:?} is no path; write it from the root, /mcp")));
        }
        let addresses: Vec<SocketAddr> = resolve(&self.address).await?;
        if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback())
            && !self.remote
        {
            return Err(Error::config(format!(
                "{address} can be reached by other machines; bind a loopback address or call allow_remote(true)"
            )));
        }
        let listener = TcpListener::bind(&addresses[..])
            .await
            .map_err(|error| Error::config(format!("cannot listen on {}: {error}", self.address)))?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::config(format!("cannot listen on {}: {error}", self.address)))?;
        let policy = Policy { origins, hosts: self.hosts, loopback: address.ip().is_loopback() };
        let front = self.http.map(|options| Front {
            service: HttpService::new(self.server.clone(), policy.clone(), self.max_message, options),
            websocket: self.websocket,
            timeout: self.handshake_timeout,
            streams: u32::try_from(self.server.inner.limits.in_flight).unwrap_or(u32::MAX),
        });
        Ok(Listener {
            front: front.map(Arc::new),
            server: self.server,
            listener,
            address,
            door: Arc::new(Door { policy, path: self.path, pages: self.pages, max_message: self.max_message }),
            permits: Arc::new(Semaphore::new(self.max_connections.min(Semaphore::MAX_PERMITS))),
            handshake_timeout: self.handshake_timeout,
            drain: self.drain,
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

async fn resolve(address: &str) -> Result<Vec<SocketAddr>, Error> {
    let resolved = tokio::net::lookup_host(address).await;
    let addresses: Vec<SocketAddr> = resolved
        .map_err(|error| Error::config(format!("{address:?} is no address to listen on ({error}); write host:port")))?
        .collect();
    if addresses.is_empty() {
        return Err(Error::config(format!("{address:?} is no address to listen on; write host:port")));
    }
    Ok(addresses)
}

/// A bound listener.
#[derive(Debug)]
pub struct Listener {
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
    /// What speaks HTTP; without it all is WebSocket.
    front: Option<Arc<Front>>,
    door: Arc<Door>,
    permits: Arc<Semaphore>,
    handshake_timeout: Duration,
    drain: Duration,
}

impl Listener {
    /// The address that was bound; its port is the real one where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves connections until `shutdown` completes. Then none is accepted any more, requests under way are finished
    /// within the drain timeout, subscriptions end with a result, and every connection is closed, WebSockets with code
    /// 1001.
    ///
    /// # Errors
    /// Where the socket stops accepting for good.
    ///
    /// # Cancel safety
    /// Dropping the future drops the listener and every connection.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let (stop, stopping) = watch::channel(false);
        let mut connections = tokio::task::JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(self.connection(stream, stopping.clone())); }
                    // Out of file descriptors, or a client that was gone at once: the next one may do better.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
            }
        }
        drop(self.listener);
        let _ = stop.send(true);
        if let Some(front) = &self.front {
            front.service.shutdown();
        }
        let finished = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(self.drain, finished).await;
        if let Some(front) = &self.front {
            front.service.end();
        }
        Ok(())
    }

    fn connection(
        &self,
        mut stream: TcpStream,
        mut stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (server, door, timeout) = (self.server.clone(), self.door.clone(), self.handshake_timeout);
        let front = self.front.clone();
        let permit = self.permits.clone().try_acquire_owned();
        async move {
            let _ = stream.set_nodelay(true);
            let Ok(_permit) = permit else {
                let full =
                    (StatusCode::SERVICE_UNAVAILABLE, "the server has as many connections as it takes; try later");
                let _ = tokio::time::timeout(timeout, refuse(&mut stream, full)).await;
                return;
            };
            let link = match &front {
                Some(front) => front.serve(stream, door, stopping.clone()).await,
                None => tokio::time::timeout(timeout, door.open(stream)).await.ok().flatten(),
            };
            let Some(link) = link else { return };
            let shutdown = Box::pin(async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            });
            // How a connection ends is its client's business.
            let _ = server.serve(link, None, shutdown).await;
        }
    }
}
