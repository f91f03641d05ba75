use std::time::Duration;

/// Counters of one client since it was made. A snapshot: it does not change after it was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Messages sent.
    pub messages_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Bytes of messages sent (UTF-16 code units in a browser).
    pub bytes_out: u64,
    /// Bytes of messages received (UTF-16 code units in a browser).
    pub bytes_in: u64,
    /// Links opened after the first.
    pub reconnects: u64,
    /// Keep-alive probes sent.
    pub pings: u64,
    /// Calls that wait for their answer now.
    pub in_flight: u64,
    /// Calls answered with a result.
    pub completed: u64,
    /// Calls answered with a result that was kept, and not by the server.
    pub cache_hits: u64,
    /// Waiters answered with an error.
    pub errors: u64,
    /// Calls whose deadline passed.
    pub timeouts: u64,
    /// Calls given up by their caller.
    pub cancelled: u64,
    /// Requests for input taken up.
    pub inputs: u64,
    /// Answers that nobody waited for any more.
    pub late: u64,
    /// Messages of the server that were no JSON-RPC.
    pub malformed: u64,
    /// How long answered calls took.
    pub latency: Latency,
}

/// A histogram of durations: bucket `n` counts those below `2^n` microseconds and not below half of that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latency {
    /// The counts; the last bucket holds everything above.
    pub buckets: [u64; 32],
    /// The sum of all durations in microseconds.
    pub sum_micros: u64,
}

impl Latency {
    pub(super) fn record(&mut self, taken: Duration) {
        let micros = taken.as_micros() as u64;
        let at = (u64::BITS - micros.leading_zeros()).min(31) as usize;
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket += 1;
        }
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}
