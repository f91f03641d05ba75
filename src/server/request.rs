//! One request while its handler runs.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_util::task::AtomicWaker;

use super::Inner;
use super::answer::{Failure, Outcome, answer, ask_first};
use super::meta::ClientFacts;
use super::seal::{Binding, Progress};
use super::shared::Shared;
use crate::frame::RequestId;
use crate::json::{Json, Object, Text};
use crate::platform::{BoxFuture, Lock};
use crate::proto::{InputRequest, LogLevel};

/// A request as its context sees it.
pub(super) struct Request {
    pub(super) server: Arc<Inner>,
    pub(super) shared: Arc<Shared>,
    /// Counts the connection's requests; ids may come again.
    pub(super) number: u64,
    pub(super) id: RequestId,
    pub(super) method: &'static str,
    pub(super) params: Json,
    pub(super) client: Arc<ClientFacts>,
    pub(super) progress_token: Option<RequestId>,
    /// The level that a modern request asked for.
    pub(super) level: Option<LogLevel>,
    pub(super) rounds: Lock<Rounds>,
    /// The last progress told, if any: it only grows.
    pub(super) told: Lock<Option<f64>>,
    pub(super) life: Life,
}

/// Whether a request goes on, and who wants to know.
#[derive(Default)]
pub(super) struct Life {
    over: AtomicBool,
    cancelled: AtomicBool,
    asking: AtomicUsize,
    task: AtomicWaker,
    watchers: Lock<Vec<Waker>>,
}

/// While it lives, its request waits for the client.
pub(super) struct Asking<'a>(&'a Request);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.life.asking.fetch_sub(1, Ordering::AcqRel);
        self.0.shared.asking.fetch_sub(1, Ordering::AcqRel);
        self.0.shared.wake();
    }
}

/// An interactive request's earlier rounds, and what this one asks (basic/patterns/mrtr).
#[derive(Default)]
pub(super) struct Rounds {
    pub(super) progress: Progress,
    /// The answers that this run has come to; what else the client sent along is not carried on.
    pub(super) used: BTreeSet<String>,
    pub(super) asks: BTreeMap<String, InputRequest>,
    /// Work that must not be thrown away before it is sealed.
    pub(super) running_once: usize,
}

impl Request {
    pub(super) fn is_cancelled(&self) -> bool {
        self.life.cancelled.load(Ordering::Acquire)
    }

    /// Marks the request as waiting for the client: its handler is not at work meanwhile.
    pub(super) fn asks(&self) -> Asking<'_> {
        self.life.asking.fetch_add(1, Ordering::AcqRel);
        self.shared.asking.fetch_add(1, Ordering::AcqRel);
        Asking(self)
    }

    pub(super) fn is_asking(&self) -> bool {
        self.life.asking.load(Ordering::Acquire) > 0
    }

    /// Whether it was answered, cancelled or lost its connection: nothing is sent for it any more.
    pub(super) fn is_over(&self) -> bool {
        self.life.over.load(Ordering::Acquire)
    }

    pub(super) fn cancel(&self) {
        self.life.cancelled.store(true, Ordering::Release);
        self.end();
        self.life.task.wake();
    }

    fn end(&self) {
        self.life.over.store(true, Ordering::Release);
        let watchers = std::mem::take(&mut *self.life.watchers.lock());
        watchers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        let mut watchers = self.life.watchers.lock();
        if self.is_over() {
            return Poll::Ready(());
        }
        if !watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
            watchers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Has the run looked at again: it asked for input.
    pub(super) fn wake(&self) {
        self.life.task.wake();
    }

    pub(super) fn binding(&self) -> Binding<'_> {
        Binding { principal: self.shared.principal.as_deref(), method: self.method, params: &self.params }
    }

    /// The answer that asks for input, where the run has come to a question that the client has not answered yet.
    fn question(&self) -> Option<Result<Text, Failure>> {
        if !self.client.modern {
            return None;
        }
        let rounds = self.rounds.lock();
        if rounds.asks.is_empty() || rounds.running_once > 0 {
            return None;
        }
        let mut progress = rounds.progress.clone();
        progress.answers.retain(|key, _| rounds.used.contains(key));
        let sealed = match &self.server.sealer {
            Some(sealer) => sealer.seal(progress, &self.binding()),
            None => Err(super::seal::SealError::NoRandomness),
        };
        let asked = sealed.map_err(|error| Failure::internal(error.text())).and_then(|state| {
            let requests = Json::encode(&rounds.asks)?;
            Ok(Object::new().json("inputRequests", &requests).str("requestState", &state).build())
        });
        Some(asked.map(|body| ask_first(&self.server, &self.id, &body)))
    }
}

/// A handler's run. Ends with the answer, or without one where the request was cancelled.
pub(super) struct Running {
    pub(super) request: Arc<Request>,
    pub(super) work: BoxFuture<'static, Outcome>,
    /// The code of the error that it ended with, if it did: carriers with a status of their own want it.
    pub(super) error: Option<i64>,
}

impl Running {
    /// Runs the handler until it waits for something. No waker is registered: see [`Future::poll`].
    pub(super) fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Text>> {
        let request = &self.request;
        let ended = match catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => match request.question() {
                // The run ends here; the retry begins at the top and finds the answers.
                Some(asked) => asked,
                None => return Poll::Pending,
            },
            Ok(Poll::Ready(Err(failure))) => Err(failure),
            Ok(Poll::Ready(reply)) => Ok(answer(&request.server, &request.id, request.client.modern, &reply)),
            Err(_) => Err(Failure::internal("the handler of this request panicked; the server goes on")),
        };
        request.end();
        Poll::Ready(Some(ended.unwrap_or_else(|failure| {
            self.error = Some(failure.0.code);
            failure.text(Some(&request.id))
        })))
    }
}

impl Future for Running {
    type Output = (Arc<Request>, Option<Text>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.request.life.task.register(cx.waker());
        if self.request.is_cancelled() {
            return Poll::Ready((self.request.clone(), None));
        }
        match self.step(cx) {
            Poll::Ready(text) => Poll::Ready((self.request.clone(), text)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Running {
    /// The connection ended, or the request did.
    fn drop(&mut self) {
        if !self.request.is_over() {
            self.request.life.cancelled.store(true, Ordering::Release);
            self.request.end();
        }
    }
}
