//! Random schedules against a random peer: whatever happens, every ticket is answered exactly once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::super::*;
use super::schedule::{Peer, Step, peer, step};
use super::sim::*;
use crate::frame::{Liveness, Profile};
use crate::json::{Draft, Text};
use crate::transport::{TransportError, TransportErrorKind};

#[derive(Debug, Clone)]
pub(super) struct Ask(pub(super) u32);

impl Ticket for Ask {
    type Progress = u32;

    fn progress(&self) -> Option<u32> {
        self.0.is_multiple_of(2).then_some(self.0)
    }
}

const METHODS: [&str; 6] = ["tools/call", "tools/list", "resources/read", "prompts/get", "ping", "completion/complete"];

pub(super) struct World {
    pub(super) session: Session<Ask>,
    pub(super) now: Duration,
    pub(super) peer: Peer,
    pub(super) up: bool,
    blocked: bool,
    wants_link: bool,
    next: u32,
    asked: BTreeSet<u32>,
    pub(super) answered: BTreeMap<u32, u32>,
    calls: Vec<CallId>,
    subs: Vec<SubKey>,
    inputs: Vec<InputId>,
    /// Requests that the peer has read on this link and not answered.
    pub(super) inbox: Vec<Value>,
    pub(super) ids_on_link: BTreeSet<i64>,
    /// Requests of the peer on this link, and how often each was answered.
    pushed: BTreeMap<i64, u32>,
    next_push: i64,
    /// Every request has a channel of its own.
    pub(super) http: bool,
    /// Calls that must not run twice, as the peer has read them.
    pub(super) running: BTreeSet<String>,
    /// Calls that may.
    repeatable: BTreeSet<String>,
}

impl World {
    pub(super) fn new(seed: u64, known: u8, http: bool) -> Self {
        let capabilities = json!({ "elicitation": {}, "sampling": {} });
        let options = Options {
            capabilities: json_of(&capabilities),
            max_pending: 8,
            inputs: InputPolicy { max_concurrent: 2, max_queued: 2, max_rounds: 3, ..InputPolicy::default() },
            ..Options::default()
        };
        let discover = Some(json_of(&discovered()));
        let known = match known % 4 {
            0 => Some(Verdict::Modern { version: MODERN, discover }),
            1 => Some(Verdict::Legacy { version: Some(LEGACY), cacheable: true }),
            _ => None,
        };
        let mut world = Self {
            session: Session::new(options, known, seed),
            now: secs(10),
            peer: Peer::Modern,
            up: false,
            blocked: false,
            wants_link: false,
            next: 0,
            asked: BTreeSet::new(),
            answered: BTreeMap::new(),
            calls: Vec::new(),
            subs: Vec::new(),
            inputs: Vec::new(),
            inbox: Vec::new(),
            ids_on_link: BTreeSet::new(),
            pushed: BTreeMap::new(),
            next_push: 1,
            http,
            running: BTreeSet::new(),
            repeatable: BTreeSet::new(),
        };
        world.step(Step::Open);
        world
    }

    fn ticket(&mut self) -> Ask {
        self.next += 1;
        self.asked.insert(self.next);
        Ask(self.next)
    }

