//! What one connection's handlers and the server at large may touch: its outbox, its legacy session, its subscriptions,
//! and the questions that wait for the client's answer.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::task::AtomicWaker;

use super::meta::ClientFacts;
use super::peer::Peer;
use super::subscriptions::{Change, Listen};
use crate::error::RpcError;
use crate::frame::RequestId;
use crate::json::{Draft, Json, Meta, Object, Text};
use crate::platform::Lock;
use crate::proto::{LogLevel, method};

/// Notifications that may wait for a slow peer before their senders do.
const DATA: usize = 256;

/// One connection as others see it; over HTTP a session, and each of its calls with an outbox of its own.
pub(super) struct Shared {
    pub(super) state: Arc<Lock<State>>,
    /// Which of those that share the state this is: 0 is the connection or session itself.
    owner: u64,
    /// What it says arrives on a stream that can be closed and taken up again.
    resumable: bool,
    out: Lock<Outbox>,
    /// Wakes the connection's driver.
    driver: AtomicWaker,
    /// How many questions wait for the client.
    pub(super) asking: AtomicUsize,
    gone: AtomicBool,
    pub(super) principal: Option<String>,
    pub(super) peer: Arc<Peer>,
}

#[derive(Default)]
struct Outbox {
    /// Answers, questions, acknowledgements: never behind notifications.
    control: VecDeque<Text>,
    data: VecDeque<Note>,
    /// The changes within `data`.
    changes: HashSet<Told>,
    /// Senders that wait for room.
    waiting: Vec<Waker>,
    /// The stream is to be closed; the client takes it up again after so long.
    hang_up: Option<Duration>,
}

struct Note {
    /// The request that it belongs to: it has to leave before that request's answer.
    request: Option<u64>,
    /// Set where one is as good as many.
    change: Option<Told>,
    text: Text,
}

/// A change, and the subscription that it is told to.
type Told = (Option<RequestId>, Change);

impl Outbox {
    /// Who may go on, now that there is room.
    fn released(&mut self) -> Vec<Waker> {
        if self.data.len() < DATA { std::mem::take(&mut self.waiting) } else { Vec::new() }
    }

    /// Takes notes away.
    fn retain(&mut self, keep: impl Fn(&Note) -> bool) {
        let changes = &mut self.changes;
        self.data.retain(|note| {
            let kept = keep(note);
            if let (false, Some(change)) = (kept, &note.change) {
                changes.remove(change);
            }
            kept
        });
    }
}

#[derive(Default)]
pub(super) struct State {
    /// Set by `initialize`.
    pub(super) session: Option<Session>,
    pub(super) listens: Vec<Listen>,
    /// Questions that wait for the client, with who asked them.
    asks: HashMap<i64, (u64, Answered)>,
    /// The client has said its last word: nothing can be asked of it.
    silent: bool,
    last_ask: i64,
}

type Answered = oneshot::Sender<Result<Json, RpcError>>;

/// What a legacy client agreed on for this connection.
pub(super) struct Session {
    pub(super) client: Arc<ClientFacts>,
    /// RFC 5424 severity, as `logging/setLevel` set it.
    pub(super) level: LogLevel,
    pub(super) subscribed: HashSet<String>,
}

impl Shared {
    pub(super) fn new(principal: Option<String>, peer: Arc<Peer>) -> Self {
        Self::over(Arc::default(), 0, false, principal, peer)
    }

    /// One call of a session: an outbox of its own, everything else is the session's. `owner` is the call's number, not 0.
    pub(super) fn call(&self, owner: u64, resumable: bool, peer: Arc<Peer>) -> Self {
        Self::over(self.state.clone(), owner, resumable, self.principal.clone(), peer)
    }

    fn over(state: Arc<Lock<State>>, owner: u64, resumable: bool, principal: Option<String>, peer: Arc<Peer>) -> Self {
        Self {
            state,
            owner,
            resumable,
            out: Lock::default(),
            driver: AtomicWaker::new(),
            asking: AtomicUsize::new(0),
            gone: AtomicBool::new(false),
            principal,
            peer,
        }
    }

