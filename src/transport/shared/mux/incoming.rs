//! What the server says.

use super::{CANCELLED_ID, Call, ClientKey, ID, Kind, Mux, PROGRESS_OF, Ping, SUBSCRIPTION, SUBSCRIPTION_END, refusal};
use crate::frame::{Inbound, RequestId};
use crate::json::{Edit, Json, Malformed, MessageId, Relayed, Text, error_text};
use crate::proto::versions::MODERN;
use crate::proto::{LogLevel, code, meta, method};

/// A task went on (2025-11-25).
const TASK_STATUS: &str = "notifications/tasks/status";

impl Mux {
    /// The real link delivered something.
    pub(in crate::transport::shared) fn receive(&mut self, inbound: &Inbound) {
        if self.lost.is_some() {
            return;
        }
        self.heard += 1;
        match inbound {
            Inbound::Message(text) => self.heard_message(text),
            Inbound::Alive => self.heard_alive(),
            // Only from per-request links.
            _ => {}
        }
    }

    /// Whoever asked for it is not told from the others: a sign of life is everybody's.
    fn heard_alive(&mut self) {
        self.ping = Ping::Idle;
        let keys = self.everybody();
        for key in keys {
            if let Some(client) = self.client_mut(key) {
                client.alive = true;
            }
            self.touch(key);
        }
    }

    fn everybody(&self) -> Vec<ClientKey> {
        self.present().map(|client| client.key).collect()
    }

    fn heard_message(&mut self, text: &Text) {
        let mut relayed = match text.relay() {
            Ok(relayed) => relayed,
            Err(malformed) => return self.garbage(malformed, text),
        };
        let id = std::mem::replace(&mut relayed.message.id, MessageId::Absent);
        match (relayed.message.method.take(), id) {
            (Some(method), MessageId::Absent) => self.notified(&method, relayed, text),
            (Some(method), MessageId::Id(id)) => self.server_asked(&method, id, relayed),
            (Some(_), MessageId::Alien) => {
                let detail = "the request's id is neither a string nor an integer";
                self.control(refusal(None, code::INVALID_REQUEST, detail));
            }
            (None, id) => self.answered(&id, relayed),
        }
    }

    /// What is no message is for the sessions to judge. Once the server has answered somebody it may hold what is not
    /// everybody's, and only its kind is passed on.
    fn garbage(&mut self, malformed: Malformed, text: &Text) {
        let text = match malformed {
            // Of a batch, too: ids within it would be taken for one's own.
            Malformed::Batch => Text::from(String::from("[]")),
            Malformed::NotJson | Malformed::NotMessage if !self.proven => text.clone(),
            Malformed::NotJson => Text::from(String::from("(not JSON)")),
            Malformed::NotMessage => Text::from(String::from("{}")),
        };
        self.tell_all(&text);
    }

    fn tell_all(&mut self, text: &Text) {
        let keys = self.everybody();
        keys.into_iter().for_each(|key| self.mail(key, text.clone()));
    }

    // ---- Answers

    fn answered(&mut self, id: &MessageId, relayed: Relayed) {
        let known = match id {
            MessageId::Id(RequestId::Number(wire)) => self.take_call(*wire),
            _ => None,
        };
        if let Some(call) = known {
            return self.deliver(call, relayed);
        }
        // Late, duplicate or never asked for; or an error of a server that refuses a first request which it does not know
        // without saying which.
        let ours = |wire: i64| (1..self.next_wire).contains(&wire);
        let late = matches!(id, MessageId::Id(RequestId::Number(wire)) if ours(*wire));
        let Some(error) = relayed.message.error.filter(|_| !late && !self.proven) else { return };
        let first = self.calls.front().map(|call| call.wire).and_then(|wire| self.take_call(wire));
        if let Some(call) = first {
            self.refused(call, &error);
        }
    }

    fn refused(&mut self, call: Call, error: &Json) {
        let client = call.client.map(|key| (key, call.id));
        if call.kind == Kind::Initialize {
            return self.initialized(client, Err(error));
        }
        if let Some((key, id)) = client {
            self.mail(key, error_text(Some(&id), error));
        }
    }

