//! One request and everything that can become of it.

use std::time::Duration;

use super::cache::{Asked, Kept};
use super::rounds::Round;
use super::{Era, Key, Session, Stage, SubKey, Ticket, Timeouts};
use crate::error::{Error, ErrorKind};
use crate::frame::{Outbound, Post, RequestId};
use crate::json::{Draft, Json, Meta, Object, Sent};

/// Names a call for its whole life; its id on the wire changes when it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(crate) i64);

impl Key for CallId {
    fn number(self) -> u64 {
        self.0 as u64
    }

    fn of(number: u64) -> Self {
        Self(number as i64)
    }
}

/// A request as a caller gives it.
pub(crate) struct Request {
    pub(crate) draft: Draft,
    pub(crate) replay: Replay,
    pub(crate) options: CallOptions,
}

impl Request {
    pub(crate) fn new(method: &str, draft: Draft) -> Self {
        Self { draft, replay: Replay::of(method), options: CallOptions::default() }
    }
}

/// What a method allows (2026-07-28 basic/patterns/mrtr, "Supported Requests").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replay {
    /// Sending it again changes nothing.
    pub(crate) safe: bool,
    /// It may be answered with `input_required`.
    pub(crate) asks: bool,
    /// Its result is a list of tools.
    pub(crate) lists_tools: bool,
    /// Its result may be kept.
    pub(crate) kept: Option<Kept>,
}

impl Replay {
    pub(crate) fn of(method: &str) -> Self {
        let asks = matches!(method, "tools/call" | "prompts/get" | "resources/read");
        let lists = matches!(method, "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list");
        let reads = matches!(method, "server/discover" | "resources/read" | "prompts/get" | "completion/complete");
        let safe = lists || reads || method == "ping";
        Self { safe, asks, lists_tools: method == "tools/list", kept: Kept::of(method) }
    }
}

/// What a caller may choose for one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    /// Between two signs of life; the session's default where `None`.
    pub(crate) timeout: Option<Duration>,
    /// As a whole; the session's default where `None`.
    pub(crate) total_timeout: Option<Duration>,
    /// The caller vouches that sending it again does no harm.
    pub(crate) idempotent: bool,
    /// `input_required` is given to the caller instead of being handled.
    pub(crate) manual: bool,
    /// The server is told that nobody can be asked (modern era).
    pub(crate) non_interactive: bool,
    /// The server is asked, whatever is kept of its earlier answers.
    pub(crate) fresh: bool,
}

/// Who waits for a request's answer.
#[derive(Debug)]
pub(super) enum Waiter<T> {
    Caller(T),
    Probe,
    Initialize,
    Heartbeat,
    /// `tools/list` on behalf of a call whose headers were refused.
    Tools(CallId),
    /// `subscriptions/listen`: answered at the end of the subscription.
    Listen(SubKey),
    /// `resources/subscribe` on behalf of a subscription.
    Subscribe(SubKey),
    /// Nobody: `resources/unsubscribe`, `logging/setLevel` after a reconnect.
    Nobody,
}

/// Where a request is.
pub(super) enum Wire {
    /// In the queue; no byte has left. `draft` is `None` only while it is being written.
    Unsent {
        draft: Option<Draft>,
        frozen: bool,
    },
    Sent {
        id: i64,
        sent: Sent,
    },
    /// Answered with `input_required`: the next round is being prepared.
    Asking {
        original: Sent,
        round: Box<Round>,
    },
}