    pub(super) fn register(&self, cx: &Context<'_>) {
        self.driver.register(cx.waker());
    }

    pub(super) fn wake(&self) {
        self.driver.wake();
    }

    /// Queues an answer, behind what its request has said so far.
    pub(super) fn answer(&self, request: Option<u64>, text: Text) {
        let mut out = self.out.lock();
        let mut released = Vec::new();
        if let Some(request) = request
            && !out.data.is_empty()
        {
            let notes = std::mem::take(&mut out.data);
            let (own, rest): (VecDeque<Note>, _) = notes.into_iter().partition(|note| note.request == Some(request));
            out.data = rest;
            out.control.extend(own.into_iter().map(|note| note.text));
            released = out.released();
        }
        out.control.push_back(text);
        drop(out);
        released.into_iter().for_each(Waker::wake);
    }

    /// Queues a message that must not wait behind notifications, from outside the driver.
    pub(super) fn control(&self, text: Text) {
        self.out.lock().control.push_back(text);
        self.wake();
    }

    /// Has the stream closed once what was said so far is on it. `false` where this carrier has no stream to close.
    pub(super) fn hang_up(&self, retry: Duration) -> bool {
        if self.resumable {
            self.out.lock().hang_up = Some(retry);
            self.wake();
        }
        self.resumable
    }

    /// Whether the stream is to be closed now: it was asked for, and nothing is left to be sent before.
    pub(super) fn take_hang_up(&self) -> Option<Duration> {
        let mut out = self.out.lock();
        if out.control.is_empty() && out.data.is_empty() { out.hang_up.take() } else { None }
    }

