//! Links that give every request a reply channel of its own (Streamable HTTP): what goes out carries its head, and what
//! comes back says which request it is for.

use std::time::Duration;

use super::call::{Call, Waiter, Wire};
use super::era::{Probe, is_modern_error};
use super::link::LinkState;
use super::receive::From;
use super::{CallId, Era, Event, Session, Stage, Ticket};
use crate::error::{Error, ErrorKind};
use crate::frame::{Failure, Inbound, Outbound, Post, Resume};
use crate::json::Text;
use crate::text::join;
use crate::transport::{TransportError, TransportErrorKind};

/// Statuses with which a server of 2024-11-05 answers a request at the address of its stream (2026-07-28
/// basic/transports/streamable-http, "HTTP+SSE Transport").
const OLDER: [u16; 3] = [400, 404, 405];
/// How often a request that may be repeated is, although the reply to it breaks off each time.
const BREAKS: u8 = 3;

impl<T: Ticket> Session<T> {
    // ---- Out

    /// A message in the form that the link takes.
    pub(super) fn outbound(&mut self, id: Option<i64>, method: Option<&str>, text: Text) -> Outbound {
        if !self.link.per_request() {
            return Outbound::Message(text);
        }
        let method = method.map(str::to_owned);
        self.posted(Post { id, method, name: None, version: None, modern: false, mirrored: Vec::new(), text })
    }

    pub(super) fn posted(&self, post: Post) -> Outbound {
        let modern = matches!(self.speaking, Some((_, Era::Modern)));
        Outbound::Post(Box::new(Post { version: self.speaking.map(|(version, _)| version), modern, ..post }))
    }

    /// Opens the stream of what the server says unasked, where somebody may want to hear it: it costs a connection for as
    /// long as the session lives, and a page has six of them.
    pub(super) fn open_push_stream(&mut self) {
        let asked = || self.options.capabilities.entries().is_some_and(|offered| !offered.is_empty());
        let legacy = matches!(self.stage, Stage::Ready { era: Era::Legacy, .. }) && self.link.per_request();
        if legacy
            && (!self.subs.is_empty() || self.log_level.is_some() || asked())
            && let LinkState::Up(up) = &mut self.link
            && !std::mem::replace(&mut up.listening, true)
        {
            self.control.push_back(Outbound::Listen);
        }
    }

    // ---- In

    /// A fact about an exchange.
    pub(crate) fn exchanged(&mut self, fact: Inbound, now: Duration) {
        if !matches!(self.link, LinkState::Up(_)) {
            return;
        }
        match fact {
            Inbound::Message(text) => self.receive(&text, now),
            Inbound::Alive => self.alive(now),
            Inbound::On(wire, text) => self.arrived(wire, None, &text, now),
            Inbound::Reply(wire, status, text) => {
                self.arrived(wire, Some(status), &text, now);
                // A whole reply that answered nothing: nothing more will come.
                if let Some(id) = self.call_of(wire) {
                    let detail = self.garbage.unwrap_or("its answer is for another request");
                    let detail = join(&["the server broke the protocol: ", detail]);
                    self.exchange_failed(id, TransportError::new(TransportErrorKind::Protocol, detail), false, now);
                }
            }
            Inbound::Ended(wire, resume, error) => self.ended(wire, resume, error, now),
            Inbound::Failed(wire, failure) => self.failed(wire, *failure, now),
            Inbound::Undelivered(error) => {
                self.warn(join(&["a message did not reach the server: ", error.detail()]));
            }
            Inbound::Gap => {
                self.alive(now);
                self.event(Event::Resynced);
            }
        }
        self.check_control(now);
    }

    fn arrived(&mut self, wire: i64, status: Option<u16>, text: &Text, now: Duration) {
        let (size, limit) = (text.len(), self.options.max_message);
        if size > limit {
            if let Some(id) = self.call_of(wire) {
                self.control.push_back(Outbound::Abort(wire));
                let error = Error::new(ErrorKind::TooLarge { size, limit, outbound: false });
                let error = TransportError::new(TransportErrorKind::TooLarge { size, limit }, error.text());
                self.exchange_failed(id, error, false, now);
            }
            return;
        }
        let awaited = self.call_of(wire).is_some();
        let standing = self.standing(wire);
        self.take_in(text, Some(From { wire, status }), now);
        if status.is_none() && awaited && self.call_of(wire).is_none() {
            // Answered, and the stream is open still: the carrier need not wait for its end.
            self.control.push_back(Outbound::Answered(wire));
        } else if let Some(key) = standing {
            self.told(key);
        }
    }

