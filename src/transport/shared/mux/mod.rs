//! Many clients over one link, sans-IO: no `async`, no clock, no I/O, no choice by target.
//!
//! A [`Mux`] is told facts (`attach`, `detach`, `accept` from a client, `receive` from the server, `link_lost`) and then
//! drained: `poll_transmit` while the link takes messages, `poll_client` for each client in `take_touched`. One `Mux` serves
//! one real link: nothing of a link outlives it.
//!
//! What it changes in a message, in both directions: request ids, `params._meta.progressToken`, the `progressToken` of
//! `notifications/progress`, the `requestId` of `notifications/cancelled`, and the subscription id, which is the id of the
//! `subscriptions/listen` request. No id is given out twice on a link, so that what is late or forged finds nobody.

mod asks;
mod client;
mod incoming;
mod leaving;
mod legacy;
mod outgoing;
mod tasks;

use std::collections::VecDeque;

pub(super) use client::ClientKey;

use crate::frame::{Liveness, Outbound, RequestId};
use crate::json::{Draft, Json, Object, Text, error_text};
use crate::proto::{LogLevel, meta, method};
use crate::transport::{TransportError, TransportErrorKind};
use asks::Ask;
use client::Client;
use legacy::Session;
use tasks::Tasks;

/// The places where ids stand.
const ID: &[&str] = &["id"];
const TOKEN: &[&str] = &["params", "_meta", meta::PROGRESS_TOKEN];
const PROGRESS_OF: &[&str] = &["params", "progressToken"];
const CANCELLED_ID: &[&str] = &["params", "requestId"];
const SUBSCRIPTION: &[&str] = &["params", "_meta", meta::SUBSCRIPTION_ID];
const SUBSCRIPTION_END: &[&str] = &["result", "_meta", meta::SUBSCRIPTION_ID];

/// What bounds a shared link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Messages and bytes that may wait for one client before it is too slow.
    pub(super) backlog: usize,
    pub(super) backlog_bytes: usize,
    /// Messages and bytes of one client that may wait for the server before the client does.
    pub(super) lane: usize,
    pub(super) lane_bytes: usize,
    /// Open requests of one client, and resources that it may subscribe to.
    pub(super) calls: usize,
    pub(super) uris: usize,
    /// Requests of the server that wait for clients.
    pub(super) asks: usize,
    /// Answers and cancellations that may wait for a server that does not read.
    pub(super) control: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            backlog: 8192,
            backlog_bytes: 64 << 20,
            lane: 64,
            lane_bytes: 4 << 20,
            calls: 8192,
            uris: 4096,
            asks: 1024,
            control: 16384,
        }
    }
}

/// What waits for a client.
#[derive(Debug)]
pub(super) enum Mail {
    Message(Text),
    /// The server showed that it lives.
    Alive,
    /// Its link is over.
    End(TransportError),
    Nothing,
}

/// An open request on the real link.
struct Call {
    wire: i64,
    /// Whose it is; `None` where nobody waits any more and the answer still matters.
    client: Option<ClientKey>,
    /// What its client calls it.
    id: RequestId,
    /// The progress token that its client gave.
    token: Option<RequestId>,
    kind: Kind,
    /// It asks for a task (2025-11-25).
    task: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// The server runs something of its own, which may ask for input.
    Run,
    /// It looks something up.
    Plain,
    Initialize,
    Discover,
    Listen,
    Subscribe(String),
    Level,
}

pub(super) struct Mux {
    limits: Limits,
    liveness: Option<Liveness>,
    clients: Vec<Client>,
    next_client: u64,
    /// By their ids on the real link, which only grow.
    calls: VecDeque<Call>,
    next_wire: i64,
    tasks: Tasks,
    asks: Vec<Ask>,
    next_ask: i64,
    /// What is never behind data: answers of our own, cancellations, the session.
    control: VecDeque<Text>,
    /// Whose turn it is to send.
    turn: usize,
    session: Session,
    initialized: bool,
    /// The level that the server was told.
    level: Option<LogLevel>,
    /// The server showed on this link that it is modern.
    modern: bool,
    /// The server answered something on this link.
    proven: bool,
    /// How often anything was heard of the server.
    heard: u64,
    /// A ping is to be sent, or waits for its answer.
    ping: Ping,
    touched: Vec<ClientKey>,
    lost: Option<TransportError>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ping {
    Idle,
    Wanted,
    Sent,
}

impl Mux {
    pub(super) fn new(limits: Limits, liveness: Option<Liveness>) -> Self {
        Self {
            limits,
            liveness,
            clients: Vec::new(),
            next_client: 1,
            calls: VecDeque::new(),
            next_wire: 1,
            tasks: Tasks::default(),
            asks: Vec::new(),
            next_ask: 1,
            control: VecDeque::new(),
            turn: 0,
            session: Session::None,
            initialized: false,
            level: None,
            modern: false,
            proven: false,
            heard: 1,
            ping: Ping::Idle,
            touched: Vec::new(),
            lost: None,
        }
    }

    // ---- Draining

