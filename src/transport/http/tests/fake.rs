//! A fetch that does what a test says, and a core on top of it with a clock of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::super::core::Core;
use super::super::fetch::{Content, ExchangeId, Fact, Fetch, Reading, Request};
use super::super::{Config, Http};
use crate::frame::{Failure, Inbound, Outbound, Post, Resume};
use crate::json::{Buffer, Text};
use crate::platform::Lock;
use crate::transport::{TransportError, TransportErrorKind};

pub(super) const URL: &str = "https://mcp.example/mcp";
pub(super) const LEGACY: &str = "2025-11-25";
pub(super) const MODERN: &str = "2026-07-28";
pub(super) const EVENTS: &str = "text/event-stream";
pub(super) const BOTH: &str = "application/json, text/event-stream";

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn text(text: &str) -> Text {
    Text::from(text.to_owned())
}

pub(super) fn bytes(text: &str) -> Buffer {
    Buffer::from(text.as_bytes().to_vec())
}

pub(super) fn error(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "the network")
}

#[derive(Default)]
pub(super) struct Script {
    pub(super) started: Vec<(ExchangeId, Request)>,
    pub(super) aborted: Vec<ExchangeId>,
    pub(super) read: Vec<(ExchangeId, Reading)>,
    pub(super) headers: Vec<(ExchangeId, &'static str, &'static str)>,
    pub(super) facts: VecDeque<(ExchangeId, Fact)>,
}

#[derive(Default, Clone)]
pub(super) struct Fake(pub(super) Arc<Lock<Script>>);

impl Fetch for Fake {
    fn start(&mut self, id: ExchangeId, request: Request) {
        self.0.lock().started.push((id, request));
    }

    fn header(&self, id: ExchangeId, name: &str) -> Option<String> {
        let script = self.0.lock();
        script.headers.iter().find(|(of, key, _)| *of == id && *key == name).map(|(.., value)| (*value).to_owned())
    }

    fn read(&mut self, id: ExchangeId, reading: Reading) {
        self.0.lock().read.push((id, reading));
    }

    fn abort(&mut self, id: ExchangeId) {
        self.0.lock().aborted.push(id);
    }

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)> {
        self.0.lock().facts.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

pub(super) fn config(change: impl FnOnce(Http) -> Http) -> Arc<Config> {
    change(Http::new(URL).expect("an address")).config
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut all = request.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value);
    let first = all.next();
    assert_eq!(all.next(), None, "{name} stands twice");
    first
}

/// The names of a request's headers, sorted.
pub(super) fn names(request: &Request) -> Vec<&str> {
    let mut all: Vec<_> = request.headers.iter().map(|(name, _)| &**name).collect();
    all.sort_unstable();
    all
}

/// A message's head in the legacy era.
pub(super) fn post(id: Option<i64>, method: &str) -> Post {
    Post {
        id,
        method: Some(method.to_owned()),
        name: None,
        version: Some(LEGACY),
        modern: false,
        mirrored: Vec::new(),
        text: text("{}"),
    }
}

pub(super) fn modern(id: i64, method: &str) -> Post {
    Post { version: Some(MODERN), modern: true, ..post(Some(id), method) }
}

