//! Simulated clients and a scripted server around the multiplexer, on both Json twins.

mod legacy;
mod links;
mod questions;
mod random;
mod routes;

use serde_json::{Value, json};

use super::mux::{ClientKey, Limits, Mail, Mux};
use crate::frame::{Close, Inbound, Liveness, Outbound};
use crate::json::Text;
use crate::transport::{TransportError, TransportErrorKind};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

struct Sim {
    mux: Mux,
}

impl Sim {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        Self { mux: Mux::new(limits, Some(Liveness::Ping)) }
    }

    fn clients<const N: usize>() -> (Self, [ClientKey; N]) {
        let mut sim = Self::new();
        let keys = std::array::from_fn(|_| sim.mux.attach());
        (sim, keys)
    }

    /// A client gives its link a message.
    fn say(&mut self, key: ClientKey, message: Value) {
        self.say_text(key, &message.to_string());
    }

    fn say_text(&mut self, key: ClientKey, text: &str) {
        self.mux.accept(key, &Outbound::Message(Text::from(text.to_owned())));
    }

    fn call(&mut self, key: ClientKey, id: impl Into<Value>, method: &str, params: Value) {
        self.say(key, json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }));
    }

    /// The server says something.
    fn serve(&mut self, message: Value) {
        self.serve_text(&message.to_string());
    }

    fn serve_text(&mut self, text: &str) {
        self.mux.receive(&Inbound::Message(Text::from(text.to_owned())));
    }

    fn reply(&mut self, request: &Value, result: Value) {
        self.serve(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    fn fail(&mut self, request: &Value, code: i64) {
        self.serve(json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": code, "message": "no" } }));
    }

    /// What goes to the server now.
    fn sent(&mut self) -> Vec<Value> {
        let messages = std::iter::from_fn(|| self.mux.poll_transmit()).filter_map(|out| match out {
            Outbound::Message(text) => Some(parsed(&text)),
            _ => None,
        });
        messages.collect()
    }

    /// The one message that goes to the server now.
    fn one(&mut self) -> Value {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// What a client hears now.
    fn heard(&mut self, key: ClientKey) -> Vec<Value> {
        let mut all = Vec::new();
        while let Mail::Message(text) = self.mux.poll_client(key) {
            all.push(parsed(&text));
        }
        all
    }

    fn heard_one(&mut self, key: ClientKey) -> Value {
        let mut heard = self.heard(key);
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.remove(0)
    }

    fn end(&mut self, key: ClientKey) -> Option<TransportErrorKind> {
        match self.mux.poll_client(key) {
            Mail::End(error) => Some(error.kind().clone()),
            _ => None,
        }
    }

    fn close(&mut self, key: ClientKey) {
        self.mux.accept(key, &Outbound::Close(Close::NORMAL));
        self.mux.detach(key);
    }

    /// A client's `initialize` with these capabilities, and its `initialized`; what went to the server.
    fn initialize(&mut self, key: ClientKey, capabilities: Value) -> Vec<Value> {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": { "name": "c", "version": "1" } });
        self.call(key, 0, "initialize", params);
        let mut sent = self.sent();
        if let Some(request) = sent.first().cloned() {
            self.reply(&request, json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "s", "version": "1" } }));
        }
        let answer = self.heard_one(key);
        assert_eq!((&answer["id"], &answer["result"]["serverInfo"]["name"]), (&json!(0), &json!("s")));
        self.say(key, json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        sent.extend(self.sent());
        sent
    }
}

fn parsed(text: &Text) -> Value {
    let text = text.to_string();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Lost, "the plug was pulled")
}

fn note(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}
