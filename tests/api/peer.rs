//! A scripted server at the other end of an in-memory link: it does the handshake of its revision and leaves every other
//! request to the script.

use std::sync::{Arc, Mutex};

use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::transport::memory::{Memory, MemoryListener};
use everywire::{Builder, Client, Event, Events, MaybeSend};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::host;

pub(crate) const MODERN: &str = "2026-07-28";
pub(crate) const LEGACY: &str = "2025-11-25";
pub(crate) const BOTH: [&str; 2] = [MODERN, LEGACY];

/// What the script makes of a request.
pub(crate) enum Answer {
    Result(Value),
    Error(i64, &'static str),
    /// Messages before the answer.
    After(Vec<Value>, Box<Answer>),
    Nothing,
}

/// Every message that the client sent, in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    /// The messages of this method.
    pub(crate) fn of(&self, method: &str) -> Vec<Value> {
        self.0.lock().unwrap().iter().filter(|message| message["method"] == method).cloned().collect()
    }

    /// The params of the only message of this method, without what the protocol adds.
    pub(crate) fn params(&self, method: &str) -> Value {
        let all = self.of(method);
        assert_eq!(all.len(), 1, "{method} was sent {} times", all.len());
        let mut params = all[0]["params"].clone();
        if let Some(params) = params.as_object_mut() {
            params.remove("_meta");
        }
        params
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) seen: Seen,
}

/// A client connected to a server of this revision with these capabilities.
pub(crate) async fn connect(
    version: &'static str,
    capabilities: Value,
    script: impl FnMut(&str, &Value) -> Answer + MaybeSend + 'static,
) -> Peer {
    connect_with(version, capabilities, script, |builder| builder).await
}

pub(crate) async fn connect_with(
    version: &'static str,
    capabilities: Value,
    script: impl FnMut(&str, &Value) -> Answer + MaybeSend + 'static,
    options: impl FnOnce(Builder) -> Builder,
) -> Peer {
    let (transport, listener) = Memory::new();
    let seen = Seen::default();
    host::spawn(Box::pin(serve(version, capabilities, script, listener, seen.clone())));
    let client = options(Client::over(transport).name("tests", "1")).connect().await.unwrap();
    Peer { client, seen }
}

/// The next event that `wanted` recognises.
pub(crate) async fn event<T>(events: &mut Events, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = events.next().await.expect("the client is open");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

async fn serve(
    version: &'static str,
    capabilities: Value,
    mut script: impl FnMut(&str, &Value) -> Answer + MaybeSend + 'static,
    mut listener: MemoryListener,
    seen: Seen,
) {
    while let Some(mut link) = listener.next().await {
        while let Some(Ok(inbound)) = link.rx.next().await {
            let Inbound::Message(text) = inbound else { continue };
            let message: Value = serde_json::from_str(&text.to_string()).unwrap();
            seen.0.lock().unwrap().push(message.clone());
            let (Some(method), id) = (message["method"].as_str(), &message["id"]) else { continue };
            if id.is_null() {
                continue;
            }
            let modern = version == MODERN;
            let answer = match method {
                "server/discover" if modern => Answer::Result(json!({
                    "resultType": "complete", "supportedVersions": [version], "capabilities": capabilities,
                    "ttlMs": 0, "cacheScope": "private",
                })),
                "server/discover" => Answer::Error(-32601, "no such method"),
                "initialize" if !modern => Answer::Result(json!({
                    "protocolVersion": version, "capabilities": capabilities,
                    "serverInfo": {"name": "scripted", "version": "1"},
                })),
                _ => script(method, &message),
            };
            for out in messages(id, answer) {
                if link.tx.send(Outbound::Message(Text::from(out.to_string()))).await.is_err() {
                    break;
                }
            }
        }
    }
}

fn messages(id: &Value, answer: Answer) -> Vec<Value> {
    match answer {
        Answer::Result(result) => vec![json!({"jsonrpc": "2.0", "id": id, "result": result})],
        Answer::Error(code, message) => {
            vec![json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})]
        }
        Answer::After(mut before, answer) => {
            before.extend(messages(id, *answer));
            before
        }
        Answer::Nothing => Vec::new(),
    }
}
