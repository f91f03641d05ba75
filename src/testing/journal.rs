use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::plan::Plan;
use crate::platform::Lock;

/// How many faults are remembered: the latest.
const KEPT: usize = 256;

/// What a fault layer did so far, and the switch that ends it. Cheap to clone.
///
/// Displayed it is the plan and the latest 256 faults in order, one per line: what a failing test prints.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    plan: Plan,
    calm: AtomicBool,
    count: AtomicU64,
    lines: Lock<VecDeque<String>>,
}

impl Journal {
    pub(super) fn new(plan: Plan) -> Self {
        let (calm, count) = (AtomicBool::new(false), AtomicU64::new(0));
        Self(Arc::new(Inner { plan, calm, count, lines: Lock::new(VecDeque::new()) }))
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// No new faults from now on. A link that is half open stays so until it is noticed.
    pub fn calm(&self) {
        self.0.calm.store(true, Ordering::Release);
    }

    /// How many faults there were.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Acquire)
    }

    /// The latest faults in order, in words.
    pub fn faults(&self) -> Vec<String> {
        self.0.lines.lock().iter().cloned().collect()
    }

    pub(super) fn is_calm(&self) -> bool {
        self.0.calm.load(Ordering::Acquire)
    }

    pub(super) fn note(&self, line: String) {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        let mut lines = self.0.lines.lock();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.plan)?;
        self.faults().iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
