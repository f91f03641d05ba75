//! CPU time, memory and wake-ups of a process with one thread, from `/proc`; `None` where there is none.

use std::time::Duration;

/// Whose figures.
#[derive(Clone, Copy)]
pub(crate) enum Process {
    This,
    Id(u32),
}

impl Process {
    fn read(self, file: &str) -> Option<String> {
        let path = match self {
            Self::This => format!("/proc/self/{file}"),
            Self::Id(id) => format!("/proc/{id}/{file}"),
        };
        std::fs::read_to_string(path).ok()
    }

    fn status(self, name: &str) -> Option<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Memory in use, in KiB.
    pub(crate) fn resident(self) -> Option<u64> {
        self.status("VmRSS")
    }

    /// How often it went to sleep, which is how often it was woken.
    pub(crate) fn sleeps(self) -> Option<u64> {
        self.status("voluntary_ctxt_switches")
    }
}

/// The CPU time of a process's first thread at one moment.
pub(crate) struct Cpu(Option<Duration>);

impl Cpu {
    pub(crate) fn of(process: Process) -> Self {
        let schedule = process.read("schedstat");
        let spent = schedule.and_then(|text| text.split_whitespace().next()?.parse().ok());
        Self(spent.map(Duration::from_nanos))
    }

    /// What was spent since.
    pub(crate) fn since(&self, process: Process) -> Option<Duration> {
        Self::of(process).0?.checked_sub(self.0?)
    }
}

/// The value in the middle; 0 of none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A figure, or a dash.
pub(crate) fn shown(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.2}"))
}
