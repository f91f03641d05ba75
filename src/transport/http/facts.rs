//! What comes back: each exchange's answer becomes frames for the session.

use std::time::Duration;

use super::answer::{self, Refused};
use super::core::{Core, DRAIN, Exchange, Kind, Phase, RESUMPTIONS, TAKEN};
use super::fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading};
use crate::frame::{Body, EventParser, Failure, Inbound, Resume, header_value};
use crate::json::{Buffer, Text};
use crate::text::{decimal, join};
use crate::transport::{TransportError, TransportErrorKind};

/// The longest event id that a stream is taken up from: servers take no headers without end.
const EVENT_ID: usize = 4 << 10;
/// What is read of an answer that is no message.
const ERROR_BODY: usize = 64 << 10;

/// Whether the same may be asked for again later.
fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504)
}

impl<F: Fetch> Core<F> {
    pub(super) fn take(&mut self, id: ExchangeId, fact: Fact, now: Duration) {
        let Some(at) = self.open.iter().position(|exchange| exchange.id == id) else { return };
        if let Some(exchange) = self.open.get_mut(at)
            && !matches!(exchange.phase, Phase::Discarded)
        {
            exchange.heard = now;
        }
        let over = match fact {
            Fact::Head { status, content } => return self.head(at, status, content, now),
            Fact::Chunk(chunk) => return self.chunk(at, &chunk, now),
            fact => fact,
        };
        let exchange = self.open.swap_remove(at);
        match over {
            Fact::Text(text) => self.text(exchange, text, now),
            Fact::Failed(error) => self.broke(exchange, error, now),
            _ => self.ended(exchange, None, now),
        }
        self.begin_waiting(now);
    }

    /// Requests need not wait for this exchange any more.
    pub(super) fn pass(&mut self, id: ExchangeId) {
        self.gates.retain(|(gate, _)| *gate != id);
    }

    // ---- Heads

    fn head(&mut self, at: usize, status: u16, content: Content, now: Duration) {
        if status == 401 && self.refused_for_token(at, now) {
            return;
        }
        let Some(exchange) = self.open.get(at) else { return };
        let (id, push) = (exchange.id, matches!(exchange.kind, Kind::Push));
        let good = (200..300).contains(&status);
        let refused = (!good).then(|| Box::new(Refused::read(|name| self.fetch.header(id, name))));
        let limit = self.config.max_message;
        let Some(exchange) = self.open.get_mut(at) else { return };
        let reading = match &mut exchange.kind {
            Kind::Push if good && content == Content::Events => {
                exchange.phase = Phase::Events { parser: Box::new(EventParser::new(limit)), fresh: true };
                if self.push.opened(now) {
                    self.inbound.push_back(Inbound::Gap);
                }
                Reading::Chunks
            }
            Kind::Request { .. } if good && content == Content::Events => {
                exchange.phase = Phase::Events { parser: Box::new(EventParser::new(limit)), fresh: false };
                // The server is there, though its answer may take its time.
                self.inbound.push_back(Inbound::Alive);
                Reading::Chunks
            }
            Kind::Message { .. } | Kind::Farewell if good => {
                exchange.phase = Phase::Discarded;
                Reading::Discard
            }
            _ => {
                exchange.phase = Phase::Text { status, content, refused };
                Reading::Text { limit: if good && content == Content::Json { limit } else { ERROR_BODY } }
            }
        };
        let whole = matches!(exchange.kind, Kind::Request { .. });
        if whole && good {
            self.config.seems_older(false);
        }
        if let Kind::Request { initialize: true, .. } = exchange.kind
            && good
        {
            self.session = self.fetch.header(id, "mcp-session-id").filter(|session| answer::is_session_id(session));
        }
        let patience = match reading {
            Reading::Chunks => self.config.idle,
            Reading::Discard => DRAIN,
            Reading::Text { .. } => TAKEN,
        };
        // The call's own deadline is enough for its answer.
        if !(whole && matches!(reading, Reading::Text { .. })) {
            self.look(Some(now.saturating_add(patience)));
        }
        self.fetch.read(id, reading);
        if push {
            self.pass(id);
            self.begin_waiting(now);
        }
    }

