use std::fmt;
use std::time::Duration;

use crate::resilience::Jitter;

/// Which faults a carrier has, how often, and the seed that everything is drawn from.
///
/// Rates are in tenths of a percent of the messages (of the attempts to connect for [`refuse`](Self::refuse)), 0 to 1000.
/// The same plan over the same messages makes the same faults: what befalls the n-th message of a direction of the n-th
/// link depends on the seed and on these numbers alone, not on time.
///
/// # What is fair
/// On a shared channel every fault here is one that real peers, proxies and networks show, and order is kept always: a
/// channel that reorders is no carrier. A message that is lost while the channel lives on ([`drop`](Self::drop)) stands
/// for a peer or a proxy that swallows: whoever waits for it learns so by a timeout and by nothing else. A request is never
/// duplicated, as a server that gets it twice runs it twice and no client can do anything about that; answers and
/// notifications are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) seed: u64,
    pub(super) drop: u16,
    pub(super) duplicate: u16,
    pub(super) delay: u16,
    pub(super) delay_most: Duration,
    pub(super) cut: u16,
    pub(super) half_open: u16,
    pub(super) half_open_for: Duration,
    pub(super) refuse: u16,
}

impl Plan {
    /// A sound carrier: add faults to it.
    pub fn sound(seed: u64) -> Self {
        Self {
            seed,
            drop: 0,
            duplicate: 0,
            delay: 0,
            delay_most: Duration::ZERO,
            cut: 0,
            half_open: 0,
            half_open_for: Duration::ZERO,
            refuse: 0,
        }
    }

    /// A mix of faults drawn from the seed: some seeds are calm, in others hardly a message gets through. Delays are up to
    /// 50 ms, a half-open link is noticed within 5 s.
    pub fn drawn(seed: u64) -> Self {
        let mut jitter = Jitter::new(seed ^ 0x706c_616e);
        // Each kind is absent in a third of all seeds, and rather rare than frequent in the others.
        let mut rate = |most: u64| {
            let (present, a, b) =
                (!jitter.next().is_multiple_of(3), jitter.next() % (most + 1), jitter.next() % (most + 1));
            if present { a.min(b) as u16 } else { 0 }
        };
        Self::sound(seed)
            .drop(rate(150))
            .duplicate(rate(200))
            .delay(rate(400), Duration::from_millis(50))
            .cut(rate(80))
            .half_open(rate(30), Duration::from_secs(5))
            .refuse(rate(400))
    }

    /// Messages that vanish, the channel being as good as before.
    pub fn drop(mut self, rate: u16) -> Self {
        self.drop = rate;
        self
    }

    /// Answers and notifications that arrive twice in a row.
    pub fn duplicate(mut self, rate: u16) -> Self {
        self.duplicate = rate;
        self
    }

    /// Messages that are held up for as long as `most`, everything behind them too.
    pub fn delay(mut self, rate: u16, most: Duration) -> Self {
        (self.delay, self.delay_most) = (rate, most);
        self
    }

    /// Messages during which the link breaks ([`Lost`](crate::transport::TransportErrorKind::Lost)): half of them arrive
    /// before, half do not.
    pub fn cut(mut self, rate: u16) -> Self {
        self.cut = rate;
        self
    }

    /// Messages after which the link is half open: writes vanish, nothing arrives, and it is noticed by the keep-alive of
    /// the client, or else ends as [`Dead`](crate::transport::TransportErrorKind::Dead) when `noticed` is over, as the
    /// keep-alive of the operating system would end it.
    pub fn half_open(mut self, rate: u16, noticed: Duration) -> Self {
        (self.half_open, self.half_open_for) = (rate, noticed);
        self
    }

    /// Attempts to connect that are refused ([`ConnectFailed`](crate::transport::TransportErrorKind::ConnectFailed)).
    pub fn refuse(mut self, rate: u16) -> Self {
        self.refuse = rate;
        self
    }

    /// The delays of this plan, where it has any, are no longer than `most`.
    pub fn delays_below(mut self, most: Duration) -> Self {
        self.delay_most = self.delay_most.min(most);
        self
    }

    /// The half-open links of this plan, where it has any, are noticed within this time.
    pub fn half_open_below(mut self, noticed: Duration) -> Self {
        self.half_open_for = self.half_open_for.min(noticed);
        self
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Independent draws for each stream of events of each link.
    pub(super) fn dice(&self, link: u64, stream: u64) -> Dice {
        let mut mixed = Jitter::new(self.seed ^ link.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (stream << 56));
        Dice { jitter: Jitter::new(mixed.next()), plan: self.clone() }
    }
}

/// The plan in one line, to print beside a failure.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}:", self.seed)?;
        let rates = [
            ("drop", self.drop, None),
            ("duplicate", self.duplicate, None),
            ("delay", self.delay, Some(self.delay_most)),
            ("cut", self.cut, None),
            ("half-open", self.half_open, Some(self.half_open_for)),
            ("refuse", self.refuse, None),
        ];
        let mut sound = true;
        for (name, rate, time) in rates.into_iter().filter(|(_, rate, _)| *rate > 0) {
            sound = false;
            write!(f, " {name} {}.{} %", rate / 10, rate % 10)?;
            if let Some(time) = time {
                write!(f, " (up to {time:?})")?;
            }
        }
        if sound { f.write_str(" a sound carrier") } else { Ok(()) }
    }
}

/// What befalls one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Drop,
    Duplicate,
    Delay(Duration),
    /// The link breaks; the message arrives or does not.
    Cut {
        arrives: bool,
    },
    HalfOpen,
}

/// The draws of one direction of one link.
pub(super) struct Dice {
    jitter: Jitter,
    plan: Plan,
}

impl Dice {
    /// What befalls the next message. As many numbers are drawn each time, so that one fault does not move the others.
    pub(super) fn message(&mut self) -> Option<Fault> {
        let (kind, detail) = (self.jitter.next() % 1000, self.jitter.next());
        let plan = &self.plan;
        let mut bound = 0;
        let mut within = |rate: u16| {
            bound += u64::from(rate);
            kind < bound
        };
        if within(plan.half_open) {
            Some(Fault::HalfOpen)
        } else if within(plan.cut) {
            Some(Fault::Cut { arrives: detail & 1 == 0 })
        } else if within(plan.drop) {
            Some(Fault::Drop)
        } else if within(plan.duplicate) {
            Some(Fault::Duplicate)
        } else if within(plan.delay) {
            let most = plan.delay_most.as_micros() as u64;
            Some(Fault::Delay(Duration::from_micros(detail % most.saturating_add(1))))
        } else {
            None
        }
    }

    /// Whether an attempt to connect is refused.
    pub(super) fn refused(&mut self) -> bool {
        self.jitter.next() % 1000 < u64::from(self.plan.refuse)
    }

    /// Uniform below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.jitter.next() % bound.max(1)
    }
}
