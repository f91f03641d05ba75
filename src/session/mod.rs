//! The protocol, sans-IO: no `async`, no clock, no task, no I/O, no choice by target.
//!
//! A [`Session`] is told facts (`link_up`, `link_lost`, `receive`, `alive`, `timeout`) and given commands (`open`,
//! `request`, `cancel`, `answer`, `close`), always with `now`; then it is drained:
//!
//! 1. any number of facts and commands,
//! 2. `poll_transmit` while the link takes messages, then `settle`,
//! 3. `poll_output` until it is empty,
//! 4. `poll_timeout` for when to call `timeout` next.
//!
//! Who waits is an opaque [`Ticket`]. Every ticket is answered exactly once, whatever happens to the link.

mod ask;
mod cache;
mod call;
mod end;
mod era;
mod exchange;
mod flow;
mod handshake;
mod link;
mod listen;
mod metrics;
mod mirrors;
mod options;
mod output;
mod receive;
mod rounds;
mod table;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

pub(crate) use ask::InputId;
pub(crate) use call::{CallId, CallOptions, Replay, Request};
pub use era::Era;
pub(crate) use era::Verdict;
pub(crate) use listen::{Filter, SubKey};
pub use metrics::{Latency, Metrics};
pub use options::{EraChoice, InputPolicy, Overflow};
pub(crate) use options::{Options, Timeouts};
pub use output::{Event, State};
pub(crate) use output::{InputEnd, InputKind, InputRequest, Output};
pub(crate) use table::{Key, Table};

use crate::error::{Error, ErrorKind};
use crate::frame::Outbound;
use crate::json::{Json, Text};
use crate::resilience::Jitter;
use ask::Inputs;
use call::{Call, Waiter, Wire};
use link::LinkState;
use listen::Sub;
use mirrors::Mirrors;

/// Who waits for an answer. Opaque to the session.
pub(crate) trait Ticket {
    /// Who is told of the call's progress.
    type Progress: Clone;

    /// The receiver of progress, where the caller wants it.
    fn progress(&self) -> Option<Self::Progress>;
}

/// What the server said of itself.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) era: Era,
    pub(crate) version: &'static str,
    pub(crate) transport: &'static str,
    /// Its `Implementation`.
    pub(crate) server: Option<Json>,
    pub(crate) capabilities: Json,
    pub(crate) instructions: Option<String>,
}

/// The state of one client's connection.
pub(crate) struct Session<T: Ticket> {
    options: Options,
    jitter: Jitter,
    link: LinkState,
    state: State,
    /// The era's state on the present link.
    stage: Stage,
    known: Option<Verdict>,
    /// A fresh channel was opened because the one before closed on the probe.
    reopened: bool,
    /// What the modern probe met, should `initialize` fail too.
    probe_error: Option<Error>,
    /// How long a server that refused the handshake asked to be left alone.
    patience: Option<Duration>,
    /// A probe that was given up: its late answer still tells the server's era.
    late_probe: Option<CallId>,
    info: Option<Info>,
    /// The protocol's `_meta` entries of every modern request, and the same without elicitation.
    meta: Option<Json>,
    meta_quiet: Option<Json>,
    /// The revision that requests declare now; `None` before one was agreed on.
    speaking: Option<(&'static str, Era)>,
    log_level: Option<String>,
    /// Which arguments of which tools go into headers too.
    mirrors: Mirrors,
    cache: cache::Cache,
    openers: Vec<T>,
    calls: Table<CallId, Call<T>>,
    /// Wire ids of calls that were sent more than once.
    aliases: Table<i64, CallId>,
    next_id: i64,
    inputs: Inputs,
    subs: Table<SubKey, Sub<T>>,
    /// No subscription is renewed earlier than this.
    next_listen: Option<Duration>,
    /// Responses, cancellations, pings, the handshake: never behind data.
    control: VecDeque<Outbound>,
    /// Calls not sent yet, in order.
    queue: VecDeque<CallId>,
    outputs: VecDeque<Output<T>>,
    /// No call's deadline is earlier than this.
    next_sweep: Option<Duration>,
    metrics: Metrics,
    /// What the server last sent that was no message: the hint for a timeout.
    garbage: Option<&'static str>,
}

/// How far the era is settled on the present link.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    /// No link.
    Down,
    Probing {
        call: CallId,
        resent: bool,
    },
    Initializing {
        call: CallId,
        /// Whether the verdict is worth remembering, should it hold.
        cacheable: bool,
    },
    /// Requests travel. `confirmed`: the server showed on this link that it is modern.
    Ready {
        era: Era,
        confirmed: bool,
    },
}