    /// Whether the connection or session has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Queues a notification of a request; pending while the peer is too slow to take it.
    pub(super) fn poll_note(&self, cx: &Context<'_>, request: u64, text: &Text) -> Poll<()> {
        if self.gone.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut out = self.out.lock();
        if out.data.len() >= DATA {
            out.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        out.data.push_back(Note { request: Some(request), change: None, text: text.clone() });
        drop(out);
        self.wake();
        Poll::Ready(())
    }

    /// Tells this connection of a change, as each of its subscriptions asked for it.
    pub(super) fn changed(&self, change: &Change) {
        let state = self.state.lock();
        let mut texts = Vec::new();
        if let Some(session) = &state.session
            && change.concerns_session(session)
        {
            texts.push((None, change.text(None)));
        }
        for listen in state.listens.iter().filter(|listen| listen.wants(change)) {
            texts.push((Some(listen.id.clone()), change.text(Some(&listen.id))));
        }
        drop(state);
        if texts.is_empty() {
            return;
        }
        let mut out = self.out.lock();
        for (to, text) in texts {
            // Still unsent and the same: the peer learns nothing from a second one.
            let told = (to, change.clone());
            if out.changes.insert(told.clone()) {
                out.data.push_back(Note { request: None, change: Some(told), text });
            }
        }
        drop(out);
        self.wake();
    }

    /// Takes away what waits for a subscription that has ended.
    pub(super) fn forget_listen(&self, id: &RequestId) {
        self.forget(|note| matches!(&note.change, Some((Some(to), _)) if to == id));
    }

    /// Takes away what waits for a request that was cancelled.
    pub(super) fn forget_request(&self, request: u64) {
        self.forget(|note| note.request == Some(request));
    }

    fn forget(&self, which: impl Fn(&Note) -> bool) {
        let mut out = self.out.lock();
        out.retain(|note| !which(note));
        let released = out.released();
        drop(out);
        released.into_iter().for_each(Waker::wake);
    }

    /// The next message to send.
    pub(super) fn next(&self) -> Option<Text> {
        let mut out = self.out.lock();
        if let Some(text) = out.control.pop_front() {
            return Some(text);
        }
        let note = out.data.pop_front()?;
        if let Some(change) = &note.change {
            out.changes.remove(change);
        }
        let released = out.released();
        drop(out);
        released.into_iter().for_each(Waker::wake);
        Some(note.text)
    }

    /// How many answers wait for the peer.
    pub(super) fn backlog(&self) -> usize {
        self.out.lock().control.len()
    }

    pub(super) fn is_drained(&self) -> bool {
        let out = self.out.lock();
        out.control.is_empty() && out.data.is_empty()
    }

    pub(super) fn is_listening(&self, id: &RequestId) -> bool {
        self.state.lock().listens.iter().any(|listen| listen.id == *id)
    }

    /// Asks a legacy client; dropping the [`Ask`] withdraws the question.
    pub(super) fn ask(self: &Arc<Self>, method: &str, params: &Json) -> Result<Ask, RpcError> {
        let (tx, rx) = oneshot::channel();
        let mut state = self.state.lock();
        if state.silent || self.gone.load(Ordering::Acquire) {
            return Err(connection_ended());
        }
        state.last_ask += 1;
        let number = state.last_ask;
        let id = RequestId::Number(number);
        let text = Draft::with_params(method, params)
            .and_then(|draft| draft.finish(Some(&id), Meta::default()))
            .map_err(|error| RpcError { code: -32603, message: error.to_string(), data: None })?;
        state.asks.insert(number, (self.owner, tx));
        drop(state);
        self.control(text.text().clone());
        Ok(Ask { shared: self.clone(), number, answer: rx, answered: false })
    }

    /// Hands the client's answer to who asked. Answers to nothing are ignored.
    pub(super) fn answered(&self, id: &RequestId, answer: Result<Json, RpcError>) {
        let RequestId::Number(number) = id else { return };
        let waiting = self.state.lock().asks.remove(number);
        if let Some((_, waiting)) = waiting {
            let _ = waiting.send(answer);
        }
    }

    /// The client has said its last word: whoever waits for another one is told.
    pub(super) fn hears_no_more(&self) {
        let asks = {
            let mut state = self.state.lock();
            state.silent = true;
            std::mem::take(&mut state.asks)
        };
        for (_, (_, waiting)) in asks {
            let _ = waiting.send(Err(connection_ended()));
        }
    }

    /// Whether the client is subscribed to anything by name.
    pub(super) fn is_subscribed(&self) -> bool {
        let state = self.state.lock();
        !state.listens.is_empty() || state.session.as_ref().is_some_and(|session| !session.subscribed.is_empty())
    }

    /// The connection is over: everyone who waits for it is told.
    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::Release);
        let asks = {
            let mut state = self.state.lock();
            if self.owner == 0 {
                state.listens.clear();
                state.session = None;
                std::mem::take(&mut state.asks)
            } else {
                state.asks.extract_if(|_, (owner, _)| *owner == self.owner).collect()
            }
        };
        for (_, (_, waiting)) in asks {
            let _ = waiting.send(Err(connection_ended()));
        }
        let out = std::mem::take(&mut *self.out.lock());
        out.waiting.into_iter().for_each(Waker::wake);
    }
}

fn connection_ended() -> RpcError {
    RpcError { code: -32603, message: "the connection ended before the client answered".into(), data: None }
}

/// A question on its way to a legacy client.
pub(super) struct Ask {
    shared: Arc<Shared>,
    number: i64,
    answer: oneshot::Receiver<Result<Json, RpcError>>,
    answered: bool,
}

impl Ask {
    pub(super) async fn answer(mut self) -> Result<Json, RpcError> {
        let answer = (&mut self.answer).await;
        self.answered = true;
        answer.unwrap_or_else(|_| Err(connection_ended()))
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        if self.answered || self.shared.state.lock().asks.remove(&self.number).is_none() {
            return;
        }
        let params = Object::new()
            .id("requestId", &RequestId::Number(self.number))
            .str("reason", "the request that asked has ended")
            .build();
        let draft = Draft::with_params(method::CANCELLED, &params);
        if let Ok(sent) = draft.and_then(|draft| draft.finish(None, Meta::default())) {
            self.shared.control(sent.text().clone());
        }
    }
}
