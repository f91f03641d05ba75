//! From a request of the core to one of hyper, and onto a connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::HttpOptions;
use super::connect::Connector;
use super::proxy::Proxies;
use crate::transport::http::{Method, Request};
use crate::transport::native::tls::available;
use crate::transport::{TransportError, TransportErrorKind};

/// What is asked for; bodies are decompressed as they come.
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, br");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("everywire/", env!("CARGO_PKG_VERSION")));
/// How long a connection is kept for the next exchange.
const IDLE: Duration = Duration::from_secs(90);
/// How many are kept.
const MAX_IDLE: usize = 256;
/// How long an HTTP/2 connection with open streams may be silent before it is pinged, and then before it is given up.
const PING: Duration = Duration::from_secs(20);

/// Sends requests.
pub(super) struct Sender {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    proxies: Arc<Proxies>,
    /// The last target: one link talks to one address.
    target: Option<Arc<Target>>,
}

/// What is the same for all requests to one address.
struct Target {
    url: Arc<str>,
    uri: Uri,
    /// Where it is known that HTTP/1.1 will be spoken.
    host: Option<HeaderValue>,
    proxy_authorization: Option<HeaderValue>,
}

impl Sender {
    pub(super) fn new(options: &HttpOptions) -> Self {
        let proxies = Arc::new(Proxies::new(&options.proxy));
        let connector = Connector::new(options, proxies.clone());
        Self { client: pool(connector.clone()), connector, proxies, target: None }
    }

    /// Opens new connections from now on. Exchanges under way keep theirs.
    pub(super) fn renew(&mut self) {
        self.client = pool(self.connector.clone());
    }

    /// Puts a request on its way; it leaves when the future is polled.
    pub(super) fn send(&mut self, request: &Request) -> Result<ResponseFuture, TransportError> {
        let target = self.target(&request.url)?;
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
        for (name, value) in &request.headers {
            headers.append(header_name(name)?, header_value(name, value)?);
        }
        headers.entry(USER_AGENT).or_insert(AGENT);
        headers.entry(ACCEPT_ENCODING).or_insert(ENCODINGS);
        if let Some(host) = &target.host {
            headers.entry(HOST).or_insert_with(|| host.clone());
        }
        if let Some(authorization) = &target.proxy_authorization {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let body = request.body.clone().map(|text| Full::new(text.into_bytes())).unwrap_or_default();
        let mut message = http::Request::new(body);
        *message.method_mut() = match request.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Delete => http::Method::DELETE,
        };
        *message.uri_mut() = target.uri.clone();
        *message.headers_mut() = headers;
        Ok(self.client.request(message))
    }

    fn target(&mut self, url: &Arc<str>) -> Result<Arc<Target>, TransportError> {
        if let Some(target) = &self.target
            && (Arc::ptr_eq(&target.url, url) || target.url == *url)
        {
            return Ok(target.clone());
        }
        let uri = parse(url)?;
        let host = match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => HeaderValue::from_str(authority.as_str()).ok(),
            _ => None,
        };
        let proxy_authorization = self.proxies.authorization(&uri);
        let target = Arc::new(Target { url: url.clone(), uri, host, proxy_authorization });
        self.target = Some(target.clone());
        Ok(target)
    }
}

/// A URL that requests can go to.
pub(super) fn parse(url: &str) -> Result<Uri, TransportError> {
    let invalid = || config("the address is not a valid http:// or https:// URL; check host, port and characters");
    // What follows # is not sent (RFC 9110 section 4.2.5).
    let sent = url.split('#').next().unwrap_or_default();
    let uri: Uri = sent.parse().map_err(|_| invalid())?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(invalid)?;
    // A port that is no number between 0 and 65535 reads as none at all.
    if authority.port_u16().is_none() && authority.as_str() != authority.host() {
        return Err(invalid());
    }
    match uri.scheme_str() {
        Some("http") => Ok(uri),
        Some("https") => available("https").map(|()| uri),
        _ => Err(invalid()),
    }
}

fn pool(connector: Connector) -> Client<Connector, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PING)
        .build(connector)
}

fn config(detail: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

fn header_name(name: &str) -> Result<HeaderName, TransportError> {
    name.parse().map_err(|_| config("a header has a name of letters, digits and hyphens; check the name given"))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, TransportError> {
    let invalid = |_| config(&format!("the value of the header {name} contains a control character"));
    let mut value = HeaderValue::from_str(value).map_err(invalid)?;
    // Neither shown by hyper nor kept in HPACK's table (RFC 7541 section 7.1.3).
    value.set_sensitive(is_secret(name));
    Ok(value)
}

/// Whether a header may carry a credential: any that is not known to carry none.
fn is_secret(name: &str) -> bool {
    let harmless = ["accept", "content-type", "last-event-id", "user-agent", "cache-control"];
    let known = harmless.contains(&name) || name.starts_with("mcp-") && name != "mcp-session-id";
    !known
}
