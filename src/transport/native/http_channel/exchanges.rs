//! Which message belongs to which exchange. Pure.

use std::collections::{BTreeMap, VecDeque};

use crate::frame::{Inbound, Outbound, Post, RequestId};
use crate::json::{Json, Malformed, Message, MessageId, Text, error_text};
use crate::proto::mirror::{Mirror, annotations};
use crate::proto::versions::{LEGACY, MODERN};
use crate::proto::{code, method};
use crate::text::join;
use crate::transport::TransportError;

/// Requests under way. One more is answered with an error.
const MOST: usize = 1024;
/// Tools whose annotations are remembered.
const MOST_TOOLS: usize = 1024;
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

#[derive(Default)]
pub(super) struct Exchanges {
    /// What `initialize` agreed on.
    agreed: Option<&'static str>,
    last: i64,
    open: BTreeMap<i64, Open>,
    mirrors: Vec<(String, Vec<Mirror>)>,
    /// For the link below.
    pub(super) out: VecDeque<Outbound>,
    /// For whoever reads.
    pub(super) inbound: VecDeque<Text>,
}

/// A request that is not answered yet.
struct Open {
    id: RequestId,
    method: String,
    modern: bool,
}

impl Exchanges {
    /// A message for the server.
    pub(super) fn sent(&mut self, text: Text) {
        let message = match text.read() {
            Ok(message) => message,
            Err(malformed) => {
                let code = if malformed == Malformed::NotJson { code::PARSE_ERROR } else { code::INVALID_REQUEST };
                return self.refuse(None, code, malformed.text());
            }
        };
        let Message { id, method, params, .. } = message;
        match (method, id) {
            (Some(method), MessageId::Id(id)) => self.request(id, method, params, text),
            (Some(method), MessageId::Absent) => self.notification(method, params, text),
            (Some(_), MessageId::Alien) => {
                self.refuse(None, code::INVALID_REQUEST, "the request's id is no string and no whole number");
            }
            (None, _) => self.post(None, None, None, false, text),
        }
    }

    fn request(&mut self, id: RequestId, method: String, params: Option<Json>, text: Text) {
        if self.open.len() >= MOST {
            return self.refuse(Some(&id), code::INTERNAL_ERROR, "too many requests are under way; try again later");
        }
        if self.open.values().any(|open| open.id == id) {
            let known = "a request with this id is under way already";
            return self.refuse(Some(&id), code::INVALID_REQUEST, known);
        }
        let modern = is_modern(params.as_ref());
        self.last += 1;
        let wire = self.last;
        self.open.insert(wire, Open { id, method: method.clone(), modern });
        self.post(Some(wire), Some(method), params, modern, text);
    }

    fn notification(&mut self, method: String, params: Option<Json>, text: Text) {
        let modern = is_modern(params.as_ref());
        let cancelled = (method == "notifications/cancelled").then(|| params.as_ref()?.get_id("requestId")).flatten();
        let cancelled = cancelled
            .and_then(|id| self.open.iter().find(|(_, open)| open.id == id))
            .map(|(wire, open)| (*wire, open.modern));
        let began = method == "notifications/initialized";
        match cancelled {
            // Closing the stream is the cancellation (2026-07-28 basic/transports/streamable-http, "Cancellation").
            Some((wire, true)) => self.abort(wire),
            Some((wire, false)) => {
                self.post(None, Some(method), params, modern, text);
                self.abort(wire);
            }
            None => self.post(None, Some(method), params, modern, text),
        }
        if began && !modern {
            self.out.push_back(Outbound::Listen);
        }
    }

    fn abort(&mut self, wire: i64) {
        self.open.remove(&wire);
        self.out.push_back(Outbound::Abort(wire));
    }

    fn post(&mut self, id: Option<i64>, method: Option<String>, params: Option<Json>, modern: bool, text: Text) {
        let version = if modern { params.as_ref().and_then(version_of) } else { self.agreed };
        let key = match method.as_deref() {
            Some(method::TOOLS_CALL | "prompts/get") if modern => Some("name"),
            Some("resources/read") if modern => Some("uri"),
            _ => None,
        };
        let name = key.and_then(|key| params.as_ref()?.get_str(key));
        let mirrored = match (&name, method.as_deref()) {
            (Some(name), Some(method::TOOLS_CALL)) => self.mirrored(name, params.as_ref()),
            _ => Vec::new(),
        };
        let post = Post { id, method, name, version, modern, mirrored, text };
        self.out.push_back(Outbound::Post(Box::new(post)));
    }

