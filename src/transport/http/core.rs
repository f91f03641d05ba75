//! Streamable HTTP's exchanges: what a session's frames become, and what becomes of the answers. Pure but for the
//! [`Fetch`] it is given; time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Config;
use super::answer::Refused;
use super::fetch::{Content, ExchangeId, Fetch, Headers, Method, Request};
use super::push::{self, Push};
use super::tokens::Again;
use crate::frame::{EventParser, Inbound, Outbound, Post, Resume, header_value};
use crate::json::Text;
use crate::text::join;
use crate::transport::{TransportError, TransportErrorKind};

/// Requests under way at once, subscriptions not counted. More wait their turn here.
const MOST: usize = 128;
/// Messages without a reply under way at once, and how many more may wait.
const MESSAGES: usize = 32;
const QUEUED: usize = 1024;
/// How long a server may take to say that it took one, or what it has against something.
pub(super) const TAKEN: Duration = Duration::from_secs(30);
/// How long `notifications/initialized` may hold the requests behind it back.
const GATE: Duration = Duration::from_secs(10);
/// How long the server may take to say that the stream of what it says unasked stands. Servers drop what they say on it before,
/// a question that a call provokes too. A proxy that buffers the stream holds its head back, so it is not waited for long.
const PUSH_GATE: Duration = Duration::from_secs(1);
/// A request that was given up after so long without the beginning of an answer may have met a dead connection.
const SUSPICIOUS: Duration = Duration::from_secs(5);
/// How long an answered stream may take to end.
pub(super) const DRAIN: Duration = Duration::from_secs(1);
/// How often a broken stream is taken up again without anything new.
pub(super) const RESUMPTIONS: u32 = 5;

pub(super) struct Core<F> {
    pub(super) fetch: F,
    pub(super) config: Arc<Config>,
    /// The bearer token of the present; [`Core::wants_token`] tells when it was refused.
    pub(super) token: Option<String>,
    /// Which token that is.
    pub(super) generation: u32,
    next: ExchangeId,
    pub(super) open: Vec<Exchange>,
    /// Requests for which it is not yet time.
    waiting: VecDeque<Box<Post>>,
    /// Messages without a reply that wait their turn.
    messages: VecDeque<Box<Post>>,
    /// What requests wait for, and how long at most: `notifications/initialized` while the server may not have seen it, the
    /// first stream of what it says unasked while that may not stand.
    pub(super) gates: Vec<(ExchangeId, Duration)>,
    /// What the server calls the legacy session.
    pub(super) session: Option<String>,
    pub(super) version: Option<&'static str>,
    pub(super) legacy: bool,
    pub(super) push: Push,
    /// Streams to take up again, and when.
    pub(super) delayed: Vec<(Duration, i64, Box<Resume>)>,
    /// What was refused for its token, once.
    pub(super) refused: Vec<Again>,
    pub(super) next_look: Option<Duration>,
    pub(super) inbound: VecDeque<Inbound>,
    /// Why the link is over.
    pub(super) broken: Option<TransportError>,
    /// The exchange that ends the session at the server.
    pub(super) farewell: Option<ExchangeId>,
    pub(super) closing: bool,
}

pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    pub(super) kind: Kind,
    pub(super) phase: Phase,
    /// When its last bytes came, or when it began.
    pub(super) heard: Duration,
    /// The token that it carries.
    pub(super) generation: u32,
    /// It was refused for the token before that.
    pub(super) renewed: bool,
}

pub(super) enum Kind {
    Request {
        wire: i64,
        initialize: bool,
        /// A subscription: it lasts, and counts for itself.
        listen: bool,
        /// The request itself, where it may be sent again with another token.
        post: Option<Box<Post>>,
        /// Where this stream goes on from, if it is the rest of one that broke.
        resume: Option<Box<Resume>>,
    },
    /// A notification or a response, where it may be sent again with another token.
    Message {
        post: Option<Box<Post>>,
    },
    Push,
    Farewell,
}

