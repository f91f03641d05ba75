//! Streams of a session that outlive their connection (2025-11-25 basic/transports, resumability and redelivery).
//!
//! A call goes on when its connection breaks: losing a connection does not cancel it. So each stream has a holder, which
//! is the answer that carries it, or a task when no answer does; only the holder may take from it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::body::Source;
use super::event::{self, EventId};
use super::exchange::{Exchange, Said};
use super::reply::{self, Reply};
use super::session::{Session, Visit};
use crate::frame::RequestId;
use crate::json::Text;
use crate::platform::{self, Lock, Task};

pub(super) struct Stream {
    pub(super) number: u64,
    /// The call's id; the session's own stream has none.
    pub(super) request: Option<RequestId>,
    core: Lock<Core>,
}

struct Core {
    work: Work,
    /// The number of the last event.
    last: u64,
    /// Counts the holders.
    holder: u64,
    /// Carries the stream on while no answer does.
    task: Option<Task>,
    finished: bool,
}

enum Work {
    Call(Exchange),
    /// What concerns no call.
    Own,
}

/// What a stream came to next.
enum Step {
    Event(EventId, Text),
    /// The answer, and nothing was said before it.
    Answer(Text),
    /// The client is to come back for the rest after so long.
    HangUp(EventId, Duration),
    End,
}

impl Stream {
    fn new(number: u64, request: Option<RequestId>, work: Work) -> Self {
        Self { number, request, core: Lock::new(Core { work, last: 0, holder: 0, task: None, finished: false }) }
    }

    /// The session's own, for what concerns no call.
    pub(super) fn own() -> Self {
        Self::new(0, None, Work::Own)
    }

    pub(super) fn call(number: u64, request: RequestId, exchange: Exchange) -> Self {
        Self::new(number, Some(request), Work::Call(exchange))
    }

    /// Carries the stream on without an answer: what is said is kept for later.
    fn poll_alone(&self, holder: u64, session: &Session, cx: &mut Context<'_>) -> Poll<()> {
        let mut core = self.core.lock();
        while core.holder == holder && !core.finished {
            let Work::Call(exchange) = &mut core.work else { return Poll::Ready(()) };
            let Poll::Ready(said) = exchange.poll(cx) else {
                // There is no connection to close.
                exchange.take_hang_up();
                return Poll::Pending;
            };
            match said {
                Said::Message(text) => _ = core.keep(self.number, session, &text),
                Said::Answer(text, _) => {
                    core.keep(self.number, session, &text);
                    core.finish(self, session);
                }
                Said::End => core.finish(self, session),
            }
        }
        Poll::Ready(())
    }
}

impl Core {
    fn next(&mut self, stream: u64) -> EventId {
        self.last += 1;
        EventId { stream, number: self.last }
    }

    fn keep(&mut self, stream: u64, session: &Session, text: &Text) -> EventId {
        let id = self.next(stream);
        session.keep(id, text);
        id
    }

    fn finish(&mut self, stream: &Stream, session: &Session) {
        self.finished = true;
        if matches!(self.work, Work::Call(_)) {
            session.finished(stream);
        }
    }
}

/// An answer that carries a stream.
pub(super) struct Carrier {
    visit: Visit,
    stream: Arc<Stream>,
    holder: u64,
    /// The number of the last event that was sent here.
    sent: u64,
    /// Whether this is a stream for the client too, and not yet a single answer.
    streaming: bool,
    first: Option<Bytes>,
    over: bool,
}

impl Carrier {
    /// Takes the stream over from whoever holds it. What came after `since` is sent again; without, only what is new.
    pub(super) fn new(visit: Visit, stream: Arc<Stream>, since: Option<u64>) -> Self {
        let mut core = stream.core.lock();
        core.holder += 1;
        core.task = None;
        let holder = core.holder;
        let sent = since.map_or(core.last, |since| since.min(core.last));
        // The one before has to see that it is not the holder any more.
        match &core.work {
            Work::Call(exchange) => exchange.shared.wake(),
            Work::Own => visit.session().shared.wake(),
        }
        drop(core);
        Self { visit, stream, holder, sent, streaming: false, first: None, over: false }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let (session, number) = (self.visit.session(), self.stream.number);
        let mut core = self.stream.core.lock();
        if core.holder != self.holder {
            return Poll::Ready(Step::End);
        }
        if self.sent < core.last {
            if let Some((id, text)) = session.after(EventId { stream: number, number: self.sent }) {
                self.sent = id.number;
                return Poll::Ready(Step::Event(id, text));
            }
            self.sent = core.last;
        }
        if core.finished {
            return Poll::Ready(Step::End);
        }
        let (said, hang_up) = match &mut core.work {
            // Before the handler goes on: it may come to its end.
            Work::Call(exchange) => match exchange.take_hang_up() {
                Some(after) => (Poll::Pending, Some(after)),
                None => (exchange.poll(cx), None),
            },
            Work::Own => (session.poll_own(cx), None),
        };
        let step = match said {
            Poll::Ready(Said::Message(text)) => Step::Event(core.keep(number, session, &text), text),
            Poll::Ready(Said::Answer(text, _)) if !self.streaming => {
                core.finish(&self.stream, session);
                Step::Answer(text)
            }
            Poll::Ready(Said::Answer(text, _)) => {
                let id = core.keep(number, session, &text);
                core.finish(&self.stream, session);
                Step::Event(id, text)
            }
            Poll::Ready(Said::End) => {
                // A session's own stream may be taken up again as long as the session lives.
                core.finish(&self.stream, session);
                Step::End
            }
            // Wanted meanwhile, it wakes this task once more.
            Poll::Pending => match hang_up {
                Some(after) => Step::HangUp(core.next(number), after),
                None => return Poll::Pending,
            },
        };
        self.sent = core.last;
        Poll::Ready(step)
    }

