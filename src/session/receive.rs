//! What arrives: classified by shape (`method` first), then by who it is for.

use std::time::Duration;

use super::ask::Source;
use super::call::{Call, Waiter, Wire};
use super::handshake::refuses;
use super::link::LinkState;
use super::mirrors::HEADER_MISMATCH;
use super::{CallId, Era, Event, InputKind, Output, Session, Stage, Ticket, Verdict};
use crate::error::RpcError;
use crate::frame::RequestId;
use crate::json::{Json, Malformed, MessageId, Object, Text, error_text, result_text};
use crate::proto::versions::MODERN;
use crate::text::{decimal, join};
use crate::transport::{TransportError, TransportErrorKind};

/// Where a message came from, on a link with a reply channel for every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    /// The request whose reply it is part of.
    pub(super) wire: i64,
    /// The HTTP status, where the message is the whole reply.
    pub(super) status: Option<u16>,
}

impl<T: Ticket> Session<T> {
    /// A message arrived.
    pub(crate) fn receive(&mut self, text: &Text, now: Duration) {
        // What is left of a link that was given up.
        if !matches!(self.link, LinkState::Up(_)) {
            return;
        }
        self.take_in(text, None, now);
        self.check_control(now);
    }

    pub(super) fn check_control(&mut self, now: Duration) {
        if self.control.len() > self.options.max_pending {
            // It asks and asks and does not read the answers.
            let detail = "the server sends requests faster than it reads their answers";
            self.drop_link(TransportError::new(TransportErrorKind::Overloaded, detail), now);
        }
    }

    pub(super) fn take_in(&mut self, text: &Text, from: Option<From>, now: Duration) {
        self.alive(now);
        self.metrics.messages_in += 1;
        self.metrics.bytes_in += text.len() as u64;
        let (size, limit) = (text.len(), self.options.max_message);
        if size > limit {
            let detail = join(&[
                "the server sent a message of ",
                &decimal(size as u64),
                " bytes, over the limit of ",
                &decimal(limit as u64),
                "; raise max_message",
            ]);
            return self.drop_link(TransportError::new(TransportErrorKind::TooLarge { size, limit }, detail), now);
        }
        let message = match text.read() {
            Ok(message) => message,
            Err(malformed) => return self.malformed(malformed),
        };
        match (message.method, message.id) {
            (Some(method), MessageId::Absent) => self.notified(&method, message.params, now),
            (Some(method), MessageId::Id(id)) => self.requested(&method, id, message.params, now),
            (Some(_), MessageId::Alien) => {
                self.metrics.malformed += 1;
                self.refuse_request(None, -32600, "the request's id is neither a string nor an integer");
            }
            (None, id) => {
                let result = match (message.result, message.error) {
                    (Some(result), _) => Ok(result),
                    (None, Some(error)) => Err(rpc_error(&error)),
                    (None, None) => return self.malformed(Malformed::NotMessage),
                };
                self.responded(id, result, from, now);
            }
        }
    }

    fn malformed(&mut self, why: Malformed) {
        self.metrics.malformed += 1;
        self.garbage = Some(why.text());
        self.warn(why.text());
    }

    // ---- Responses

    fn responded(&mut self, id: MessageId, result: Result<Json, RpcError>, from: Option<From>, now: Duration) {
        // In the modern era a reply answers its own request and no other; a legacy server may take another stream.
        let strict = self.era() != Some(Era::Legacy);
        let call = match (&id, &from) {
            (MessageId::Id(RequestId::Number(wire)), Some(from)) if strict && *wire != from.wire => None,
            (MessageId::Id(RequestId::Number(wire)), _) => self.call_of(*wire),
            _ => None,
        };
        let stray = || match &from {
            // Refused before the id was read: the reply says whose it is.
            Some(from) if result.is_err() => self.call_of(from.wire),
            _ => None,
        };
        let Some(id) = call.or_else(stray).or_else(|| self.stray_refusal(&id, &result)) else {
            return self.unclaimed(&id, result);
        };
        if let Err(error) = &result
            && self.doubtful(id, error.code)
        {
            return self.try_again_after_probe(id, error, now);
        }
        match self.calls.get(id).map(|call| &call.waiter) {
            Some(Waiter::Caller(_)) => self.answered(id, result, now),
            Some(Waiter::Listen(key)) => {
                let key = *key;
                self.take_call(id);
                self.listen_ended(key, result, now);
            }
            Some(Waiter::Subscribe(key)) => {
                let key = *key;
                self.take_call(id);
                self.subscribed(key, id, result, now);
            }
            Some(Waiter::Probe) => {
                let resent = matches!(self.stage, Stage::Probing { resent: true, .. });
                self.take_call(id);
                self.probe_answered(result, from.and_then(|from| from.status), resent, now);
            }
            Some(Waiter::Initialize) => {
                self.take_call(id);
                self.initialized(result, from.and_then(|from| from.status), now);
            }
            Some(Waiter::Tools(_)) => self.tools_refreshed(id, Some(result), now),
            Some(Waiter::Heartbeat | Waiter::Nobody) | None => {
                self.take_call(id);
                self.confirm(&result);
            }
        }
    }

