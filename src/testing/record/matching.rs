//! Whether a client says what was recorded, ids and other things of the moment aside.

use serde_json::Value;

use super::redact::REDACTED;

const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// Which id or token of this session stands for which of the recording.
#[derive(Default)]
pub(super) struct Names {
    ids: Vec<(Value, Value)>,
    tokens: Vec<(Value, Value)>,
}

fn of<'a>(pairs: &'a [(Value, Value)], recorded: &Value) -> Option<&'a Value> {
    // An id may come again, on another link or after its answer: the latest counts.
    pairs.iter().rev().find(|(known, _)| known == recorded).map(|(_, live)| live)
}

fn is_request(message: &Value) -> bool {
    message.get("method").is_some() && message.get("id").is_some()
}

impl Names {
    /// Whether `live` is what was recorded. Ids and progress tokens are whatever the client makes them, who it says that
    /// it is does not matter, and what was redacted matches anything.
    pub(super) fn matches(&self, recorded: &Value, live: &Value) -> bool {
        let cancelled = &recorded["params"]["requestId"];
        if recorded["method"] == "notifications/cancelled"
            && of(&self.ids, cancelled).unwrap_or(cancelled) != &live["params"]["requestId"]
        {
            return false;
        }
        is_request(recorded) == is_request(live) && same(&plain(recorded), &plain(live))
    }

    /// Remembers the names of a message that matched.
    pub(super) fn learn(&mut self, recorded: &Value, live: &Value) {
        if is_request(recorded) {
            self.ids.push((recorded["id"].clone(), live["id"].clone()));
        }
        let token = |message: &Value| message["params"]["_meta"]["progressToken"].clone();
        if !token(recorded).is_null() {
            self.tokens.push((token(recorded), token(live)));
        }
    }

    /// A message of the server with the names of this session.
    pub(super) fn translate(&self, message: &Value) -> Value {
        let mut message = message.clone();
        let rename = |value: Option<&mut Value>, pairs: &[(Value, Value)]| {
            if let Some(value) = value
                && let Some(live) = of(pairs, value)
            {
                *value = live.clone();
            }
        };
        if message.get("method").is_none() {
            rename(message.get_mut("id"), &self.ids);
        }
        rename(message.pointer_mut("/params/progressToken"), &self.tokens);
        rename(message.pointer_mut("/params/requestId"), &self.ids);
        for holder in ["params", "result"] {
            let meta = message.get_mut(holder).and_then(|holder| holder.get_mut("_meta"));
            rename(meta.and_then(|meta| meta.get_mut(SUBSCRIPTION)), &self.ids);
        }
        message
    }
}

/// A message of a client without what is of the moment.
fn plain(message: &Value) -> Value {
    let mut message = message.clone();
    let request = is_request(&message);
    if let Some(message) = message.as_object_mut() {
        if request {
            message.remove("id");
        }
        if let Some(params) = message.get_mut("params").and_then(Value::as_object_mut) {
            params.remove("clientInfo");
            params.remove("requestId");
            if let Some(meta) = params.get_mut("_meta").and_then(Value::as_object_mut) {
                meta.remove("progressToken");
                meta.remove(CLIENT_INFO);
            }
        }
    }
    message
}

fn same(recorded: &Value, live: &Value) -> bool {
    match (recorded, live) {
        (Value::String(text), _) if text == REDACTED => true,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