    fn event(&mut self, step: Step) -> Option<Bytes> {
        match step {
            Step::Event(id, text) => Some(event::message(Some(id), &text)),
            Step::Answer(text) => Some(event::message(None, &text)),
            Step::HangUp(id, after) => {
                self.over = true;
                Some(event::retry(id, after))
            }
            Step::End => {
                self.over = true;
                None
            }
        }
    }

    /// The answer to a call: JSON where the answer is the first thing said, a stream of events otherwise, at the latest
    /// when `keep_alive` is over.
    pub(super) async fn reply(mut self, keep_alive: Option<Duration>) -> Reply {
        let mut patience = None;
        let first = poll_fn(|cx| {
            if let Poll::Ready(step) = self.poll_step(cx) {
                return Poll::Ready(Some(step));
            }
            let Some(after) = keep_alive else { return Poll::Pending };
            let patience = patience.get_or_insert_with(|| platform::sleep(after));
            patience.as_mut().poll(cx).map(|()| None)
        });
        match first.await {
            Some(Step::Answer(text)) => reply::json(StatusCode::OK, text),
            Some(step) => {
                let primed = if matches!(step, Step::End) { None } else { self.prime() };
                let first = self.event(step);
                self.first = match (primed, first) {
                    (Some(primed), Some(first)) => Some(Bytes::from([primed, first].concat())),
                    (primed, first) => primed.or(first),
                };
                self.into_reply(keep_alive)
            }
            None => {
                self.first = self.prime().or(Some(Bytes::from_static(event::COMMENT)));
                self.into_reply(keep_alive)
            }
        }
    }

    /// An event without data, so that the client can come back from the very beginning.
    fn prime(&mut self) -> Option<Bytes> {
        // Before every event that is sent here; the numbers of a stream begin with 1.
        self.visit.session().primes.then(|| event::prime(EventId { stream: self.stream.number, number: 0 }))
    }

    /// The stream as the answer to a GET. A client that comes back has an id already; any other gets one.
    pub(super) fn listen(mut self, anew: bool, keep_alive: Option<Duration>) -> Reply {
        if anew && self.visit.session().primes {
            let id = self.stream.core.lock().next(self.stream.number);
            self.sent = id.number;
            self.first = Some(event::prime(id));
        }
        self.into_reply(keep_alive)
    }

    fn into_reply(mut self, keep_alive: Option<Duration>) -> Reply {
        self.streaming = true;
        reply::events(Box::new(self), keep_alive)
    }
}

impl Source for Carrier {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let step = ready!(self.poll_step(cx));
        Poll::Ready(self.event(step))
    }
}

impl Drop for Carrier {
    /// The connection is gone, or was closed on purpose: the call goes on by itself.
    fn drop(&mut self) {
        let mut core = self.stream.core.lock();
        let goes_on = core.holder == self.holder && !core.finished && matches!(core.work, Work::Call(_));
        // Outside of a runtime nothing goes on.
        if !goes_on || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        core.holder += 1;
        let (holder, stream, session) = (core.holder, self.stream.clone(), self.visit.session().clone());
        core.task = Some(platform::spawn(async move {
            poll_fn(|cx| stream.poll_alone(holder, &session, cx)).await;
        }));
    }
}

/// The rest of a stream that is over.
pub(super) struct Rest {
    pub(super) visit: Visit,
    pub(super) since: EventId,
}

impl Source for Rest {
    fn poll_event(&mut self, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some((id, text)) = self.visit.session().after(self.since) else { return Poll::Ready(None) };
        self.since = id;
        Poll::Ready(Some(event::message(Some(id), &text)))
    }
}
