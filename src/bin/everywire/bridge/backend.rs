//! Where a client's backend comes from: one of its own, or one that all share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use everywire::BoxFuture;
use everywire::transport::{Link, SharedTransport, Transport as _, TransportError};
use tokio::time::Instant;

use crate::server::Reached;

/// A shared backend that lived as long as this did not fail for good.
const PROVEN: Duration = Duration::from_secs(30);
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A transport of its own at every call, for the client of this number or for all.
pub(super) type Make = Box<dyn Fn(Option<u64>) -> Result<Reached, TransportError> + Send + Sync>;

pub(super) struct Backends {
    source: Source,
    /// Backends that ended by themselves and were not started again yet.
    owed: AtomicU64,
}

enum Source {
    Own(Make),
    Shared { transport: SharedTransport, policy: Mutex<Backoff> },
}

/// A client's link to its backend.
pub(super) struct Backend {
    pub(super) link: Link,
    /// It takes the place of one that ended by itself.
    pub(super) restarted: bool,
    /// Completes when nothing of it lives any more.
    pub(super) gone: BoxFuture<'static, ()>,
    /// Which of the shared backends this is.
    pub(super) generation: u64,
}

impl Backends {
    /// Every client gets a backend of its own when it connects, so one that ended is started again by its client's next
    /// connection.
    pub(super) fn own(make: Make) -> Self {
        Self { source: Source::Own(make), owed: AtomicU64::new(0) }
    }

    /// All clients share one. After it ended the next client starts it again: at once the first time, then after a wait
    /// that doubles up to 30 seconds, until one has lived for as long.
    ///
    /// The future completes when nothing of the shared one lives any more.
    ///
    /// # Errors
    /// Where no transport can be made.
    pub(super) fn shared(make: &Make) -> Result<(Self, BoxFuture<'static, ()>), TransportError> {
        let Reached { transport, ended } = make(None)?;
        let transport = SharedTransport::new(transport);
        let source = Source::Shared { transport, policy: Mutex::new(Backoff::default()) };
        Ok((Self { source, owed: AtomicU64::new(0) }, ended))
    }

    /// # Cancel safety
    /// Dropping the future ends what it started.
    pub(super) async fn connect(&self, client: u64) -> Result<Backend, TransportError> {
        let (link, gone, generation): (_, BoxFuture<'static, ()>, _) = match &self.source {
            Source::Own(make) => {
                let Reached { mut transport, ended } = make(Some(client))?;
                (transport.connect().await?, ended, 0)
            }
            Source::Shared { transport, policy } => {
                let (delay, generation) = lock(policy).before(Instant::now());
                tokio::time::sleep(delay).await;
                match transport.clone().connect().await {
                    Ok(link) => {
                        lock(policy).up(generation, Instant::now());
                        (link, Box::pin(std::future::ready(())), generation)
                    }
                    Err(error) => {
                        lock(policy).lost(generation, Instant::now());
                        return Err(error);
                    }
                }
            }
        };
        let owed = |owed: u64| owed.checked_sub(1);
        let restarted = self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, owed).is_ok();
        Ok(Backend { link, restarted, gone, generation })
    }

    /// A backend ended by itself.
    pub(super) fn ended(&self, generation: u64) {
        let counts = match &self.source {
            Source::Own(_) => true,
            Source::Shared { policy, .. } => lock(policy).lost(generation, Instant::now()),
        };
        if counts {
            self.owed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn lock(policy: &Mutex<Backoff>) -> std::sync::MutexGuard<'_, Backoff> {
    policy.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a shared backend may be started again.
#[derive(Debug, Default)]
struct Backoff {
    generation: u64,
    failures: u32,
    not_before: Option<Instant>,
    up_since: Option<Instant>,
}

impl Backoff {
    /// How long to wait before connecting, and to which backend that will be.
    fn before(&self, now: Instant) -> (Duration, u64) {
        let wait = self.not_before.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        (wait, self.generation)
    }

    fn up(&mut self, generation: u64, now: Instant) {
        if generation == self.generation && self.up_since.is_none() {
            self.up_since = Some(now);
        }
    }

    /// Told by every client that it had; only the first counts.
    fn lost(&mut self, generation: u64, now: Instant) -> bool {
        if generation != self.generation {
            return false;
        }
        self.generation += 1;
        let proven = self.up_since.take().is_some_and(|since| now.saturating_duration_since(since) >= PROVEN);
        self.failures = if proven { 1 } else { self.failures.saturating_add(1) };
        let delay = match self.failures {
            0 | 1 => Duration::ZERO,
            many => FIRST_DELAY.saturating_mul(1 << (many - 2).min(10)).min(LONGEST_DELAY),
        };
        self.not_before = Some(now + delay);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_backend_is_started_again_with_growing_waits() {
        let start = Instant::now();
        let mut policy = Backoff::default();
        let mut waits = Vec::new();
        for generation in 0..9 {
            assert!(policy.lost(generation, start));
            assert!(!policy.lost(generation, start), "the second client to tell");
            waits.push(policy.before(start).0.as_millis());
        }
        assert_eq!(waits, [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        let later = start + Duration::from_secs(60);
        assert_eq!(policy.before(later), (Duration::ZERO, 9));
        policy.up(9, later);
        assert!(policy.lost(9, later + PROVEN));
        assert_eq!(policy.before(later + PROVEN).0, Duration::ZERO);
    }
}
