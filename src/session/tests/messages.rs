//! Messages as a peer writes them.

use serde_json::{Value, json};

use super::sim::MODERN;

pub(super) fn answer(request: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
}

pub(super) fn refusal(request: &Value, code: i64) -> Value {
    error(request["id"].clone(), code, Value::Null)
}

pub(super) fn error(id: Value, code: i64, data: Value) -> Value {
    let mut error = json!({ "code": code, "message": "no" });
    if !data.is_null() {
        error["data"] = data;
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

pub(super) fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

pub(super) fn discovered() -> Value {
    json!({
        "resultType": "complete", "supportedVersions": [MODERN], "capabilities": { "tools": {} },
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "scripted", "version": "1" } }
    })
}

pub(super) fn initialized(version: &str) -> Value {
    json!({
        "protocolVersion": version, "capabilities": { "tools": { "listChanged": true }, "resources": {} },
        "serverInfo": { "name": "scripted", "version": "1" }, "instructions": "be kind"
    })
}

pub(super) fn done() -> Value {
    json!({ "resultType": "complete", "content": [] })
}
