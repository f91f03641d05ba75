use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::json::Json;
use crate::platform::wall;
use crate::session::Verdict;

/// Remembers which era each server speaks, so that the next connect asks nothing.
///
/// Clones share one memory; [`EraCache::default`] is the process's own. A modern verdict heals itself: a server that
/// refuses is asked again. A legacy one expires after 24 hours, because an upgraded server still answers the old way and
/// nothing would ever tell.
#[derive(Clone, Debug)]
pub struct EraCache(Arc<Mutex<BTreeMap<String, Entry>>>);

/// A verdict as plain data: the process's memory is shared between threads, a host's objects are not.
#[derive(Clone, Debug)]
enum Entry {
    Modern { version: &'static str, discover: Option<String> },
    Legacy { version: Option<&'static str>, until: Duration },
}

const LEGACY_FOR: Duration = Duration::from_secs(24 * 3600);
/// Servers remembered. Beyond that the memory starts afresh.
const MOST: usize = 1024;

impl Default for EraCache {
    fn default() -> Self {
        static PROCESS: OnceLock<EraCache> = OnceLock::new();
        PROCESS.get_or_init(Self::new).clone()
    }
}

impl EraCache {
    /// A memory of its own, empty.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(BTreeMap::new())))
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn load(&self, key: &str) -> Option<Verdict> {
        self.load_at(key, wall())
    }

    fn load_at(&self, key: &str, wall: Duration) -> Option<Verdict> {
        match self.entries().get(key)? {
            Entry::Modern { version, discover } => {
                let discover = discover.as_ref().and_then(|text| Json::from_text(text).ok());
                Some(Verdict::Modern { version, discover })
            }
            Entry::Legacy { until, .. } if *until <= wall => None,
            Entry::Legacy { version, .. } => Some(Verdict::Legacy { version: *version, cacheable: true }),
        }
    }

    pub(super) fn store(&self, key: &str, verdict: Verdict) {
        let entry = match verdict {
            Verdict::Modern { version, discover } => Entry::Modern { version, discover: discover.map(|d| d.to_text()) },
            Verdict::Legacy { cacheable: false, .. } => return,
            Verdict::Legacy { version, .. } => Entry::Legacy { version, until: wall() + LEGACY_FOR },
        };
        let mut all = self.entries();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_verdict_expires_and_a_modern_one_does_not() {
        let cache = EraCache::new();
        cache.store("old", Verdict::Legacy { version: Some("2025-11-25"), cacheable: true });
        cache.store("unsure", Verdict::Legacy { version: None, cacheable: false });
        cache.store("new", Verdict::Modern { version: "2026-07-28", discover: None });
        let later = wall() + LEGACY_FOR + Duration::from_secs(1);
        assert!(matches!(cache.load("old"), Some(Verdict::Legacy { version: Some("2025-11-25"), .. })));
        assert!(cache.load_at("old", later).is_none());
        assert!(cache.load("unsure").is_none());
        assert!(matches!(cache.load_at("new", later), Some(Verdict::Modern { version: "2026-07-28", .. })));
    }
}
