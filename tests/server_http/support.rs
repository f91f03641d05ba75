//! A plain HTTP client over real sockets, so that the server's tests do not lean on our own.
#![allow(dead_code, unreachable_pub)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{Bind, RequestContext, Server, ServerBuilder, ToolError, ToolHandler};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Long enough for a slow machine, and never waited for where things work.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const BOTH: &str = "application/json, text/event-stream";

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

/// Answers with its arguments.
pub struct Echo;

impl ToolHandler for Echo {
    async fn call(&self, arguments: Json, _cx: RequestContext) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::text(arguments.to_text()))
    }
}

pub fn builder() -> ServerBuilder {
    Server::builder("test", "1.0").tool("echo", Echo)
}

pub fn schema() -> Json {
    Json::from_text(r#"{"type":"object"}"#).expect("a schema")
}

/// A server on a port of its own.
pub struct Site {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), everywire::Error>>,
}

impl Site {
    pub async fn new(server: &Server) -> Self {
        Self::with(server, |bind| bind).await
    }

    pub async fn with(server: &Server, options: impl FnOnce(Bind) -> Bind) -> Self {
        Self::over(options(server.bind_http("127.0.0.1:0"))).await
    }

    pub async fn over(bind: Bind) -> Self {
        let listener = bind.await.expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let address = listener.local_addr().expect("a TCP address");
        let task = tokio::spawn(listener.run(async move {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    /// Begins to shut down.
    pub fn stop(&mut self) {
        self.stop.take();
    }

    /// Waits for the end of the shutdown.
    pub async fn stopped(mut self) {
        self.stop();
        soon(self.task).await.expect("no panic").expect("an orderly end");
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, method: Method, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let mut connection = self.connect().await;
        let mut answer = connection.send(method, headers, body).await;
        answer.connection = Some(connection);
        answer
    }

    pub async fn post(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("content-type", "application/json"), ("accept", BOTH)];
        all.extend_from_slice(headers);
        self.send(Method::POST, &all, body.to_string()).await
    }

    /// Sends a modern request with all the headers that it needs.
    pub async fn modern(&self, method: &str, params: Value) -> Answer {
        self.modern_with(&[], method, params).await
    }

    pub async fn modern_with(&self, headers: &[(&str, &str)], method: &str, params: Value) -> Answer {
        let params = modern(params);
        let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default().to_owned();
        let mut all = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        if matches!(method, "tools/call" | "prompts/get" | "resources/read") {
            all.push(("mcp-name", &name));
        }
        all.extend_from_slice(headers);
        self.post(&all, &request(1, method, params)).await
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.modern("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Begins a session.
    pub async fn session(&self, version: &str, capabilities: Value) -> Legacy<'_> {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": {"name": "raw", "version": "0"},
        });
        let answer = self.post(&[], &request(0, "initialize", params)).await;
        assert_eq!(answer.status, 200, "{:?}", answer.headers);
        let id = answer.header("mcp-session-id").expect("a session").to_owned();
        let agreed = answer.json().await;
        assert_eq!(agreed["result"]["protocolVersion"], version, "{agreed}");
        let legacy = Legacy { site: self, id, version: version.to_owned() };
        let answer = legacy.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        assert_eq!(answer.status, 202);
        legacy
    }
}

/// A client of an older revision.
pub struct Legacy<'a> {
    site: &'a Site,
    pub id: String,
    version: String,
}

impl Legacy<'_> {
    pub fn headers(&self) -> Vec<(&str, &str)> {
        vec![("mcp-session-id", &self.id), ("mcp-protocol-version", &self.version)]
    }

    pub async fn post(&self, body: &Value) -> Answer {
        self.site.post(&self.headers(), body).await
    }

    pub async fn request(&self, id: i64, method: &str, params: Value) -> Answer {
        self.post(&request(id, method, params)).await
    }

    pub async fn call(&self, id: i64, tool: &str) -> Answer {
        self.request(id, "tools/call", json!({"name": tool, "arguments": {}})).await
    }

    pub async fn get(&self, since: Option<&str>) -> Answer {
        let mut headers = self.headers();
        headers.push(("accept", "text/event-stream"));
        if let Some(since) = since {
            headers.push(("last-event-id", since));
        }
        self.site.send(Method::GET, &headers, "").await
    }