    // ---- Streams

    fn chunk(&mut self, at: usize, chunk: &Buffer, now: Duration) {
        let Some(Exchange { id, kind, phase: Phase::Events { parser, fresh }, .. }) = self.open.get_mut(at) else {
            return;
        };
        let wire = match kind {
            Kind::Request { wire, .. } => Some(*wire),
            _ => None,
        };
        let before = self.inbound.len();
        let inbound = &mut self.inbound;
        let mut unreadable = false;
        let fed = parser.feed(chunk, &mut |name, data| {
            // Other names are other protocols'; an event without data only sets the id to resume from.
            if data.is_empty() || !matches!(name, "" | "message") {
                return;
            }
            match (Text::within(chunk, data), wire) {
                (Some(text), Some(wire)) => inbound.push_back(Inbound::On(wire, text)),
                (Some(text), None) => inbound.push_back(Inbound::Message(text)),
                (None, _) => unreadable = true,
            }
        });
        if self.inbound.len() > before {
            *fresh = true;
            if wire.is_none() {
                self.push.proved();
            }
        } else {
            self.inbound.push_back(Inbound::Alive);
        }
        let (kind, detail) = match fed {
            Ok(()) if unreadable => (TransportErrorKind::Protocol, "the server sent an event that is not UTF-8".into()),
            Ok(()) => return,
            Err(_) => {
                let limit = self.config.max_message;
                let detail = join(&["the server sent an event over the limit of ", &decimal(limit as u64), " bytes"]);
                (TransportErrorKind::TooLarge { size: limit.saturating_add(1), limit }, detail)
            }
        };
        self.fetch.abort(*id);
        let exchange = self.open.swap_remove(at);
        match exchange.kind {
            Kind::Request { wire, .. } => {
                self.inbound.push_back(Inbound::Ended(wire, None, Some(TransportError::new(kind, detail))));
            }
            _ => self.push.lost(None, None, None, now),
        }
        self.begin_waiting(now);
    }

    /// An exchange is over, in an orderly way or not.
    pub(super) fn ended(&mut self, exchange: Exchange, error: Option<TransportError>, now: Duration) {
        self.pass(exchange.id);
        let last = match &exchange.phase {
            // One that no header can carry is of no use.
            Phase::Events { parser, .. } => {
                let sendable = |id: &&str| id.len() <= EVENT_ID && header_value::is_plain(id);
                parser.last_event_id().filter(sendable).map(str::to_owned)
            }
            _ => None,
        };
        let (retry, fresh) = match &exchange.phase {
            Phase::Events { parser, fresh } => (parser.retry(), *fresh),
            _ => (None, false),
        };
        match exchange.kind {
            Kind::Request { wire, resume, .. } => {
                let before = resume.map(|resume| *resume);
                let attempt = match &before {
                    Some(before) if !fresh && last.is_none() => before.attempt.saturating_add(1),
                    _ => 0,
                };
                let retry = retry.or(before.as_ref().and_then(|before| before.retry));
                let from = last.or(before.map(|before| before.last_event_id));
                let again = from.filter(|_| self.legacy && attempt < RESUMPTIONS);
                let resume = again.map(|last_event_id| Box::new(Resume { last_event_id, retry, attempt }));
                self.inbound.push_back(Inbound::Ended(wire, resume, error));
            }
            Kind::Push => self.push.lost(last, retry, None, now),
            Kind::Message { .. } => {
                if let (Some(error), Phase::Head | Phase::Text { .. }) = (error, &exchange.phase) {
                    self.inbound.push_back(Inbound::Undelivered(error));
                }
            }
            Kind::Farewell => self.farewell = None,
        }
    }

    // ---- Failures

