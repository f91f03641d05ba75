//! A session of a client of the revisions before 2026-07-28 (2025-11-25 basic/transports, session management).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use super::event::EventId;
use super::exchange::Said;
use super::options::HttpOptions;
use super::stream::Stream;
use crate::frame::RequestId;
use crate::json::Text;
use crate::platform::{self, Lock};
use crate::server::request::Request;
use crate::server::shared::Shared;

/// The revision from which on an event without data primes a stream.
const PRIMES: &str = "2025-11-25";

pub(super) struct Session {
    pub(super) id: Box<str>,
    /// What the client agreed on, and what is said to it outside of any call.
    pub(super) shared: Arc<Shared>,
    /// Whether the client takes events without data.
    pub(super) primes: bool,
    state: Lock<State>,
    calls: AtomicU64,
    /// Visits under way.
    visits: AtomicUsize,
    /// When the last visit ended, in milliseconds.
    seen: AtomicU64,
    closing: AtomicBool,
}

struct State {
    /// The calls under way, for cancellation.
    requests: HashMap<RequestId, Arc<Request>>,
    /// The streams that go on, by number; 0 is the session's own.
    streams: HashMap<u64, Arc<Stream>>,
    store: Store,
    ended: bool,
}

impl Session {
    pub(super) fn new(id: Box<str>, shared: Arc<Shared>, options: &HttpOptions) -> Self {
        let agreed = shared.state.lock();
        let primes = agreed.session.as_ref().is_some_and(|agreed| agreed.client.version.as_str() >= PRIMES);
        drop(agreed);
        let store = Store::new(options.max_events, options.max_event_bytes);
        let own = Arc::new(Stream::own());
        let state = State { requests: HashMap::new(), streams: [(0, own)].into(), store, ended: false };
        Self {
            id,
            shared,
            primes,
            state: Lock::new(state),
            calls: AtomicU64::new(0),
            visits: AtomicUsize::new(0),
            seen: AtomicU64::new(platform::now().as_millis() as u64),
            closing: AtomicBool::new(false),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.visits.load(Ordering::Acquire) == 0
    }

    /// When its client was last heard of.
    pub(super) fn seen(&self) -> Duration {
        Duration::from_millis(self.seen.load(Ordering::Relaxed))
    }

    /// The number of the next call, which is that of its stream too.
    pub(super) fn number(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a call had this number.
    pub(super) fn had(&self, number: u64) -> bool {
        number <= self.calls.load(Ordering::Relaxed)
    }

    /// Whether another call may begin, by how many handlers of the session may be at work.
    ///
    /// # Errors
    /// What to tell the client.
    pub(super) fn admit(&self, id: &RequestId, limit: usize) -> Result<(), Busy> {
        let state = self.state.lock();
        if state.requests.is_empty() {
            return Ok(());
        }
        if state.requests.contains_key(id) {
            return Err(Busy::SameId);
        }
        let running = state.requests.len();
        if running < limit {
            return Ok(());
        }
        let asking = state.requests.values().filter(|request| request.is_asking()).count();
        let full = running.saturating_sub(asking) >= limit || running >= limit.saturating_mul(4);
        if full { Err(Busy::Full) } else { Ok(()) }
    }

    /// Remembers a call that is not done at once. `false` where the session has ended meanwhile.
    pub(super) fn began(&self, request: Arc<Request>, stream: Arc<Stream>) -> bool {
        let mut state = self.state.lock();
        if !state.ended {
            state.requests.insert(request.id.clone(), request);
            state.streams.insert(stream.number, stream);
        }
        !state.ended
    }

    /// Forgets a call that is done. Its events stay as long as there is room.
    pub(super) fn finished(&self, stream: &Stream) {
        let mut state = self.state.lock();
        state.streams.remove(&stream.number);
        if let Some(id) = &stream.request {
            state.requests.remove(id);
        }
    }

    pub(super) fn cancel(&self, id: &RequestId) {
        let request = self.state.lock().requests.get(id).cloned();
        if let Some(request) = request {
            request.cancel();
        }
    }

    /// A stream that goes on.
    pub(super) fn stream(&self, number: u64) -> Option<Arc<Stream>> {
        self.state.lock().streams.get(&number).cloned()
    }

    /// What comes next on the session's own stream.
    pub(super) fn poll_own(&self, cx: &Context<'_>) -> Poll<Said> {
        self.shared.register(cx);
        if self.shared.is_gone() || self.closing.load(Ordering::Acquire) {
            return Poll::Ready(Said::End);
        }
        match self.shared.next() {
            Some(text) => Poll::Ready(Said::Message(text)),
            None => Poll::Pending,
        }
    }

    /// Keeps an event in case that it has to be sent again.
    pub(super) fn keep(&self, id: EventId, text: &Text) {
        self.state.lock().store.push(id, text.clone());
    }

    /// The first event of this one's stream that came after it and is still there.
    pub(super) fn after(&self, id: EventId) -> Option<(EventId, Text)> {
        self.state.lock().store.after(id)
    }

    /// Has the session's own stream end.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.shared.wake();
    }

    /// Ends the session: its calls are cancelled, its streams are over.
    pub(super) fn end(&self) {
        let (requests, streams) = {
            let mut state = self.state.lock();
            state.ended = true;
            (std::mem::take(&mut state.requests), std::mem::take(&mut state.streams))
        };
        self.shared.end();
        self.shared.wake();
        requests.values().for_each(|request| request.cancel());
        drop(streams);
    }
}

/// Why a call cannot begin now.
pub(super) enum Busy {
    SameId,
    Full,
}

/// While it lives, the session is not idle.
pub(super) struct Visit(Arc<Session>);

impl Visit {
    pub(super) fn new(session: Arc<Session>) -> Self {
        session.visits.fetch_add(1, Ordering::AcqRel);
        Self(session)
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.0
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.seen.store(platform::now().as_millis() as u64, Ordering::Relaxed);
        self.0.visits.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The latest events of a session's streams, in the order that they were made in.
struct Store {
    events: VecDeque<(EventId, Text)>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
}

impl Store {
    fn new(max_events: usize, max_bytes: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, max_events, max_bytes }
    }

    fn push(&mut self, id: EventId, text: Text) {
        self.bytes = self.bytes.saturating_add(text.len());
        self.events.push_back((id, text));
        // The newest stays whatever its size: it is the one that a broken connection has most likely lost.
        while self.events.len() > 1 && (self.events.len() > self.max_events || self.bytes > self.max_bytes) {
            if let Some((_, text)) = self.events.pop_front() {
                self.bytes = self.bytes.saturating_sub(text.len());
            }
        }
    }

    fn after(&self, id: EventId) -> Option<(EventId, Text)> {
        self.events.iter().find(|(event, _)| event.stream == id.stream && event.number > id.number).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(stream: u64, number: u64) -> EventId {
        EventId { stream, number }
    }

    fn text(length: usize) -> Text {
        Text::from("x".repeat(length))
    }

    fn numbers(store: &Store) -> Vec<(u64, u64)> {
        store.events.iter().map(|(id, _)| (id.stream, id.number)).collect()
    }

    #[test]
    fn what_came_after_an_event_is_found_on_its_own_stream_only() {
        let mut store = Store::new(10, 1000);
        for (stream, number) in [(1, 1), (2, 1), (1, 3), (2, 2)] {
            store.push(id(stream, number), text(1));
        }
        let after = |stream, number| store.after(id(stream, number)).map(|(id, _)| (id.stream, id.number));
        assert_eq!(after(1, 0), Some((1, 1)));
        assert_eq!(after(1, 1), Some((1, 3)));
        assert_eq!(after(1, 2), Some((1, 3)));
        assert_eq!(after(1, 3), None);
        assert_eq!(after(3, 0), None);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_much() {
        let mut store = Store::new(3, 100);
        for number in 1..=5 {
            store.push(id(1, number), text(10));
        }
        assert_eq!(numbers(&store), [(1, 3), (1, 4), (1, 5)]);
        store.push(id(1, 6), text(85));
        assert_eq!(numbers(&store), [(1, 5), (1, 6)]);
        assert_eq!(store.bytes, 95);
        store.push(id(1, 7), text(1000));
        assert_eq!((numbers(&store), store.bytes), (vec![(1, 7)], 1000));
        store.push(id(1, 8), text(1));
        assert_eq!((numbers(&store), store.bytes), (vec![(1, 8)], 1));
    }
}
