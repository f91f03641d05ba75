//! Arguments that a per-request carrier says in headers, too (2026-07-28 basic/transports/streamable-http, "Custom Headers
//! from Tool Parameters").

use std::time::Duration;

use super::call::{Waiter, Wire};
use super::{CallId, Event, Session, Ticket};
use crate::error::RpcError;
use crate::frame::Post;
use crate::json::{Draft, Json, Object};
use crate::proto::mirror::{Mirror, annotations};
use crate::text::join;

/// The headers do not match the message, or one is missing.
pub(super) const HEADER_MISMATCH: i64 = -32020;
/// Tools with annotations that are remembered. Beyond that the oldest are forgotten: a refusal brings them back.
const MOST: usize = 1024;

#[derive(Default)]
pub(super) struct Mirrors(Vec<(String, Vec<Mirror>)>);

impl Mirrors {
    /// A message's head, as far as the message knows it.
    pub(super) fn post(&self, draft: &Draft, modern: bool) -> Post {
        let method = draft.method();
        let key = match method.as_str() {
            "tools/call" | "prompts/get" if modern => Some("name"),
            "resources/read" if modern => Some("uri"),
            _ => None,
        };
        let name = key.and_then(|key| draft.param(key)?.as_str());
        let known = match &name {
            Some(name) if method == "tools/call" => self.0.iter().find(|(tool, _)| tool == name),
            _ => None,
        };
        let mirrored = known.and_then(|(_, all)| Some((all, draft.param("arguments")?))).map(|(all, arguments)| {
            all.iter().filter_map(|mirror| Some((mirror.header.clone(), mirror.value(&arguments)?))).collect()
        });
        let mirrored = mirrored.unwrap_or_default();
        Post { id: None, method: Some(method), name, version: None, modern, mirrored, text: String::new().into() }
    }

    fn set(&mut self, tool: &str, mirrors: Vec<Mirror>) {
        self.0.retain(|(known, _)| known != tool);
        if !mirrors.is_empty() {
            if self.0.len() >= MOST {
                self.0.remove(0);
            }
            self.0.push((tool.to_owned(), mirrors));
        }
    }
}

impl<T: Ticket> Session<T> {
    /// A list of tools arrived: what its annotations say is remembered, and tools whose annotations break the rules are
    /// left out of it.
    pub(super) fn learn_mirrors(&mut self, result: &mut Json) {
        if self.mirrors.0.is_empty() && !result.text_contains("x-mcp-header") {
            return;
        }
        let Some(tools) = result.get("tools").and_then(|tools| tools.items()) else { return };
        let before = tools.len();
        let mut kept = Vec::with_capacity(before);
        for tool in tools {
            let name = tool.get_str("name").unwrap_or_default();
            match tool.get("inputSchema").map_or(Ok(Vec::new()), |schema| annotations(&schema)) {
                Ok(mirrors) => {
                    self.mirrors.set(&name, mirrors);
                    kept.push(tool);
                }
                Err(reason) => {
                    self.mirrors.set(&name, Vec::new());
                    self.warn(join(&["the tool \"", &name, "\" is left out: ", &reason]));
                }
            }
        }
        if kept.len() < before {
            let members = result.entries().unwrap_or_default().into_iter().filter(|(key, _)| key != "tools");
            let rest = members.fold(Object::new(), |all, (key, value)| all.json(&key, &value));
            *result = rest.json("tools", &Json::list(&kept)).build();
        }
    }

    /// A call's headers were refused: its tool may have changed. The list is asked for anew, and the call sent once more.
    pub(super) fn refresh_tools(&mut self, id: CallId, now: Duration) -> bool {
        let Some(call) = self.calls.get_mut(id) else { return false };
        let Wire::Sent { id: wire, sent } = &call.wire else { return false };
        let (wire, draft) = (*wire, sent.reopen());
        if call.mended || !self.link.per_request() || draft.method() != "tools/call" {
            return false;
        }
        call.mended = true;
        self.cache.heard(&Event::ToolsChanged);
        call.resent = true;
        call.wire = Wire::Unsent { draft: Some(draft), frozen: true };
        self.aliases.remove(wire);
        self.list_tools(id, None, now);
        true
    }

    fn list_tools(&mut self, of: CallId, cursor: Option<&str>, now: Duration) {
        let params = cursor.map_or_else(Object::new, |cursor| Object::new().str("cursor", cursor)).build();
        if self.tell("tools/list", &params, Waiter::Tools(of), now).is_none() {
            self.enqueue(of);
        }
    }

    /// A page of the list is there, or (`None`) the exchange was lost.
    pub(super) fn tools_refreshed(&mut self, id: CallId, result: Option<Result<Json, RpcError>>, now: Duration) {
        let Some(Waiter::Tools(of)) = self.take_call(id).map(|call| call.waiter) else { return };
        let Some(Ok(mut page)) = result else { return self.enqueue(of) };
        self.learn_mirrors(&mut page);
        let wanted = match self.calls.get(of).map(|call| &call.wire) {
            Some(Wire::Unsent { draft: Some(draft), .. }) => draft.param("name").and_then(|name| name.as_str()),
            _ => return,
        };
        let tools = page.get("tools").and_then(|tools| tools.items()).unwrap_or_default();
        let found = tools.iter().any(|tool| tool.get_str("name") == wanted);
        match page.get_str("nextCursor") {
            Some(cursor) if !found => self.list_tools(of, Some(&cursor), now),
            _ => self.enqueue(of),
        }
    }
}