    fn broke(&mut self, exchange: Exchange, error: TransportError, now: Duration) {
        let resumable = matches!(&exchange.kind, Kind::Request { resume: Some(_), .. });
        let too_large = matches!(error.kind(), TransportErrorKind::TooLarge { .. });
        match (&exchange.kind, &exchange.phase) {
            // A refusal is one whatever becomes of its body, and what is no message need not be read whole.
            (_, Phase::Text { status, .. }) if !(200..300).contains(status) => {
                self.text(exchange, Text::from(String::new()), now);
            }
            (_, Phase::Text { content, .. }) if too_large && *content != Content::Json => {
                self.text(exchange, Text::from("…".to_owned()), now);
            }
            // A stream that could not be taken up again is tried once more.
            (Kind::Request { .. }, Phase::Head) if resumable => self.ended(exchange, Some(error), now),
            (Kind::Request { wire, .. }, Phase::Head | Phase::Text { .. }) => {
                let status = match &exchange.phase {
                    // Broken off it is no answer.
                    Phase::Text { status, .. } if *error.kind() != TransportErrorKind::Lost => Some(*status),
                    _ => None,
                };
                let unprocessed = matches!(error.kind(), TransportErrorKind::ConnectFailed);
                self.fail(
                    *wire,
                    Failure {
                        error,
                        status,
                        body: Body::Other,
                        credential_sent: self.sends_credential(),
                        retry_after: None,
                        unprocessed,
                    },
                );
            }
            _ => self.ended(exchange, Some(error), now),
        }
    }

    fn fail(&mut self, wire: i64, failure: Failure) {
        self.inbound.push_back(Inbound::Failed(wire, Box::new(failure)));
    }

    fn sends_credential(&self) -> bool {
        self.token.is_some() || self.config.headers.iter().any(|(name, _)| name == "authorization" || name == "cookie")
    }

    // ---- Whole answers

    fn text(&mut self, mut exchange: Exchange, text: Text, now: Duration) {
        let phase = std::mem::replace(&mut exchange.phase, Phase::Head);
        let Phase::Text { status, content, refused } = phase else { return };
        // Servers without the stream of what is said unasked answer 404 as well as 405: only one that had it can be gone.
        let tells = !matches!(exchange.kind, Kind::Push) || self.push.stood();
        let gone = tells && self.session.is_some() && answer::is_session_gone(status, &text);
        if let Kind::Request { resume: Some(resume), .. } = &mut exchange.kind
            && is_busy(status)
            && !gone
        {
            let error = answer::error(&self.config.label, status, content, &text, &Default::default());
            resume.retry = refused.and_then(|refused| refused.retry_after).max(resume.retry);
            return self.ended(exchange, Some(error), now);
        }
        self.pass(exchange.id);
        let label = &self.config.label;
        match exchange.kind {
            Kind::Request { wire, resume, initialize, .. } => {
                if initialize && answer::is_older(status, &text) {
                    self.config.seems_older(true);
                }
                let good = (200..300).contains(&status);
                let error = || resume.is_none() && !gone && answer::is_reply(status, &text);
                if (good && content == Content::Json && !text.is_empty()) || error() {
                    self.inbound.push_back(Inbound::Reply(wire, status, text));
                    return;
                }
                let refused = refused.map(|refused| *refused).unwrap_or_default();
                let error = if gone {
                    TransportError::new(
                        TransportErrorKind::SessionExpired,
                        "the server does not know the session any more",
                    )
                } else {
                    answer::error(label, status, content, &text, &refused)
                };
                if let (Some(_), false) = (&resume, gone) {
                    let detail = join(&["the stream broke and the server does not resume it: ", error.detail()]);
                    let lost = TransportError::new(TransportErrorKind::Lost, detail);
                    self.inbound.push_back(Inbound::Ended(wire, None, Some(lost)));
                    return;
                }
                let body = match content {
                    _ if text.is_empty() => Body::Empty,
                    Content::Html => Body::Html,
                    _ => Body::Other,
                };
                let credential_sent = self.sends_credential();
                // One whose stream is taken up again was begun in the session that is gone.
                let unprocessed = resume.is_none() && (gone || status == 429);
                let retry_after = refused.retry_after;
                self.fail(
                    wire,
                    Failure { error, status: Some(status), body, credential_sent, retry_after, unprocessed },
                );
            }
            Kind::Message { .. } if !(200..300).contains(&status) && !gone => {
                let refused = refused.map(|refused| *refused).unwrap_or_default();
                let error = answer::error(label, status, content, &text, &refused);
                self.inbound.push_back(Inbound::Undelivered(error));
            }
            Kind::Message { .. } => {}
            // Transient, or for good: 405 says that there is no such stream, and so does everything like it.
            Kind::Push if is_busy(status) => {
                self.push.lost(None, None, refused.and_then(|refused| refused.retry_after), now);
            }
            Kind::Push => self.push.refuse(),
            Kind::Farewell => self.farewell = None,
        }
        if gone && self.broken.is_none() && !self.closing {
            let detail = "the server ended the session; a new one is begun";
            self.broken = Some(TransportError::new(TransportErrorKind::SessionExpired, detail));
        }
    }

