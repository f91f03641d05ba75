//! What the scripted server answers. Its tools are named after what they do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::peer::{STOPPED, State};

/// What the server does next.
pub(super) enum Act {
    Say(Value),
    /// This very text.
    Raw(String),
    /// Reads nothing for a while.
    Pause(Duration),
    /// The link ends, and nothing that waits is answered.
    Lose,
}

/// One link's part of the conversation.
pub(super) struct Script {
    state: Arc<State>,
    /// Calls of `hold`, in the order in which they came.
    held: Vec<Asked>,
    /// Calls of `never`, by the key that `cancelled` asks for.
    open: Vec<(Value, String)>,
    /// Calls of `cancelled` that wait.
    watching: Vec<(Asked, String)>,
    /// Ids of subscriptions.
    listens: Vec<Value>,
    /// Calls of `ask` of the legacy era, in the order of their questions.
    asking: Vec<Asked>,
    questions: u64,
}

/// A request that waits for its answer.
#[derive(Clone)]
struct Asked {
    id: Value,
    modern: bool,
    text: String,
}

impl Asked {
    fn result(&self, mut result: Value) -> Act {
        if self.modern && result.get("resultType").is_none() {
            result["resultType"] = json!("complete");
        }
        Act::Say(json!({ "jsonrpc": "2.0", "id": self.id, "result": result }))
    }

    fn said(&self, text: &str) -> Act {
        self.result(json!({ "content": [{ "type": "text", "text": text }] }))
    }

    fn error(&self, code: i64, message: &str) -> Act {
        Act::Say(json!({ "jsonrpc": "2.0", "id": self.id, "error": { "code": code, "message": message } }))
    }
}

const PROTOCOL: &str = "io.modelcontextprotocol/protocolVersion";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// The most that one call of `large` or `notify` gets: a server bounds what it is asked for.
const MOST: u64 = 64 << 20;

