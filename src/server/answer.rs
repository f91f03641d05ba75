//! How a request ends: with a result, or with an error.

use std::fmt;

use super::Inner;
use crate::error::RpcError;
use crate::frame::RequestId;
use crate::json::{Json, JsonError, Object, Text, error_text, result_text, result_text_with};
use crate::proto::{CallToolResult, code};

/// Why a handler could not do its work.
///
/// Any error becomes one with `?`: its text is what the caller reads. In a tool that is a result with `isError`, which a
/// model can read and act on (2026-07-28 server/tools, error handling); elsewhere it is JSON-RPC error -32603.
/// [`Self::rpc`] is a JSON-RPC error in either place.
#[derive(Clone)]
pub struct ToolError(Kind);

#[derive(Clone)]
enum Kind {
    Message(String),
    Rpc(Box<RpcError>),
    NotFound(String),
}

impl ToolError {
    /// The work failed; the text says why and what would help.
    pub fn message(text: impl Into<String>) -> Self {
        Self(Kind::Message(text.into()))
    }

    /// The request itself was wrong: a JSON-RPC error with this code.
    pub fn rpc(code: i64, message: impl Into<String>) -> Self {
        Self(Kind::Rpc(Box::new(RpcError { code, message: message.into(), data: None })))
    }

    /// There is no resource of this URI. The protocol revisions have different codes for it.
    pub fn not_found(uri: impl Into<String>) -> Self {
        Self(Kind::NotFound(uri.into()))
    }

    /// The JSON-RPC error's `data`. An error that was a message becomes -32603.
    pub fn data(self, data: Json) -> Self {
        let mut error = self.into_failure(true).0;
        error.data = Some(data);
        Self(Kind::Rpc(Box::new(error)))
    }

    /// The JSON-RPC error, where it is one.
    pub fn as_rpc(&self) -> Option<&RpcError> {
        match &self.0 {
            Kind::Rpc(error) => Some(error),
            Kind::Message(_) | Kind::NotFound(_) => None,
        }
    }

    /// The arguments of a tool do not fit its schema. Since 2025-11-25 that is for the model to read and mend (server/tools,
    /// error handling); before, it was a protocol error.
    pub(super) fn arguments(version: &str, text: String) -> Self {
        if version < "2025-11-25" { Self::rpc(code::INVALID_PARAMS, text) } else { Self::message(text) }
    }

    pub(super) fn into_tool_outcome(self) -> Outcome {
        match self.0 {
            Kind::Message(text) => Reply::of(&CallToolResult::error(text), false),
            Kind::Rpc(error) => Err(Failure(*error)),
            Kind::NotFound(uri) => Reply::of(&CallToolResult::error(format!("Resource not found: {uri}")), false),
        }
    }

    pub(super) fn into_failure(self, modern: bool) -> Failure {
        match self.0 {
            Kind::Message(text) => Failure::new(code::INTERNAL_ERROR, text),
            Kind::Rpc(error) => Failure(*error),
            Kind::NotFound(uri) => resource_not_found(&uri, modern),
        }
    }
}

impl<E: std::error::Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::message(error.to_string())
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Message(text) => f.write_str(text),
            Kind::Rpc(error) => f.write_str(&error.message),
            Kind::NotFound(uri) => write!(f, "Resource not found: {uri}"),
        }
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Message(text) => f.debug_tuple("ToolError").field(text).finish(),
            Kind::Rpc(error) => f.debug_tuple("ToolError").field(error).finish(),
            Kind::NotFound(uri) => write!(f, "ToolError(Resource not found: {uri})"),
        }
    }
}

/// The code changed with 2026-07-28 (server/resources, error handling).
pub(super) fn resource_not_found(uri: &str, modern: bool) -> Failure {
    let code = if modern { code::INVALID_PARAMS } else { code::RESOURCE_NOT_FOUND };
    Failure::new(code, "Resource not found").data(Object::new().str("uri", uri).build())
}

pub(super) type Outcome = Result<Reply, Failure>;