    pub async fn delete(&self) -> Answer {
        self.site.send(Method::DELETE, &self.headers(), "").await
    }
}

/// A connection over HTTP/1.1. Dropping it closes the socket.
pub struct Connection {
    host: String,
    sender: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(address)).await.expect("connected");
        let (sender, connection) =
            soon(hyper::client::conn::http1::handshake(TokioIo::new(stream))).await.expect("HTTP");
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { host: address.to_string(), sender, task }
    }

    pub async fn send(&mut self, method: Method, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = method;
        *request.uri_mut() = "/mcp".parse().expect("a path");
        let all = request.headers_mut();
        all.insert("host", self.host.parse().expect("a host"));
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            let value = HeaderValue::from_str(value).expect("a value");
            match name.as_str() {
                "host" => _ = all.insert(name, value),
                _ => _ = all.append(name, value),
            }
        }
        soon(self.sender.ready()).await.expect("an open connection");
        let response = soon(self.sender.send_request(request)).await.expect("an answer");
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            read: String::new(),
            comments: 0,
            connection: None,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server-sent event, as it stands on the wire.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub retry: Option<u64>,
    pub data: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("JSON, not {self:?}"))
    }
}

/// An answer whose body is still to be read. Dropping it closes its connection.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    read: String,
    pub comments: usize,
    connection: Option<Connection>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub fn is_stream(&self) -> bool {
        self.header("content-type") == Some("text/event-stream")
    }

    /// More of the body; `false` at its end.
    async fn more(&mut self) -> bool {
        loop {
            let Some(frame) = soon(self.body.frame()).await else { return false };
            let Ok(data) = frame.expect("an unbroken body").into_data() else { continue };
            self.read.push_str(std::str::from_utf8(&data).expect("UTF-8"));
            return true;
        }
    }

    pub async fn text(&mut self) -> String {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    pub async fn json(mut self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "status {}", self.status);
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("JSON, not {text}"))
    }

    /// The next event; `None` at the end of the stream.
    pub async fn event(&mut self) -> Option<Event> {
        assert!(self.is_stream(), "a stream, not {:?} with status {}", self.headers, self.status);
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let block: String = self.read.drain(..end + 2).collect();
                let mut event = Event::default();
                let mut data = Vec::new();
                let mut fields = 0;
                for line in block.lines().filter(|line| !line.is_empty()) {
                    let (name, value) = line.split_once(':').expect("a field");
                    let value = value.strip_prefix(' ').unwrap_or(value);
                    fields += usize::from(!name.is_empty());
                    match name {
                        "" => self.comments += 1,
                        "id" => event.id = Some(value.to_owned()),
                        "retry" => event.retry = Some(value.parse().expect("a number")),
                        "data" => data.push(value.to_owned()),
                        _ => panic!("an unknown field in {block:?}"),
                    }
                }
                if fields == 0 {
                    continue;
                }
                event.data = data.join("\n");
                return Some(event);
            }
            if !self.more().await {
                assert_eq!(self.read, "", "half an event");
                return None;
            }
        }
    }

    /// The next event that carries a message.
    pub async fn message(&mut self) -> (Option<String>, Value) {
        loop {
            let event = self.event().await.expect("a message before the end");
            if !event.data.is_empty() {
                return (event.id.clone(), event.json());
            }
        }
    }

    /// Waits for a comment.
    pub async fn comment(&mut self) {
        while !self.read.contains(":\n\n") {
            assert!(self.more().await, "the stream ended");
        }
    }

    /// The answer to a call, however it came.
    pub async fn outcome(mut self, id: i64) -> Value {
        if !self.is_stream() {
            return self.json().await;
        }
        loop {
            let (_, message) = self.message().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }
}

pub fn request(id: i64, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The `_meta` of a modern request by a client with these capabilities.
pub fn meta(capabilities: Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}

/// `params` of a modern request.
pub fn modern(mut params: Value) -> Value {
    if params.get("_meta").is_none() {
        params["_meta"] = meta(json!({}));
    }
    params
}

pub fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("an error, not {answer}"))
}

pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("a text, not {answer}"))
}
