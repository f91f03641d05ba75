//! A client and a server as one writes them for one tool over hyper. They show what the general solution costs.

use std::cell::Cell;
use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::wire::{Answer, Meta, answer, call};
use crate::{Echo, Fault};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Answers one connection: with JSON, or with an event.
pub(crate) async fn serve(stream: TcpStream, events: bool) -> Result<(), Fault> {
    let service = service_fn(move |request| async move {
        Ok::<_, Infallible>(respond(request, events).await.unwrap_or_else(|_| status(StatusCode::BAD_REQUEST)))
    });
    Ok(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

async fn respond(request: Request<Incoming>, events: bool) -> Result<Response<Full<Bytes>>, Fault> {
    if *request.method() != Method::POST {
        return Ok(status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let body = request.into_body().collect().await?.to_bytes();
    let Some(answer) = answer(&body)? else { return Ok(status(StatusCode::ACCEPTED)) };
    let (kind, body) = if events { (EVENTS, [b"data: ", answer.as_slice(), b"\n\n"].concat()) } else { (JSON, answer) };
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

pub(crate) struct Client {
    last: Cell<u64>,
    uri: Uri,
    client: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub(crate) fn connect(url: &str) -> Result<Self, Fault> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { last: Cell::new(0), uri: url.parse()?, client })
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let id = self.last.get() + 1;
        self.last.set(id);
        let mut request = Request::new(Full::from(call(id, text, Some(Meta::modern()))?));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert("accept", HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert("content-type", JSON);
        headers.insert("mcp-protocol-version", HeaderValue::from_static("2026-07-28"));
        headers.insert("mcp-method", HeaderValue::from_static("tools/call"));
        headers.insert("mcp-name", HeaderValue::from_static("echo"));
        let response = self.client.request(request).await?;
        let events = response.headers().get("content-type") == Some(&EVENTS);
        let body = response.into_body().collect().await?.to_bytes();
        let mut message = &body[..];
        if events {
            message = body.strip_prefix(b"data: ").ok_or("no event")?;
        }
        serde_json::from_slice::<Answer>(message)?.text()
    }
}
