//! Results that are kept for as long as their server says that they hold (2026-07-28 server/utilities/caching).
//!
//! A session is one authorization context, so what is `private` may be kept as well as what is `public`: nothing of it is
//! seen by another client.

use std::time::Duration;

use super::call::Call;
use super::{CallId, Era, Event, Info, Request, Session, Ticket};
use crate::json::{Draft, Json, Text};

/// Results kept at once.
const ENTRIES: usize = 256;
/// Their text together, in bytes (UTF-16 code units in a browser).
const TOTAL: usize = 4 << 20;
/// The largest that is kept.
const LARGEST: usize = 1 << 20;

/// The methods whose results say how long they hold, but for `server/discover`, which is the handshake's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Tools,
    Prompts,
    Resources,
    Templates,
    Contents,
}

impl Kept {
    pub(super) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "tools/list" => Self::Tools,
            "prompts/list" => Self::Prompts,
            "resources/list" => Self::Resources,
            "resources/templates/list" => Self::Templates,
            "resources/read" => Self::Contents,
            _ => return None,
        })
    }
}

/// What a request asks for, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    kind: Kept,
    /// The cursor of a page, `None` for the first; the URI of what is read.
    of: Option<String>,
    /// The age of its kind's results then: an answer to an older question is not kept.
    age: u32,
}

impl Asked {
    /// `None` where the result depends on more than its method and its page or URI.
    fn new(kind: Kept, draft: &Draft, ages: &[u32; 5]) -> Option<Self> {
        let name = if kind == Kept::Contents { "uri" } else { "cursor" };
        let of = match draft.given()?.as_slice() {
            [] if kind != Kept::Contents => None,
            [(key, value)] if key == name => Some(value.as_str()?),
            _ => return None,
        };
        Some(Self { kind, of, age: ages[kind as usize] })
    }
}

struct Entry {
    kind: Kept,
    of: Option<String>,
    until: Duration,
    text: Text,
}

impl Entry {
    fn size(&self) -> usize {
        self.text.len().saturating_add(self.of.as_ref().map_or(0, String::len))
    }
}

/// The kept results, oldest first. One whose time is over stays until it is replaced or its room is needed: that it is
/// asked for again tells that its list is read anew.
#[derive(Default)]
pub(super) struct Cache {
    entries: Vec<Entry>,
    ages: [u32; 5],
}

impl Cache {
    fn fresh(&self, asked: &Asked, now: Duration) -> Option<Json> {
        let found = self.entries.iter().find(|entry| entry.kind == asked.kind && entry.of == asked.of)?;
        if now < found.until { found.text.value() } else { None }
    }

    /// Forgets what `which` says of one kind, and what is being asked for at this moment.
    fn forget(&mut self, kind: Kept, which: impl Fn(Option<&str>) -> bool) {
        if let Some(age) = self.ages.get_mut(kind as usize) {
            *age = age.wrapping_add(1);
        }
        self.entries.retain(|entry| entry.kind != kind || !which(entry.of.as_deref()));
    }

    /// Forgets everything, whatever has still to come included.
    pub(super) fn clear(&mut self) {
        for kind in [Kept::Tools, Kept::Prompts, Kept::Resources, Kept::Templates, Kept::Contents] {
            self.forget(kind, |_| true);
        }
    }

    /// Something happened to the server's things.
    pub(super) fn heard(&mut self, event: &Event) {
        match event {
            Event::ToolsChanged => self.forget(Kept::Tools, |_| true),
            Event::PromptsChanged => self.forget(Kept::Prompts, |_| true),
            Event::ResourcesChanged => {
                self.forget(Kept::Resources, |_| true);
                self.forget(Kept::Templates, |_| true);
            }
            // The notice may name a part of what was subscribed to (server/resources, "Subscriptions").
            Event::ResourceUpdated { uri } => {
                self.forget(Kept::Contents, |of| of.is_some_and(|of| of.starts_with(uri) || uri.starts_with(of)));
            }
            // Notices may have been missed.
            Event::Resynced => self.clear(),
            _ => {}
        }
    }

    fn store(&mut self, asked: &Asked, result: &Json, now: Duration) {
        if self.ages.get(asked.kind as usize) != Some(&asked.age) {
            return;
        }
        let known = |entry: &Entry| entry.kind == asked.kind && entry.of == asked.of;
        if asked.kind == Kept::Contents {
            self.entries.retain(|entry| !known(entry));
        } else if asked.of.is_none() || self.entries.iter().any(known) {
            // A list that is read anew: its other pages do not fit this one.
            self.forget(asked.kind, |_| true);
        }
        let Some((until, text)) = holds(result, now) else { return };
        let entry = Entry { kind: asked.kind, of: asked.of.clone(), until, text };
        if self.is_full(&entry) {
            self.entries.retain(|entry| now < entry.until);
        }
        while self.is_full(&entry) && !self.entries.is_empty() {
            self.entries.remove(0);
        }
        self.entries.push(entry);
    }

    fn is_full(&self, with: &Entry) -> bool {
        let size: usize = self.entries.iter().map(Entry::size).sum();
        self.entries.len() >= ENTRIES || size.saturating_add(with.size()) > TOTAL
    }
}

/// Until when a result holds, and its text; `None` where it is not to be kept.
fn holds(result: &Json, now: Duration) -> Option<(Duration, Text)> {
    let ttl = result.get("ttlMs")?.as_f64().filter(|ttl| *ttl > 0.0)?;
    let complete = result.get("resultType").is_none_or(|kind| kind.as_str().as_deref() == Some("complete"));
    let text = complete.then(|| result.frozen(LARGEST))??;
    let until = now.checked_add(Duration::from_millis(ttl as u64)).unwrap_or(Duration::MAX);
    Some((until, text))
}

impl<T: Ticket> Session<T> {
    /// What a request asks for, where the answer may be kept.
    pub(super) fn asked(&self, request: &Request) -> Option<Box<Asked>> {
        // The server is told less of this client then, and may answer otherwise.
        let plain = self.options.cache && !request.options.non_interactive;
        let kind = request.replay.kept.filter(|_| plain)?;
        Asked::new(kind, &request.draft, &self.cache.ages).map(Box::new)
    }

    /// The answer that is kept and holds still.
    pub(super) fn kept(&mut self, asked: Option<&Asked>, request: &Request, now: Duration) -> Option<Json> {
        let modern = matches!(self.info, Some(Info { era: Era::Modern, .. }));
        let asked = asked.filter(|_| modern && !request.options.fresh)?;
        let result = self.cache.fresh(asked, now)?;
        self.metrics.cache_hits += 1;
        self.metrics.completed += 1;
        Some(result)
    }

    /// A call of the modern era was answered.
    pub(super) fn keep(&mut self, call: &Call<T>, result: &Json, now: Duration) {
        // "Results produced by retrying a request […] MUST NOT be cached".
        if let (Some(asked), 0) = (&call.asked, call.rounds) {
            self.cache.store(asked, result, now);
        }
    }

    /// A call was answered with an error: what was kept of it does not hold, nor, where a cursor may have become invalid,
    /// the other pages.
    pub(super) fn refused(&mut self, id: CallId) {
        if let Some(asked) = self.calls.get(id).and_then(|call| call.asked.as_deref()) {
            let page = asked.kind != Kept::Contents;
            self.cache.forget(asked.kind, |of| page || of == asked.of.as_deref());
        }
    }
}
