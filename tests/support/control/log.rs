use std::io::Write as _;
use std::sync::Mutex;

use tokio::sync::Notify;

/// What a peer noted, line by line. Readers may wait for a line.
#[derive(Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    grown: Notify,
    echo: bool,
}

impl Log {
    /// A log that also goes to standard output, for the process that started this one.
    pub(crate) fn echoing() -> Self {
        Self { echo: true, ..Self::default() }
    }

    pub(crate) fn note(&self, line: impl Into<String>) {
        let line = line.into();
        if self.echo {
            // Nobody reads any more: the process that started this one is on its way out.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
        self.lines.lock().expect("no panic while locked").push(line);
        self.grown.notify_waiters();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no panic while locked").clone()
    }

    /// Waits until `count` lines hold `text`, and gives them.
    pub(crate) async fn wait(&self, text: &str, count: usize) -> Vec<String> {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            let found: Vec<String> = self.lines().into_iter().filter(|line| line.contains(text)).collect();
            if found.len() >= count {
                return found;
            }
            grown.await;
        }
    }
}
