//! What passed, in figures, and a place for the recorder to look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use everywire::json::Text;

use super::record::Tap;

/// Messages and bytes of one direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Flow {
    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Both directions, of one client or of all.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) to_server: Flow,
    pub(super) to_client: Flow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    fn of(self, counts: &Counts) -> &Flow {
        match self {
            Self::ToServer => &counts.to_server,
            Self::ToClient => &counts.to_client,
        }
    }
}

/// Counts one direction of one client, and has it recorded where that is wanted.
pub(super) struct Meter {
    direction: Direction,
    client: Arc<Counts>,
    all: Arc<Counts>,
    tap: Option<Tap>,
}

impl Meter {
    pub(super) fn new(direction: Direction, client: Arc<Counts>, all: Arc<Counts>, tap: Option<Tap>) -> Self {
        Self { direction, client, all, tap }
    }

    /// Whether the recorder keeps up; without one always.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.tap.as_mut().map_or(Poll::Ready(()), |tap| tap.poll_ready(cx))
    }

    pub(super) fn saw(&mut self, text: &Text) {
        self.direction.of(&self.client).add(text.len());
        self.direction.of(&self.all).add(text.len());
        if let Some(tap) = &mut self.tap {
            tap.message(self.direction, text);
        }
    }
}
