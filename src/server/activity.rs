//! Whether a connection is idle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::platform;

/// Looks within one timeout: a counter that a slow tick looks at costs a message no timer.
const TICKS: u32 = 4;

/// What happens on a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    messages: AtomicUsize,
    busy: AtomicUsize,
}

impl Activity {
    /// The client said something.
    pub(super) fn heard(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// Completes when nothing was heard and nothing was under way for so long, or up to a quarter longer.
    pub(super) async fn idle(&self, timeout: Duration) {
        let tick = (timeout / TICKS).max(Duration::from_millis(1));
        let (mut quiet, mut seen) = (0, self.messages.load(Ordering::Relaxed));
        while quiet < TICKS {
            platform::sleep(tick).await;
            let heard = self.messages.load(Ordering::Relaxed);
            let busy = self.busy.load(Ordering::Relaxed) > 0;
            quiet = if busy || std::mem::replace(&mut seen, heard) != heard { 0 } else { quiet + 1 };
        }
    }
}

/// While it lives, its connection is not idle: see [`Peer::busy`](super::Peer::busy).
#[must_use = "the connection is busy only while this lives"]
pub struct Busy(Option<Arc<Activity>>);

impl Busy {
    pub(super) fn new(activity: Option<Arc<Activity>>) -> Self {
        if let Some(activity) = &activity {
            activity.busy.fetch_add(1, Ordering::Relaxed);
        }
        Self(activity)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(activity) = &self.0 {
            // The time runs from here.
            activity.heard();
            activity.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy")
    }
}
