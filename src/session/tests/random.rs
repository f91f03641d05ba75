//! Random schedules against a random peer: whatever happens, every ticket is answered exactly once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::super::*;
use super::sim::*;
use crate::frame::{Liveness, Profile};
use crate::json::{Draft, Text};
use crate::transport::{TransportError, TransportErrorKind};

#[derive(Debug, Clone)]
struct Ask(u32);

impl Ticket for Ask {
    type Progress = u32;

    fn progress(&self) -> Option<u32> {
        self.0.is_multiple_of(2).then_some(self.0)
    }
}

/// How the peer of one link answers what it reads.
#[derive(Debug, Clone, Copy)]
enum Peer {
    Modern,
    Legacy,
    /// Refuses everything, without an id.
    Grumpy,
    Silent,
    /// Answers nonsense.
    Garbage,
}

#[derive(Debug, Clone)]
enum Step {
    Request {
        method: u8,
        options: u8,
    },
    Cancel(u8),
    Listen(u8),
    Unlisten(u8),
    Level,
    Open,
    LinkUp(Peer, u8),
    LinkFailed(bool),
    LinkLost(u8),
    /// The peer answers the request at this place of its inbox: how, and whether twice.
    Answer {
        at: u8,
        how: u8,
        twice: bool,
    },
    /// The peer says something of its own.
    Say(u8),
    Input {
        at: u8,
        how: u8,
    },
    Pass(u16),
    /// The link takes messages, or not.
    Block(bool),
    Wake,
    Alive,
    Close,
}

fn peer(code: u8) -> Peer {
    match code % 11 {
        0..=3 => Peer::Modern,
        4..=7 => Peer::Legacy,
        8 => Peer::Grumpy,
        9 => Peer::Silent,
        _ => Peer::Garbage,
    }
}

/// A step from its code: an array of numbers is drawn and shrunk many times faster than a tree of strategies.
fn step([what, a, b, c]: [u8; 4]) -> Step {
    match what % 52 {
        0..=5 => Step::Request { method: a, options: b },
        6 | 7 => Step::Cancel(a),
        8 => Step::Listen(a),
        9 => Step::Unlisten(a),
        10 => Step::Level,
        11 => Step::Open,
        12..=15 => Step::LinkUp(peer(a), b),
        16 => Step::LinkFailed(a.is_multiple_of(2)),
        17 | 18 => Step::LinkLost(a),
        19..=31 => Step::Answer { at: a, how: b, twice: c < 26 },
        32..=36 => Step::Say(a),
        37..=41 => Step::Input { at: a, how: b },
        42..=46 => Step::Pass(u16::from_le_bytes([a, b])),
        47 | 48 => Step::Block(a.is_multiple_of(2)),
        49 => Step::Wake,
        50 => Step::Alive,
        _ if a < 26 => Step::Close,
        _ => Step::Alive,
    }
}

const METHODS: [&str; 6] = ["tools/call", "tools/list", "resources/read", "prompts/get", "ping", "completion/complete"];

struct World {
    session: Session<Ask>,
    now: Duration,
    peer: Peer,
    up: bool,
    blocked: bool,
    wants_link: bool,
    next: u32,
    asked: BTreeSet<u32>,
    answered: BTreeMap<u32, u32>,
    calls: Vec<CallId>,
    subs: Vec<SubKey>,
    inputs: Vec<InputId>,
    /// Requests that the peer has read on this link and not answered.
    inbox: Vec<Value>,
    ids_on_link: BTreeSet<i64>,
    /// Requests of the peer on this link, and how often each was answered.
    pushed: BTreeMap<i64, u32>,
    next_push: i64,
}

