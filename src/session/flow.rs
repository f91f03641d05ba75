//! What a per-request link sends while its server is not there: nothing for a while, then one request that tries. A lost
//! shared channel has the same backoff in `link.rs`; here there is no channel to lose.

use std::time::Duration;

use super::call::Wire;
use super::link::{LinkState, Outage};
use super::{CallId, Session, State, Ticket};
use crate::error::Error;

/// Whether requests may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Flow {
    Open,
    /// Not before this time.
    Held(Duration),
    /// One may, to see whether the server is back.
    Trial,
    /// It is under way.
    Tried(CallId),
}

impl<T: Ticket> Session<T> {
    /// Sends nothing for a while, longer each time, and at least as long as the server asked for.
    pub(super) fn hold_off(&mut self, error: Error, at_least: Option<Duration>, now: Duration) {
        let LinkState::Up(up) = &mut self.link else { return };
        if let Flow::Held(until) = &mut up.flow {
            // Others of the same outage.
            *until = (*until).max(now.saturating_add(at_least.unwrap_or_default()));
            return;
        }
        let outage = if up.proven { Outage { since: now, attempt: 0 } } else { up.outage };
        if !self.options.reconnect.allows(outage.attempt, now.saturating_sub(outage.since)) {
            return self.shut(Some(error));
        }
        let delay = self.options.reconnect.delay(outage.attempt, self.jitter.next()).max(at_least.unwrap_or_default());
        let attempt = outage.attempt.saturating_add(1);
        up.outage = Outage { attempt, ..outage };
        up.proven = false;
        up.flow = Flow::Held(now.saturating_add(delay));
        self.enter(State::Reconnecting { attempt, delay, reason: error });
    }

    pub(super) fn may_send(&mut self) -> bool {
        let LinkState::Up(up) = &mut self.link else { return false };
        match up.flow {
            Flow::Open | Flow::Trial => true,
            Flow::Held(_) => false,
            Flow::Tried(id) => {
                // Cancelled or timed out meanwhile: that was no answer either way.
                let open = self.calls.get(id).is_some_and(|call| matches!(call.wire, Wire::Sent { .. }));
                if !open {
                    up.flow = Flow::Trial;
                }
                !open
            }
        }
    }

    pub(super) fn tried(&mut self, id: CallId) {
        if let LinkState::Up(up) = &mut self.link
            && up.flow == Flow::Trial
        {
            up.flow = Flow::Tried(id);
        }
    }

    /// The server answered: everything may leave.
    pub(super) fn flow_on(&mut self) {
        if let LinkState::Up(up) = &mut self.link
            && up.flow != Flow::Open
        {
            up.flow = Flow::Open;
            self.enter(State::Connected);
        }
    }

    /// The wait is over, or somebody knows better.
    pub(super) fn try_again(&mut self) {
        if let LinkState::Up(up) = &mut self.link
            && matches!(up.flow, Flow::Held(_))
        {
            up.flow = Flow::Trial;
            if let State::Reconnecting { attempt, reason, .. } = &self.state {
                self.enter(State::Reconnecting { attempt: *attempt, delay: Duration::ZERO, reason: reason.clone() });
            }
        }
    }

    pub(super) fn held_until(&self) -> Option<Duration> {
        match &self.link {
            LinkState::Up(up) => match up.flow {
                Flow::Held(until) => Some(until),
                _ => None,
            },
            _ => None,
        }
    }
}
