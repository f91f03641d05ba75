//! Streamable HTTP's exchanges: what a session's frames become, and what becomes of the answers. Pure but for the
//! [`Fetch`] it is given; time is an argument.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{self, Refused};
use super::fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};
use super::push::Push;
use super::{Config, PROTOCOL_ERROR_BODY};
use crate::frame::{Body, EventParser, Failure, Inbound, Outbound, Post, Resume, header_value};
use crate::json::{Buffer, Text};
use crate::text::{decimal, join};
use crate::transport::{TransportError, TransportErrorKind};

/// Requests under way at once, subscriptions not counted. More wait their turn here.
const MOST: usize = 128;
/// How long `notifications/initialized` may hold the requests behind it back.
const GATE: Duration = Duration::from_secs(10);
/// How often a broken stream is taken up again without anything new.
const RESUMPTIONS: u32 = 5;

pub(super) struct Core<F> {
    pub(super) fetch: F,
    pub(super) config: Arc<Config>,
    /// The bearer token of the present; [`Core::tokens_wanted`] tells when it was refused.
    token: Option<String>,
    next: ExchangeId,
    open: Vec<Exchange>,
    /// Requests for which it is not yet time.
    waiting: VecDeque<Box<Post>>,
    /// The exchange of `notifications/initialized`, while the server may not have seen it.
    gate: Option<(ExchangeId, Duration)>,
    /// What the server calls the legacy session.
    session: Option<String>,
    version: Option<&'static str>,
    legacy: bool,
    pub(super) push: Push,
    /// Streams to take up again, and when.
    delayed: Vec<(Duration, i64, Box<Resume>)>,
    /// Requests that were refused for their token, once.
    refused: Vec<Box<Post>>,
    next_look: Option<Duration>,
    pub(super) inbound: VecDeque<Inbound>,
    /// Why the link is over.
    pub(super) broken: Option<TransportError>,
    /// The exchange that ends the session at the server.
    pub(super) farewell: Option<ExchangeId>,
    pub(super) closing: bool,
}

struct Exchange {
    id: ExchangeId,
    kind: Kind,
    phase: Phase,
    heard: Duration,
}

enum Kind {
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
    /// A notification or a response.
    Message,
    Push,
    Farewell,
}

enum Phase {
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
            next: 1,
            open: Vec::new(),
            waiting: VecDeque::new(),
            gate: None,
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
            Outbound::Post(post) => self.begin(post, now),
            Outbound::Abort(wire) => self.abort(wire, now),
            Outbound::Resume(wire, resume) => {
                let wait = resume.retry.unwrap_or(Duration::from_secs(1)).saturating_mul(1 << resume.attempt.min(5));
                self.delayed.push((now.saturating_add(wait.min(Duration::from_secs(60))), wire, resume));
            }
            Outbound::Listen => self.open_push(now),
            Outbound::Close(_) => self.close(now),
            // Only for shared channels.
            Outbound::Message(_) | Outbound::Ping => {}
        }
    }

    fn begin_waiting(&mut self, now: Duration) {
        let counts = |exchange: &&Exchange| matches!(exchange.kind, Kind::Request { listen: false, .. });
        while self.gate.is_none() && self.open.iter().filter(counts).count() < MOST {
            let Some(post) = self.waiting.pop_front() else { return };
            self.begin(post, now);
        }
    }

    fn begin(&mut self, post: Box<Post>, now: Duration) {
        let method = post.method.as_deref().unwrap_or_default();
        let initialize = method == "initialize";
        if post.version.is_some() {
            self.version = post.version;
        }
        // A response is legacy by itself; a probe is modern, and says so.
        self.legacy = !post.modern;
        let headers = self.headers_of(&post);
        let again = self.config.asks_for_tokens() && post.id.is_some();
        let kind = match post.id {
            Some(wire) => Kind::Request {
                wire,
                initialize,
                listen: method == "subscriptions/listen",
                post: again.then(|| post.clone()),
                resume: None,
            },
            None => Kind::Message,
        };
        let gate = method == "notifications/initialized";
        let id = self.start(kind, Method::Post, headers, Some(post.text), now);
        if gate {
            self.gate = Some((id, now.saturating_add(GATE)));
        }
    }

    fn start(
        &mut self,
        kind: Kind,
        method: Method,
        headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
        body: Option<Text>,
        now: Duration,
    ) -> ExchangeId {
        let id = self.next;
        self.next += 1;
        let farewell = matches!(kind, Kind::Farewell);
        self.fetch.start(id, Request { method, url: self.config.url.clone(), headers, body, farewell });
        self.open.push(Exchange { id, kind, phase: Phase::Head, heard: now });
        self.look(self.config.first_byte.map(|first| now.saturating_add(first)));
        id
    }

    /// What every request of this link carries.
    fn headers(&self, accept: &'static str) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
        let mut all: Vec<(Cow<'static, str>, Cow<'static, str>)> = Vec::with_capacity(10);
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

    fn headers_of(&self, post: &Post) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
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
        self.refused.retain(|post| post.id != Some(wire));
        self.delayed.retain(|(_, of, _)| *of != wire);
        let found = self.open.iter().position(|exchange| exchange.wire() == Some(wire));
        if let Some(exchange) = found.map(|at| self.open.swap_remove(at)) {
            match exchange.phase {
                // Answered: the end is near, and the connection of use again once it is read.
                Phase::Events { .. } if self.legacy || !self.closing => self.drain(exchange, now),
                _ => self.fetch.abort(exchange.id),
            }
            self.begin_waiting(now);
        }
    }

    /// Reads on for a moment, as nobody's.
    fn drain(&mut self, exchange: Exchange, now: Duration) {
        let id = exchange.id;
        self.open.push(Exchange { id, kind: Kind::Message, phase: Phase::Discarded, heard: now });
        self.look(Some(now.saturating_add(super::DRAIN)));
    }

    /// Ends the session at the server and drops everything else.
    fn close(&mut self, now: Duration) {
        self.closing = true;
        for exchange in std::mem::take(&mut self.open) {
            self.fetch.abort(exchange.id);
        }
        (self.waiting, self.delayed) = (VecDeque::new(), Vec::new());
        if self.session.is_some() {
            self.legacy = true;
            let headers = self.headers("application/json, text/event-stream");
            self.farewell = Some(self.start(Kind::Farewell, Method::Delete, headers, None, now));
        }
    }
}