    fn mirrored(&self, tool: &str, params: Option<&Json>) -> Vec<(String, String)> {
        let known = self.mirrors.iter().find(|(known, _)| known == tool);
        let arguments = params.and_then(|params| params.get("arguments"));
        let Some(((_, all), arguments)) = known.zip(arguments) else { return Vec::new() };
        all.iter().filter_map(|mirror| Some((mirror.header.clone(), mirror.value(&arguments)?))).collect()
    }

    /// What the link below delivers.
    pub(super) fn came(&mut self, inbound: Inbound) {
        match inbound {
            Inbound::Message(text) => self.inbound.push_back(text),
            Inbound::On(wire, text) => {
                if self.answers(wire, &text) {
                    // The stream is open still, and nothing more of it is wanted.
                    self.out.push_back(Outbound::Answered(wire));
                }
                self.inbound.push_back(text);
            }
            Inbound::Reply(wire, _, text) => {
                if self.answers(wire, &text) {
                    self.inbound.push_back(text);
                } else if let Some(open) = self.open.remove(&wire) {
                    self.alien(&open, &text);
                }
            }
            Inbound::Ended(wire, Some(resume), _) if self.open.contains_key(&wire) => {
                self.out.push_back(Outbound::Resume(wire, resume));
            }
            Inbound::Ended(wire, _, error) => {
                let detail =
                    error.as_ref().map_or("the server ended the reply without an answer", TransportError::detail);
                self.fail(wire, detail);
            }
            Inbound::Failed(wire, failure) => self.fail(wire, failure.error.detail()),
            // A shared channel has no words for these.
            Inbound::Alive | Inbound::Undelivered(_) | Inbound::Gap => {}
        }
    }

    /// Whether the text is the answer to this request, which is over then.
    fn answers(&mut self, wire: i64, text: &Text) -> bool {
        let Some(open) = self.open.get(&wire) else { return false };
        let Ok(Message { id: MessageId::Id(id), method: None, result, .. }) = text.read() else { return false };
        if id != open.id {
            return false;
        }
        let method = std::mem::take(&mut self.open.remove(&wire).map(|open| open.method)).unwrap_or_default();
        match (method.as_str(), result) {
            ("initialize", Some(result)) => {
                let version = result.get_str("protocolVersion").unwrap_or_default();
                self.agreed = LEGACY.iter().find(|known| **known == version).copied();
            }
            ("tools/list", Some(result)) => self.learn(&result),
            _ => {}
        }
        true
    }

    fn learn(&mut self, result: &Json) {
        for tool in result.get("tools").and_then(|tools| tools.items()).unwrap_or_default() {
            let name = tool.get_str("name").unwrap_or_default();
            // Annotations that break the rules hold for nothing: the server is free to refuse such a tool's calls.
            let mirrors = tool.get("inputSchema").and_then(|schema| annotations(&schema).ok()).unwrap_or_default();
            self.mirrors.retain(|(known, _)| *known != name);
            if !mirrors.is_empty() && self.mirrors.len() < MOST_TOOLS {
                self.mirrors.push((name, mirrors));
            }
        }
    }

    /// A whole reply that is not the answer: an error without an id means this request all the same.
    fn alien(&mut self, open: &Open, text: &Text) {
        match text.read() {
            Ok(Message { error: Some(error), .. }) => self.inbound.push_back(error_text(Some(&open.id), &error)),
            _ => self.refuse(Some(&open.id), code::INTERNAL_ERROR, "the server's reply answers another request"),
        }
    }

    fn fail(&mut self, wire: i64, why: &str) {
        if let Some(open) = self.open.remove(&wire) {
            self.refuse(Some(&open.id), code::INTERNAL_ERROR, &join(&["over HTTP: ", why]));
        }
    }

    fn refuse(&mut self, id: Option<&RequestId>, code: i64, why: &str) {
        let error = serde_json::json!({ "code": code, "message": why });
        if let Ok(error) = Json::encode(&error) {
            self.inbound.push_back(error_text(id, &error));
        }
    }
}

fn is_modern(params: Option<&Json>) -> bool {
    params.and_then(|params| params.get("_meta")).is_some_and(|meta| meta.get(VERSION).is_some())
}

/// The revision that the message declares, if it is one that is known here. For any other the header is left out, which its
/// server will object to.
fn version_of(params: &Json) -> Option<&'static str> {
    let version = params.get("_meta")?.get_str(VERSION)?;
    MODERN.iter().find(|known| **known == version).copied()
}
