//! Whether a silent client is still there.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::platform::{self, BoxFuture};

/// Questions without any sign of life before a client counts as gone.
const MISSED: u8 = 2;

/// Looks after one connection, once per interval.
pub(super) struct KeepAlive {
    every: Duration,
    /// Begins with the first poll: timers want their runtime.
    timer: Option<BoxFuture<'static, ()>>,
    heard: bool,
    missed: u8,
}

/// What an interval came to.
pub(super) enum Beat {
    Alive,
    /// Nothing was heard: ask.
    Ask,
    Dead,
}

impl KeepAlive {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, timer: None, heard: false, missed: 0 }
    }

    /// Something arrived.
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    /// The next interval's end. `paused`: nothing was read, so nothing could be heard.
    pub(super) fn poll_beat(&mut self, paused: bool, cx: &mut Context<'_>) -> Poll<Beat> {
        let timer = self.timer.get_or_insert_with(|| platform::sleep(self.every));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.timer = None;
        Poll::Ready(if std::mem::take(&mut self.heard) || paused {
            self.missed = 0;
            Beat::Alive
        } else if self.missed == MISSED {
            Beat::Dead
        } else {
            self.missed += 1;
            Beat::Ask
        })
    }
}
