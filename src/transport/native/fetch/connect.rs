//! From an address to a stream: names, TCP, proxies, TLS, all within one timeout.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use super::HttpOptions;
use super::failure::chain;
use super::proxy::Proxies;
use super::stream::Stream;
use crate::platform::BoxFuture;
use crate::transport::native::tls::{self, Trust};
use crate::transport::{TransportError, TransportErrorKind};

/// How long a connection may be silent before the system asks whether the peer is there, how long it waits then, and how
/// often it asks: a server's stream may well be silent for hours.
const KEEP_ALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(15), 4);

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    proxies: Arc<Proxies>,
    trust: Arc<Trust>,
    timeout: Duration,
}

/// A host and its port.
struct Place {
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    /// As errors show it.
    label: String,
    uri: Uri,
}

impl Place {
    fn of(uri: &Uri, default_port: u16) -> Result<Self, TransportError> {
        let invalid = || config("the address names no host; check it");
        let bracketed = uri.host().ok_or_else(invalid)?;
        let port = uri.port_u16().unwrap_or(default_port);
        let label = format!("{bracketed}:{port}");
        let uri = Uri::builder().scheme("http").authority(label.as_str()).path_and_query("/").build();
        let host = bracketed.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port, label, uri: uri.map_err(|_| invalid())? })
    }

    /// With an IPv4 address in place of its name, if it has one.
    async fn resolved(&self) -> Result<Uri, TransportError> {
        let addresses = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses = addresses.map_err(|error| {
            failed(format!(
                "cannot resolve {}: {error}; check the address, or leave it to the proxy with socks5h:// or socks4a://",
                self.label
            ))
        })?;
        let address = addresses.find(SocketAddr::is_ipv4).map(|address| format!("http://{address}/"));
        Ok(address.and_then(|address| address.parse().ok()).unwrap_or_else(|| self.uri.clone()))
    }
}

impl Connector {
    pub(super) fn new(options: &HttpOptions, proxies: Arc<Proxies>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE.0));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE.1));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE.2));
        Self { tcp, proxies, trust: options.trust.clone(), timeout: options.connect_timeout }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<Stream>, TransportError> {
        let timeout = self.timeout;
        let secure = uri.scheme_str() == Some("https");
        let place = Place::of(&uri, if secure { 443 } else { 80 })?;
        match tokio::time::timeout(timeout, self.open(&uri, &place, secure)).await {
            Ok(result) => result.map(TokioIo::new),
            Err(_) => Err(TransportError::new(
                TransportErrorKind::ConnectFailed,
                format!(
                    "no connection to {} came about within {} ms; check that it is reachable, or raise connect_timeout",
                    place.label,
                    timeout.as_millis()
                ),
            )),
        }
    }

    async fn open(&self, uri: &Uri, place: &Place, secure: bool) -> Result<Stream, TransportError> {
        let stream = match self.proxies.of(uri) {
            None => self.tcp(place, None).await?,
            Some(proxy) => self.through(&proxy, place, secure).await?,
        };
        if !secure {
            return Ok(stream);
        }
        let tls = self.trust.connect(stream, &place.host, &place.label, tls::HTTP_2).await?;
        Ok(Stream::Tls(Box::new(tls)))
    }

    async fn tcp(&self, place: &Place, target: Option<&Place>) -> Result<Stream, TransportError> {
        match self.tcp.clone().call(place.uri.clone()).await {
            Ok(stream) => Ok(Stream::Tcp(stream.into_inner())),
            Err(error) => Err(match target {
                None => failed(format!(
                    "cannot connect to {}: {}; check the address and that the server runs",
                    place.label,
                    chain(&error)
                )),
                Some(target) => refused(place, target, chain(&error)),
            }),
        }
    }

    async fn through(&self, proxy: &Intercept, target: &Place, secure: bool) -> Result<Stream, TransportError> {
        let scheme = proxy.uri().scheme_str().unwrap_or_default();
        let place = Place::of(
            proxy.uri(),
            match scheme {
                "http" => 80,
                "https" => 443,
                _ => 1080,
            },
        )?;
        let mut stream = self.tcp(&place, Some(target)).await?;
        if scheme == "https" {
            let tls = self.trust.connect(stream, &place.host, &place.label, tls::HTTP_1).await?;
            stream = Stream::Tls(Box::new(tls));
        }
        if scheme.starts_with("http") && !secure {
            return Ok(Stream::Forwarded(Box::new(stream)));
        }
        let over = Given(Some(TokioIo::new(stream)));
        let at = place.uri.clone();
        // The one leaves names to the proxy, the other does not; as curl has it.
        let to = if matches!(scheme, "socks4" | "socks5") { target.resolved().await? } else { target.uri.clone() };
        let tunnelled = match scheme {
            "socks5" | "socks5h" => {
                let mut socks = SocksV5::new(at, over);
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                socks.call(to).await.map_err(|error| refused(&place, target, error))
            }
            "socks4" | "socks4a" => {
                let mut socks = SocksV4::new(at, over);
                socks.call(to).await.map_err(|error| refused(&place, target, error))
            }
            _ => {
                let mut tunnel = Tunnel::new(at, over);
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                tunnel.call(to).await.map_err(|error| refused(&place, target, chain(&error)))
            }
        };
        Ok(tunnelled?.into_inner())
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// A stream that stands already, for the handshakes that want a connector.
struct Given(Option<TokioIo<Stream>>);

impl Service<Uri> for Given {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

fn config(detail: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

fn failed(detail: String) -> TransportError {
    TransportError::new(TransportErrorKind::ConnectFailed, detail)
}

fn refused(proxy: &Place, target: &Place, why: impl Display) -> TransportError {
    failed(format!(
        "the proxy {} led to no connection with {}: {why}; check the proxy's address and credential (`proxy`, or the \
         variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY), or use none (`no_proxy`, NO_PROXY)",
        proxy.label, target.label
    ))
}
