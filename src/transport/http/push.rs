//! The stream of what a legacy server says unasked (2025-11-25 basic/transports, "Listening for Messages from the
//! Server"): opened when wanted, kept open, never in a storm.

use std::time::Duration;

use crate::platform::seed;

/// A stream that lived so long has proved itself.
const PROVEN: Duration = Duration::from_secs(10);
const MIN_WAIT: Duration = Duration::from_millis(100);
/// The longest of the waits that grow; a server may ask for more.
const MAX_WAIT: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How long to wait before a stream is opened again: what the server asked for at first (`retry`), longer each time.
pub(super) fn wait(retry: Option<Duration>, attempt: u32) -> Duration {
    let base = retry.unwrap_or(Duration::from_secs(1)).clamp(MIN_WAIT, LONGEST);
    let grown = base.max(Duration::from_millis(500)).saturating_mul(1 << attempt.min(16));
    if attempt == 0 { base } else { grown.min(base.max(MAX_WAIT)) }
}

#[derive(Default)]
pub(super) struct Push {
    state: State,
    last_event_id: Option<String>,
    retry: Option<Duration>,
    /// Attempts since the stream last proved itself.
    attempt: u32,
    opened_before: bool,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Off,
    Opening,
    Open(Duration),
    Waiting(Duration),
    /// The server has none: it is not asked again on this link.
    Refused,
}

impl Push {
    /// Whether to send the request now.
    pub(super) fn begin(&mut self) -> bool {
        let begins = matches!(self.state, State::Off | State::Waiting(_));
        if begins {
            self.state = State::Opening;
        }
        begins
    }

    /// The stream stands. `true` where something may have been missed since it stood before.
    pub(super) fn opened(&mut self, now: Duration) -> bool {
        self.state = State::Open(now);
        std::mem::replace(&mut self.opened_before, true) && self.last_event_id.is_none()
    }

    /// Whether it ever stood on this link.
    pub(super) fn stood(&self) -> bool {
        self.opened_before
    }

    /// It told something.
    pub(super) fn proved(&mut self) {
        self.attempt = 0;
    }

    /// It ended, broke or could not be opened: later again, and no earlier than the server asked for just now.
    pub(super) fn lost(
        &mut self,
        last_event_id: Option<String>,
        retry: Option<Duration>,
        at_least: Option<Duration>,
        now: Duration,
    ) {
        if last_event_id.is_some() {
            self.last_event_id = last_event_id;
        }
        self.retry = retry.or(self.retry);
        if let State::Open(since) = self.state
            && now.saturating_sub(since) >= PROVEN
        {
            self.attempt = 0;
        }
        let wait = wait(self.retry, self.attempt).max(at_least.unwrap_or_default());
        // What the server asked for the first time, and from then on not all clients together.
        let spread = if self.attempt == 0 { 0 } else { seed() % (wait.as_millis() as u64 / 2).saturating_add(1) };
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Waiting(now.saturating_add(wait).saturating_add(Duration::from_millis(spread)));
    }

    pub(super) fn refuse(&mut self) {
        self.state = State::Refused;
    }

    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Waiting(at) => Some(at),
            _ => None,
        }
    }

    pub(super) fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }
}
