//! A link's two halves over one [`Core`].

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::Sink;

use super::Config;
use super::core::Core;
use super::fetch::Fetch;
use crate::frame::{Inbound, Outbound, Profile};
use crate::platform::{BoxFuture, Lock, now, sleep};
use crate::transport::{Link, TransportError};

/// Facts taken in one go before others have a turn.
const BATCH: usize = 64;

struct State<F> {
    core: Core<F>,
    /// What the session wants, until the link is flushed: the host's `fetch` may be the user's own, which may call the client,
    /// and whoever gives messages to the link holds the session.
    outbox: VecDeque<Outbound>,
    timer: Option<(Duration, BoxFuture<'static, ()>)>,
    token: Option<BoxFuture<'static, Result<String, TransportError>>>,
}

struct Half<F>(Arc<Lock<State<F>>>);

pub(super) fn link<F: Fetch>(fetch: F, config: Arc<Config>, token: Option<String>) -> Link {
    let core = Core::new(fetch, config, token);
    let state = Arc::new(Lock::new(State { core, outbox: VecDeque::new(), timer: None, token: None }));
    let (tx, rx) = (Box::pin(Half(state.clone())), Box::pin(Half(state)));
    Link { profile: Profile::PerRequest, transport: "http", tx, rx }
}

impl<F: Fetch> State<F> {
    /// Does everything that can be done now.
    fn pump(&mut self, cx: &mut Context<'_>) {
        // The host's clock is not free in a browser; a batch takes no time that counts.
        let now = now();
        for turn in 0.. {
            if self.core.broken.is_some() {
                return;
            }
            while let Some(out) = self.outbox.pop_front() {
                self.core.accept(out, now);
            }
            // The rest comes when somebody has read this.
            if self.core.inbound.len() >= BATCH || self.core.broken.is_some() {
                return;
            }
            self.tokens(cx, now);
            match self.core.fetch.poll(cx) {
                Poll::Ready((id, fact)) => self.core.take(id, fact, now),
                Poll::Pending if !self.due(cx, now) => return,
                Poll::Pending => self.core.timeout(now),
            }
            if turn >= BATCH {
                cx.waker().wake_by_ref();
                return;
            }
        }
    }

    /// Arms the one timer; `true` where its time has come.
    fn due(&mut self, cx: &mut Context<'_>, now: Duration) -> bool {
        let Some(at) = self.core.next_time() else {
            self.timer = None;
            return false;
        };
        if at <= now {
            return true;
        }
        if self.timer.as_ref().is_none_or(|(armed, _)| *armed > at || *armed <= now) {
            self.timer = Some((at, sleep(at.saturating_sub(now))));
        }
        let due = self.timer.as_mut().is_some_and(|(_, timer)| timer.as_mut().poll(cx).is_ready());
        if due {
            // A host's timers may be a little early: the next one is armed for the rest.
            self.timer = None;
        }
        due
    }

    /// Requests that were refused for their token wait for another: asked for once for all of them.
    fn tokens(&mut self, cx: &mut Context<'_>, now: Duration) {
        if self.core.wants_token() && self.token.is_none() {
            self.token = self.core.config.next_token();
        }
        if let Some(Poll::Ready(token)) = self.token.as_mut().map(|token| token.as_mut().poll(cx)) {
            self.token = None;
            self.core.token_given(token, now);
        }
    }
}

impl<F: Fetch> Sink<Outbound> for Half<F> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let state = self.0.lock();
        match &state.core.broken {
            // What waits here is bounded by what may wait in the session.
            None => Poll::Ready(Ok(())),
            // First whoever reads is told what became of each request.
            Some(_) if !state.core.inbound.is_empty() => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(error) => Poll::Ready(Err(error.clone())),
        }
    }

    fn start_send(self: Pin<&mut Self>, out: Outbound) -> Result<(), TransportError> {
        self.0.lock().outbox.push_back(out);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut state = self.0.lock();
        state.pump(cx);
        if !state.core.inbound.is_empty() || state.core.broken.is_some() {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    /// Completes once the server was told, or needed not be.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut state = self.0.lock();
        state.pump(cx);
        if state.core.farewell.is_none() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<F: Fetch> Stream for Half<F> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock();
        if state.core.inbound.is_empty() {
            state.pump(cx);
        }
        if let Some(inbound) = state.core.inbound.pop_front() {
            return Poll::Ready(Some(Ok(inbound)));
        }
        match state.core.broken.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None if state.core.closing && state.core.farewell.is_none() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