    /// A reply stream is over.
    fn ended(&mut self, wire: i64, resume: Option<Box<Resume>>, error: Option<TransportError>, now: Duration) {
        let Some(id) = self.call_of(wire) else { return };
        if let Some(resume) = resume {
            self.control.push_back(Outbound::Resume(wire, resume));
            return;
        }
        let cut = || TransportError::new(TransportErrorKind::Lost, "the server ended the reply without an answer");
        let error = error.unwrap_or_else(cut);
        if let Some(Waiter::Listen(key)) = self.calls.get(id).map(|call| &call.waiter) {
            let key = *key;
            self.take_call(id);
            return self.relisten(key, error.into(), now);
        }
        if self.breaks_again(id) {
            return self.fail_call(id, error.into(), now);
        }
        self.exchange_failed(id, error, false, now);
    }

    /// Whether a request has broken so many replies off that it is likely to break the next one, too: one that makes its
    /// server fall must not keep the others from it.
    fn breaks_again(&mut self, id: CallId) -> bool {
        match self.calls.get_mut(id) {
            Some(Call { waiter: Waiter::Caller(_), replay, breaks, .. }) if replay.safe => {
                *breaks = breaks.saturating_add(1);
                *breaks > BREAKS
            }
            _ => false,
        }
    }

    /// An exchange brought no message at all.
    fn failed(&mut self, wire: i64, failure: Failure, now: Duration) {
        let Some(id) = self.call_of(wire) else { return };
        let Failure { error, status, body, credential_sent, retry_after, unprocessed } = failure;
        let gone = matches!(error.kind(), TransportErrorKind::SessionExpired);
        match self.calls.get(id).map(|call| &call.waiter) {
            Some(Waiter::Probe) => {
                let resent = matches!(self.stage, Stage::Probing { resent: true, .. });
                let outcome = match (status, error.kind()) {
                    (Some(status), _) => Probe::Http { status, body, credential_sent },
                    (None, TransportErrorKind::Opaque) => Probe::Opaque,
                    _ => Probe::Network,
                };
                self.take_call(id);
                self.probe_error = Some(error.into());
                self.patience = retry_after;
                self.rule(outcome, None, resent, now);
            }
            Some(Waiter::Initialize) => {
                self.take_call(id);
                self.patience = retry_after;
                self.initialize_failed(error.into(), status, now);
            }
            // The link tells next that it is over; what begins on the next one begins there.
            Some(Waiter::Caller(_)) if gone && unprocessed && !self.may_repeat(id) => {
                self.fail_call(id, error.into(), now);
            }
            Some(_) if gone && (unprocessed || self.may_repeat(id)) => {
                if !unprocessed {
                    self.mark_left(id);
                }
                self.back_to_queue(id);
            }
            Some(Waiter::Caller(_)) if gone => self.interrupt(id, &error, now),
            Some(Waiter::Listen(key)) => {
                let key = *key;
                self.take_call(id);
                match status {
                    Some(400..=499) if self.unconfirmed() => self.doubt(now),
                    Some(400..=499) if status != Some(429) && !unprocessed => {
                        self.subscription_over(key, Some(error.into()), now);
                    }
                    _ => self.relisten(key, error.into(), now),
                }
            }
            Some(_) if self.in_doubt() && matches!(status, Some(400 | 404 | 405 | 406 | 415)) => {
                // A remembered era that does not hold: the request was refused unread.
                self.back_to_queue(id);
                if self.ready() {
                    self.doubt(now);
                }
            }
            Some(Waiter::Caller(_)) if matches!(status, Some(429 | 502..=504)) || retry_after.is_some() => {
                self.put_off(id, error, unprocessed, retry_after, now);
            }
            Some(_) => {
                let cut = status.is_some() && !unprocessed && *error.kind() == TransportErrorKind::Lost;
                if cut && self.breaks_again(id) {
                    self.fail_call(id, error.into(), now);
                } else {
                    self.exchange_failed(id, error, unprocessed, now);
                }
            }
            None => {}
        }
    }

    fn may_repeat(&self, id: CallId) -> bool {
        self.calls.get(id).is_some_and(|call| call.replay.safe)
    }

    /// Whether what was sent may have been sent in the wrong era.
    pub(super) fn in_doubt(&self) -> bool {
        self.unconfirmed() || !self.ready()
    }