pub(super) struct World {
    pub(super) core: Core<Fake>,
    pub(super) script: Arc<Lock<Script>>,
    pub(super) now: Duration,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|http| http, None)
    }

    pub(super) fn with(change: impl FnOnce(Http) -> Http, token: Option<&str>) -> Self {
        let fake = Fake::default();
        let script = fake.0.clone();
        Self { core: Core::new(fake, config(change), token.map(str::to_owned)), script, now: secs(100) }
    }

    /// A legacy session, ready.
    pub(super) fn session() -> Self {
        let mut world = Self::new();
        world.initialize();
        world
    }

    pub(super) fn initialize(&mut self) {
        let id = self.send(Post { version: None, ..post(Some(900), "initialize") });
        self.script.lock().headers.push((id, "mcp-session-id", "s-1"));
        self.json(id, 200, r#"{"jsonrpc":"2.0","id":900,"result":{}}"#);
        let id = self.send(post(None, "notifications/initialized"));
        self.accepted(id);
        self.inbound();
    }

    // ---- The session's side

    pub(super) fn out(&mut self, out: Outbound) {
        self.core.accept(out, self.now);
    }

    pub(super) fn post(&mut self, post: Post) {
        self.out(Outbound::Post(Box::new(post)));
    }

    /// Sends a message that leaves at once.
    pub(super) fn send(&mut self, post: Post) -> ExchangeId {
        self.post(post);
        self.one().0
    }

    pub(super) fn resume(&mut self, wire: i64, resume: Resume) {
        self.out(Outbound::Resume(wire, Box::new(resume)));
    }

    pub(super) fn inbound(&mut self) -> Vec<Inbound> {
        self.core.inbound.drain(..).collect()
    }

    /// The one thing that came since the last look.
    pub(super) fn told(&mut self) -> Inbound {
        let mut all = self.inbound();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    pub(super) fn failure(&mut self, wire: i64) -> Failure {
        match self.told() {
            Inbound::Failed(of, failure) if of == wire => *failure,
            other => panic!("{other:?}"),
        }
    }

    /// The end of `wire`'s stream.
    pub(super) fn end_of(&mut self, wire: i64) -> (Option<Resume>, Option<TransportError>) {
        let end = self.inbound().into_iter().find_map(|told| match told {
            Inbound::Ended(of, resume, error) if of == wire => Some((resume.map(|resume| *resume), error)),
            _ => None,
        });
        end.expect("its end")
    }

    // ---- The fetch's side

    pub(super) fn started(&mut self) -> Vec<(ExchangeId, Request)> {
        std::mem::take(&mut self.script.lock().started)
    }

    /// The one request since the last look.
    pub(super) fn one(&mut self) -> (ExchangeId, Request) {
        let mut all = self.started();
        assert_eq!(all.len(), 1, "{} requests", all.len());
        all.remove(0)
    }

    pub(super) fn nothing_started(&mut self) {
        assert_eq!(self.started().len(), 0);
    }

    pub(super) fn aborted(&mut self) -> Vec<ExchangeId> {
        std::mem::take(&mut self.script.lock().aborted)
    }

    pub(super) fn reading(&mut self) -> Reading {
        self.script.lock().read.pop().expect("how to read it").1
    }

    pub(super) fn says(&mut self, id: ExchangeId, name: &'static str, value: &'static str) {
        self.script.lock().headers.push((id, name, value));
    }

    pub(super) fn fact(&mut self, id: ExchangeId, fact: Fact) {
        self.core.take(id, fact, self.now);
    }

    pub(super) fn head(&mut self, id: ExchangeId, status: u16, content: Content) {
        self.fact(id, Fact::Head { status, content });
    }

    /// An answer that comes as one text.
    pub(super) fn answer(&mut self, id: ExchangeId, status: u16, content: Content, body: &str) {
        self.head(id, status, content);
        self.fact(id, Fact::Text(text(body)));
    }

    pub(super) fn json(&mut self, id: ExchangeId, status: u16, body: &str) {
        self.answer(id, status, Content::Json, body);
    }

    pub(super) fn accepted(&mut self, id: ExchangeId) {
        self.head(id, 202, Content::Other);
        self.fact(id, Fact::End);
    }

    /// A stream begins.
    pub(super) fn stream(&mut self, id: ExchangeId) {
        self.head(id, 200, Content::Events);
        // That the server is there has a test of its own.
        self.core.inbound.retain(|told| !matches!(told, Inbound::Alive));
    }

    pub(super) fn chunk(&mut self, id: ExchangeId, events: &str) {
        self.fact(id, Fact::Chunk(bytes(events)));
    }

    pub(super) fn end(&mut self, id: ExchangeId) {
        self.fact(id, Fact::End);
    }

    pub(super) fn fail(&mut self, id: ExchangeId, kind: TransportErrorKind) {
        self.fact(id, Fact::Failed(error(kind)));
    }

    // ---- Time

    pub(super) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        for _ in 0..10_000 {
            match self.core.next_time() {
                Some(at) if at <= until => {
                    self.now = self.now.max(at);
                    self.core.timeout(self.now);
                    assert!(self.core.next_time().is_none_or(|at| at > self.now), "awake without end");
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("woken without end");
    }
}