    fn deliver(&mut self, call: Call, relayed: Relayed) {
        let result = relayed.message.result.as_ref();
        self.proven |= result.is_some();
        if let (true, Some(result)) = (call.task, result) {
            self.tasks.begun(&call, result);
        }
        let Call { client, id, kind, .. } = call;
        if kind == Kind::Initialize {
            let answer = match (result, relayed.message.error.as_ref()) {
                (Some(result), _) => Ok(result),
                (None, Some(error)) => Err(error),
                (None, None) => return,
            };
            return self.initialized(client.map(|key| (key, id)), answer);
        }
        let Some(key) = client else { return };
        let ids: [Edit<'_>; 2] = [(ID, &id), (SUBSCRIPTION_END, &id)];
        let mut edits = &ids[..1];
        match &kind {
            Kind::Discover => {
                let versions = result.and_then(|result| result.get("supportedVersions")?.as_strings());
                self.modern |= versions.is_some_and(|all| all.iter().any(|version| MODERN.contains(&version.as_str())));
            }
            Kind::Listen => edits = &ids,
            // The next who asks for it is told so, too.
            Kind::Level if result.is_none() => self.level = None,
            Kind::Subscribe(uri) if result.is_none() => self.subscription_refused(key, uri),
            _ => {}
        }
        let text = relayed.with(edits);
        let text = text.unwrap_or_else(|| {
            refusal(Some(&id), code::INTERNAL_ERROR, "the answer is nested too deeply to be passed on")
        });
        self.mail(key, text);
    }

    // ---- Notifications

    fn notified(&mut self, method: &str, relayed: Relayed, text: &Text) {
        let params = relayed.message.params.as_ref();
        match method {
            method::PROGRESS => {
                let token = params.and_then(|params| params.get_id("progressToken"));
                let Some(RequestId::Number(wire)) = token else { return };
                let open = self.call(wire).and_then(|call| Some((call.client?, call.token.clone()?)));
                if let Some((key, token)) = open.or_else(|| self.tasks.progress(wire)) {
                    self.relay(key, relayed, (PROGRESS_OF, &token));
                }
            }
            method::CANCELLED => {
                let Some(id) = params.and_then(|params| params.get_id("requestId")) else { return };
                if let Some((key, ours)) = self.withdrawn(&id) {
                    return self.relay(key, relayed, (CANCELLED_ID, &ours));
                }
                // The end of a subscription (2026-07-28 basic/patterns/cancellation).
                let RequestId::Number(wire) = id else { return };
                if self.call(wire).is_some_and(|call| call.kind == Kind::Listen)
                    && let Some(Call { client: Some(key), id, .. }) = self.take_call(wire)
                {
                    self.relay(key, relayed, (CANCELLED_ID, &id));
                }
            }
            TASK_STATUS => {
                let id = params.and_then(|params| params.get_str("taskId"));
                match id.and_then(|id| self.tasks.owner(&id)) {
                    Some(key) => self.mail(key, text.clone()),
                    None => self.tell_all(text),
                }
            }
            method::MESSAGE => {
                let level = params.and_then(|params| params.get_str("level"));
                let level = level.and_then(|level| LogLevel::from_name(&level));
                self.logged(level, text);
            }
            _ => {
                let meta = params.and_then(|params| params.get("_meta"));
                let subscription = meta.and_then(|meta| meta.get(meta::SUBSCRIPTION_ID));
                match subscription.map(|id| id.as_id()) {
                    Some(Some(RequestId::Number(wire))) => self.subscribed_to(wire, relayed),
                    // Of nobody's subscription.
                    Some(_) => {}
                    None if method == method::RESOURCES_UPDATED && self.session.begun() => {
                        let uri = params.and_then(|params| params.get_str("uri"));
                        self.resource_updated(uri.as_deref(), text);
                    }
                    None => self.tell_all(text),
                }
            }
        }
    }

    fn subscribed_to(&mut self, wire: i64, relayed: Relayed) {
        let Some(Call { client: Some(key), id, kind: Kind::Listen, .. }) = self.call(wire) else { return };
        let (key, id) = (*key, id.clone());
        self.relay(key, relayed, (SUBSCRIPTION, &id));
    }

    fn relay(&mut self, key: ClientKey, relayed: Relayed, edit: Edit<'_>) {
        if let Some(text) = relayed.with(&[edit]) {
            self.mail(key, text);
        }
    }
}
