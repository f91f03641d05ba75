//! The scripted peer over Streamable HTTP, in both eras; and what a test wants to go wrong on the way, see [`rules`].

mod rules;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::log::Log;
use crate::scripted::{Era, Reply, Script};
pub(crate) use rules::Gates;
use rules::{After, Rule, perform};
use wire::{Request, Wire};

pub(crate) struct HttpPeer {
    era: Era,
    generation: u32,
    log: Arc<Log>,
    rules: Mutex<Vec<Rule>>,
    pub(crate) gates: Gates,
    /// Replies that are streams still, by the id of their request.
    streams: Mutex<HashMap<String, UnboundedSender<Value>>>,
    /// The sessions of the legacy era that began here.
    sessions: Mutex<Vec<String>>,
}

/// What becomes of a connection after one request.
type Next = std::io::Result<After>;

const JSON: (&str, &str) = ("Content-Type", "application/json");
const EVENTS: (&str, &str) = ("Content-Type", "text/event-stream");

impl HttpPeer {
    pub(crate) fn new(era: Era, generation: u32, rules: &str, log: Arc<Log>) -> Result<Arc<Self>, String> {
        let rules = Mutex::new(Rule::parse(rules)?);
        let (streams, sessions) = (Mutex::default(), Mutex::default());
        Ok(Arc::new(Self { era, generation, log, rules, gates: Gates::default(), streams, sessions }))
    }

    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let peer = self.clone();
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move { peer.connection(stream).await });
        }
    }

    async fn connection(&self, stream: TcpStream) {
        self.log.note("connection");
        let mut wire = Wire::new(stream);
        while let Some(request) = wire.request().await {
            match self.exchange(&mut wire, &request).await {
                Ok(After::Next) => {}
                Ok(After::Close) => {
                    wire.close().await;
                    break;
                }
                Ok(After::Reset) => {
                    wire.reset();
                    break;
                }
                Ok(After::Gone) | Err(_) => {
                    self.log.note(format!("aborted {}", request.verb));
                    break;
                }
            }
        }
        self.log.note("end");
    }

    async fn exchange(&self, wire: &mut Wire, request: &Request) -> Next {
        let message: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let method = message["method"].as_str().unwrap_or_default();
        let name = message["params"]["name"].as_str().unwrap_or_default();
        if request.verb == "OPTIONS" {
            self.log.note(format!("preflight {}", request.target));
        } else {
            for (name, value) in &request.headers {
                self.log.note(format!("header {name}: {value}"));
            }
            self.log.note(format!("request {} {} {method} {name}", request.verb, request.target));
        }
        if !message.is_null() {
            self.log.note(format!("in {}", request.body));
        }
        let steps = {
            let mut rules = self.rules.lock().expect("no panic while locked");
            rules.iter_mut().find_map(|rule| rule.steps(&request.verb, method, name))
        };
        if let Some(steps) = steps {
            return perform(wire, &steps, &message["id"].to_string(), &self.gates, &self.log).await;
        }
        if request.verb == "OPTIONS" {
            return preflight(wire, request).await;
        }
        match (request.verb.as_str(), self.era) {
            ("POST", era) => match self.refusal(era, request, &message) {
                Some((status, body)) => wire.answer(status, &[JSON], &body.to_string()).await?,
                None if message["id"].is_null() || message["method"].is_null() => self.noticed(wire, &message).await?,
                None => return self.request(wire, &message).await,
            },
            ("GET", Era::Legacy) => {
                wire.begin(200, &[EVENTS]).await?;
                wire.chunk(b": listening\n\n").await?;
                wire.gone().await;
                return Ok(After::Gone);
            }
            ("DELETE", Era::Legacy) => {
                let session = request.header("mcp-session-id").unwrap_or_default();
                self.sessions.lock().expect("no panic while locked").retain(|known| known != session);
                wire.answer(204, &[], "").await?;
            }
            _ => wire.answer(405, &[("Allow", "POST")], "").await?,
        }
        Ok(After::Next)
    }

    /// What a server says before it looks at the method.
    fn refusal(&self, era: Era, request: &Request, message: &Value) -> Option<(u16, Value)> {
        let error = |code: i64, text: &str| json!({ "jsonrpc": "2.0", "id": Value::Null, "error": { "code": code, "message": text } });
        if era == Era::Modern || message["method"] == "initialize" {
            return None;
        }
        let sessions = self.sessions.lock().expect("no panic while locked");
        match request.header("mcp-session-id") {
            None => Some((400, error(-32000, "Bad Request: Server not initialized"))),
            Some(session) if sessions.iter().all(|known| known != session) => {
                Some((404, error(-32001, "Session not found")))
            }
            Some(_) => None,
        }
    }

    fn script(&self) -> Script {
        Script::new(self.era, self.generation, self.log.clone())
    }

    /// A notification, or an answer: what follows from it goes to the stream of the request that it is about.
    async fn noticed(&self, wire: &mut Wire, message: &Value) -> std::io::Result<()> {
        for reply in self.script().replies(message) {
            let Reply::Say(said) = reply else { continue };
            let streams = self.streams.lock().expect("no panic while locked");
            if let Some(stream) = streams.get(&said["id"].to_string()) {
                let _ = stream.send(said);
            }
        }
        wire.answer(202, &[], "").await
    }

    async fn request(&self, wire: &mut Wire, message: &Value) -> Next {
        let id = &message["id"];
        let (tx, mut rx) = unbounded_channel();
        self.streams.lock().expect("no panic while locked").insert(id.to_string(), tx);
        let replies = self.script().replies(message);
        if let [Reply::Say(said)] = &replies[..]
            && said["id"] == *id
        {
            return self.whole(wire, message, said).await;
        }
        let mut begun = false;
        let mut answered = false;
        for reply in replies {
            let event = match reply {
                Reply::Say(said) => {
                    answered |= said["id"] == *id;
                    said.to_string()
                }
                Reply::Text(text) => text,
                Reply::Binary(bytes) => {
                    wire.write(wire::head(200, &[JSON, ("Connection", "close")]).as_bytes()).await?;
                    wire.write(b"\r\n").await?;
                    wire.write(&[&bytes[..], &[0xff, 0xfe]].concat()).await?;
                    return Ok(After::Close);
                }
                Reply::Announce(length) => {
                    wire.write(wire::head(200, &[JSON]).as_bytes()).await?;
                    wire.write(format!("Content-Length: {length}\r\n\r\n{{\"jsonrpc\":").as_bytes()).await?;
                    wire.gone().await;
                    return Ok(After::Gone);
                }
                Reply::Close(_) | Reply::Drop => return Ok(After::Close),
            };
            if !std::mem::replace(&mut begun, true) {
                wire.begin(200, &[EVENTS]).await?;
            }
            wire.chunk(format!("data: {event}\n\n").as_bytes()).await?;
        }
        if !begun {
            wire.begin(200, &[EVENTS]).await?;
        }
        while !answered {
            let said = tokio::select! {
                said = rx.recv() => said,
                () = wire.gone() => None,
            };
            let Some(said) = said else { return Ok(After::Gone) };
            answered = said["id"] == *id;
            wire.chunk(format!("data: {said}\n\n").as_bytes()).await?;
        }
        wire.end().await?;
        Ok(After::Next)
    }

    async fn whole(&self, wire: &mut Wire, message: &Value, said: &Value) -> Next {
        let status = if said["error"]["code"] == -32601 { 404 } else { 200 };
        if message["method"] == "initialize" && status == 200 {
            let session = {
                let mut sessions = self.sessions.lock().expect("no panic while locked");
                let session = format!("session-{}-{}", self.generation, sessions.len() + 1);
                sessions.push(session.clone());
                session
            };
            wire.answer(status, &[JSON, ("Mcp-Session-Id", &session)], &said.to_string()).await?;
        } else {
            wire.answer(status, &[JSON], &said.to_string()).await?;
        }
        Ok(After::Next)
    }
}

/// Allows whatever is asked for. Browsers keep that for a while, so that a test's count is its own.
async fn preflight(wire: &mut Wire, request: &Request) -> Next {
    let asked = request.header("access-control-request-headers").unwrap_or_default();
    let allowed = [
        ("Access-Control-Allow-Headers", asked),
        ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
        ("Access-Control-Max-Age", "600"),
    ];
    wire.answer(204, &allowed, "").await?;
    Ok(After::Next)
}