impl<T: Ticket> Session<T> {
    pub(crate) fn new(options: Options, known: Option<Verdict>, seed: u64) -> Self {
        let known = match (options.era, known) {
            (EraChoice::Legacy, _) => Some(Verdict::Legacy { version: None, cacheable: false }),
            (EraChoice::Modern, Some(Verdict::Legacy { .. })) => None,
            (_, known) => known,
        };
        Self {
            inputs: Inputs::new(options.inputs),
            options,
            jitter: Jitter::new(seed),
            link: LinkState::Idle,
            state: State::Connecting,
            stage: Stage::Down,
            known,
            reopened: false,
            probe_error: None,
            patience: None,
            late_probe: None,
            info: None,
            meta: None,
            meta_quiet: None,
            speaking: None,
            log_level: None,
            mirrors: Mirrors::default(),
            cache: Default::default(),
            openers: Vec::new(),
            calls: Table::new(),
            aliases: Table::new(),
            next_id: 1,
            subs: Table::new(),
            next_listen: None,
            control: VecDeque::new(),
            queue: VecDeque::new(),
            outputs: VecDeque::new(),
            next_sweep: None,
            metrics: Metrics::default(),
            garbage: None,
        }
    }

    // ---- Questions

    /// What the server said of itself, once it did.
    pub(crate) fn info(&self) -> Option<&Info> {
        self.info.as_ref()
    }

