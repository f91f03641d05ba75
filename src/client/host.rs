use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use futures_channel::oneshot;

use super::ServerIdentity;
use super::driver::Host;
pub(super) use super::events::EventSinks;
use super::input::{Handlers, InputContext};
use super::shared::Shared;
use crate::error::Error;
use crate::json::Json;
use crate::platform::{MaybeSend, MaybeSync, Task, spawn};
use crate::proto::Progress;
use crate::session::{Event, InputEnd, InputId, InputRequest, Ticket, Verdict};

/// Is told of a call's progress.
pub(crate) trait Report: MaybeSend + MaybeSync {
    fn report(&self, progress: Progress);
}

impl<F: Fn(Progress) + MaybeSend + MaybeSync> Report for F {
    fn report(&self, progress: Progress) {
        self(progress);
    }
}

pub(crate) type ProgressSink = Arc<dyn Report>;

/// A Rust caller who waits.
pub(crate) struct Waiting {
    answer: oneshot::Sender<Result<Json, Error>>,
    progress: Option<ProgressSink>,
}

impl Waiting {
    pub(super) fn new(answer: oneshot::Sender<Result<Json, Error>>, progress: Option<ProgressSink>) -> Self {
        Self { answer, progress }
    }

    pub(super) fn answer(self, result: Result<Json, Error>) {
        // A receiver that is gone has cancelled.
        let _ = self.answer.send(result);
    }
}

impl Ticket for Waiting {
    type Progress = ProgressSink;

    fn progress(&self) -> Option<ProgressSink> {
        self.progress.clone()
    }
}

/// Acts on a session's outputs for a Rust program.
pub(super) struct RustHost {
    pub(super) shared: Weak<Shared<Waiting>>,
    pub(super) events: Arc<EventSinks>,
    pub(super) handlers: Handlers,
    pub(super) running: BTreeMap<InputId, Task>,
    pub(super) remember: Remember,
    pub(super) traces: bool,
}

/// Where a server's era is remembered.
pub(super) type Remember = Option<(super::era_cache::EraCache, String)>;

impl Host for RustHost {
    type Ticket = Waiting;

    fn reply(&mut self, ticket: Waiting, result: Result<Json, Error>) {
        ticket.answer(result);
    }

    fn progress(&mut self, to: ProgressSink, params: Json) {
        if let Ok(progress) = params.parse() {
            to.report(progress);
        }
    }

    fn input(&mut self, request: InputRequest) {
        let Some(shared) = self.shared.upgrade() else { return };
        let id = request.id;
        let server = shared.ask(|session| session.info().cloned()).map(ServerIdentity::from);
        let context = InputContext { server, in_answer: request.round };
        let Some(handler) = self.handlers.find(request.kind, &request.params) else {
            let detail = format!("no handler for {} was registered", request.kind.method());
            shared.command(|session, now| session.answer(id, Err(detail), now));
            return;
        };
        let work = handler.run(context, &request.params);
        let mut duty = Duty { shared: self.shared.clone(), id: Some(id) };
        let task = spawn(async move {
            let answer = work.await;
            duty.done(answer);
        });
        self.running.retain(|_, task| !task.is_finished());
        self.running.insert(id, task);
    }

    fn input_cancelled(&mut self, id: InputId, _why: InputEnd) {
        // Dropping the task drops the handler's future.
        self.running.remove(&id);
    }

    fn event(&mut self, event: Event) {
        self.events.send(&event);
    }

    fn verdict(&mut self, verdict: Verdict) {
        if let Some((cache, key)) = &self.remember {
            cache.store(key, verdict);
        }
    }

    fn traces(&self) -> bool {
        self.traces
    }
}

/// The duty to answer one request for input: a handler that panics has not answered, and somebody waits.
struct Duty {
    shared: Weak<Shared<Waiting>>,
    /// `None` once it is done.
    id: Option<InputId>,
}

impl Duty {
    fn done(&mut self, answer: Result<Json, String>) {
        if let (Some(id), Some(shared)) = (self.id.take(), self.shared.upgrade()) {
            shared.command(|session, now| session.answer(id, answer, now));
        }
    }
}

impl Drop for Duty {
    /// Where the session dropped the handler it has forgotten the request, and this answers nobody.
    fn drop(&mut self) {
        self.done(Err("the handler ended without an answer".into()));
    }
}

impl Drop for RustHost {
    fn drop(&mut self) {
        self.events.end();
    }
}
