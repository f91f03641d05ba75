use std::sync::Arc;

use serde_json::{Value, json};

use crate::log::Log;

/// Which era a scripted peer speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Modern,
    Legacy,
}

impl Era {
    pub(crate) fn named(name: &str) -> Self {
        if name == "legacy" { Self::Legacy } else { Self::Modern }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }
}

/// What a peer does next.
pub(crate) enum Reply {
    Say(Value),
    Text(String),
    Binary(Vec<u8>),
    /// The head of a text frame of that many bytes, and a few of them.
    Announce(u64),
    Close(u16),
    /// The connection ends without a close frame.
    Drop,
}

/// A small MCP server whose tools are named after what goes wrong when they are called.
pub(crate) struct Script {
    era: Era,
    generation: u32,
    pub(crate) log: Arc<Log>,
}

/// The id of the question that the tool `ask` puts to a client of the legacy era.
const QUESTION: &str = "question-1";

impl Script {
    pub(crate) fn new(era: Era, generation: u32, log: Arc<Log>) -> Self {
        Self { era, generation, log }
    }

    pub(crate) fn replies(&self, message: &Value) -> Vec<Reply> {
        let id = &message["id"];
        match message["method"].as_str() {
            Some("server/discover") if self.era == Era::Modern => vec![self.result(id, discovered())],
            Some("initialize") if self.era == Era::Legacy => vec![self.result(id, initialized(&message["params"]))],
            Some("ping") if self.era == Era::Legacy => vec![self.result(id, json!({}))],
            Some("tools/list") => vec![self.result(id, self.page(&message["params"]["cursor"]))],
            Some("tools/call") => self.call(id, &message["params"]),
            Some("resources/read") => self.read(id, &message["params"]),
            Some(method) if method.starts_with("notifications/") => vec![],
            Some(_) => vec![failure(id, -32601, "Method not found", Value::Null)],
            // The answer to the question of the legacy era; its message says which call waits.
            None if *id == QUESTION => self.answered(&message["result"]),
            None => vec![],
        }
    }

