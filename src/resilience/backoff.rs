use std::time::Duration;

/// When and how often a lost link is opened again.
///
/// The wait before attempt *n* is uniform between zero and `base_delay * 2^n`, capped at `max_delay` (full jitter), so
/// that the clients of a restarted server do not arrive together. Neither connecting nor the protocol's handshake
/// resets the attempt counter, only a link that proved itself: one answered request, or `proven_after` alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnect {
    /// The bound of the first wait. Default 500 ms.
    pub base_delay: Duration,
    /// The bound that no wait exceeds. Default 30 s.
    pub max_delay: Duration,
    /// Attempts in one outage before the client gives up and closes; `0` never reconnects. Default: no limit of attempts.
    pub max_attempts: Option<u32>,
    /// How long one outage may last before the client gives up and closes. Default 10 min.
    pub budget: Duration,
    /// How long a link must live to count as good without any answer. Default 30 s.
    pub proven_after: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_attempts: None,
            budget: Duration::from_secs(600),
            proven_after: Duration::from_secs(30),
        }
    }
}

impl Reconnect {
    /// Never reconnect: the first loss closes the client.
    pub fn never() -> Self {
        Self { max_attempts: Some(0), ..Self::default() }
    }

    /// The wait before attempt `attempt` (from 0), for a uniformly random `random`.
    pub(crate) fn delay(&self, attempt: u32, random: u64) -> Duration {
        let bound = self.base_delay.saturating_mul(1 << attempt.min(20)).min(self.max_delay).as_micros() as u64;
        Duration::from_micros(random % bound.saturating_add(1))
    }

    /// Whether attempt `attempt` (from 0) may still be made, `outage` after the link was lost.
    pub(crate) fn allows(&self, attempt: u32, outage: Duration) -> bool {
        self.max_attempts.is_none_or(|most| attempt < most) && outage <= self.budget
    }
}

/// A small generator (splitmix64): full jitter needs spread, not secrecy.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform between the bounds, both included.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low).as_micros() as u64;
        low + Duration::from_micros(self.next() % (span + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_over_the_whole_range_and_capped() {
        let policy = Reconnect::default();
        let mut jitter = Jitter::new(7);
        for attempt in [0, 1, 5, 6, 40, u32::MAX] {
            let bound = Duration::from_millis(500 * (1u64 << attempt.min(20))).min(policy.max_delay);
            let waits: Vec<_> = (0..2000).map(|_| policy.delay(attempt, jitter.next())).collect();
            assert!(waits.iter().all(|wait| *wait <= bound), "attempt {attempt}");
            assert!(waits.iter().any(|wait| *wait < bound / 10), "attempt {attempt}: none is short");
            assert!(waits.iter().any(|wait| *wait > bound * 9 / 10), "attempt {attempt}: none is long");
        }
    }

    #[test]
    fn budgets_end_an_outage() {
        let policy = Reconnect { max_attempts: Some(2), budget: Duration::from_secs(60), ..Reconnect::default() };
        assert!(policy.allows(1, Duration::from_secs(60)));
        assert!(!policy.allows(2, Duration::ZERO));
        assert!(!policy.allows(0, Duration::from_secs(61)));
        assert!(!Reconnect::never().allows(0, Duration::ZERO));
    }
}