    /// While only the handshake is outstanding, an error whose id is null or unknown is its answer: several servers
    /// refuse an unknown first request that way. An id that was sent earlier is no unknown one, only late.
    fn stray_refusal(&mut self, id: &MessageId, result: &Result<Json, RpcError>) -> Option<CallId> {
        let sent = |wire: i64| (1..self.next_id).contains(&wire);
        if result.is_ok() || matches!(id, MessageId::Id(RequestId::Number(wire)) if sent(*wire)) {
            return None;
        }
        match self.stage {
            Stage::Probing { call, .. } => Some(call),
            // The probe that was given up comes first.
            Stage::Initializing { .. } if self.late_probe.take().is_some() => None,
            Stage::Initializing { call, .. } => Some(call),
            // The first request on a remembered era is a probe, too.
            _ if self.unconfirmed() => {
                let sent = |call: &Call<T>| matches!(call.wire, Wire::Sent { .. });
                self.calls.iter().find(|(_, call)| sent(call)).map(|(id, _)| id)
            }
            _ => None,
        }
    }

    /// Whether this error is that of a server whose era was remembered wrongly, and which did not run the request.
    fn doubtful(&self, id: CallId, code: i64) -> bool {
        let asked = self.calls.get(id).is_some_and(|call| !matches!(call.waiter, Waiter::Probe | Waiter::Initialize));
        // While the server is asked again, others of the first requests come back refused.
        asked && refuses(code) && self.in_doubt()
    }

    /// An answer that nobody waits for: late, duplicate, or never asked for.
    fn unclaimed(&mut self, id: &MessageId, result: Result<Json, RpcError>) {
        self.metrics.late += 1;
        let late = self.late_probe.map(|probe| MessageId::Id(RequestId::Number(probe.0)));
        if let (Some(late), Ok(discover)) = (late, &result) {
            let versions = discover.get("supportedVersions").and_then(|list| list.as_strings()).unwrap_or_default();
            if let (true, Some(version)) =
                (late == *id, MODERN.iter().copied().find(|v| versions.iter().any(|t| t == v)))
            {
                // This connection stays as it began, unless that comes to nothing (a program that was slow to start and
                // speaks the modern era only); the next one may begin as modern.
                self.late_probe = None;
                let verdict = Verdict::Modern { version, discover: result.ok() };
                if let Stage::Initializing { cacheable, .. } = &mut self.stage {
                    *cacheable = false;
                    self.known = Some(verdict.clone());
                }
                self.outputs.push_back(Output::Verdict(verdict));
            }
        }
    }

    fn answered(&mut self, id: CallId, result: Result<Json, RpcError>, now: Duration) {
        self.prove();
        let modern = matches!(self.stage, Stage::Ready { era: Era::Modern, .. });
        self.confirm(&result);
        match result {
            Ok(mut result) => {
                if modern && self.begin_round(id, &result, now) {
                    return;
                }
                let Some(call) = self.take_call(id) else { return };
                if call.replay.lists_tools && modern && self.link.per_request() {
                    self.learn_mirrors(&mut result);
                }
                if modern {
                    self.keep(&call, &result, now);
                }
                self.metrics.completed += 1;
                self.metrics.latency.record(now.saturating_sub(call.started));
                if let Waiter::Caller(ticket) = call.waiter {
                    self.outputs.push_back(Output::Reply(ticket, Ok(result)));
                }
            }
            Err(error) => {
                if error.code == HEADER_MISMATCH && self.refresh_tools(id, now) {
                    return;
                }
                if self.begin_url_round(id, &error, now) {
                    return;
                }
                self.refused(id);
                self.fail_call(id, error.into(), now);
            }
        }
    }

    /// One result with `resultType`, or one of the modern era's own errors: this link is modern for good.
    fn confirm(&mut self, result: &Result<Json, RpcError>) {
        let Stage::Ready { confirmed, .. } = &mut self.stage else { return };
        if !*confirmed {
            *confirmed = match result {
                Ok(result) => result.get("resultType").is_some(),
                Err(error) => matches!(error.code, -32022..=-32020),
            };
        }
    }