/// A result before it is put into its envelope.
pub(super) struct Reply {
    body: Json,
    has_meta: bool,
}

impl Reply {
    pub(super) fn of<T: serde::Serialize>(result: &T, has_meta: bool) -> Outcome {
        match Json::encode(result) {
            Ok(body) => Ok(Self { body, has_meta }),
            Err(error) => Err(Failure::from(error)),
        }
    }

    pub(super) fn json(body: Json) -> Self {
        Self { body, has_meta: false }
    }

    /// A result with a `_meta` of its own.
    pub(super) fn with_meta(body: Json) -> Self {
        Self { body, has_meta: true }
    }

    pub(super) fn empty() -> Self {
        Self::json(Object::new().build())
    }
}

/// A JSON-RPC error on its way out.
#[derive(Debug)]
pub(super) struct Failure(pub(super) RpcError);

impl Failure {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self(RpcError { code, message: message.into(), data: None })
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    pub(super) fn request(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(code::INTERNAL_ERROR, message)
    }

    pub(super) fn data(mut self, data: Json) -> Self {
        self.0.data = Some(data);
        self
    }

    /// The answer; with a null id where the request's could not be read.
    pub(super) fn text(&self, id: Option<&RequestId>) -> Text {
        let mut error = Object::new().num("code", self.0.code as f64).str("message", &self.0.message);
        if let Some(data) = &self.0.data {
            error = error.json("data", data);
        }
        error_text(id, &error.build())
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self(error)
    }
}

impl From<JsonError> for Failure {
    fn from(error: JsonError) -> Self {
        Self::internal(format!("the result cannot be written as JSON: {error}"))
    }
}

/// The members that every modern result carries beside its own (basic/index, per-response protocol fields).
pub(super) fn envelope(result_type: &str, server_info: &Json) -> Json {
    let meta = Object::new().json(crate::proto::meta::SERVER_INFO, server_info).build();
    Object::new().str("resultType", result_type).json("_meta", &meta).build()
}

/// The text of a request's answer.
pub(super) fn answer(server: &Inner, id: &RequestId, modern: bool, outcome: &Outcome) -> Text {
    match outcome {
        Ok(reply) if !modern => result_text(id, &reply.body),
        Ok(reply) if !reply.has_meta => result_text_with(id, &reply.body, &server.complete),
        Ok(reply) => result_text(id, &merged(&reply.body, &server.complete)),
        Err(failure) => failure.text(Some(id)),
    }
}

/// The text of a result that asks for input first.
pub(super) fn ask_first(server: &Inner, id: &RequestId, body: &Json) -> Text {
    result_text_with(id, body, &server.input_required)
}

/// The error of a client's answer.
pub(super) fn rpc_error(error: Option<&Json>) -> RpcError {
    let [code, message, data] = error.and_then(|error| error.pick(["code", "message", "data"])).unwrap_or_default();
    RpcError {
        code: code.and_then(|code| code.as_f64()).unwrap_or(0.0) as i64,
        message: message.and_then(|message| message.as_str()).unwrap_or_else(|| "an error without a message".into()),
        data,
    }
}

/// `extra` joined into a result that has a `_meta` of its own.
fn merged(body: &Json, extra: &Json) -> Json {
    let mut all = Object::new();
    let mut own_meta = None;
    for (key, value) in body.entries().unwrap_or_default() {
        match key.as_str() {
            "_meta" => own_meta = value.entries(),
            "resultType" => {}
            _ => all = all.json(&key, &value),
        }
    }
    for (key, value) in extra.entries().unwrap_or_default() {
        if key != "_meta" {
            all = all.json(&key, &value);
            continue;
        }
        let mut meta = Object::new();
        let ours = value.entries().unwrap_or_default();
        for (key, value) in own_meta.take().unwrap_or_default() {
            if !ours.iter().any(|(name, _)| *name == key) {
                meta = meta.json(&key, &value);
            }
        }
        for (key, value) in ours {
            meta = meta.json(&key, &value);
        }
        all = all.json("_meta", &meta.build());
    }
    all.build()
}
