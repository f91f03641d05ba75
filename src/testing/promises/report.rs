use std::fmt;

/// What became of one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept.
    Kept,
    /// It is broken: what was seen.
    Broken(String),
    /// It does not apply, or cannot be checked here: why.
    Skipped(String),
}

/// What became of every promise, in the order in which they were checked.
///
/// Displayed it is one line for each.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The promises and their verdicts.
    pub promises: Vec<(&'static str, Verdict)>,
}

impl Report {
    fn of(&self, is: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.promises.iter().filter(|(_, verdict)| is(verdict)).map(|(promise, _)| *promise).collect()
    }

    /// The promises that are kept.
    pub fn kept(&self) -> Vec<&'static str> {
        self.of(|verdict| *verdict == Verdict::Kept)
    }

    /// The promises that are broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.of(|verdict| matches!(verdict, Verdict::Broken(_)))
    }

    /// The promises that do not apply or could not be checked.
    pub fn skipped(&self) -> Vec<&'static str> {
        self.of(|verdict| matches!(verdict, Verdict::Skipped(_)))
    }

    /// Insists that no promise is broken.
    ///
    /// # Panics
    /// Where one is, with the whole report.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.broken().is_empty(), "the transport breaks promises:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (promise, verdict) in &self.promises {
            match verdict {
                Verdict::Kept => writeln!(f, "kept     {promise}")?,
                Verdict::Broken(seen) => writeln!(f, "BROKEN   {promise}: {seen}")?,
                Verdict::Skipped(why) => writeln!(f, "skipped  {promise}: {why}")?,
            }
        }
        Ok(())
    }
}
