//! The harness: a session, its clock, and everything that came out of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::*;
pub(super) use super::messages::*;
use crate::frame::{Liveness, Post, Profile, Resume};
use crate::json::{Draft, Text};
use crate::transport::{TransportError, TransportErrorKind};

/// A ticket: the name a test knows a caller by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) progress: bool,
}

impl Ticket for Name {
    type Progress = &'static str;

    fn progress(&self) -> Option<&'static str> {
        self.progress.then_some(self.name)
    }
}

pub(super) const MODERN: &str = "2026-07-28";
pub(super) const LEGACY: &str = "2025-11-25";

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn channel(liveness: Liveness) -> Profile {
    Profile::SharedChannel { reopen: true, liveness }
}

pub(super) fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Lost, "the plug was pulled")
}

pub(super) fn closed(code: u16) -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code }, format!("closed with {code}"))
}

pub(super) fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_text()).expect("a Json is JSON")
}

pub(super) fn json_of(value: &Value) -> Json {
    Json::from_text(&value.to_string()).expect("a Value is JSON")
}

pub(super) struct Sim {
    pub(super) session: Session<Name>,
    pub(super) now: Duration,
    pub(super) profile: Profile,
    /// Whether messages can be taken from the session.
    pub(super) link: bool,
    pub(super) wire: Vec<Value>,
    pub(super) posts: Vec<Post>,
    pub(super) aborts: Vec<i64>,
    pub(super) answered: Vec<i64>,
    pub(super) resumes: Vec<(i64, Resume)>,
    pub(super) listens: usize,
    pub(super) pings: usize,
    pub(super) closes: usize,
    pub(super) connects: usize,
    pub(super) disconnects: usize,
    pub(super) replies: Vec<(&'static str, Result<Value, Error>)>,
    pub(super) progress: Vec<(&'static str, Value)>,
    pub(super) events: Vec<Event>,
    pub(super) inputs: Vec<InputRequest>,
    pub(super) ended: Vec<(InputId, InputEnd)>,
    pub(super) verdicts: Vec<Verdict>,
}

impl Sim {
    pub(super) fn new() -> Self {
        Self::with(|_| {}, None)
    }

    pub(super) fn with(change: impl FnOnce(&mut Options), known: Option<Verdict>) -> Self {
        let capabilities = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
        let mut options = Options {
            name: "sim".into(),
            version: "1.0".into(),
            capabilities: json_of(&capabilities),
            ..Options::default()
        };
        change(&mut options);
        Self {
            session: Session::new(options, known, 42),
            now: secs(1000),
            profile: channel(Liveness::Channel),
            link: false,
            wire: Vec::new(),
            posts: Vec::new(),
            aborts: Vec::new(),
            answered: Vec::new(),
            resumes: Vec::new(),
            listens: 0,
            pings: 0,
            closes: 0,
            connects: 0,
            disconnects: 0,
            replies: Vec::new(),
            progress: Vec::new(),
            events: Vec::new(),
            inputs: Vec::new(),
            ended: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// A session whose server is modern, ready, everything so far forgotten.
    pub(super) fn modern() -> Self {
        Self::new().into_modern()
    }

    pub(super) fn into_modern(mut self) -> Self {
        self.open();
        self.up();
        self.become_modern();
        self
    }

    pub(super) fn become_modern(&mut self) {
        let probe = self.one();
        assert_eq!(probe["method"], "server/discover");
        self.deliver(answer(&probe, discovered()));
        self.forget();
    }

    /// A session whose server is legacy, ready, everything so far forgotten.
    pub(super) fn legacy() -> Self {
        Self::new().into_legacy()
    }

    pub(super) fn into_legacy(mut self) -> Self {
        self.open();
        self.up();
        let probe = self.one();
        self.deliver(refusal(&probe, -32601));
        self.initialize();
        self
    }

    /// Answers `initialize`.
    pub(super) fn initialize(&mut self) {
        let initialize = self.one();
        assert_eq!(initialize["method"], "initialize");
        self.deliver(answer(&initialize, initialized(LEGACY)));
        assert_eq!(self.methods().first().map(String::as_str), Some("notifications/initialized"));
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        (self.pings, self.connects, self.disconnects) = (0, 0, 0);
        self.replies.clear();
        self.events.clear();
        self.verdicts.clear();
    }

    // ---- Facts

    pub(super) fn open(&mut self) {
        self.session.open(Name { name: "open", progress: false }, self.now);
        self.drain();
    }

    pub(super) fn up(&mut self) {
        (self.link, self.connects) = (true, 0);
        self.session.link_up(self.profile, "sim", self.now);
        self.drain();
    }

    pub(super) fn lose(&mut self) {
        self.lose_with(lost());
    }

    pub(super) fn lose_with(&mut self, error: TransportError) {
        self.link = false;
        self.session.link_lost(error, self.now);
        self.drain();
    }

    /// Waits until the session wants a link, and gives it one.
    pub(super) fn reconnect(&mut self) {
        for _ in 0..100 {
            if self.connects > 0 {
                break;
            }
            self.step();
        }
        assert!(self.connects > 0, "no attempt to connect: {:?}", self.session.state());
        self.up();
    }

    pub(super) fn deliver(&mut self, message: Value) {
        self.deliver_text(&message.to_string());
    }

    pub(super) fn deliver_text(&mut self, text: &str) {
        self.session.receive(&Text::from(text.to_owned()), self.now);
        self.drain();
    }

    pub(super) fn alive(&mut self) {
        self.session.alive(self.now);
        self.drain();
    }

    /// Lets time pass, waking the session whenever it asked for it.
    pub(super) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        for _ in 0..10_000 {
            match self.session.poll_timeout() {
                Some(at) if at <= until => self.step(),
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("the session wants to be woken without end at {:?}", self.now);
    }

    /// Goes to the next time the session asked for.
    pub(super) fn step(&mut self) {
        if let Some(at) = self.session.poll_timeout() {
            self.now = self.now.max(at);
            self.session.timeout(self.now);
            self.drain();
            let next = self.session.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "awake at {:?}, and again at {next:?}", self.now);
        }
    }

    // ---- Commands

    pub(super) fn call(&mut self, name: &'static str, method: &str, params: Value) -> CallId {
        self.call_with(name, method, params, |_| {})
    }

    pub(super) fn call_with(
        &mut self,
        name: &'static str,
        method: &str,
        params: Value,
        options: impl FnOnce(&mut CallOptions),
    ) -> CallId {
        let draft = Draft::with_params(method, &json_of(&params)).expect("params are an object");
        let mut request = Request::new(method, draft);
        options(&mut request.options);
        let id = self.session.request(Name { name, progress: true }, request, self.now);
        self.drain();
        id
    }

    pub(super) fn tool(&mut self, name: &'static str) -> CallId {
        self.call(name, "tools/call", json!({ "name": name, "arguments": {} }))
    }

    pub(super) fn list(&mut self, name: &'static str) -> CallId {
        self.call(name, "tools/list", json!({}))
    }

    pub(super) fn cancel(&mut self, id: CallId) {
        self.session.cancel(id, self.now);
        self.drain();
    }

    pub(super) fn input_answer(&mut self, id: InputId, result: Value) {
        self.session.answer(id, Ok(json_of(&result)), self.now);
        self.drain();
    }

    pub(super) fn input_fail(&mut self, id: InputId) {
        self.session.answer(id, Err("the handler broke".into()), self.now);
        self.drain();
    }

    pub(super) fn listen(&mut self, name: &'static str, filter: Value) -> SubKey {
        let filter = listen::Filter::from_json(&json_of(&filter));
        let key = self.session.listen(Name { name, progress: false }, filter, self.now);
        self.drain();
        key
    }

    pub(super) fn close(&mut self) {
        self.session.close(self.now);
        self.drain();
    }

    // ---- What came out

    pub(super) fn drain(&mut self) {
        if self.link {
            while let Some(out) = self.session.poll_transmit(self.now) {
                match out {
                    Outbound::Message(text) => {
                        assert_eq!(self.closes, 0, "a message after the close: {text}");
                        self.wire.push(serde_json::from_str(&text.to_string()).expect("what is sent is JSON"));
                    }
                    Outbound::Ping => self.pings += 1,
                    Outbound::Close(_) => self.closes += 1,
                    Outbound::Post(post) => {
                        self.wire.push(serde_json::from_str(&post.text.to_string()).expect("what is sent is JSON"));
                        self.posts.push(*post);
                    }
                    Outbound::Abort(id) => self.aborts.push(id),
                    Outbound::Answered(id) => self.answered.push(id),
                    Outbound::Resume(id, resume) => self.resumes.push((id, *resume)),
                    Outbound::Listen => self.listens += 1,
                }
            }
        }
        self.session.settle();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Reply(ticket, result) => self.replies.push((ticket.name, result.map(|json| value(&json)))),
                Output::Progress(to, params) => self.progress.push((to, value(&params))),
                Output::Connect => self.connects += 1,
                Output::Disconnect => {
                    self.disconnects += 1;
                    self.link = false;
                }
                Output::Input(request) => self.inputs.push(request),
                Output::InputCancelled(id, why) => self.ended.push((id, why)),
                Output::Event(event) => self.events.push(event),
                Output::Verdict(verdict) => self.verdicts.push(verdict),
            }
        }
    }

    /// Everything sent since the last look.
    pub(super) fn sent(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.wire)
    }

    /// The one message sent since the last look.
    pub(super) fn one(&mut self) -> Value {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "one message was expected: {sent:#?}");
        sent.remove(0)
    }

