//! The server's requests for input: elicitation, sampling, roots, in both forms, under one set of permits.

use std::collections::VecDeque;
use std::time::Duration;

use super::call::Waiter;
use super::{CallId, InputEnd, InputKind, InputPolicy, InputRequest, Key, Output, Overflow, Session, Table, Ticket};
use crate::frame::RequestId;
use crate::json::{Json, Object, error_text, result_text};

/// Names a request for input on this client, whichever form it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InputId(pub(crate) u64);

impl Key for InputId {
    fn number(self) -> u64 {
        self.0
    }

    fn of(number: u64) -> Self {
        Self(number)
    }
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// A request of the server's own (legacy).
    Push(RequestId),
    /// An entry of a call's `input_required` (modern), or of its URL-elicitation error (legacy).
    Round { call: CallId, key: String },
}

struct Input {
    source: Source,
    kind: InputKind,
    params: Json,
    /// When its handler has taken too long; `None` while it waits for a permit.
    until: Option<Duration>,
}

pub(super) struct Inputs {
    policy: InputPolicy,
    next: u64,
    table: Table<InputId, Input>,
    waiting: VecDeque<InputId>,
    running: usize,
    /// Since when a pushed request holds the callers' clocks.
    paused_since: Option<Duration>,
}

impl Inputs {
    pub(super) fn new(policy: InputPolicy) -> Self {
        // Without any permit nobody would ever be asked, and nobody answered.
        let policy = InputPolicy { max_concurrent: policy.max_concurrent.max(1), ..policy };
        Self { policy, next: 1, table: Table::new(), waiting: VecDeque::new(), running: 0, paused_since: None }
    }

    pub(super) fn paused(&self) -> bool {
        self.paused_since.is_some()
    }

    pub(super) fn next_timeout(&self) -> Option<Duration> {
        self.table.values().filter_map(|input| input.until).min()
    }

    /// Forgets everything; gives back the inputs whose handlers run.
    pub(super) fn clear(&mut self) -> Vec<InputId> {
        self.waiting.clear();
        self.running = 0;
        self.paused_since = None;
        self.table.take().filter(|(_, input)| input.until.is_some()).map(|(id, _)| id).collect()
    }

    fn remove(&mut self, id: InputId) -> Option<Input> {
        let input = self.table.remove(id)?;
        if input.until.is_some() {
            self.running -= 1;
        } else {
            self.waiting.retain(|waiting| *waiting != id);
        }
        Some(input)
    }

    fn ids(&self, keep: impl Fn(&Source) -> bool) -> Vec<InputId> {
        self.table.iter().filter(|(_, input)| keep(&input.source)).map(|(id, _)| id).collect()
    }
}

impl<T: Ticket> Session<T> {
    /// Answers a request for input: the result object, or why none can be given.
    pub(crate) fn answer(&mut self, id: InputId, answer: Result<Json, String>, now: Duration) {
        if let Some(input) = self.inputs.remove(id) {
            self.deliver(input.source, answer, now);
            self.after_input(now);
        }
    }

    /// Takes up a request for input.
    pub(super) fn ask(&mut self, source: Source, kind: InputKind, params: Json, now: Duration) {
        let policy = self.inputs.policy;
        let again = |input: &Input| matches!(&source, Source::Push(_)) && input.source == source;
        if self.inputs.table.values().any(again) {
            // One answer serves both, and which of them it would answer nobody could tell.
            self.metrics.malformed += 1;
            return self.warn("the server used the id of a request for input again while that is open");
        }
        let full = self.inputs.running >= policy.max_concurrent;
        if full && (policy.overflow == Overflow::Decline || self.inputs.waiting.len() >= policy.max_queued) {
            self.deliver(source, refusal(kind, "decline", "too many requests for input at once"), now);
            return;
        }
        if matches!(source, Source::Push(_)) && self.inputs.paused_since.is_none() {
            self.inputs.paused_since = Some(now);
        }
        let id = InputId(self.inputs.next);
        self.inputs.next += 1;
        self.inputs.table.insert(id, Input { source, kind, params, until: None });
        self.inputs.waiting.push_back(id);
        self.grant(now);
    }

