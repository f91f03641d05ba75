//! What clients say.

use super::{CANCELLED_ID, ClientKey, ID, Kind, Mux, Ping, TOKEN, refusal};
use crate::frame::{Liveness, Outbound, RequestId};
use crate::json::{Edit, Json, Malformed, MessageId, Relayed, Text};
use crate::proto::{LogLevel, code, meta, method};

impl Mux {
    /// A client gives its link something.
    pub(in crate::transport::shared) fn accept(&mut self, key: ClientKey, out: &Outbound) {
        if self.client(key).is_none_or(|client| client.end.is_some()) {
            return;
        }
        match out {
            Outbound::Message(text) => self.said(key, text),
            Outbound::Ping => {
                self.asks_life(key, Liveness::Ping);
                if self.ping == Ping::Idle {
                    self.ping = Ping::Wanted;
                }
            }
            Outbound::Close(_) => self.close(key),
            // Only for per-request links.
            _ => {}
        }
    }

    /// A client asks whether the server is there, in the way that counts on this carrier.
    fn asks_life(&mut self, key: ClientKey, how: Liveness) {
        if self.liveness != Some(how) {
            return;
        }
        let heard = self.heard;
        if let Some(client) = self.client_mut(key) {
            let (since, times) = client.asked_life;
            client.asked_life = (heard, if since == heard { times.saturating_add(1) } else { 1 });
        }
    }

    fn said(&mut self, key: ClientKey, text: &Text) {
        let mut relayed = match text.relay() {
            Ok(relayed) => relayed,
            Err(malformed) => {
                let code = match malformed {
                    Malformed::NotJson => code::PARSE_ERROR,
                    Malformed::Batch | Malformed::NotMessage => code::INVALID_REQUEST,
                };
                return self.mail(key, refusal(None, code, malformed.text()));
            }
        };
        let id = std::mem::replace(&mut relayed.message.id, MessageId::Absent);
        match (relayed.message.method.take(), id) {
            (Some(method), MessageId::Id(id)) => self.asked(key, &method, id, relayed),
            (Some(method), MessageId::Absent) => self.noted(key, &method, relayed),
            (Some(_), MessageId::Alien) => {
                let detail = "the id of a request must be a string or an integer below 2^53";
                self.mail(key, refusal(None, code::INVALID_REQUEST, detail));
            }
            (None, MessageId::Id(id)) => self.client_answered(key, &id, relayed),
            // An answer to nothing.
            (None, _) => {}
        }
    }

    // ---- Requests

    fn asked(&mut self, key: ClientKey, method: &str, id: RequestId, relayed: Relayed) {
        if let Err((code, detail)) = self.may_ask(key, method, &id) {
            return self.mail(key, refusal(Some(&id), code, detail));
        }
        let params = relayed.message.params.as_ref();
        let kind = match method {
            method::INITIALIZE => return self.initialize(key, id, params),
            method::LOGGING_SET_LEVEL => {
                let level = params.and_then(|params| params.get_str("level"));
                let level = level.and_then(|level| LogLevel::from_name(&level));
                return self.set_level(key, id, level, relayed);
            }
            method::RESOURCES_UNSUBSCRIBE => match uri_of(params) {
                Some(uri) => return self.unsubscribe(key, id, &uri, relayed),
                None => Kind::Plain,
            },
            method::RESOURCES_SUBSCRIBE => match uri_of(params) {
                Some(uri) => self.subscribe(key, uri),
                None => Kind::Plain,
            },
            method::DISCOVER => Kind::Discover,
            method::SUBSCRIPTIONS_LISTEN => Kind::Listen,
            method::PING
            | method::TOOLS_LIST
            | method::PROMPTS_LIST
            | method::RESOURCES_LIST
            | method::RESOURCES_TEMPLATES_LIST => Kind::Plain,
            _ => Kind::Run,
        };
        if matches!(method, method::DISCOVER | method::PING) {
            self.asks_life(key, Liveness::Request);
        }
        let meta = params.and_then(|params| params.get("_meta"));
        let token = match meta.as_ref().and_then(|meta| meta.get(meta::PROGRESS_TOKEN)).map(|token| token.as_id()) {
            // What cannot be told apart from another's token is not passed on.
            Some(None) => {
                let detail = "_meta.progressToken must be a string or an integer below 2^53";
                return self.mail(key, refusal(Some(&id), code::INVALID_PARAMS, detail));
            }
            token => token.flatten(),
        };
        if let Some(level) = meta.as_ref().and_then(|meta| meta.get_str(meta::LOG_LEVEL))
            && let Some(client) = self.client_mut(key)
        {
            client.level = LogLevel::from_name(&level);
        }
        let task = params.is_some_and(|params| params.get("task").is_some());
        // Short, and in one order with the unsubscriptions of other clients.
        let first = matches!(kind, Kind::Subscribe(_));
        let wire = self.next_wire;
        self.forward(key, id, token, kind, relayed, first);
        if let (true, Some(call)) = (task, self.call_mut(wire)) {
            call.task = true;
        }
    }

