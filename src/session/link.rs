//! The link's life: opening, loss, waiting, opening again; and whether the peer lives.

use std::time::Duration;

use super::call::{Waiter, Wire};
use super::era::{Ours, Probe, Ruling, classify};
use super::flow::Flow;
use super::{EraChoice, Output, Session, Stage, State, Ticket};
use crate::error::Error;
use crate::frame::{Liveness, Outbound, Profile};
use crate::json::Draft;
use crate::text::{decimal, join};
use crate::transport::{TransportError, TransportErrorKind};

pub(super) enum LinkState {
    /// `open` was not called.
    Idle,
    /// A link is being opened. `first`: a failure is the caller's to see, not a reason to try again.
    Connecting {
        outage: Outage,
        first: bool,
        until: Duration,
    },
    Up(Up),
    /// The next attempt begins at `until`.
    Waiting {
        outage: Outage,
        until: Duration,
    },
    Closed {
        reason: Option<Error>,
    },
}

/// A time without a proven link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage {
    pub(super) since: Duration,
    pub(super) attempt: u32,
}

pub(super) struct Up {
    pub(super) profile: Profile,
    pub(super) transport: &'static str,
    pub(super) since: Duration,
    /// The outage that this link will end once it proved itself.
    pub(super) outage: Outage,
    pub(super) first: bool,
    pub(super) proven: bool,
    /// When the peer last showed that it lives.
    pub(super) heard: Duration,
    /// Keep-alive probes sent since.
    pub(super) missed: u32,
    /// The first bytes of the peer have arrived on this link.
    pub(super) spoken: bool,
    /// Whether requests may leave; always open on a shared channel.
    pub(super) flow: Flow,
    /// The stream of what the server says unasked was asked for.
    pub(super) listening: bool,
}

impl LinkState {
    pub(super) fn transport(&self) -> &'static str {
        match self {
            Self::Up(up) => up.transport,
            _ => "",
        }
    }

    pub(super) fn per_request(&self) -> bool {
        matches!(self, Self::Up(up) if up.profile.is_per_request())
    }
}

/// Keep-alive probes without an answer before a peer counts as dead.
const MISSED: u32 = 2;

impl<T: Ticket> Session<T> {
    /// Begins to connect. The ticket is answered once requests can travel, or with why they cannot.
    pub(crate) fn open(&mut self, ticket: T, now: Duration) {
        match &self.link {
            LinkState::Closed { reason } => {
                let error = reason.clone().unwrap_or_else(|| Error::new(crate::error::ErrorKind::Closed));
                self.reply(ticket, Err(error));
            }
            _ if self.ready() => self.reply(ticket, Ok(crate::json::Json::null())),
            LinkState::Idle => {
                self.openers.push(ticket);
                self.enter(State::Connecting);
                self.connect(Outage { since: now, attempt: 0 }, true, now);
            }
            _ => self.openers.push(ticket),
        }
    }

    pub(super) fn connect(&mut self, outage: Outage, first: bool, now: Duration) {
        self.link = LinkState::Connecting { outage, first, until: now.saturating_add(self.options.timeouts.connect) };
        self.outputs.push_back(Output::Connect);
        if let (false, State::Reconnecting { attempt, reason, .. }) = (first, &self.state) {
            self.enter(State::Reconnecting { attempt: *attempt, delay: Duration::ZERO, reason: reason.clone() });
        }
    }

    /// A link is open.
    pub(crate) fn link_up(&mut self, profile: Profile, transport: &'static str, now: Duration) {
        let LinkState::Connecting { outage, first, .. } = self.link else { return };
        self.link = LinkState::Up(Up {
            profile,
            transport,
            since: now,
            outage,
            first,
            proven: false,
            heard: now,
            missed: 0,
            spoken: false,
            flow: Flow::Open,
            listening: false,
        });
        if !first {
            self.metrics.reconnects += 1;
        }
        (self.garbage, self.late_probe) = (None, None);
        self.begin_handshake(now);
    }

    /// The attempt to open a link failed.
    pub(crate) fn link_failed(&mut self, error: TransportError, now: Duration) {
        let LinkState::Connecting { outage, first, .. } = self.link else { return };
        if first || !error.is_transient() {
            let error = self.both_failed(error.into());
            self.shut(Some(error));
        } else {
            self.wait(outage, error.into(), now);
        }
    }

