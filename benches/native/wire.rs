//! The messages of one tool, as one writes them by hand: one JSON parse for each, no errors worth the name.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Fault;

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: P,
}

#[derive(Serialize, Deserialize)]
struct CallParams<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Arguments<'a>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

/// What a request of 2026-07-28 says of its client.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Meta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: Cow<'static, str>,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Empty,
}

#[derive(Default, Serialize, Deserialize)]
struct Empty {}

impl Meta {
    pub(crate) fn modern() -> Self {
        Self { version: "2026-07-28".into(), ..Self::default() }
    }
}

#[derive(Serialize, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Response<'a, R> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    result: R,
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) id: u64,
    result: Option<CallResult<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<T> {
    #[serde(default = "Vec::new")]
    content: Vec<Content<T>>,
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    result_type: Cow<'static, str>,
}

#[derive(Serialize, Deserialize)]
struct Content<T> {
    r#type: Cow<'static, str>,
    text: T,
}

/// What the server answers; `None` for a notification.
pub(crate) fn answer(message: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let mut out = Vec::with_capacity(message.len() + 128);
    Ok(answer_into(message, &mut out)?.then_some(out))
}

/// Appends what the server answers; `false` for a notification.
pub(crate) fn answer_into(message: &[u8], out: &mut Vec<u8>) -> Result<bool, Fault> {
    let Incoming { id, method, params } = serde_json::from_slice(message)?;
    let Some(id) = id else { return Ok(false) };
    let params = params.map_or("{}", RawValue::get);
    if method == "tools/call" {
        let CallParams { arguments, .. } = serde_json::from_str(params)?;
        let content = vec![Content { r#type: "text".into(), text: arguments.text }];
        let result = CallResult { content, is_error: false, result_type: "complete".into() };
        serde_json::to_writer(out, &Response { jsonrpc: "2.0", id, result })?;
        return Ok(true);
    }
    let result = if method == "initialize" {
        let asked: serde_json::Value = serde_json::from_str(params)?;
        serde_json::json!({
            "protocolVersion": asked["protocolVersion"], "capabilities": { "tools": {} },
            "serverInfo": { "name": "hand", "version": "1" },
        })
    } else {
        serde_json::json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
            "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "hand", "version": "1" } },
            "ttlMs": 0, "cacheScope": "private",
        })
    };
    serde_json::to_writer(out, &Response { jsonrpc: "2.0", id, result })?;
    Ok(true)
}

/// A call of the tool.
pub(crate) fn call(id: u64, text: &str, meta: Option<Meta>) -> Result<Vec<u8>, Fault> {
    let mut message = Vec::with_capacity(text.len() + 128);
    call_into(id, text, meta, &mut message)?;
    Ok(message)
}

/// Appends a call of the tool.
pub(crate) fn call_into(id: u64, text: &str, meta: Option<Meta>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let params = CallParams { name: "echo".into(), arguments: Arguments { text: text.into() }, meta };
    Ok(serde_json::to_writer(out, &Request { jsonrpc: "2.0", id, method: "tools/call", params })?)
}

impl Answer {
    /// The text that the tool brought.
    pub(crate) fn text(self) -> Result<String, Fault> {
        let mut result = self.result.ok_or("an error")?;
        Ok(result.content.pop().ok_or("no content")?.text)
    }
}