    // ---- Time

    pub(super) fn look(&mut self, at: Option<Duration>) {
        if let Some(at) = at {
            self.next_look = Some(self.next_look.map_or(at, |next| next.min(at)));
        }
    }

    pub(super) fn next_time(&self) -> Option<Duration> {
        let delayed = self.delayed.iter().map(|(at, ..)| *at).min();
        let gates = self.gates.iter().map(|(_, until)| *until).min();
        [delayed, self.next_look, self.push.due(), gates].into_iter().flatten().min()
    }

    /// Time has come.
    pub(super) fn timeout(&mut self, now: Duration) {
        self.gates.retain(|(_, until)| *until > now);
        self.begin_waiting(now);
        while let Some(at) = self.delayed.iter().position(|(at, ..)| *at <= now) {
            let (_, wire, resume) = self.delayed.swap_remove(at);
            self.resume(wire, resume, now);
        }
        if self.push.due().is_some_and(|at| at <= now) {
            self.open_push(now);
        }
        if self.next_look.is_some_and(|at| at <= now) {
            self.next_look = None;
            self.sweep(now);
        }
    }

    pub(super) fn resume(&mut self, wire: i64, resume: Box<Resume>, now: Duration) {
        let mut headers = self.headers("text/event-stream");
        headers.push(("last-event-id".into(), resume.last_event_id.clone().into()));
        let kind = Kind::Request { wire, initialize: false, listen: false, post: None, resume: Some(resume) };
        self.start(kind, Method::Get, headers, None, now);
    }

    /// The exchange, where it was time for one.
    pub(super) fn open_push(&mut self, now: Duration) -> Option<ExchangeId> {
        if !self.push.begin() {
            return None;
        }
        Some(self.start_push(now))
    }

    pub(super) fn start_push(&mut self, now: Duration) -> ExchangeId {
        let mut headers = self.headers("text/event-stream");
        if let Some(last) = self.push.last_event_id() {
            headers.push(("last-event-id".into(), last.to_owned().into()));
        }
        self.start(Kind::Push, Method::Get, headers, None, now)
    }

    /// Streams without bytes for too long, answers that do not begin.
    fn sweep(&mut self, now: Duration) {
        let limit = |exchange: &Exchange| match (&exchange.phase, &exchange.kind) {
            (Phase::Events { .. }, _) => Some(self.config.idle),
            (Phase::Discarded, _) => Some(DRAIN),
            (Phase::Head, Kind::Request { resume: None, .. }) => self.config.first_byte,
            (Phase::Head | Phase::Text { .. }, Kind::Message { .. }) | (Phase::Text { .. }, Kind::Push) => Some(TAKEN),
            _ => None,
        };
        let due: Vec<_> = self.open.iter().filter_map(|e| Some((e.id, e.heard.saturating_add(limit(e)?)))).collect();
        for (id, at) in due {
            if at > now {
                self.look(Some(at));
                continue;
            }
            let Some(at) = self.open.iter().position(|exchange| exchange.id == id) else { continue };
            self.fetch.abort(id);
            let exchange = self.open.swap_remove(at);
            if matches!(exchange.phase, Phase::Discarded) {
                self.ended(exchange, None, now);
                continue;
            }
            self.fetch.forget_connections();
            let waited = now.saturating_sub(exchange.heard).as_secs();
            let what = if matches!(exchange.phase, Phase::Head) { "no answer began" } else { "the stream was silent" };
            let detail =
                join(&["for ", &decimal(waited), " s ", what, "; the server or a proxy on the way may be gone"]);
            self.broke(exchange, TransportError::new(TransportErrorKind::Lost, detail), now);
        }
        self.begin_waiting(now);
    }
}