    /// An exchange is lost: its request is sent again where that can do no harm, and answered with the reason otherwise.
    fn exchange_failed(&mut self, id: CallId, error: TransportError, unprocessed: bool, now: Duration) {
        let Some(call) = self.calls.get(id) else { return };
        match &call.waiter {
            Waiter::Probe => {
                self.take_call(id);
                self.probe_error = Some(error.into());
                let resent = matches!(self.stage, Stage::Probing { resent: true, .. });
                self.rule(Probe::Network, None, resent, now);
            }
            Waiter::Initialize => {
                self.take_call(id);
                self.initialize_failed(error.into(), None, now);
            }
            Waiter::Heartbeat | Waiter::Nobody => _ = self.take_call(id),
            Waiter::Tools(_) => self.tools_refreshed(id, None, now),
            Waiter::Subscribe(key) if error.is_transient() => {
                let key = *key;
                self.take_call(id);
                self.relisten(key, error.into(), now);
            }
            Waiter::Subscribe(key) => {
                let key = *key;
                self.take_call(id);
                self.subscription_over(key, Some(error.into()), now);
            }
            Waiter::Listen(key) => {
                let key = *key;
                self.take_call(id);
                self.relisten(key, error.into(), now);
            }
            Waiter::Caller(_)
                if error.is_transient() && !matches!(error.kind(), TransportErrorKind::Refused { .. }) =>
            {
                self.put_off(id, error, unprocessed, None, now);
            }
            // 5xx: the request was read, and what became of it nobody knows.
            Waiter::Caller(_)
                if matches!(error.kind(), TransportErrorKind::Refused { status: 500.. })
                    && !call.replay.safe
                    && !unprocessed =>
            {
                self.interrupt(id, &error, now);
            }
            Waiter::Caller(_) => self.fail_call(id, error.into(), now),
        }
    }

    /// The server is not there, or wants to be left alone: nothing is sent for a while, then one request tries.
    fn put_off(
        &mut self,
        id: CallId,
        error: TransportError,
        unprocessed: bool,
        retry_after: Option<Duration>,
        now: Duration,
    ) {
        let Some(call) = self.calls.get(id) else { return };
        let over = call.deadline().zip(retry_after).is_some_and(|(until, after)| now.saturating_add(after) >= until);
        let again = unprocessed || call.replay.safe;
        if again && !over {
            if !unprocessed {
                self.mark_left(id);
            }
            self.back_to_queue(id);
        } else if again {
            // It would only be told of its deadline, and not why.
            self.fail_call(id, error.clone().into(), now);
        } else {
            self.interrupt(id, &error, now);
        }
        if again || retry_after.is_some() {
            self.hold_off(error.into(), retry_after, now);
        }
    }

    /// Its server may have acted on it, and it is not repeated.
    fn interrupt(&mut self, id: CallId, cause: &TransportError, now: Duration) {
        let state = self.calls.get(id).and_then(|call| call.request_state.clone());
        self.fail_call(id, Self::interrupted(state, cause), now);
    }

    pub(super) fn back_to_queue(&mut self, id: CallId) {
        let draft = match self.calls.get(id).map(|call| &call.wire) {
            Some(Wire::Sent { sent, .. }) => sent.reopen(),
            _ => return,
        };
        match self.calls.get(id).map(|call| &call.waiter) {
            Some(Waiter::Caller(_)) => self.requeue(id, draft),
            Some(Waiter::Tools(of)) => {
                let of = *of;
                self.take_call(id);
                self.enqueue(of);
            }
            // Made anew once the era is known.
            _ => _ = self.take_call(id),
        }
    }

    /// `initialize` was refused. A server of 2024-11-05 does that too: its transport is tried next, by a fresh link.
    pub(super) fn initialize_failed(&mut self, error: Error, status: Option<u16>, now: Duration) {
        let modern = error.rpc().is_some_and(|error| is_modern_error(error.code));
        let older = status.is_some_and(|status| OLDER.contains(&status)) && !modern;
        match &self.link {
            LinkState::Up(up) if older && up.profile.is_per_request() && !self.reopened => {
                let (outage, first) = (up.outage, up.first);
                self.reopened = true;
                let lost = || TransportError::new(TransportErrorKind::Lost, error.text());
                let cause = error.transport().cloned().unwrap_or_else(lost);
                // Both are worth telling should that fail, too; the first is the closer one.
                self.probe_error.get_or_insert(error);
                self.stage = Stage::Down;
                self.control.clear();
                self.drop_pushed_inputs(now);
                self.sort_out(&cause);
                self.connect(outage, first, now);
            }
            _ => self.handshake_failed(error, now),
        }
    }
}