    /// Where the connection stands. A delay is the one that was chosen when the state began.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let mut metrics = self.metrics.clone();
        metrics.in_flight = self.calls.values().filter(|call| matches!(call.waiter, Waiter::Caller(_))).count() as u64;
        metrics
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.link, LinkState::Closed { .. })
    }

    fn ready(&self) -> bool {
        matches!(self.stage, Stage::Ready { .. })
    }

    fn era(&self) -> Option<Era> {
        match self.stage {
            Stage::Ready { era, .. } => Some(era),
            _ => None,
        }
    }

    // ---- Commands

    /// Sends a request. The ticket is answered with its result, or with why there is none.
    pub(crate) fn request(&mut self, ticket: T, request: Request, now: Duration) -> CallId {
        let id = self.next_call();
        let fail = if let LinkState::Closed { reason } = &self.link {
            Some(reason.clone().unwrap_or_else(|| Error::new(ErrorKind::Closed)))
        } else if self.calls.len() >= self.options.max_pending {
            Some(Error::new(ErrorKind::Overloaded { limit: self.options.max_pending }))
        } else {
            None
        };
        if let Some(error) = fail {
            self.reply(ticket, Err(error));
            return id;
        }
        let asked = self.asked(&request);
        if let Some(result) = self.kept(asked.as_deref(), &request, now) {
            self.reply(ticket, Ok(result));
            return id;
        }
        let mut call = Call::new(Waiter::Caller(ticket), request, &self.options.timeouts, now);
        call.asked = asked;
        self.watch(call.deadline());
        self.calls.insert(id, call);
        if self.queue.len() >= self.options.max_pending.saturating_mul(2) {
            // Calls that were given up before they left.
            self.queue.retain(|id| self.calls.contains(*id));
        }
        self.queue.push_back(id);
        id
    }

    /// Gives a call up: nobody waits any more. The server is told where the request has left.
    pub(crate) fn cancel(&mut self, id: CallId, now: Duration) {
        let Some(call) = self.calls.remove(id) else { return };
        self.forget_wire(id, &call, Some("the caller cancelled"), now);
        if let Waiter::Caller(ticket) = call.waiter {
            self.metrics.cancelled += 1;
            self.reply(ticket, Err(Error::new(ErrorKind::Cancelled)));
        }
    }

    /// Sends a notification, where requests can travel; it is dropped otherwise, as nobody would wait for it.
    pub(crate) fn notify(&mut self, method: &str, params: &Json) {
        if self.ready() {
            self.send_notification(method, params);
        }
    }

    // ---- Draining

    /// The next message for the link. Asked only while the link takes messages.
    pub(crate) fn poll_transmit(&mut self, now: Duration) -> Option<Outbound> {
        if let Some(control) = self.control.pop_front() {
            self.count_out(&control);
            return Some(control);
        }
        while self.ready() && self.may_send() {
            let id = self.queue.pop_front()?;
            match self.write(id) {
                Ok(Some(message)) => {
                    self.count_out(&message);
                    self.tried(id, now);
                    return Some(message);
                }
                // Cancelled or failed meanwhile.
                Ok(None) => {}
                Err(error) => self.fail_call(id, error, now),
            }
        }
        None
    }

    /// Call after the last `poll_transmit`: what waits no longer depends on values that its caller may still change.
    pub(crate) fn settle(&mut self) {
        // Everything before the first frozen call, seen from the back, is frozen too, or is this session's own text.
        let mut failed = Vec::new();
        for id in self.queue.iter().rev().copied() {
            let Some(Wire::Unsent { draft, frozen }) = self.calls.get_mut(id).map(|call| &mut call.wire) else {
                continue;
            };
            if *frozen {
                break;
            }
            *frozen = true;
            if let Some(open) = draft.take() {
                match open.freeze() {
                    Ok(whole) => *draft = Some(whole),
                    Err(cause) => failed.push((id, cause)),
                }
            }
        }
        for (id, cause) in failed {
            if let Some(Call { waiter: Waiter::Caller(ticket), .. }) = self.take_call(id) {
                self.reply(ticket, Err(Error::new(ErrorKind::Encode(cause))));
            }
        }
    }

    /// The next thing to do.
    pub(crate) fn poll_output(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    // ---- Inside

    /// The era is remembered and nothing on this link has shown yet that it still holds.
    fn unconfirmed(&self) -> bool {
        matches!(self.stage, Stage::Ready { era: Era::Modern, confirmed: false })
    }

    fn next_call(&mut self) -> CallId {
        let id = self.next_id;
        self.next_id += 1;
        CallId(id)
    }

    fn reply(&mut self, ticket: T, result: Result<Json, Error>) {
        if result.is_err() {
            self.metrics.errors += 1;
        }
        self.outputs.push_back(Output::Reply(ticket, result));
    }

    fn event(&mut self, event: Event) {
        self.cache.heard(&event);
        self.outputs.push_back(Output::Event(event));
    }

    fn enter(&mut self, state: State) {
        self.state = state.clone();
        self.event(Event::State(state));
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.event(Event::Warning(text.into()));
    }

    fn count_out(&mut self, out: &Outbound) {
        match out {
            Outbound::Message(text) => {
                self.metrics.messages_out += 1;
                self.metrics.bytes_out += text.len() as u64;
            }
            Outbound::Ping => self.metrics.pings += 1,
            Outbound::Post(post) => {
                self.metrics.messages_out += 1;
                self.metrics.bytes_out += post.text.len() as u64;
            }
            _ => {}
        }
    }

    fn watch(&mut self, deadline: Option<Duration>) {
        if let Some(deadline) = deadline {
            self.next_sweep = Some(self.next_sweep.map_or(deadline, |next| next.min(deadline)));
        }
    }

    /// Sends a response, ahead of all requests.
    fn send(&mut self, text: Text) {
        let message = self.outbound(None, None, text);
        self.control.push_back(message);
    }

    fn send_notification(&mut self, method: &str, params: &Json) {
        let draft = crate::json::Draft::with_params(method, params);
        if let Ok(sent) = draft.and_then(|draft| draft.finish(None, Default::default())) {
            let message = self.outbound(None, Some(method), sent.text().clone());
            self.control.push_back(message);
        }
    }
}
