//! A peer that speaks raw frames over an in-memory pair, so that the server's tests do not lean on our own client.
#![allow(dead_code, unreachable_pub)]

use std::time::Duration;

use everywire::frame::{Inbound, Outbound};
use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ServerBuilder, ToolError, ToolHandler};
use everywire::transport::{Link, memory};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};

/// Long enough for a slow machine, and never waited for where things work.
pub const PATIENCE: Duration = Duration::from_secs(10);

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

pub fn encode(value: &Value) -> Json {
    Json::encode(value).expect("JSON")
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

pub struct Peer {
    link: Link,
    last: i64,
    pub task: tokio::task::JoinHandle<Result<(), everywire::transport::TransportError>>,
}

impl Peer {
    /// A connection to the server that nothing was said on yet.
    pub fn new(server: &Server) -> Self {
        let (link, theirs) = memory::pair();
        Self { link, last: 0, task: tokio::spawn(server.serve_link(theirs)) }
    }

    pub fn with_shutdown(
        server: &Server,
        principal: Option<&str>,
        shutdown: everywire::BoxFuture<'static, ()>,
    ) -> Self {
        let (link, theirs) = memory::pair();
        let task = tokio::spawn(server.serve_link_as(theirs, principal.map(str::to_owned), shutdown));
        Self { link, last: 0, task }
    }

    pub fn principal(server: &Server, principal: &str) -> Self {
        Self::with_shutdown(server, Some(principal), Box::pin(std::future::pending()))
    }

    /// A connection that began with `initialize`.
    pub async fn legacy(server: &Server, capabilities: Value) -> Self {
        let mut peer = Self::new(server);
        peer.initialize(capabilities).await;
        peer
    }

    pub async fn initialize(&mut self, capabilities: Value) -> Value {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": {"name": "raw", "version": "0"},
        });
        let answer = self.ask("initialize", params).await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }

    pub async fn send_text(&mut self, text: &str) {
        self.link.tx.send(Outbound::Message(text.to_owned().into())).await.expect("the server reads");
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends a request and gives its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last += 1;
        let id = self.last;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    pub async fn cancel(&mut self, id: i64) {
        self.notify("notifications/cancelled", json!({"requestId": id})).await;
    }

    /// The next message; `None` where the server closed.
    pub async fn try_next(&mut self) -> Option<Value> {
        let item = tokio::time::timeout(PATIENCE, self.link.rx.next()).await.expect("an answer in time")?;
        match item.expect("an open link") {
            Inbound::Message(text) => Some(serde_json::from_str(text.as_str()).expect("JSON")),
            other => panic!("nothing but messages: {other:?}"),
        }
    }

    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("a message")
    }

    /// Sends a request; the next message has to be its answer.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    pub async fn call(&mut self, tool: &str, arguments: Value) -> i64 {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Sends a modern call of a tool by a client that can elicit.
    pub async fn call_modern(&mut self, tool: &str, extra: Value) -> Value {
        let id = self.request("tools/call", interactive(tool, extra)).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Nothing was sent that was not asked for: the next message is the answer to this question.
    pub async fn quiet(&mut self) {
        let answer = self.ask("tools/list", modern(json!({}))).await;
        assert!(answer["result"]["tools"].is_array(), "{answer}");
    }

    pub async fn close(mut self) {
        let _ = self.link.tx.close().await;
        drop(self.link);
        let _ = self.task.await;
    }
}

/// The params of a modern call by a client that can do everything.
pub fn interactive(tool: &str, extra: Value) -> Value {
    let mut params = json!({
        "name": tool,
        "arguments": {"a": 1},
        "_meta": meta(json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}})),
    });
    if let (Some(params), Value::Object(extra)) = (params.as_object_mut(), extra) {
        params.extend(extra);
    }
    params
}

pub fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("an error, not {answer}"))
}

pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("a text, not {answer}"))
}