impl Script {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            held: Vec::new(),
            open: Vec::new(),
            watching: Vec::new(),
            listens: Vec::new(),
            asking: Vec::new(),
            questions: 0,
        }
    }

    pub(super) fn receive(&mut self, message: &Value) -> Vec<Act> {
        let params = &message["params"];
        let asked = Asked {
            id: message["id"].clone(),
            modern: !params["_meta"][PROTOCOL].is_null(),
            text: params["arguments"]["text"].as_str().unwrap_or_default().to_owned(),
        };
        match message["method"].as_str() {
            Some("server/discover") => vec![asked.result(json!({
                "supportedVersions": ["2026-07-28"],
                "capabilities": capabilities(),
                "ttlMs": 0,
                "cacheScope": "private",
                "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "everywire-testing", "version": "1.0.0" } },
            }))],
            Some("initialize") => vec![asked.result(json!({
                "protocolVersion": params["protocolVersion"],
                "capabilities": capabilities(),
                "serverInfo": { "name": "everywire-testing", "version": "1.0.0" },
            }))],
            Some("ping") => vec![asked.result(json!({}))],
            Some("tools/list") => {
                let tools = json!([{ "name": "echo", "inputSchema": { "type": "object" } }]);
                vec![asked.result(json!({ "tools": tools, "ttlMs": 0, "cacheScope": "private" }))]
            }
            Some("tools/call") => self.call(&asked, params),
            Some("subscriptions/listen") => {
                self.listens.push(asked.id.clone());
                let params = json!({ "notifications": params["notifications"], "_meta": { SUBSCRIPTION: asked.id } });
                vec![notification("notifications/subscriptions/acknowledged", &params)]
            }
            Some("notifications/cancelled") => self.cancelled(&params["requestId"]),
            Some("notifications/note") => {
                self.state.change(|facts| facts.notes.extend(params["n"].as_u64()));
                vec![]
            }
            Some(method) if method.starts_with("notifications/") => vec![],
            Some(_) => vec![asked.error(-32601, "Method not found")],
            None => self.answered(message),
        }
    }

    fn run(&self, key: &str) -> u64 {
        self.state.change(|facts| {
            let runs = facts.runs.entry(key.to_owned()).or_default();
            *runs += 1;
            *runs
        })
    }

    fn call(&mut self, asked: &Asked, params: &Value) -> Vec<Act> {
        let given = &params["arguments"];
        let (key, number) = (given["key"].as_str().unwrap_or_default(), given["n"].as_u64().unwrap_or_default());
        match params["name"].as_str().unwrap_or_default() {
            "echo" => vec![asked.said(&asked.text)],
            "large" => vec![asked.said(&"x".repeat(number.min(MOST) as usize))],
            "count" => {
                self.run(key);
                vec![asked.said(key)]
            }
            "runs" => {
                let runs = self.state.change(|facts| facts.runs.get(key).copied()).unwrap_or_default();
                vec![asked.said(&json!({ "instance": self.state.instance, "runs": runs }).to_string())]
            }
            "never" => {
                self.run(key);
                self.open.push((asked.id.clone(), key.to_owned()));
                vec![]
            }
            "cancelled" if self.state.change(|facts| facts.cancelled.contains(key)) => vec![asked.said(key)],
            "cancelled" => {
                self.watching.push((asked.clone(), key.to_owned()));
                vec![]
            }
            "lose" => {
                self.run(key);
                vec![Act::Lose]
            }
            "lose once" if self.run(key) == 1 => vec![Act::Lose],
            "lose once" => vec![asked.said(key)],
            "hold" => {
                self.held.push(asked.clone());
                vec![]
            }
            "release" => {
                let mut acts: Vec<_> = self.held.drain(..).rev().map(|held| held.said(&held.text)).collect();
                acts.push(asked.said("released"));
                acts
            }
            "note" => {
                self.state.change(|facts| facts.notes.push(number));
                vec![asked.said("noted")]
            }
            "notes" => vec![asked.said(&self.state.change(|facts| json!(facts.notes)).to_string())],
            "notify" => {
                let padding = asked.text.as_str();
                let said = |n| {
                    let params = json!({ "level": "info", "data": { "n": n, "padding": padding } });
                    notification("notifications/message", &params)
                };
                (0..number.min(100_000)).map(said).chain([asked.said("notified")]).collect()
            }
            "stop" => {
                let time = given["n"].as_u64().map_or(STOPPED, Duration::from_millis);
                vec![Act::Pause(time), asked.said("went on")]
            }
            "pretty" => {
                let Act::Say(answer) = asked.said(&asked.text) else { return vec![] };
                let pretty = serde_json::to_string_pretty(&answer).unwrap_or_default();
                vec![Act::Raw(if key == "crlf" { pretty.replace('\n', "\r\n") } else { pretty })]
            }
            "touch" => {
                let told = |id: &Value| {
                    notification("notifications/tools/list_changed", &json!({ "_meta": { SUBSCRIPTION: id } }))
                };
                let mut acts: Vec<_> = self.listens.iter().map(told).collect();
                if !asked.modern {
                    acts.push(notification("notifications/tools/list_changed", &json!({})));
                }
                acts.push(asked.said("touched"));
                acts
            }
            "ask" => self.ask(asked, params),
            other => vec![asked.error(-32602, &format!("Unknown tool: {other}"))],
        }
    }

    fn ask(&mut self, asked: &Asked, params: &Value) -> Vec<Act> {
        let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
        let question = json!({ "mode": "form", "message": "Who?", "requestedSchema": schema });
        if asked.modern {
            let answer = &params["inputResponses"]["who"];
            if !answer.is_null() {
                return vec![asked.said(answer["content"]["name"].as_str().unwrap_or("nobody"))];
            }
            let requests = json!({ "who": { "method": "elicitation/create", "params": question } });
            let result =
                json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "testing" });
            return vec![asked.result(result)];
        }
        self.questions += 1;
        let id = format!("question-{}", self.questions);
        self.asking.push(asked.clone());
        vec![Act::Say(json!({ "jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": question }))]
    }

    /// An answer to the oldest question of the legacy era.
    fn answered(&mut self, message: &Value) -> Vec<Act> {
        if self.asking.is_empty() {
            return vec![];
        }
        let name = message["result"]["content"]["name"].as_str().unwrap_or("nobody");
        vec![self.asking.remove(0).said(name)]
    }

    fn cancelled(&mut self, id: &Value) -> Vec<Act> {
        self.listens.retain(|listen| listen != id);
        let Some(at) = self.open.iter().position(|(open, _)| open == id) else { return vec![] };
        let (_, key) = self.open.remove(at);
        let (told, rest) = std::mem::take(&mut self.watching).into_iter().partition(|(_, watched)| *watched == key);
        self.watching = rest;
        let told: Vec<(Asked, String)> = told;
        self.state.change(|facts| _ = facts.cancelled.insert(key));
        told.into_iter().map(|(asked, key)| asked.said(&key)).collect()
    }
}

fn capabilities() -> Value {
    json!({ "tools": { "listChanged": true }, "logging": {} })
}

fn notification(method: &str, params: &Value) -> Act {
    Act::Say(json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}