pub(super) enum Phase {
    Head,
    Text { status: u16, content: Content, refused: Option<Box<Refused>> },
    Events { parser: Box<EventParser>, fresh: bool },
    Discarded,
}

impl<F: Fetch> Core<F> {
    pub(super) fn new(fetch: F, config: Arc<Config>, token: Option<String>) -> Self {
        Self {
            fetch,
            config,
            token,
            generation: 0,
            next: 1,
            open: Vec::new(),
            waiting: VecDeque::new(),
            messages: VecDeque::new(),
            gates: Vec::new(),
            session: None,
            version: None,
            legacy: false,
            push: Push::default(),
            delayed: Vec::new(),
            refused: Vec::new(),
            next_look: None,
            inbound: VecDeque::new(),
            broken: None,
            farewell: None,
            closing: false,
        }
    }

    // ---- What the session wants

    pub(super) fn accept(&mut self, out: Outbound, now: Duration) {
        match out {
            Outbound::Post(post) if post.id.is_some() => {
                self.waiting.push_back(post);
                self.begin_waiting(now);
            }
            Outbound::Post(post) => {
                self.messages.push_back(post);
                self.begin_waiting(now);
                if self.messages.len() > QUEUED && self.broken.is_none() {
                    let detail = "the server sends requests faster than it takes their answers";
                    self.broken = Some(TransportError::new(TransportErrorKind::Overloaded, detail));
                }
            }
            Outbound::Abort(wire) => self.abort(wire, now),
            Outbound::Answered(wire) => self.drain(wire, now),
            Outbound::Resume(wire, resume) => {
                let at = now.saturating_add(push::wait(resume.retry, resume.attempt));
                self.delayed.push((at, wire, resume));
            }
            Outbound::Listen => {
                if let Some(id) = self.open_push(now) {
                    self.gates.push((id, now.saturating_add(PUSH_GATE)));
                }
            }
            Outbound::Close(_) => self.close(now),
            // Only for shared channels.
            Outbound::Message(_) | Outbound::Ping => {}
        }
    }

    /// Begins what waits, as far as it may. What would carry a refused token waits for the next one.
    pub(super) fn begin_waiting(&mut self, now: Duration) {
        if self.wants_token() {
            return;
        }
        let message = |exchange: &&Exchange| {
            matches!(exchange.kind, Kind::Message { .. }) && !matches!(exchange.phase, Phase::Discarded)
        };
        while !self.messages.is_empty() && self.open.iter().filter(message).count() < MESSAGES {
            let Some(post) = self.messages.pop_front() else { break };
            self.begin(post, now);
        }
        let counts = |exchange: &&Exchange| matches!(exchange.kind, Kind::Request { listen: false, .. });
        while self.gates.is_empty() && self.open.iter().filter(counts).count() < MOST {
            let Some(post) = self.waiting.pop_front() else { return };
            self.begin(post, now);
        }
    }

    pub(super) fn begin(&mut self, post: Box<Post>, now: Duration) {
        let method = post.method.as_deref().unwrap_or_default();
        let initialize = method == "initialize";
        self.version = post.version;
        if initialize {
            self.session = None;
        }
        // A response is legacy by itself; a probe is modern, and says so.
        self.legacy = !post.modern;
        let headers = self.headers_of(&post);
        let again = self.config.asks_for_tokens();
        let kind = match post.id {
            Some(wire) => Kind::Request {
                wire,
                initialize,
                listen: method == "subscriptions/listen",
                post: again.then(|| post.clone()),
                resume: None,
            },
            None => Kind::Message { post: again.then(|| post.clone()) },
        };
        let gate = method == "notifications/initialized";
        let id = self.start(kind, Method::Post, headers, Some(post.text), now);
        if gate {
            self.gates.push((id, now.saturating_add(GATE)));
        }
    }