    fn pick<T: Clone>(all: &[T], at: u8) -> Option<T> {
        (!all.is_empty()).then(|| all[at as usize % all.len()].clone())
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Request { method, options } => {
                let method = METHODS[method as usize % METHODS.len()];
                let ticket = self.ticket();
                let name = format!("n{}", ticket.0);
                if options & 1 != 0 {
                    self.repeatable.insert(name.clone());
                }
                let draft = Draft::with_params(method, &json_of(&json!({ "name": name }))).expect("an object");
                let mut request = Request::new(method, draft);
                request.options.idempotent = options & 1 != 0;
                request.options.manual = options & 6 == 6;
                request.options.non_interactive = options & 8 != 0;
                request.options.timeout = (options & 16 != 0).then_some(millis(u64::from(options) * 20));
                request.options.total_timeout = (options & 96 == 96).then_some(Duration::MAX);
                let id = self.session.request(ticket, request, self.now);
                self.calls.push(id);
            }
            Step::Cancel(at) => {
                if let Some(id) = Self::pick(&self.calls, at) {
                    self.session.cancel(id, self.now);
                }
            }
            Step::Listen(what) => {
                let uris = if what & 2 != 0 { vec!["file:///a".to_owned()] } else { Vec::new() };
                let filter = Filter { tools: what & 1 != 0, uris, ..Filter::default() };
                let ticket = self.ticket();
                let key = self.session.listen(ticket, filter, self.now);
                self.subs.push(key);
            }
            Step::Unlisten(at) => {
                if let Some(key) = Self::pick(&self.subs, at) {
                    self.session.unlisten(key, self.now);
                }
            }
            Step::Level => {
                let ticket = self.ticket();
                self.session.set_log_level(ticket, "debug", self.now);
            }
            Step::Open => {
                let ticket = self.ticket();
                self.session.open(ticket, self.now);
            }
            Step::LinkUp(peer, profile) => {
                if self.wants_link {
                    self.wants_link = false;
                    (self.up, self.peer) = (true, peer);
                    self.inbox.clear();
                    self.ids_on_link.clear();
                    self.pushed.clear();
                    let liveness = [Liveness::Ping, Liveness::Request, Liveness::Channel][profile as usize % 3];
                    let reopen = profile % 8 != 7;
                    let channel = Profile::SharedChannel { reopen, liveness };
                    let profile = if self.http { Profile::PerRequest } else { channel };
                    self.session.link_up(profile, "sim", self.now);
                }
            }
            Step::LinkFailed(transient) => {
                if self.wants_link {
                    self.wants_link = false;
                    let kind = if transient { TransportErrorKind::ConnectFailed } else { TransportErrorKind::Tls };
                    self.session.link_failed(TransportError::new(kind, "no"), self.now);
                }
            }
            // What it learns of a loss it learns of each exchange.
            Step::LinkLost(_) if self.http => {}
            Step::LinkLost(how) => {
                if self.up {
                    self.up = false;
                    let code = [1006, 1006, 1000, 1011, 4409, 4401, 1008, 1001][how as usize % 8];
                    self.session.link_lost(closed(code), self.now);
                }
            }
            Step::Answer { at, how, twice } if self.http => self.exchange(at, how, twice),
            Step::Answer { at, how, twice } => {
                if self.up && !self.inbox.is_empty() {
                    let request = self.inbox.remove(at as usize % self.inbox.len());
                    if let Some(text) = self.reply_to(&request, how) {
                        self.receive(&text);
                        if twice {
                            self.receive(&text);
                        }
                    }
                }
            }
            Step::Say(what) => {
                if self.up {
                    let text = self.saying(what);
                    self.receive(&text);
                }
            }
            Step::Input { at, how } => {
                if let Some(id) = Self::pick(&self.inputs, at) {
                    let answer = match how % 4 {
                        0 => Err("broken".to_owned()),
                        1 => Ok(json_of(&json!({ "action": "decline" }))),
                        _ => Ok(json_of(&json!({ "action": "accept", "content": { "a": 1 } }))),
                    };
                    self.session.answer(id, answer, self.now);
                }
            }
            Step::Pass(time) => self.pass(millis(u64::from(time))),
            Step::Block(blocked) => self.blocked = blocked,
            Step::Wake => self.session.wake(self.now),
            Step::Alive => self.session.alive(self.now),
            Step::Close => self.session.close(self.now),
        }
        self.drain();
    }

    fn receive(&mut self, text: &str) {
        if self.up {
            self.session.receive(&Text::from(text.to_owned()), self.now);
            self.drain();
        }
    }

    /// What the peer says to a request of ours.
    pub(super) fn reply_to(&mut self, request: &Value, how: u8) -> Option<String> {
        let method = request["method"].as_str().unwrap_or_default();
        let message = match (self.peer, method) {
            (Peer::Silent, _) => return None,
            (Peer::Garbage, _) => return Some(["", "{", "[]", "null", "{\"id\":1}", "\u{0}"][how as usize % 6].into()),
            (Peer::Grumpy, _) => error(Value::Null, -32600, Value::Null),
            (Peer::Modern, "server/discover") => answer(request, discovered()),
            (Peer::Legacy, "initialize") => answer(request, initialized(LEGACY)),
            (Peer::Legacy, "server/discover") => refusal(request, [-32601, -32602, -32600][how as usize % 3]),
            (Peer::Modern, "initialize") => refusal(request, -32601),
            (Peer::Modern, "subscriptions/listen") if how < 128 => notification(
                "notifications/subscriptions/acknowledged",
                json!({ "notifications": {}, "_meta": { "io.modelcontextprotocol/subscriptionId": request["id"] } }),
            ),
            (Peer::Modern, _) => match how % 8 {
                0 => refusal(request, [-32601, -32603, -32000, -32022, -32602][how as usize % 5]),
                1 | 2 => {
                    let elicit = |message| json!({ "method": "elicitation/create", "params": { "message": message } });
                    let sample = json!({ "method": "sampling/createMessage", "params": {} });
                    let asks =
                        json!({ "a": elicit("a"), "b": elicit("b"), "c": sample, "d": elicit("d"), "e": sample });
                    answer(
                        request,
                        json!({ "resultType": "input_required", "inputRequests": asks, "requestState": "s" }),
                    )
                }
                3 => answer(request, json!({ "resultType": "input_required", "requestState": "later" })),
                4 => notification("notifications/progress", json!({ "progressToken": request["id"], "progress": 1 })),
                5 => answer(request, json!({ "tools": [] })),
                _ => answer(request, done()),
            },
            (Peer::Legacy, _) => match how % 8 {
                0 => refusal(request, [-32601, -32603, -32000][how as usize % 3]),
                1 => {
                    let url = json!({ "mode": "form", "message": "m" });
                    error(request["id"].clone(), -32042, json!({ "elicitations": [url, url] }))
                }
                2 => notification("notifications/progress", json!({ "progressToken": request["id"], "progress": 1 })),
                _ => answer(request, json!({ "content": [] })),
            },
        };
        Some(message.to_string())
    }

    fn saying(&mut self, what: u8) -> String {
        let message = match what % 10 {
            0..=3 if matches!(self.peer, Peer::Legacy) => {
                let id = self.next_push;
                self.next_push += 1;
                self.pushed.insert(id, 0);
                let method = ["elicitation/create", "sampling/createMessage", "roots/list", "ping"][what as usize % 4];
                json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": { "message": "m" } })
            }
            4 => notification("notifications/cancelled", json!({ "requestId": i64::from(what / 10) })),
            5 => notification("notifications/tools/list_changed", json!({})),
            // Said on the stream for what nobody asked: no answer to anything of ours.
            6 | 7 if self.http => notification("notifications/prompts/list_changed", json!({})),
            6 => json!({ "jsonrpc": "2.0", "id": i64::from(what), "result": {} }),
            7 => error(json!(i64::from(what)), -32600, Value::Null),
            8 => json!({ "jsonrpc": "2.0", "id": "1", "result": {} }),
            _ => return "[1]".into(),
        };
        message.to_string()
    }

    pub(super) fn pass(&mut self, by: Duration) {
        let until = self.now + by;
        let mut turns = 0;
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            let before = self.now;
            self.now = self.now.max(at);
            self.session.timeout(self.now);
            self.drain();
            turns = if before == self.now { turns + 1 } else { 0 };
            assert!(turns < 3, "woken for ever at {:?}", self.now);
        }
        self.now = until;
    }

    pub(super) fn drain(&mut self) {
        while self.up && !self.blocked {
            let Some(out) = self.session.poll_transmit(self.now) else { break };
            match out {
                Outbound::Message(text) => self.read(&serde_json::from_str(&text.to_string()).expect("JSON")),
                Outbound::Ping => {}
                Outbound::Close(_) => self.up = false,
                Outbound::Post(post) => {
                    let message = serde_json::from_str(&post.text.to_string()).expect("JSON");
                    self.runs(&message);
                    self.read(&message);
                }
                Outbound::Abort(id) | Outbound::Answered(id) => self.inbox.retain(|request| request["id"] != id),
                Outbound::Resume(id, _) => assert!(self.ids_on_link.contains(&id)),
                Outbound::Listen => {}
            }
        }
        self.session.settle();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Reply(Ask(ticket), _) => *self.answered.entry(ticket).or_default() += 1,
                Output::Connect => (self.wants_link, self.up) = (true, false),
                Output::Disconnect => (self.wants_link, self.up) = (false, false),
                Output::Input(request) => self.inputs.push(request.id),
                Output::InputCancelled(id, _) => self.inputs.retain(|input| *input != id),
                _ => {}
            }
        }
        assert!(self.session.calls.len() <= 8 + 8, "calls are bounded (and their like for subscriptions)");
        assert!(self.session.queue.len() <= 16 + 1);
        assert!(self.session.control.len() <= 8 + 32, "{}", self.session.control.len());
        assert!(self.session.aliases.len() <= self.session.calls.len());
        for (ticket, times) in &self.answered {
            assert_eq!(*times, 1, "ticket {ticket}");
        }
    }

    pub(super) fn all_answered(&self) {
        for ticket in &self.asked {
            assert_eq!(self.answered.get(ticket), Some(&1), "ticket {ticket}");
        }
    }

    /// A call that may run once only is about to.
    fn runs(&mut self, message: &Value) {
        let params = &message["params"];
        // Each leg of a call with input is one of its own.
        let leg = !params["requestState"].is_null() || !params["inputResponses"].is_null();
        let name = params["name"].as_str().unwrap_or_default();
        if message["method"] == "tools/call" && !leg && !self.repeatable.contains(name) {
            assert!(self.running.insert(name.to_owned()), "the call {name} was sent twice");
        }
    }

    /// The peer reads a message.
    fn read(&mut self, message: &Value) {
        match (message["method"].as_str(), message["id"].as_i64()) {
            (Some(_), Some(id)) => {
                assert!(self.ids_on_link.insert(id), "the id {id} was used twice on one link");
                self.inbox.push(message.clone());
            }
            (None, Some(id)) => {
                let times = self.pushed.get_mut(&id).unwrap_or_else(|| panic!("an answer to nothing: {message}"));
                *times += 1;
                assert_eq!(*times, 1, "the server's request {id} was answered twice");
            }
            _ => {}
        }
    }
}

