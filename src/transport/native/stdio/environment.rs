//! What of this process's environment a child gets to see.

use std::ffi::{OsStr, OsString};

use super::imp;

/// Where a child's environment begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// The names that programs need and that hold no secrets.
    Safe,
    All,
    Nothing,
}

#[derive(Clone)]
pub(super) struct Environment {
    pub(super) base: Base,
    /// In the order in which they were asked for; `None` removes.
    changes: Vec<(OsString, Option<OsString>)>,
}

impl Environment {
    pub(super) fn new() -> Self {
        Self { base: Base::Safe, changes: Vec::new() }
    }

    pub(super) fn set(&mut self, name: &OsStr, value: Option<&OsStr>) {
        self.changes.retain(|(known, _)| !imp::same_name(known, name));
        self.changes.push((name.to_owned(), value.map(OsStr::to_owned)));
    }

    pub(super) fn clear(&mut self) {
        self.base = Base::Nothing;
        self.changes.clear();
    }

    /// What was set beside the base; `None` where a name was removed.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&OsStr, Option<&OsStr>)> {
        self.changes.iter().map(|(name, value)| (name.as_os_str(), value.as_deref()))
    }

    /// The whole environment, from this process's own (`vars`).
    pub(super) fn build(&self, vars: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
        let mut all: Vec<_> = vars.filter(|(name, value)| self.passes(name, value)).collect();
        for (name, value) in &self.changes {
            all.retain(|(known, _)| !imp::same_name(known, name));
            all.extend(value.clone().map(|value| (name.clone(), value)));
        }
        all
    }

    fn passes(&self, name: &OsStr, value: &OsStr) -> bool {
        match self.base {
            Base::All => true,
            Base::Nothing => false,
            // A value that begins so is a function that bash exported: code, which the SDKs hold back too.
            Base::Safe => {
                imp::SAFE.iter().any(|safe| imp::same_name(OsStr::new(safe), name))
                    && !value.as_encoded_bytes().starts_with(b"()")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(environment: &Environment) -> Vec<String> {
        let own = [("PATH", "/bin"), ("HOME", "/root"), ("API_KEY", "hush"), ("SHELL", "() { evil; }")];
        let own = own.map(|(name, value)| (name.into(), value.into()));
        let all = environment.build(own.into_iter()).into_iter();
        all.map(|(name, value)| format!("{}={}", name.to_string_lossy(), value.to_string_lossy())).collect()
    }

    #[test]
    fn by_default_nothing_passes_but_what_is_known_to_be_harmless() {
        assert_eq!(
            built(&Environment::new()),
            ["PATH=/bin"].map(String::from).into_iter().chain(home()).collect::<Vec<_>>()
        );
    }

    /// `HOME` is a name of Unix.
    fn home() -> Option<String> {
        imp::SAFE.contains(&"HOME").then(|| "HOME=/root".into())
    }

    #[test]
    fn changes_are_made_to_the_base_whichever_comes_first() {
        let mut all = Environment::new();
        all.set(OsStr::new("HOME"), None);
        all.set(OsStr::new("PATH"), Some(OsStr::new("/usr/bin")));
        all.base = Base::All;
        assert_eq!(built(&all), ["API_KEY=hush", "SHELL=() { evil; }", "PATH=/usr/bin"]);
        all.clear();
        assert!(built(&all).is_empty());
        all.set(OsStr::new("A"), Some(OsStr::new("1")));
        all.set(OsStr::new("A"), Some(OsStr::new("2")));
        assert_eq!(built(&all), ["A=2"]);
    }
}
