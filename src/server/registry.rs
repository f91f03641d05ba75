//! What a server offers, by name and in the order of registration. It may change while clients are connected.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::handler::{CompleteRequest, Handler, ReadRequest};
use super::template::UriTemplate;
use crate::json::Json;
use crate::platform::Lock;
use crate::proto::mirror::Mirror;

/// Entries of one kind.
pub(super) struct Catalogue<E>(Lock<Entries<E>>);

struct Entries<E> {
    by_name: HashMap<String, (u64, Arc<E>)>,
    in_order: BTreeMap<u64, Arc<E>>,
    next: u64,
}

/// One page of a list.
pub(super) struct Page {
    pub(super) items: Vec<Json>,
    pub(super) next: Option<String>,
}

/// What a list shows of an entry.
pub(super) trait Listed {
    fn listed(&self, modern: bool) -> &Json;
}

impl<E> Default for Catalogue<E> {
    fn default() -> Self {
        Self(Lock::new(Entries { by_name: HashMap::new(), in_order: BTreeMap::new(), next: 0 }))
    }
}

impl<E: Listed> Catalogue<E> {
    /// Adds an entry, or puts it in the place of the one with this name.
    pub(super) fn insert(&self, name: String, entry: E) {
        let mut entries = self.0.lock();
        let entry = Arc::new(entry);
        let order = match entries.by_name.get(&name) {
            Some((order, _)) => *order,
            None => {
                entries.next += 1;
                entries.next
            }
        };
        entries.by_name.insert(name, (order, entry.clone()));
        entries.in_order.insert(order, entry);
    }

    /// Whether there was one.
    pub(super) fn remove(&self, name: &str) -> bool {
        let mut entries = self.0.lock();
        let removed = entries.by_name.remove(name);
        removed.is_some_and(|(order, _)| entries.in_order.remove(&order).is_some())
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<E>> {
        self.0.lock().by_name.get(name).map(|(_, entry)| entry.clone())
    }

    pub(super) fn find_map<T>(&self, choose: impl Fn(&Arc<E>) -> Option<T>) -> Option<T> {
        self.0.lock().in_order.values().find_map(choose)
    }

    /// Whether there ever was an entry: the capability stands for good.
    pub(super) fn is_offered(&self) -> bool {
        self.0.lock().next > 0
    }

    /// The page that begins at `cursor`; `None` where the cursor is not one of ours.
    pub(super) fn page(&self, cursor: Option<&str>, size: usize, modern: bool) -> Option<Page> {
        let entries = self.0.lock();
        let after = match cursor {
            None => 0,
            Some(cursor) => read_cursor(cursor).filter(|order| *order <= entries.next)?,
        };
        let mut rest = entries.in_order.range(after.saturating_add(1)..);
        let mut page = Page { items: Vec::new(), next: None };
        let mut last = 0;
        for (order, entry) in rest.by_ref().take(size) {
            page.items.push(entry.listed(modern).clone());
            last = *order;
        }
        page.next = rest.next().map(|_| write_cursor(last));
        Some(page)
    }
}

/// Cursors name the last entry seen, so that a list that changes in between neither repeats nor skips what stays.
fn write_cursor(order: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{order}"))
}

fn read_cursor(cursor: &str) -> Option<u64> {
    let raw = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    std::str::from_utf8(&raw).ok()?.strip_prefix("after:")?.parse().ok()
}

pub(super) struct ToolEntry {
    pub(super) listed: Json,
    /// What legacy clients are shown, where it differs.
    pub(super) legacy: Option<Json>,
    /// Properties that the schema requires, at its top level.
    pub(super) required: Vec<String>,
    /// Arguments that requests over HTTP repeat in headers.
    pub(super) mirrors: Vec<Mirror>,
    pub(super) handler: Arc<dyn Handler<Json>>,
}

pub(super) struct ResourceEntry {
    pub(super) listed: Json,
    pub(super) handler: Arc<dyn Handler<ReadRequest>>,
}

pub(super) struct TemplateEntry {
    pub(super) listed: Json,
    pub(super) template: UriTemplate,
    pub(super) handler: Arc<dyn Handler<ReadRequest>>,
}

pub(super) struct PromptEntry {
    pub(super) listed: Json,
    pub(super) required: Vec<String>,
    pub(super) handler: Arc<dyn Handler<Json>>,
}

/// Everything that a server offers.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) tools: Catalogue<ToolEntry>,
    pub(super) resources: Catalogue<ResourceEntry>,
    pub(super) templates: Catalogue<TemplateEntry>,
    pub(super) prompts: Catalogue<PromptEntry>,
    pub(super) completion: Option<Arc<dyn Handler<CompleteRequest>>>,
}

impl Listed for ToolEntry {
    fn listed(&self, modern: bool) -> &Json {
        self.legacy.as_ref().filter(|_| !modern).unwrap_or(&self.listed)
    }
}

macro_rules! listed {
    ($($entry:ident),+) => {
        $(impl Listed for $entry {
            fn listed(&self, _modern: bool) -> &Json {
                &self.listed
            }
        })+
    };
}
listed!(ResourceEntry, TemplateEntry, PromptEntry);