    /// The open link is gone: everything that travelled on it is decided here.
    pub(crate) fn link_lost(&mut self, error: TransportError, now: Duration) {
        let LinkState::Up(up) = &self.link else { return };
        let (outage, first, profile) = (up.outage, up.first, up.profile);
        // Where every request has a channel of its own, the link is there for as long as nobody gives it up.
        let lived = !profile.is_per_request() && now.saturating_sub(up.since) >= self.options.reconnect.proven_after;
        let outage = if up.proven || lived { Outage { since: now, attempt: 0 } } else { outage };
        let stage = std::mem::replace(&mut self.stage, Stage::Down);
        self.control.clear();
        // What was remembered and did not hold on this link is asked anew on the next.
        let held = matches!(stage, Stage::Ready { confirmed: true, .. }) || self.options.era == EraChoice::Legacy;
        if !held {
            self.known = None;
        }
        self.drop_pushed_inputs(now);
        self.sort_out(&error);
        let closed = matches!(error.kind(), TransportErrorKind::Closed { .. } | TransportErrorKind::Lost);
        if matches!(stage, Stage::Probing { .. }) && closed && !error.is_auth() && !error.is_replaced() {
            // Some servers close, or exit, on a first request that they do not know.
            let ruling = classify(Probe::ChannelClosed { reopened: self.reopened }, profile, Ours::ALL);
            if ruling == Ruling::ReopenLegacy && self.options.era == EraChoice::Auto {
                self.reopened = true;
                self.probe_error = Some(error.into());
                self.connect(outage, first, now);
                return;
            }
        }
        self.reopened = false;
        let error_is_final = !error.is_transient() || !profile.reopens();
        let at_once = outage.attempt == 0 && self.options.reconnect.allows(0, Duration::ZERO);
        if first || error_is_final {
            let error = self.both_failed(error.into());
            self.shut(Some(error));
        } else if matches!(error.kind(), TransportErrorKind::SessionExpired) && at_once {
            // The server is there and only forgot: the next session begins at once.
            self.probe_error = None;
            self.state = State::Reconnecting { attempt: 1, delay: Duration::ZERO, reason: error.into() };
            self.connect(Outage { attempt: 1, ..outage }, false, now);
        } else {
            self.probe_error = None;
            self.wait(outage, error.into(), now);
        }
    }

    /// What may be sent again waits for the next link; everything else is answered now.
    pub(super) fn sort_out(&mut self, cause: &TransportError) {
        let mut again = Vec::new();
        let mut lost = Vec::new();
        for (id, call) in self.calls.iter() {
            match (&call.waiter, &call.wire) {
                (Waiter::Caller(_), Wire::Sent { .. }) if call.replay.safe => again.push(id),
                (Waiter::Caller(_), Wire::Unsent { .. } | Wire::Asking { .. }) => {}
                _ => lost.push(id),
            }
        }
        for id in lost {
            let Some(mut call) = self.take_call(id) else { continue };
            let state = call.request_state.take();
            match call.waiter {
                Waiter::Caller(ticket) => self.reply(ticket, Err(Self::interrupted(state, cause))),
                Waiter::Tools(of) => self.enqueue(of),
                _ => {}
            }
        }
        for id in again {
            let draft = match self.calls.get(id).map(|call| &call.wire) {
                Some(Wire::Sent { sent, .. }) => sent.reopen(),
                _ => continue,
            };
            self.mark_left(id);
            self.requeue(id, draft);
        }
    }

    fn wait(&mut self, outage: Outage, error: Error, now: Duration) {
        if !self.options.reconnect.allows(outage.attempt, now.saturating_sub(outage.since)) {
            self.shut(Some(error));
            return;
        }
        let delay = self.options.reconnect.delay(outage.attempt, self.jitter.next());
        let delay = delay.max(self.patience.take().unwrap_or_default());
        let attempt = outage.attempt.saturating_add(1);
        let until = now.saturating_add(delay);
        self.link = LinkState::Waiting { outage: Outage { attempt, ..outage }, until };
        self.enter(State::Reconnecting { attempt, delay, reason: error });
    }

    /// The link is given up by this side: the peer is silent or does not make sense.
    pub(super) fn drop_link(&mut self, error: TransportError, now: Duration) {
        self.outputs.push_back(Output::Disconnect);
        self.link_lost(error, now);
    }

    pub(super) fn link_dead(&mut self, now: Duration) {
        let detail = "the server stopped answering the keep-alive";
        self.drop_link(TransportError::new(TransportErrorKind::Dead, detail), now);
    }

    /// The network or the page is back (`online`, waking up): do not wait for timers.
    pub(crate) fn wake(&mut self, now: Duration) {
        // Clocks may have stood still while the machine slept.
        self.cache.clear();
        // At most a second, and not all clients at once.
        let soon = now.saturating_add(self.jitter.between(Duration::ZERO, Duration::from_secs(1)));
        let asks = self.ready() && !self.options.keep_alive.is_zero();
        self.listen_soon(soon);
        match &mut self.link {
            LinkState::Waiting { until, .. } => *until = (*until).min(soon),
            LinkState::Up(Up { flow: Flow::Held { until, earliest }, .. }) => {
                *until = (*until).min(soon).max(*earliest)
            }
            // Woken again before the answer came: one question is enough.
            LinkState::Up(up) if asks && up.missed == 0 => self.probe_alive(now),
            _ => {}
        }
    }