    pub(super) fn methods(&mut self) -> Vec<String> {
        self.sent().iter().map(|message| message["method"].as_str().unwrap_or("(response)").to_owned()).collect()
    }

    pub(super) fn nothing_sent(&mut self) {
        assert_eq!(self.sent(), Vec::<Value>::new());
    }

    /// The one answer given since the last look, which is to `name`.
    pub(super) fn reply_to(&mut self, name: &str) -> Result<Value, Error> {
        let mut replies = std::mem::take(&mut self.replies);
        assert_eq!(replies.len(), 1, "one answer, to {name}, was expected: {replies:?}");
        let (to, result) = replies.remove(0);
        assert_eq!(to, name);
        result
    }

    pub(super) fn error_of(&mut self, name: &str) -> Error {
        self.reply_to(name).expect_err("an error was expected")
    }

    pub(super) fn nobody_answered(&self) {
        assert!(self.replies.is_empty(), "{:?}", self.replies);
    }

    /// The one input asked for since the last look.
    pub(super) fn input(&mut self) -> InputRequest {
        assert_eq!(self.inputs.len(), 1, "{:?}", self.inputs);
        self.inputs.remove(0)
    }

    pub(super) fn era(&self) -> Option<Era> {
        self.session.era()
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.session.state(), State::Closed { .. })
    }

    pub(super) fn has_event(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| is(event)).count()
    }
}

// ---- What servers say
