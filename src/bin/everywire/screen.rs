//! What a person sees beside the result, on standard error.

use everywire::proto::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::show::plain;

/// Progress and notices. The bar shows on a terminal only; notices always do.
#[derive(Clone)]
pub(crate) struct Screen {
    bar: ProgressBar,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{spinner} {pos} {msg}"));
        Self { bar }
    }

    pub(crate) fn progress(&self, progress: &Progress) {
        // Shares may be fractions, and the bar counts whole steps.
        let steps = |value: f64| (value.clamp(0.0, 1e12) * 1000.0) as u64;
        match progress.total {
            Some(total) if total > 0.0 => {
                self.bar.set_style(style("[{bar:32}] {percent}% {msg}"));
                self.bar.set_length(steps(total));
                self.bar.set_position(steps(progress.progress));
            }
            _ => self.bar.set_position(progress.progress.max(0.0) as u64),
        }
        self.bar.set_message(progress.message.as_deref().map(plain).unwrap_or_default());
    }

    /// One line above the bar.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{}", plain(line)));
    }

    /// A question; the answer follows on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        self.bar.suspend(|| eprint!("{} ", plain(text)));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