    /// Starts as many waiting handlers as there are permits.
    fn grant(&mut self, now: Duration) {
        while self.inputs.running < self.inputs.policy.max_concurrent {
            let Some(id) = self.inputs.waiting.pop_front() else { return };
            let timeout = self.inputs.policy.timeout;
            let Some(input) = self.inputs.table.get_mut(id) else { continue };
            input.until = Some(now.saturating_add(timeout));
            self.inputs.running += 1;
            let round = matches!(input.source, Source::Round { .. });
            let request = InputRequest { id, kind: input.kind, params: input.params.clone(), round };
            self.metrics.inputs += 1;
            self.outputs.push_back(Output::Input(request));
        }
    }

    fn after_input(&mut self, now: Duration) {
        self.grant(now);
        let pushes = self.inputs.table.values().any(|input| matches!(input.source, Source::Push(_)));
        if let (false, Some(since)) = (pushes, self.inputs.paused_since) {
            self.inputs.paused_since = None;
            let mut next: Option<Duration> = None;
            for call in self.calls.values_mut().filter(|call| matches!(call.waiter, Waiter::Caller(_))) {
                call.shift(now.saturating_sub(since.max(call.started)));
                next = next.into_iter().chain(call.wake_at()).min();
            }
            self.watch(next);
        }
    }

    fn deliver(&mut self, source: Source, answer: Result<Json, String>, now: Duration) {
        match source {
            Source::Push(id) => {
                let text = match answer {
                    Ok(result) => result_text(&id, &result),
                    // -1: the user or the program refused (2025-11-25 client/sampling, "Error Handling").
                    Err(detail) => {
                        error_text(Some(&id), &Object::new().num("code", -1.0).str("message", &detail).build())
                    }
                };
                self.send(text);
            }
            Source::Round { call, key } => self.round_answer(call, &key, answer, now),
        }
    }

    /// The server withdrew a pushed request: no answer is sent.
    pub(super) fn withdraw(&mut self, request: &RequestId, now: Duration) {
        self.end_inputs(self.inputs.ids(|source| matches!(source, Source::Push(id) if id == request)));
        self.after_input(now);
    }

    /// Nobody waits for a call's inputs any more.
    pub(super) fn drop_inputs_of(&mut self, call: CallId, now: Duration) {
        if !self.inputs.table.is_empty() {
            self.end_inputs(self.inputs.ids(|source| matches!(source, Source::Round { call: of, .. } if *of == call)));
            self.grant(now);
        }
    }

    /// The session that pushed them is gone.
    pub(super) fn drop_pushed_inputs(&mut self, now: Duration) {
        self.end_inputs(self.inputs.ids(|source| matches!(source, Source::Push(_))));
        self.after_input(now);
    }

    fn end_inputs(&mut self, ids: Vec<InputId>) {
        for id in ids {
            if self.inputs.remove(id).is_some_and(|input| input.until.is_some()) {
                self.outputs.push_back(Output::InputCancelled(id, InputEnd::Cancelled));
            }
        }
    }

    /// Handlers that took too long: one outcome, the server is told, the program too.
    pub(super) fn expire_inputs(&mut self, now: Duration) {
        let late = |input: &Input| input.until.is_some_and(|until| until <= now);
        let ids: Vec<_> = self.inputs.table.iter().filter(|(_, input)| late(input)).map(|(id, _)| id).collect();
        for id in ids {
            let Some(input) = self.inputs.remove(id) else { continue };
            self.outputs.push_back(Output::InputCancelled(id, InputEnd::Timeout));
            self.event(super::Event::InputTimedOut);
            self.deliver(input.source, refusal(input.kind, "cancel", "no answer in time"), now);
            self.after_input(now);
        }
    }
}

/// Elicitation has words for a refusal; the others answer with an error.
fn refusal(kind: InputKind, action: &str, detail: &str) -> Result<Json, String> {
    match kind {
        InputKind::Elicit => Ok(Object::new().str("action", action).build()),
        InputKind::Sample | InputKind::Roots => Err(detail.to_owned()),
    }
}