    fn result(&self, id: &Value, mut result: Value) -> Reply {
        if self.era == Era::Modern && result.get("resultType").is_none() {
            result["resultType"] = json!("complete");
        }
        Reply::Say(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
    }

    fn said(&self, id: &Value, text: &str) -> Reply {
        self.result(id, json!({ "content": [{ "type": "text", "text": text }] }))
    }

    /// Three pages of one tool each.
    fn page(&self, cursor: &Value) -> Value {
        let (name, next) = match cursor.as_str() {
            None => ("echo", Some("second")),
            Some("second") => ("count", Some("third")),
            Some(_) => ("ask", None),
        };
        let mut page = json!({ "tools": [{ "name": name, "inputSchema": { "type": "object" } }], "ttlMs": 0, "cacheScope": "private" });
        if let Some(next) = next {
            page["nextCursor"] = json!(next);
        }
        page
    }

    /// `held:` is answered by every start of the process but the first, so a read can be lost on the way once.
    fn read(&self, id: &Value, params: &Value) -> Vec<Reply> {
        let uri = params["uri"].as_str().unwrap_or_default();
        self.log.note(format!("read {uri}"));
        if uri.starts_with("held:") && self.generation == 0 {
            return vec![];
        }
        let contents = json!({ "contents": [{ "uri": uri, "text": "read" }], "ttlMs": 0, "cacheScope": "private" });
        vec![self.result(id, contents)]
    }

    fn call(&self, id: &Value, params: &Value) -> Vec<Reply> {
        let name = params["name"].as_str().unwrap_or_default();
        let given = &params["arguments"];
        let text = given["text"].as_str().unwrap_or_default();
        self.log.note(format!("run {name} {text}"));
        match name {
            "echo" => vec![self.said(id, text)],
            // Runs at once; the first start of the process keeps the answer to itself.
            "count" if self.generation == 0 => vec![],
            "count" => vec![self.said(id, &format!("generation {}", self.generation))],
            "ask" => self.ask(id, params),
            "steps" => {
                let token = &params["_meta"]["progressToken"];
                let step = |progress: u32| {
                    let params = json!({ "progressToken": token, "progress": progress, "total": 3, "message": format!("step {progress}") });
                    Reply::Say(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
                };
                vec![step(1), step(2), step(3), self.said(id, "done")]
            }
            "never" => vec![],
            "fail" => {
                vec![self.result(id, json!({ "content": [{ "type": "text", "text": "it broke" }], "isError": true }))]
            }
            "error" => vec![failure(id, -32099, "out of ink", json!({ "colours": ["cyan", "magenta"] }))],
            "stranger" => vec![
                self.said(&json!(987_654), "for nobody"),
                self.said(&Value::Null, "for nobody"),
                Reply::Say(json!({ "jsonrpc": "2.0", "method": "notifications/unheard-of", "params": { "a": 1 } })),
                self.said(id, "for you"),
            ],
            "wrong-id" => vec![self.said(&json!(id.to_string()), "for the id as text")],
            "twice" => vec![self.said(id, "first"), self.said(id, "second")],
            "binary" => vec![Reply::Binary(b"{}".to_vec())],
            "invalid" => vec![Reply::Text("{\"jsonrpc\": \"2.0\", ".into()), self.said(id, "after the invalid one")],
            "scalar" => vec![Reply::Text("42".into()), self.said(id, "after the number")],
            "batch" => {
                let inside =
                    json!({ "jsonrpc": "2.0", "id": id, "result": { "content": [], "resultType": "complete" } });
                vec![Reply::Text(json!([inside]).to_string()), self.said(id, "after the array")]
            }
            "both" => {
                let both =
                    json!({ "jsonrpc": "2.0", "id": id, "result": {}, "error": { "code": 1, "message": "both" } });
                vec![Reply::Say(both), self.said(id, "after both")]
            }
            "announce" => vec![Reply::Announce(1 << 30)],
            "large" => vec![self.said(id, &"x".repeat(given["size"].as_u64().unwrap_or_default() as usize))],
            "close" => vec![Reply::Close(given["code"].as_u64().unwrap_or(1000) as u16)],
            "drop" => vec![Reply::Drop],
            _ => vec![failure(id, -32602, &format!("Unknown tool: {name}"), Value::Null)],
        }
    }

    fn ask(&self, id: &Value, params: &Value) -> Vec<Reply> {
        let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
        let question = json!({ "mode": "form", "message": id.to_string(), "requestedSchema": schema });
        if self.era == Era::Legacy {
            let ask = json!({ "jsonrpc": "2.0", "id": QUESTION, "method": "elicitation/create", "params": question });
            return vec![Reply::Say(ask)];
        }
        let answer = &params["inputResponses"]["who"];
        if answer.is_null() {
            let requests = json!({ "who": { "method": "elicitation/create", "params": question } });
            return vec![self.result(
                id,
                json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "sealed" }),
            )];
        }
        self.log.note(format!("state {}", params["requestState"]));
        vec![self.said(id, &greeting(answer))]
    }

    /// The legacy question carries no call; there is one at a time, and its id is what the log saw last.
    fn answered(&self, result: &Value) -> Vec<Reply> {
        let asked = self.log.lines().into_iter().rev().find_map(|line| {
            let message: Value = serde_json::from_str(line.strip_prefix("in ")?).ok()?;
            (message["params"]["name"] == "ask").then(|| message["id"].clone())
        });
        asked.map(|id| self.said(&id, &greeting(result))).into_iter().collect()
    }
}

fn greeting(answer: &Value) -> String {
    match answer["action"].as_str() {
        Some("accept") => format!("hello {}", answer["content"]["name"].as_str().unwrap_or("nobody")),
        Some(other) => other.to_owned(),
        None => "no action".to_owned(),
    }
}

fn failure(id: &Value, code: i64, message: &str, data: Value) -> Reply {
    let mut error = json!({ "code": code, "message": message });
    if !data.is_null() {
        error["data"] = data;
    }
    Reply::Say(json!({ "jsonrpc": "2.0", "id": id, "error": error }))
}

fn discovered() -> Value {
    json!({
        "supportedVersions": ["2026-07-28"],
        "capabilities": { "tools": {}, "resources": {} },
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "scripted", "version": "1.0.0" } },
    })
}

fn initialized(params: &Value) -> Value {
    json!({
        "protocolVersion": params["protocolVersion"],
        "capabilities": { "tools": {}, "resources": {} },
        "serverInfo": { "name": "scripted", "version": "1.0.0" },
    })
}
