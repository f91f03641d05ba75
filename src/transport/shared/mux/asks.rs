//! The server's own requests (before 2026-07-28): whom they are put to, and their answers.

use super::{ClientKey, ID, Kind, Mux, refusal};
use crate::frame::RequestId;
use crate::json::{Json, Object, Relayed, Text, result_text};
use crate::proto::{code, meta, method};

/// A request of the server that a client has.
pub(super) struct Ask {
    /// Its id at the client.
    ours: i64,
    theirs: RequestId,
    client: ClientKey,
    /// The token under which the server wants to hear of its progress.
    token: Option<RequestId>,
    elicits: bool,
}

/// What of a client's capabilities a method of the server needs.
fn capability(method: &str) -> Option<&'static str> {
    match method {
        method::ELICITATION_CREATE => Some("elicitation"),
        method::SAMPLING_CREATE_MESSAGE => Some("sampling"),
        method::ROOTS_LIST => Some("roots"),
        _ => None,
    }
}

impl Mux {
    pub(super) fn server_asked(&mut self, method: &str, id: RequestId, relayed: Relayed) {
        if method == method::PING {
            return self.control(result_text(&id, &Object::new().build()));
        }
        if self.asks.iter().any(|ask| ask.theirs == id) {
            // One answer would serve both, and which of them nobody could tell.
            return;
        }
        if self.asks.len() >= self.limits.asks {
            return self.control(refusal(Some(&id), code::INTERNAL_ERROR, "too many requests of the server are open"));
        }
        let related = self.related(relayed.message.params.as_ref());
        let Some(client) = self.owner(capability(method), related) else {
            return self.control(declined(&id, method));
        };
        let ours = self.next_ask;
        self.next_ask += 1;
        let meta = relayed.message.params.as_ref().and_then(|params| params.get("_meta"));
        let token = meta.and_then(|meta| meta.get_id(meta::PROGRESS_TOKEN));
        let Some(text) = relayed.with(&[(ID, &RequestId::Number(ours))]) else {
            return self.control(refusal(Some(&id), code::INVALID_REQUEST, "the request is nested too deeply"));
        };
        self.asks.push(Ask { ours, theirs: id, client, token, elicits: method == method::ELICITATION_CREATE });
        self.mail(client, text);
    }

    /// Whose question it is. One about a task is for who began that. Nothing else says for which call it is asked, so it is
    /// put to whoever has the server run something; to the one who asked last where there are several that can answer. Where nobody's call is open, to the
    /// first client that can. Not to those whose calls are not open while others' are.
    fn owner(&self, capability: Option<&str>, related: Option<ClientKey>) -> Option<ClientKey> {
        let can = |key: &ClientKey| {
            let Some(client) = self.client(*key).filter(|client| client.end.is_none()) else { return false };
            capability.is_none_or(|name| client.capabilities.as_ref().is_some_and(|all| all.get(name).is_some()))
        };
        if related.is_some() {
            return related.filter(can);
        }
        for kind in [Kind::Run, Kind::Plain] {
            let mut running = self.calls.iter().rev().filter(|call| call.kind == kind).filter_map(|call| call.client);
            let mut any = false;
            let found = running.find(|key| {
                any = true;
                can(key)
            });
            if any {
                return found;
            }
        }
        self.present().map(|client| client.key).find(can)
    }

    /// A client answers. Only an answer to what it was asked goes on.
    pub(super) fn client_answered(&mut self, key: ClientKey, id: &RequestId, relayed: Relayed) {
        let RequestId::Number(ours) = id else { return };
        let Some(at) = self.asks.iter().position(|ask| ask.ours == *ours && ask.client == key) else { return };
        let ask = self.asks.remove(at);
        match (relayed.with(&[(ID, &ask.theirs)]), self.client_mut(key)) {
            (Some(text), Some(client)) => client.send(None, text),
            _ => self.control(gone(&ask)),
        }
    }

    /// The server withdrew a request. `None` where it is none of these: the id under which its client knows it.
    pub(super) fn withdrawn(&mut self, id: &RequestId) -> Option<(ClientKey, RequestId)> {
        let at = self.asks.iter().position(|ask| ask.theirs == *id)?;
        let ask = self.asks.remove(at);
        Some((ask.client, RequestId::Number(ask.ours)))
    }

    /// Whether the server wants to hear from this client how it gets on under this token.
    pub(super) fn asks_progress(&self, key: ClientKey, token: &RequestId) -> bool {
        self.asks.iter().any(|ask| ask.client == key && ask.token.as_ref() == Some(token))
    }

    /// A client is gone: what it was asked is answered in its place.
    pub(super) fn leave_asks(&mut self, key: ClientKey) {
        let (left, kept) = std::mem::take(&mut self.asks).into_iter().partition(|ask| ask.client == key);
        self.asks = kept;
        let left: Vec<Ask> = left;
        left.iter().for_each(|ask| self.control(gone(ask)));
    }
}

fn action(name: &str) -> Json {
    Object::new().str("action", name).build()
}

fn gone(ask: &Ask) -> Text {
    if ask.elicits {
        return result_text(&ask.theirs, &action("cancel"));
    }
    refusal(Some(&ask.theirs), code::INTERNAL_ERROR, "the client that was asked has left")
}

/// Nobody can answer. The capabilities that were declared are those of all clients together, so that this is no fault of the
/// server's.
fn declined(id: &RequestId, method: &str) -> Text {
    if method == method::ELICITATION_CREATE {
        return result_text(id, &action("decline"));
    }
    refusal(Some(id), code::METHOD_NOT_FOUND, "the client that this is for does not offer that method")
}