    /// Whether a client may ask this, here and now.
    fn may_ask(&self, key: ClientKey, method: &str, id: &RequestId) -> Result<(), (i64, &'static str)> {
        let Some(client) = self.client(key) else { return Ok(()) };
        if client.wire_of(id).is_some() || self.session.waits(key, id) {
            return Err((code::INVALID_REQUEST, "a request with this id is under way already"));
        }
        if client.open() >= self.limits.calls {
            return Err((code::INTERNAL_ERROR, "too many requests of this client are open on the shared link"));
        }
        if method == method::RESOURCES_SUBSCRIBE && !self.may_subscribe(key) {
            return Err((code::INTERNAL_ERROR, "this client is subscribed to too many resources on the shared link"));
        }
        // An older server has a session on this link: a method that it does not know may be its end, for everybody.
        if method == method::DISCOVER && self.session.begun() && !self.modern {
            return Err((
                code::METHOD_NOT_FOUND,
                "Method not found: server/discover (another client of this shared link has initialized it)",
            ));
        }
        Ok(())
    }

    /// Passes a request on under an id of the real link, which is its progress token too.
    pub(super) fn forward(
        &mut self,
        key: ClientKey,
        id: RequestId,
        token: Option<RequestId>,
        kind: Kind,
        relayed: Relayed,
        first: bool,
    ) {
        let wire = self.next_wire();
        let ours = RequestId::Number(wire);
        let edits: [Edit<'_>; 2] = [(ID, &ours), (TOKEN, &ours)];
        let edits = if token.is_some() { &edits[..] } else { &edits[..1] };
        let Some(text) = relayed.with(edits) else {
            let detail = "the request is nested too deeply to be passed on";
            return self.mail(key, refusal(Some(&id), code::INVALID_REQUEST, detail));
        };
        self.begin(key, wire, id, token, kind);
        match self.client_mut(key) {
            Some(client) if !first => client.send(Some(wire), text),
            _ => self.control(text),
        }
    }

    /// From here on its answer finds its way.
    pub(super) fn begin(&mut self, key: ClientKey, wire: i64, id: RequestId, token: Option<RequestId>, kind: Kind) {
        if let Some(client) = self.client_mut(key) {
            client.begin(id.clone(), wire);
        }
        self.calls.push_back(super::Call { wire, client: Some(key), id, token, kind, task: false });
    }

    // ---- Notifications

    fn noted(&mut self, key: ClientKey, method: &str, relayed: Relayed) {
        let params = relayed.message.params.as_ref();
        match method {
            // Once per session of the server.
            method::INITIALIZED => {
                if !std::mem::replace(&mut self.initialized, true)
                    && let Some(text) = relayed.with(&[])
                {
                    self.control(text);
                }
            }
            method::CANCELLED => {
                let id = params.and_then(|params| params.get_id("requestId"));
                let wire = id.and_then(|id| self.client(key)?.wire_of(&id));
                // Of nobody else's request, and of none that is over.
                if let Some(wire) = wire {
                    self.cancelled(key, wire, relayed);
                }
            }
            method::PROGRESS => {
                let token = params.and_then(|params| params.get_id("progressToken"));
                if token.is_some_and(|token| self.asks_progress(key, &token)) {
                    self.pass(key, relayed);
                }
            }
            _ => self.pass(key, relayed),
        }
    }

    /// As it was read: a member that stands twice is not another's message to a peer that reads it otherwise.
    fn pass(&mut self, key: ClientKey, relayed: Relayed) {
        if let (Some(text), Some(client)) = (relayed.with(&[]), self.client_mut(key)) {
            client.send(None, text);
        }
    }

    fn cancelled(&mut self, key: ClientKey, wire: i64, relayed: Relayed) {
        // The session is everybody's (and `initialize` must not be cancelled); what it subscribed to is known by its URI.
        if self.call(wire).is_none_or(|call| matches!(call.kind, Kind::Initialize | Kind::Subscribe(_))) {
            return;
        }
        self.take_call(wire);
        if self.client_mut(key).is_some_and(|client| client.take_back(wire)) {
            return;
        }
        if let Some(text) = relayed.with(&[(CANCELLED_ID, &RequestId::Number(wire))]) {
            self.control(text);
        }
    }
}

fn uri_of(params: Option<&Json>) -> Option<String> {
    params?.get_str("uri")
}