    pub(super) fn start(
        &mut self,
        kind: Kind,
        method: Method,
        headers: Headers,
        body: Option<Text>,
        now: Duration,
    ) -> ExchangeId {
        let id = self.next;
        self.next += 1;
        let farewell = matches!(kind, Kind::Farewell);
        let patience = if matches!(kind, Kind::Message { .. }) { Some(TAKEN) } else { self.config.first_byte };
        self.fetch.start(id, Request { method, url: self.config.url.clone(), headers, body, farewell });
        let generation = self.generation;
        self.open.push(Exchange { id, kind, phase: Phase::Head, heard: now, generation, renewed: false });
        self.look(patience.map(|patience| now.saturating_add(patience)));
        id
    }

    /// What every request of this link carries.
    pub(super) fn headers(&self, accept: &'static str) -> Headers {
        let mut all: Headers = Vec::with_capacity(10);
        all.push(("accept".into(), accept.into()));
        if let Some(version) = self.version {
            all.push(("mcp-protocol-version".into(), version.into()));
        }
        if let (Some(session), true) = (&self.session, self.legacy) {
            all.push(("mcp-session-id".into(), session.clone().into()));
        }
        if let Some(token) = &self.token {
            all.push(("authorization".into(), join(&["Bearer ", token]).into()));
        }
        all.extend(self.config.headers.iter().map(|(name, value)| (name.clone().into(), value.clone().into())));
        all
    }

    fn headers_of(&self, post: &Post) -> Headers {
        let mut all = self.headers("application/json, text/event-stream");
        all.push(("content-type".into(), "application/json".into()));
        if post.modern {
            if let Some(method) = &post.method {
                all.push(("mcp-method".into(), header_value::encode(method).into_owned().into()));
            }
            if let Some(name) = &post.name {
                all.push(("mcp-name".into(), header_value::encode(name).into_owned().into()));
            }
            for (name, value) in &post.mirrored {
                let name = join(&["mcp-param-", &name.to_ascii_lowercase()]);
                all.push((name.into(), header_value::encode(value).into_owned().into()));
            }
        }
        all
    }

    fn abort(&mut self, wire: i64, now: Duration) {
        self.waiting.retain(|post| post.id != Some(wire));
        self.refused.retain(|again| again.wire() != Some(wire));
        self.delayed.retain(|(_, of, _)| *of != wire);
        if let Some(exchange) = self.take_wire(wire) {
            self.fetch.abort(exchange.id);
            if matches!(exchange.phase, Phase::Head) && now.saturating_sub(exchange.heard) >= SUSPICIOUS {
                self.fetch.forget_connections();
            }
        }
        self.begin_waiting(now);
    }

    /// Reads on for a moment, as nobody's: the end is near, and the connection is of use again once it was read.
    fn drain(&mut self, wire: i64, now: Duration) {
        if let Some(exchange) = self.take_wire(wire) {
            let kind = Kind::Message { post: None };
            self.open.push(Exchange { kind, phase: Phase::Discarded, heard: now, ..exchange });
            self.look(Some(now.saturating_add(DRAIN)));
            self.begin_waiting(now);
        }
    }

    fn take_wire(&mut self, wire: i64) -> Option<Exchange> {
        let of = |exchange: &Exchange| matches!(exchange.kind, Kind::Request { wire: of, .. } if of == wire);
        let at = self.open.iter().position(of)?;
        Some(self.open.swap_remove(at))
    }

    /// Ends the session at the server and drops everything else.
    fn close(&mut self, now: Duration) {
        self.closing = true;
        for exchange in std::mem::take(&mut self.open) {
            self.fetch.abort(exchange.id);
        }
        (self.waiting, self.messages) = (VecDeque::new(), VecDeque::new());
        (self.delayed, self.refused, self.gates) = (Vec::new(), Vec::new(), Vec::new());
        self.push.refuse();
        if self.session.is_some() {
            self.legacy = true;
            let headers = self.headers("application/json, text/event-stream");
            self.farewell = Some(self.start(Kind::Farewell, Method::Delete, headers, None, now));
        }
    }
}
