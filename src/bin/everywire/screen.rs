//! What a person sees beside the result, on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use everywire::proto::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::show::plain;

/// Writes a result to standard output, with a line's end. A terminal gets nothing that could steer it, a file all of it.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let text = text.trim_end();
    let mut out = std::io::stdout();
    match out.is_terminal() {
        true => writeln!(out, "{}", plain(text))?,
        false => writeln!(out, "{text}")?,
    }
    Ok(())
}

/// Progress and notices. The bar shows on a terminal only; notices always do.
#[derive(Clone, Default)]
pub(crate) struct Screen {
    /// While there is progress to show. A notice takes the bar away; the next progress brings it back.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Screen {
    pub(crate) fn progress(&self, progress: &Progress) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        // Shares may be fractions, and the bar counts whole steps.
        let steps = |value: f64| (value.clamp(0.0, 1e12) * 1000.0) as u64;
        match progress.total {
            Some(total) if total > 0.0 => {
                bar.set_style(style("[{bar:32}] {percent}% {msg}"));
                bar.set_length(steps(total));
                bar.set_position(steps(progress.progress));
            }
            _ => {
                bar.set_style(style("{spinner} {pos} {msg}"));
                bar.set_position(progress.progress.max(0.0) as u64);
            }
        }
        bar.set_message(progress.message.as_deref().map(plain).unwrap_or_default());
    }

    /// One line.
    pub(crate) fn say(&self, line: &str) {
        self.clear();
        eprintln!("{}", plain(line));
    }

    /// A question; the answer follows on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        self.clear();
        eprint!("{} ", plain(text));
    }

    pub(crate) fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
