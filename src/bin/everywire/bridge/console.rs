//! What the bridge says at its terminal: one line for each thing that happens, on standard error, and below them a line of
//! figures where that is a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::meter::{Counts, Flow};
use crate::show::plain;

/// How often the line of figures is drawn again.
const TICK: Duration = Duration::from_millis(250);

/// Figures over all clients.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) clients: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) counts: Arc<Counts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Bad,
    Dim,
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Dim => Some("2"),
        }
    }
}

#[derive(Clone)]
pub(super) struct Console {
    bar: Option<ProgressBar>,
    colour: bool,
    pub(super) totals: Arc<Totals>,
}

impl Console {
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { bar, colour, totals: Arc::default() }
    }

    /// A line of our own words and of what peers call themselves.
    pub(super) fn say(&self, tone: Tone, line: &str) {
        let line = plain(line);
        self.write(&match tone.code().filter(|_| self.colour) {
            Some(code) => format!("\u{1b}[{code}m{line}\u{1b}[0m"),
            None => line,
        });
    }

    /// A line of a backend's standard error, as it wrote it.
    pub(super) fn backend(&self, client: Option<u64>, line: &str) {
        let who = client.map_or_else(|| "backend".to_owned(), |client| format!("backend {client}"));
        self.write(&match self.colour {
            true => format!("\u{1b}[2m{who} |\u{1b}[0m {line}\u{1b}[0m"),
            false => format!("{who} | {line}"),
        });
    }

    fn write(&self, line: &str) {
        // Whoever reads this may be gone; the bridge goes on.
        let write = || drop(writeln!(std::io::stderr(), "{line}"));
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Keeps the line of figures up to date until it is dropped.
    pub(super) async fn figures(self) {
        let Some(bar) = &self.bar else { return std::future::pending().await };
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            bar.set_message(self.totals.line());
        }
    }

    /// Takes the line of figures away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Totals {
    fn line(&self) -> String {
        let restarts = match self.restarts.load(Ordering::Relaxed) {
            0 => String::new(),
            many => format!(" · {}", counted(many, "restart")),
        };
        let clients = counted(self.clients.load(Ordering::Relaxed), "client");
        format!("{clients} · {}{restarts}", traffic(&self.counts))
    }
}

/// Such as `12 messages to the server (1.2 kB), 14 to the client (3.4 kB)`.
pub(super) fn traffic(counts: &Counts) -> String {
    let bytes = |flow: &Flow| size(flow.bytes());
    format!(
        "{} to the server ({}), {} to the client ({})",
        counted(counts.to_server.messages(), "message"),
        bytes(&counts.to_server),
        counts.to_client.messages(),
        bytes(&counts.to_client),
    )
}

fn counted(many: u64, what: &str) -> String {
    if many == 1 { format!("1 {what}") } else { format!("{many} {what}s") }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let totals = Totals::default();
        assert_eq!(totals.line(), "0 clients · 0 messages to the server (0 B), 0 to the client (0 B)");
        totals.clients.store(1, Ordering::Relaxed);
        totals.restarts.store(1, Ordering::Relaxed);
        assert!(
            totals.line().starts_with("1 client · ") && totals.line().ends_with(" · 1 restart"),
            "{}",
            totals.line()
        );
        assert_eq!([999, 1_500, 2_500_000, 3_000_000_000].map(size), ["999 B", "1.5 kB", "2.5 MB", "3.0 GB"]);
    }
}