impl World {
    fn new(seed: u64, known: u8) -> Self {
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

    fn step(&mut self, step: Step) {
        match step {
            Step::Request { method, options } => {
                let method = METHODS[method as usize % METHODS.len()];
                let draft = Draft::with_params(method, &json_of(&json!({ "name": "x" }))).expect("an object");
                let mut request = Request::new(method, draft);
                request.options.idempotent = options & 1 != 0;
                request.options.manual = options & 6 == 6;
                request.options.non_interactive = options & 8 != 0;
                request.options.timeout = (options & 16 != 0).then_some(millis(u64::from(options) * 20));
                request.options.total_timeout = (options & 96 == 96).then_some(Duration::MAX);
                let ticket = self.ticket();
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
                    self.session.link_up(Profile::SharedChannel { reopen, liveness }, self.now);
                }
            }
            Step::LinkFailed(transient) => {
                if self.wants_link {
                    self.wants_link = false;
                    let kind = if transient { TransportErrorKind::ConnectFailed } else { TransportErrorKind::Tls };
                    self.session.link_failed(TransportError::new(kind, "no"), self.now);
                }
            }
            Step::LinkLost(how) => {
                if self.up {
                    self.up = false;
                    let code = [1006, 1006, 1000, 1011, 4409, 4401, 1008, 1001][how as usize % 8];
                    self.session.link_lost(closed(code), self.now);
                }
            }
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
    fn reply_to(&mut self, request: &Value, how: u8) -> Option<String> {
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
            6 => json!({ "jsonrpc": "2.0", "id": i64::from(what), "result": {} }),
            7 => error(json!(i64::from(what)), -32600, Value::Null),
            8 => json!({ "jsonrpc": "2.0", "id": "1", "result": {} }),
            _ => return "[1]".into(),
        };
        message.to_string()
    }

    fn pass(&mut self, by: Duration) {
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

    fn drain(&mut self) {
        while self.up && !self.blocked {
            let Some(out) = self.session.poll_transmit(self.now) else { break };
            match out {
                Outbound::Message(text) => self.read(&serde_json::from_str(&text.to_string()).expect("JSON")),
                Outbound::Ping => {}
                Outbound::Close(_) => self.up = false,
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
        let mut world = World::new(seed, known);
        world.step(Step::LinkUp(peer(first), profile));
        for how in 0..answers {
            world.step(Step::Answer { at: 0, how, twice: false });
        }
        ready.set(ready.get() + usize::from(world.session.ready()));
        for code in steps {
            world.step(step(code));
        }
        world.step(Step::Close);
        for ticket in &world.asked {
            assert_eq!(world.answered.get(ticket), Some(&1), "ticket {ticket}");
        }
        assert_eq!(world.session.poll_timeout(), None, "a closed session wants nothing");
        assert_eq!(world.session.metrics().in_flight, 0);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(ready.get() > 3_000, "most lives must be worth living: {}", ready.get());
}

/// JSON of any shape, with the words of the protocol strewn in.
fn message() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "jsonrpc",
        "id",
        "method",
        "params",
        "result",
        "error",
        "code",
        "data",
        "supported",
        "_meta",
        "inputRequests",
        "requestState",
        "resultType",
        "input_required",
        "elicitation/create",
        "notifications/progress",
        "server/discover",
        "progressToken",
        "notifications/cancelled",
        "requestId",
        "elicitations",
        "supportedVersions",
        "__proto__",
        "notifications/subscriptions/acknowledged",
        "io.modelcontextprotocol/subscriptionId",
        "2026-07-28",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..9).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        Just(json!(-32042)),
        Just(json!(-32022)),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn stages() -> Vec<Sim> {
    let mut probing = Sim::new();
    probing.open();
    probing.up();
    let mut modern = Sim::modern();
    modern.tool("a");
    modern.listen("l", json!({ "toolsListChanged": true }));
    let mut legacy = Sim::legacy();
    legacy.tool("a");
    vec![probing, modern, legacy]
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_message_of_any_shape_brings_a_session_down(messages in prop::collection::vec(message(), 1..8)) {
        for mut sim in stages() {
            for message in &messages {
                sim.deliver(message.clone());
            }
            sim.advance(secs(1));
            sim.close();
        }
    }

    #[test]
    fn no_text_of_any_kind_brings_a_session_down(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for mut sim in stages() {
            sim.deliver_text(&String::from_utf8_lossy(&bytes));
            sim.close();
        }
    }
}