    /// The next message for the real link. Asked only while that takes messages.
    pub(super) fn poll_transmit(&mut self) -> Option<Outbound> {
        if self.lost.is_some() {
            return None;
        }
        if self.ping == Ping::Wanted {
            self.ping = Ping::Sent;
            return Some(Outbound::Ping);
        }
        if let Some(text) = self.control.pop_front() {
            return Some(Outbound::Message(text));
        }
        // Each in turn, so that nobody's flood holds up the others.
        for _ in 0..self.clients.len() {
            self.turn = if self.turn + 1 < self.clients.len() { self.turn + 1 } else { 0 };
            let Some(client) = self.clients.get_mut(self.turn) else { continue };
            let had_room = client.has_room(&self.limits);
            let key = client.key;
            if let Some((_, text)) = client.sending() {
                if !had_room {
                    self.touch(key);
                }
                return Some(Outbound::Message(text));
            }
        }
        None
    }

    /// The clients for whom something has changed since the last time: mail, room, the end.
    pub(super) fn take_touched(&mut self) -> Vec<ClientKey> {
        for client in &mut self.clients {
            client.touched = false;
        }
        std::mem::take(&mut self.touched)
    }

    pub(super) fn poll_client(&mut self, key: ClientKey) -> Mail {
        let Some(client) = self.client_mut(key) else { return Mail::Nothing };
        if let Some(text) = client.read() {
            return Mail::Message(text);
        }
        if std::mem::take(&mut client.alive) {
            return Mail::Alive;
        }
        client.end.clone().map_or(Mail::Nothing, Mail::End)
    }

    /// Whether a client may give the next message; the error is why it never may again.
    pub(super) fn room(&self, key: ClientKey) -> Result<bool, TransportError> {
        match self.client(key) {
            // What was said before is read first.
            Some(client) if client.has_mail() => Ok(client.end.is_none() && client.has_room(&self.limits)),
            Some(Client { end: Some(error), .. }) => Err(error.clone()),
            Some(client) => Ok(client.has_room(&self.limits)),
            None => Err(TransportError::in_use()),
        }
    }

    // ---- Inside

    fn at(&self, key: ClientKey) -> Option<usize> {
        self.clients.binary_search_by(|client| client.key.cmp(&key)).ok()
    }

    fn client(&self, key: ClientKey) -> Option<&Client> {
        self.clients.get(self.at(key)?)
    }

    fn client_mut(&mut self, key: ClientKey) -> Option<&mut Client> {
        let at = self.at(key)?;
        self.clients.get_mut(at)
    }

    /// The clients whose links are open.
    fn present(&self) -> impl DoubleEndedIterator<Item = &Client> {
        self.clients.iter().filter(|client| client.end.is_none())
    }

    fn touch(&mut self, key: ClientKey) {
        if let Some(client) = self.client_mut(key)
            && !std::mem::replace(&mut client.touched, true)
        {
            self.touched.push(key);
        }
    }

    /// Gives a client a message. One that is too slow is ended, and holds up nobody.
    fn mail(&mut self, key: ClientKey, text: Text) {
        let limits = self.limits;
        let Some(client) = self.client_mut(key) else { return };
        if client.end.is_some() {
            return;
        }
        if client.mail(text, &limits) {
            return self.touch(key);
        }
        self.leave(key);
        let detail = "the client did not read what came for it over the shared link, and the others were not to wait";
        self.finish(key, TransportError::new(TransportErrorKind::Overloaded, detail), false);
    }

    fn call_at(&self, wire: i64) -> Option<usize> {
        self.calls.binary_search_by(|call| call.wire.cmp(&wire)).ok()
    }

    fn call(&self, wire: i64) -> Option<&Call> {
        self.calls.get(self.call_at(wire)?)
    }

    fn call_mut(&mut self, wire: i64) -> Option<&mut Call> {
        let at = self.call_at(wire)?;
        self.calls.get_mut(at)
    }

    fn take_call(&mut self, wire: i64) -> Option<Call> {
        let call = self.calls.remove(self.call_at(wire)?)?;
        if let Some(client) = call.client.and_then(|key| self.client_mut(key)) {
            client.over(&call.id);
        }
        Some(call)
    }

    fn next_wire(&mut self) -> i64 {
        let wire = self.next_wire;
        self.next_wire += 1;
        wire
    }

    /// Puts a message in front of all data. A server that asks and asks and does not read the answers loses its link.
    fn control(&mut self, text: Text) {
        if self.control.len() >= self.limits.control {
            let detail = "the server sends requests faster than it reads their answers";
            return self.link_lost(TransportError::new(TransportErrorKind::Overloaded, detail));
        }
        self.control.push_back(text);
    }

    /// Tells the server that nobody waits for a request any more.
    fn cancel(&mut self, wire: i64) {
        let params = Object::new().id("requestId", &RequestId::Number(wire)).str("reason", "the client left").build();
        self.tell(None, method::CANCELLED, &params);
    }

    /// Sends a message of our own.
    fn tell(&mut self, wire: Option<i64>, method: &str, params: &Json) {
        let id = wire.map(RequestId::Number);
        let draft = Draft::with_params(method, params).and_then(|draft| draft.finish(id.as_ref(), Default::default()));
        if let Ok(sent) = draft {
            self.control(sent.text().clone());
        }
    }
}

/// The text of an error that this side answers with.
fn refusal(id: Option<&RequestId>, code: i64, message: &str) -> Text {
    error_text(id, &Object::new().num("code", code as f64).str("message", message).build())
}
