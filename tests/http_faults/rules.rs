//! What a peer does wrong, as a test says it. `tests/support/control/over_http/rules.rs` does it.

use serde_json::{Value, json};

use crate::common::Peer;

/// The result of a call, for either era. The peer puts the request's id in.
pub const RESULT: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":[{"type":"text","text":"result"}]}}"#;

pub const JSON: (&str, &str) = ("Content-Type", "application/json");
pub const EVENTS: (&str, &str) = ("Content-Type", "text/event-stream");

/// Which requests, and the steps that answer them.
#[derive(Clone)]
pub struct Rule(Value);

/// Calls of the tool.
pub fn tool(name: &str) -> Rule {
    Rule(json!({ "method": "tools/call", "name": name, "steps": [] }))
}

/// Requests and notifications with the method.
pub fn method(method: &str) -> Rule {
    Rule(json!({ "method": method, "steps": [] }))
}

/// Requests of this kind (GET, POST, DELETE).
pub fn verb(verb: &str) -> Rule {
    Rule(json!({ "verb": verb, "steps": [] }))
}

/// A peer with rules; what none of them is for is answered as it should be.
pub async fn peer<const N: usize>(era: &str, rules: [Rule; N]) -> Peer {
    Peer::http(era, &Value::Array(rules.into_iter().map(|rule| rule.0).collect())).await
}

/// The head of an answer by hand, as pages need it, up to the empty line.
pub fn head(first: &str, more: &str) -> String {
    format!("{first}\r\nAccess-Control-Allow-Origin: *\r\n{more}")
}

fn headers(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

impl Rule {
    fn then(mut self, step: Value) -> Self {
        if let Some(steps) = self.0["steps"].as_array_mut() {
            steps.push(step);
        }
        self
    }

    /// Only so often.
    pub fn times(mut self, times: u32) -> Self {
        self.0["times"] = json!(times);
        self
    }

    /// Only after that many.
    pub fn after(mut self, requests: u32) -> Self {
        self.0["after"] = json!(requests);
        self
    }

    /// A whole answer with its length.
    pub fn answer(self, status: u16, more: &[(&str, &str)], body: &str) -> Self {
        self.then(json!({ "answer": { "status": status, "headers": headers(more), "body": body } }))
    }

    /// A whole answer, compressed.
    pub fn gzip(self, more: &[(&str, &str)], body: &str) -> Self {
        self.then(json!({ "gzip": { "headers": headers(more), "body": body } }))
    }

    /// A whole answer of so many bytes, of which few are left once it is compressed.
    pub fn gzip_of(self, bytes: usize) -> Self {
        self.then(json!({ "gzip": { "headers": headers(&[JSON]), "fill": bytes } }))
    }

    /// The head of an answer in chunks.
    pub fn begin(self, more: &[(&str, &str)]) -> Self {
        self.then(json!({ "begin": { "status": 200, "headers": headers(more) } }))
    }

    pub fn chunk(self, text: &str) -> Self {
        self.then(json!({ "chunk": text }))
    }

    /// The end of the chunks.
    pub fn end(self) -> Self {
        self.then(json!({ "end": true }))
    }

    /// Onto the connection as it is.
    pub fn raw(self, text: &str) -> Self {
        self.then(json!({ "raw": text }))
    }

    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.then(json!({ "bytes": bytes }))
    }

    /// So many bytes in chunks of 64 KiB.
    pub fn flood(self, bytes: u64) -> Self {
        self.then(json!({ "flood": bytes }))
    }

    /// Waits for [`Peer::release`].
    pub fn until(self, name: &str) -> Self {
        self.then(json!({ "until": name }))
    }

    /// Waits until the client leaves.
    pub fn hold(self) -> Self {
        self.then(json!({ "hold": true }))
    }

    pub fn close(self) -> Self {
        self.then(json!({ "close": true }))
    }

    /// Breaks the connection.
    pub fn reset(self) -> Self {
        self.then(json!({ "reset": true }))
    }
}