    /// Something arrived that is no message but shows that the peer lives.
    pub(crate) fn alive(&mut self, now: Duration) {
        if let LinkState::Up(up) = &mut self.link {
            up.heard = now;
            up.missed = 0;
            up.spoken = true;
            if matches!(up.flow, Flow::Trial | Flow::Tried { .. }) {
                self.flow_on();
            }
        }
    }

    /// An answer to a real request arrived: the link has proved itself.
    pub(super) fn prove(&mut self) {
        if let LinkState::Up(up) = &mut self.link {
            up.proven = true;
        }
        self.flow_on();
    }

    pub(super) fn liveness(&self) -> Option<Liveness> {
        match &self.link {
            LinkState::Up(Up { profile: Profile::SharedChannel { liveness, .. }, .. }) => Some(*liveness),
            _ => None,
        }
    }

    fn keep_alive_at(&self) -> Option<Duration> {
        let LinkState::Up(up) = &self.link else { return None };
        let interval = self.options.keep_alive;
        if interval.is_zero() {
            return None;
        }
        match self.liveness()? {
            Liveness::Channel => None,
            Liveness::Ping => Some(up.heard.saturating_add(interval.saturating_mul(up.missed + 1))),
            // Asleep is asleep: a server on the edge is not kept awake for nothing.
            Liveness::Request
                if self.ready() && (!self.calls.is_empty() || !self.subs.is_empty()) && up.missed == 0 =>
            {
                Some(up.heard.saturating_add(interval.saturating_add(interval / 2)))
            }
            Liveness::Request => None,
        }
    }

    fn probe_alive(&mut self, now: Duration) {
        let interval = self.options.keep_alive;
        match self.liveness() {
            Some(Liveness::Ping) => self.control.push_back(Outbound::Ping),
            Some(Liveness::Request) => {
                let method = match self.era() {
                    Some(super::Era::Legacy) => "ping",
                    _ => "server/discover",
                };
                self.metrics.pings += 1;
                let timeout = Some(interval / 2);
                self.request_internal(Waiter::Heartbeat, method, Draft::new(method), timeout, now);
            }
            Some(Liveness::Channel) | None => return,
        }
        if let LinkState::Up(up) = &mut self.link {
            up.missed += 1;
        }
    }

    /// A request that was to show that the peer lives was not answered in time.
    pub(super) fn heartbeat_missed(&mut self, now: Duration) {
        match &self.link {
            LinkState::Up(up) if up.missed >= MISSED => self.link_dead(now),
            // Something else arrived meanwhile.
            LinkState::Up(up) if up.missed == 0 => {}
            _ => self.probe_alive(now),
        }
    }

    // ---- Time

    /// Time has come: deadlines, the next attempt, the keep-alive.
    pub(crate) fn timeout(&mut self, now: Duration) {
        // First the inputs, as they hold the clocks of the calls.
        self.expire_inputs(now);
        self.sweep(now);
        match self.link {
            LinkState::Waiting { outage, until } if until <= now => self.connect(outage, false, now),
            LinkState::Connecting { until, .. } if until <= now => {
                self.outputs.push_back(Output::Disconnect);
                let after = decimal(self.options.timeouts.connect.as_millis() as u64);
                let detail =
                    join(&["no connection within ", &after, " ms; check the address and that the server runs"]);
                self.link_failed(TransportError::new(TransportErrorKind::ConnectFailed, detail), now);
            }
            _ => {}
        }
        if self.held_until().is_some_and(|at| at <= now) {
            self.waited();
        }
        self.relisten_due(now);
        if self.keep_alive_at().is_some_and(|at| at <= now) {
            match &self.link {
                LinkState::Up(up) if up.missed >= MISSED => self.link_dead(now),
                _ => self.probe_alive(now),
            }
        }
    }

    /// When `timeout` wants to be called next.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let link = match &self.link {
            LinkState::Waiting { until, .. } | LinkState::Connecting { until, .. } => Some(*until),
            LinkState::Closed { .. } => return None,
            _ => None,
        };
        let times =
            [self.next_sweep, self.inputs.next_timeout(), self.keep_alive_at(), self.held_until(), self.next_listen()];
        link.into_iter().chain(times.into_iter().flatten()).min()
    }
}