#[test]
fn every_ticket_is_answered_exactly_once_in_ten_thousand_random_lives() {
    let mut runner = TestRunner::new(Config { cases: 10_000, failure_persistence: None, ..Config::default() });
    // Most lives begin with a link that gets through the handshake.
    let begin = (any::<u8>(), any::<u8>(), 0u8..5);
    let schedule = (any::<u64>(), any::<u8>(), begin, prop::collection::vec(any::<[u8; 4]>(), 1..32));
    let ready = std::cell::Cell::new(0);
    let result = runner.run(&schedule, |(seed, known, (first, profile, answers), steps)| {
        let mut world = World::new(seed, known, false);
        world.step(Step::LinkUp(peer(first), profile));
        for how in 0..answers {
            world.step(Step::Answer { at: 0, how, twice: false });
        }
        ready.set(ready.get() + usize::from(world.session.ready()));
        for code in steps {
            world.step(step(code));
        }
        // Nothing hangs: though nobody does anything any more, deadlines and budgets answer everybody.
        world.step(Step::Block(false));
        world.pass(secs(3 * 3600));
        world.all_answered();
        world.step(Step::Close);
        world.all_answered();
        assert_eq!(world.session.poll_timeout(), None, "a closed session wants nothing");
        assert_eq!(world.session.metrics().in_flight, 0);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(ready.get() > 3_000, "most lives must be worth living: {}", ready.get());
}
