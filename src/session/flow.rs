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
    /// Not before this time, and `earliest` whatever happens: the server asked for it.
    Held {
        until: Duration,
        earliest: Duration,
    },
    /// One may, to see whether the server is back.
    Trial,
    /// It is under way. A server that is away would have refused it by `until`: it may take its time to answer.
    Tried {
        call: CallId,
        until: Duration,
    },
}

/// How long a server that is not there takes to be noticed, at most.
const NOTICED: Duration = Duration::from_secs(10);

impl<T: Ticket> Session<T> {
    /// Sends nothing for a while, longer each time, and at least as long as the server asked for.
    pub(super) fn hold_off(&mut self, error: Error, at_least: Option<Duration>, now: Duration) {
        let LinkState::Up(up) = &mut self.link else { return };
        let asked = now.saturating_add(at_least.unwrap_or_default());
        if let Flow::Held { until, earliest } = &mut up.flow {
            // Others of the same outage.
            (*until, *earliest) = ((*until).max(asked), (*earliest).max(asked));
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
        up.flow = Flow::Held { until: now.saturating_add(delay), earliest: asked };
        self.enter(State::Reconnecting { attempt, delay, reason: error });
    }

    pub(super) fn may_send(&mut self) -> bool {
        let LinkState::Up(up) = &mut self.link else { return false };
        match up.flow {
            Flow::Open | Flow::Trial => true,
            Flow::Held { .. } => false,
            Flow::Tried { call, .. } => {
                // Cancelled or timed out meanwhile: that was no answer either way.
                let open = self.calls.get(call).is_some_and(|call| matches!(call.wire, Wire::Sent { .. }));
                if !open {
                    up.flow = Flow::Trial;
                }
                !open
            }
        }
    }

    pub(super) fn tried(&mut self, call: CallId, now: Duration) {
        if let LinkState::Up(up) = &mut self.link
            && up.flow == Flow::Trial
        {
            up.flow = Flow::Tried { call, until: now.saturating_add(NOTICED) };
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

    /// The wait is over.
    pub(super) fn waited(&mut self) {
        let LinkState::Up(up) = &mut self.link else { return };
        match up.flow {
            Flow::Held { .. } => {
                up.flow = Flow::Trial;
                if let State::Reconnecting { attempt, reason, .. } = self.state.clone() {
                    self.enter(State::Reconnecting { attempt, delay: Duration::ZERO, reason });
                }
            }
            Flow::Tried { .. } => self.flow_on(),
            Flow::Open | Flow::Trial => {}
        }
    }

    /// Whether requests are held back on a link that stands.
    pub(super) fn is_held(&self) -> bool {
        matches!(&self.link, LinkState::Up(up) if up.flow != Flow::Open)
    }

    pub(super) fn held_until(&self) -> Option<Duration> {
        match &self.link {
            LinkState::Up(up) => match up.flow {
                Flow::Held { until, .. } | Flow::Tried { until, .. } => Some(until),
                _ => None,
            },
            _ => None,
        }
    }
}