pub(super) struct Call<T> {
    pub(super) waiter: Waiter<T>,
    pub(super) wire: Wire,
    pub(super) replay: Replay,
    pub(super) manual: bool,
    pub(super) non_interactive: bool,
    pub(super) started: Duration,
    /// `None` where the call may take for ever (an acknowledged subscription).
    pub(super) timeout: Option<Duration>,
    pub(super) total: Duration,
    pub(super) idle_until: Option<Duration>,
    pub(super) hard_until: Option<Duration>,
    /// `logging/setLevel`, which only the legacy era has.
    pub(super) level: bool,
    pub(super) rounds: u8,
    pub(super) state_only: u8,
    /// The state given with the last round, to resume with after a failure.
    pub(super) request_state: Option<String>,
    /// What it asks for, where the answer may be kept.
    pub(super) asked: Option<Box<Asked>>,
    /// Its headers were refused once and mended.
    pub(super) mended: bool,
    /// How often the reply to it broke off.
    pub(super) breaks: u8,
    /// The call's own number was its id once: the next sending takes a fresh one.
    pub(super) resent: bool,
    /// It left before, on a link or in a round that is over, and the server may have acted on it then.
    pub(super) left: bool,
}

impl<T> Call<T> {
    pub(super) fn new(waiter: Waiter<T>, request: Request, timeouts: &Timeouts, now: Duration) -> Self {
        let Request { draft, replay, options } = request;
        let timeout = options.timeout.unwrap_or(timeouts.call);
        let total = options.total_timeout.unwrap_or(timeouts.call_total).max(timeout);
        Self {
            waiter,
            wire: Wire::Unsent { draft: Some(draft), frozen: false },
            replay: Replay { safe: replay.safe || options.idempotent, ..replay },
            manual: options.manual,
            non_interactive: options.non_interactive,
            started: now,
            timeout: Some(timeout),
            total,
            idle_until: now.checked_add(timeout),
            hard_until: now.checked_add(total),
            level: false,
            rounds: 0,
            state_only: 0,
            request_state: None,
            asked: None,
            mended: false,
            breaks: 0,
            resent: false,
            left: false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match (self.idle_until, self.hard_until) {
            (Some(idle), Some(hard)) => Some(idle.min(hard)),
            (one, other) => one.or(other),
        }
    }

    /// When the call wants to be looked at next.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        match &self.wire {
            Wire::Asking { round, .. } => round.wake_at(),
            _ => self.deadline(),
        }
    }

    /// A sign of life: the idle clock starts again, the hard one runs on.
    pub(super) fn touch(&mut self, now: Duration) {
        if let Some(timeout) = self.timeout {
            self.idle_until = now.checked_add(timeout);
        }
    }

    /// The clocks stood still for `pause`.
    pub(super) fn shift(&mut self, pause: Duration) {
        for until in [&mut self.idle_until, &mut self.hard_until].into_iter().flatten() {
            *until = until.saturating_add(pause);
        }
    }
}

impl<T: Ticket> Session<T> {
    /// Writes a queued call; `None` where it is gone.
    pub(super) fn write(&mut self, id: CallId) -> Result<Option<Outbound>, Error> {
        let era = self.era();
        let Some(call) = self.calls.get_mut(id) else { return Ok(None) };
        if call.level && era == Some(Era::Modern) {
            // The level travels with every request from here on.
            self.answer_call(id, Ok(Json::null()));
            return Ok(None);
        }
        let Wire::Unsent { draft, .. } = &mut call.wire else { return Ok(None) };
        let Some(draft) = draft.take() else { return Ok(None) };
        let modern = era == Some(Era::Modern);
        let posted = self.link.per_request().then(|| self.mirrors.post(&draft, modern));
        let wire_id = if call.resent {
            let fresh = self.next_id;
            self.next_id += 1;
            fresh
        } else {
            id.0
        };
        let wants_progress = matches!(&call.waiter, Waiter::Caller(ticket) if ticket.progress().is_some());
        let base = if call.non_interactive { self.meta_quiet.as_ref() } else { self.meta.as_ref() };
        let meta = Meta { base, progress_token: wants_progress.then_some(wire_id), user: None };
        let sent =
            draft.finish(Some(&RequestId::Number(wire_id)), meta).map_err(|e| Error::new(ErrorKind::Encode(e)))?;
        let text = sent.text().clone();
        let (size, limit) = (text.len(), self.options.max_message);
        if size > limit {
            return Err(Error::new(ErrorKind::TooLarge { size, limit, outbound: true }));
        }
        call.wire = Wire::Sent { id: wire_id, sent };
        if call.resent {
            self.aliases.insert(wire_id, id);
        }
        Ok(Some(match posted {
            None => Outbound::Message(text),
            Some(post) => self.posted(Post { id: Some(wire_id), text, ..post }),
        }))
    }

