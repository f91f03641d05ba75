//! The end of a session, asked for or not: nobody is left waiting.

use std::time::Duration;

use super::call::{Waiter, Wire};
use super::link::LinkState;
use super::{Event, InputEnd, Output, Session, Stage, State, Table, Ticket};
use crate::error::{Error, ErrorKind};
use crate::frame::{Close, Outbound};

impl<T: Ticket> Session<T> {
    /// The end: every ticket is answered, the link is closed in an orderly way.
    pub(crate) fn close(&mut self, _now: Duration) {
        self.shut(None);
    }

    /// Ends everything: all waiters are answered with the reason, the link is closed.
    pub(super) fn shut(&mut self, reason: Option<Error>) {
        if matches!(self.link, LinkState::Closed { .. }) {
            return;
        }
        let had_link = matches!(self.link, LinkState::Up { .. });
        let error = reason.clone().unwrap_or_else(|| Error::new(ErrorKind::Closed));
        self.stage = Stage::Down;
        self.queue.clear();
        self.aliases = Table::new();
        // What was decided before goes out before the goodbye: a cancellation, say, that was given a moment ago.
        if !had_link || reason.is_some() {
            self.control.clear();
        }
        for id in self.inputs.clear() {
            self.outputs.push_back(Output::InputCancelled(id, InputEnd::Cancelled));
        }
        for (_, call) in self.calls.take() {
            let may_run = matches!(call.wire, Wire::Sent { .. }) && !call.replay.safe;
            if let Waiter::Caller(ticket) = call.waiter {
                let mid_call = reason.is_none() && may_run;
                self.reply(ticket, Err(if mid_call { Error::new(ErrorKind::ClosedMidCall) } else { error.clone() }));
            }
        }
        for (key, sub) in self.subs.take() {
            match sub.ticket {
                Some(ticket) => self.reply(ticket, Err(error.clone())),
                None => self.event(Event::SubscriptionEnded { key: key.0, reason: reason.clone() }),
            }
        }
        for ticket in std::mem::take(&mut self.openers) {
            self.reply(ticket, Err(error.clone()));
        }
        if had_link {
            self.control.push_back(Outbound::Close(Close::NORMAL));
        } else {
            self.outputs.push_back(Output::Disconnect);
        }
        self.link = LinkState::Closed { reason: reason.clone() };
        self.enter(State::Closed { reason });
    }
}