    /// The era was remembered and the server refused the first request without running it.
    fn try_again_after_probe(&mut self, id: CallId, error: &RpcError, now: Duration) {
        match self.calls.get(id) {
            // This code is the implementation's own: it may have run the request before it failed.
            Some(Call { waiter: Waiter::Caller(_), replay, .. }) if error.code == -32000 && !replay.safe => {
                self.fail_call(id, error.clone().into(), now);
            }
            _ => self.back_to_queue(id),
        }
        if self.ready() {
            self.doubt(now);
        }
    }

    // ---- Requests of the server

    fn requested(&mut self, method: &str, id: RequestId, params: Option<Json>, now: Duration) {
        let confirmed = matches!(self.stage, Stage::Ready { era: Era::Modern, confirmed: true });
        if method == "ping" && !confirmed {
            let empty = Object::new().build();
            return self.send(result_text(&id, &empty));
        }
        if self.era() == Some(Era::Modern) {
            // "Clients MUST NOT send JSON-RPC responses" (2026-07-28): there is nothing to answer with.
            self.metrics.malformed += 1;
            return self.warn(join(&["the server sent a request (", method, "), which the modern era does not have"]));
        }
        let params = params.unwrap_or_else(|| Object::new().build());
        match InputKind::of(method) {
            Some(kind) if self.can_answer(kind, &params) => self.ask(Source::Push(id), kind, params, now),
            Some(InputKind::Elicit) if self.options.capabilities.get("elicitation").is_some() => {
                self.refuse_request(Some(&id), -32602, "this client does not offer that elicitation mode");
            }
            _ => self.refuse_request(Some(&id), -32601, "this client does not offer that method"),
        }
    }

    fn refuse_request(&mut self, id: Option<&RequestId>, code: i64, message: &str) {
        if self.era() != Some(Era::Modern) {
            let error = Object::new().num("code", code as f64).str("message", message).build();
            self.send(error_text(id, &error));
        }
    }

    // ---- Notifications

    fn notified(&mut self, method: &str, params: Option<Json>, now: Duration) {
        let Some(name) = method.strip_prefix("notifications/") else {
            return self.warn(join(&["the server sent an unknown notification (", method, ")"]));
        };
        let params = params.unwrap_or_else(|| Object::new().build());
        match name {
            "progress" => self.progressed(params, now),
            "message" => {
                let level = params.get_str("level").unwrap_or_else(|| "info".into());
                let data = params.get("data").unwrap_or_else(Json::null);
                self.event(Event::Log { level, logger: params.get_str("logger"), data });
            }
            "tools/list_changed" => self.changed(Event::ToolsChanged),
            "prompts/list_changed" => self.changed(Event::PromptsChanged),
            "resources/list_changed" => self.changed(Event::ResourcesChanged),
            "resources/updated" => {
                if let Some(uri) = params.get_str("uri") {
                    self.event(Event::ResourceUpdated { uri });
                }
            }
            "subscriptions/acknowledged" => self.acknowledged(&params, now),
            "cancelled" => match params.get_id("requestId") {
                Some(RequestId::Number(wire)) if self.listen_cancelled(wire, now) => {}
                Some(id) => self.withdraw(&id, now),
                None => {}
            },
            // The outcome of a URL elicitation reaches the user by other means; the call is retried on their word.
            "elicitation/complete" => {}
            _ => self.warn(join(&["the server sent an unknown notification (", method, ")"])),
        }
    }

    /// A list changed. Said twice before anybody looked is said once.
    fn changed(&mut self, event: Event) {
        let same = |output: &Output<T>| matches!(output, Output::Event(e) if std::mem::discriminant(e) == std::mem::discriminant(&event));
        if !self.outputs.back().is_some_and(same) {
            self.event(event);
        }
    }

    fn progressed(&mut self, params: Json, now: Duration) {
        let Some(RequestId::Number(token)) = params.get_id("progressToken") else { return };
        let Some(id) = self.call_of(token) else { return };
        let Some(call) = self.calls.get_mut(id) else { return };
        call.touch(now);
        if let Waiter::Caller(ticket) = &call.waiter
            && let Some(progress) = ticket.progress()
        {
            self.outputs.push_back(Output::Progress(progress, params));
        }
    }
}

fn rpc_error(error: &Json) -> RpcError {
    RpcError {
        code: error.get("code").and_then(|code| code.as_f64()).unwrap_or(-32603.0) as i64,
        message: error.get_str("message").unwrap_or_else(|| "the server gave no message".into()),
        data: error.get("data"),
    }
}