    /// Answers a call that nothing more is to be learned about.
    fn answer_call(&mut self, id: CallId, result: Result<Json, Error>) {
        if let Some(Call { waiter: Waiter::Caller(ticket), .. }) = self.take_call(id) {
            self.reply(ticket, result);
        }
    }

    /// Sends a request of the session's own, ahead of all others.
    pub(super) fn request_internal(
        &mut self,
        waiter: Waiter<T>,
        method: &str,
        draft: Draft,
        timeout: Option<Duration>,
        now: Duration,
    ) -> Option<CallId> {
        let id = self.next_call();
        let sent =
            draft.finish(Some(&RequestId::Number(id.0)), Meta { base: self.meta.as_ref(), ..Meta::default() }).ok()?;
        let mut call = Call::new(waiter, Request::new(method, Draft::new(method)), &self.options.timeouts, now);
        call.timeout = timeout;
        call.idle_until = timeout.and_then(|timeout| now.checked_add(timeout));
        call.hard_until = None;
        let message = self.outbound(Some(id.0), Some(method), sent.text().clone());
        self.control.push_back(message);
        call.wire = Wire::Sent { id: id.0, sent };
        self.watch(call.deadline());
        self.calls.insert(id, call);
        Some(id)
    }

    /// Puts a call back into the queue, to be sent under a fresh id. It keeps its place among its kind.
    pub(super) fn requeue(&mut self, id: CallId, draft: Draft) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Wire::Sent { id: wire, .. } = &call.wire {
            self.aliases.remove(*wire);
        }
        call.wire = Wire::Unsent { draft: Some(draft), frozen: false };
        call.resent = true;
        self.enqueue(id);
    }

    /// What was sent of this call is lost, and the server may have acted on it.
    pub(super) fn mark_left(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(id) {
            call.left = true;
        }
    }

    /// Puts an unsent call into its place in the queue.
    pub(super) fn enqueue(&mut self, id: CallId) {
        let unsent = self.calls.get(id).is_some_and(|call| matches!(call.wire, Wire::Unsent { .. }));
        if unsent && !self.queue.contains(&id) {
            let at = self.queue.iter().position(|later| *later > id).unwrap_or(self.queue.len());
            self.queue.insert(at, id);
        }
    }

    /// The call that an answer with this id belongs to.
    pub(super) fn call_of(&self, wire: i64) -> Option<CallId> {
        let id = if self.aliases.is_empty() {
            CallId(wire)
        } else {
            self.aliases.get(wire).copied().unwrap_or(CallId(wire))
        };
        match &self.calls.get(id)?.wire {
            Wire::Sent { id: current, .. } if *current == wire => Some(id),
            _ => None,
        }
    }

    /// Takes a call out of the table.
    pub(super) fn take_call(&mut self, id: CallId) -> Option<Call<T>> {
        let call = self.calls.remove(id)?;
        self.drop_alias(&call);
        Some(call)
    }

    fn drop_alias(&mut self, call: &Call<T>) {
        if let (true, Wire::Sent { id: wire, .. }) = (call.resent, &call.wire) {
            self.aliases.remove(*wire);
        }
    }

    /// Forgets a call's ids and its inputs, and tells the server where the request has left and `reason` is given.
    pub(super) fn forget_wire(&mut self, id: CallId, call: &Call<T>, reason: Option<&str>, now: Duration) {
        self.drop_alias(call);
        self.drop_inputs_of(id, now);
        let Wire::Sent { id: wire, .. } = &call.wire else { return };
        // `initialize` must not be cancelled (2025-11-25 basic/utilities/cancellation); nor is the probe, whose late
        // answer is still of use, and which a legacy server does not know.
        let handshake = matches!(call.waiter, Waiter::Initialize | Waiter::Probe);
        if reason.is_some() && self.link.per_request() {
            // The end of the stream is the word for it in the modern era, and frees a connection in every era.
            self.control.push_back(Outbound::Abort(*wire));
            if self.era() != Some(Era::Legacy) {
                return;
            }
        }
        if let (Some(reason), true) = (reason, self.stage != Stage::Down && !handshake) {
            let params = Object::new().id("requestId", &RequestId::Number(*wire)).str("reason", reason).build();
            self.send_notification("notifications/cancelled", &params);
        }
    }

    pub(super) fn fail_call(&mut self, id: CallId, error: Error, now: Duration) {
        let Some(call) = self.calls.remove(id) else { return };
        self.forget_wire(id, &call, None, now);
        if let Waiter::Caller(ticket) = call.waiter {
            self.reply(ticket, Err(error));
        }
    }

    /// Deadlines that have passed. One sweep serves all calls; it runs at the earliest deadline that was ever set.
    pub(super) fn sweep(&mut self, now: Duration) {
        if self.next_sweep.is_none_or(|at| at > now) {
            return;
        }
        // While a person answers, the callers' clocks stand still.
        let paused = self.inputs.paused();
        let mut expired = Vec::new();
        self.next_sweep = None;
        let mut next: Option<Duration> = None;
        for (id, call) in self.calls.iter() {
            if paused && matches!(call.waiter, Waiter::Caller(_)) {
                continue;
            }
            match call.wake_at() {
                Some(at) if at <= now => expired.push(id),
                Some(at) => next = Some(next.map_or(at, |n| n.min(at))),
                None => {}
            }
        }
        self.watch(next);
        for id in expired {
            self.expire(id, now);
        }
    }

    fn expire(&mut self, id: CallId, now: Duration) {
        if self.calls.get(id).is_some_and(|call| matches!(call.wire, Wire::Asking { .. })) {
            self.finish_round(id, now);
            return;
        }
        let Some(call) = self.calls.remove(id) else { return };
        let sent = matches!(call.wire, Wire::Sent { .. });
        let after = if call.hard_until.is_some_and(|until| until <= now) {
            call.total
        } else {
            call.timeout.unwrap_or(call.total)
        };
        self.forget_wire(id, &call, Some("timed out"), now);
        let hint = match sent {
            true => self.garbage,
            false if call.left => Some("the connection was lost, and there was none on which to send it again"),
            false if self.is_held() => Some("the request never left: the server was away, or wants to be left alone"),
            false => Some("the request never left: there was no connection"),
        };
        let error =
            Error::new(ErrorKind::Timeout { after, what: "the server did not answer", hint, sent: sent || call.left });
        match call.waiter {
            Waiter::Caller(ticket) => {
                self.metrics.timeouts += 1;
                self.reply(ticket, Err(error));
                // A remembered era that nothing has confirmed yet may be why.
                if sent && self.unconfirmed() {
                    self.doubt(now);
                }
            }
            Waiter::Probe => self.probe_silent(call.started, now),
            Waiter::Initialize => self.handshake_failed(error, now),
            Waiter::Heartbeat => self.heartbeat_missed(now),
            // The call is tried as it is.
            Waiter::Tools(of) => self.enqueue(of),
            Waiter::Listen(key) if self.link.per_request() => self.relisten(key, error, now),
            Waiter::Listen(key) | Waiter::Subscribe(key) => self.subscription_over(key, Some(error), now),
            Waiter::Nobody => {}
        }
    }
}
