//! One client of a shared link: what waits for it, what waits of it, and what it asked for.

use std::collections::VecDeque;

use super::Limits;
use crate::frame::RequestId;
use crate::json::{Json, Text};
use crate::proto::LogLevel;
use crate::transport::TransportError;

/// Names a client of one real link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::transport::shared) struct ClientKey(pub(super) u64);

pub(super) struct Client {
    pub(super) key: ClientKey,
    /// Its messages that wait for the server, ready to be sent; a request with its id on the real link.
    lane: VecDeque<(Option<i64>, Text)>,
    lane_size: usize,
    /// Messages that wait for it.
    inbox: VecDeque<Text>,
    inbox_size: usize,
    /// Its open requests by its own ids, in their order, with the ids on the real link.
    ids: Vec<(RequestId, i64)>,
    /// What its `initialize` declared.
    pub(super) capabilities: Option<Json>,
    /// The least severe level of log messages that it asked for.
    pub(super) level: Option<LogLevel>,
    /// The resources that it subscribed to (before 2026-07-28).
    pub(super) uris: Vec<String>,
    /// It asked for a sign of life, and there was one.
    pub(super) alive: bool,
    /// How often it asked whether the server is there, since the last time that anything was heard.
    pub(super) asked_life: (u64, u32),
    /// Why its link is over.
    pub(super) end: Option<TransportError>,
    /// Something waits for it that it was not told of.
    pub(super) touched: bool,
}

impl Client {
    pub(super) fn new(key: ClientKey) -> Self {
        Self {
            key,
            lane: VecDeque::new(),
            lane_size: 0,
            inbox: VecDeque::new(),
            inbox_size: 0,
            ids: Vec::new(),
            capabilities: None,
            level: None,
            uris: Vec::new(),
            alive: false,
            asked_life: (0, 0),
            end: None,
            touched: false,
        }
    }

    // ---- Towards the server

    pub(super) fn has_room(&self, limits: &Limits) -> bool {
        self.lane.len() < limits.lane && self.lane_size < limits.lane_bytes
    }

    pub(super) fn send(&mut self, wire: Option<i64>, text: Text) {
        self.lane_size += text.len();
        self.lane.push_back((wire, text));
    }

    pub(super) fn sending(&mut self) -> Option<(Option<i64>, Text)> {
        let next = self.lane.pop_front()?;
        self.lane_size -= next.1.len();
        Some(next)
    }

    /// Takes a request back that has not left.
    pub(super) fn take_back(&mut self, wire: i64) -> bool {
        let Some(at) = self.lane.iter().position(|(queued, _)| *queued == Some(wire)) else { return false };
        if let Some((_, text)) = self.lane.remove(at) {
            self.lane_size -= text.len();
        }
        true
    }

    // ---- Towards the client

    /// `false` where more waits than may: the client is too slow.
    pub(super) fn mail(&mut self, text: Text, limits: &Limits) -> bool {
        let size = self.inbox_size.saturating_add(text.len());
        // One message may be as large as it likes: its reader judges that.
        if self.inbox.len() >= limits.backlog || (size > limits.backlog_bytes && !self.inbox.is_empty()) {
            return false;
        }
        self.inbox_size = size;
        self.inbox.push_back(text);
        true
    }

    pub(super) fn has_mail(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub(super) fn read(&mut self) -> Option<Text> {
        let text = self.inbox.pop_front()?;
        self.inbox_size -= text.len();
        Some(text)
    }

    /// Its link is over: what was said before is still read where `keep` says so.
    pub(super) fn finish(&mut self, error: TransportError, keep: bool) {
        if !keep {
            self.inbox.clear();
            self.inbox_size = 0;
        }
        self.lane.clear();
        self.lane_size = 0;
        self.ids.clear();
        self.end = Some(error);
    }

    // ---- Open requests

    pub(super) fn open(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn wire_of(&self, id: &RequestId) -> Option<i64> {
        let at = self.ids.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
        self.ids.get(at).map(|(_, wire)| *wire)
    }

    /// `false` where the id is in use.
    pub(super) fn begin(&mut self, id: RequestId, wire: i64) -> bool {
        match self.ids.binary_search_by(|(known, _)| known.cmp(&id)) {
            Ok(_) => false,
            Err(at) => {
                self.ids.insert(at, (id, wire));
                true
            }
        }
    }

    pub(super) fn over(&mut self, id: &RequestId) {
        if let Ok(at) = self.ids.binary_search_by(|(known, _)| known.cmp(id)) {
            self.ids.remove(at);
        }
    }

    pub(super) fn take_open(&mut self) -> Vec<(RequestId, i64)> {
        std::mem::take(&mut self.ids)
    }
}
