//! One connection: reads messages, runs their handlers side by side, sends what they have to say.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::Inner;
use super::answer::{Failure, Reply, answer, rpc_error};
use super::dispatch::{Asked, Started, start};
use super::keep_alive::{Beat, KeepAlive};
use super::meta::MetaReader;
use super::request::{Request, Running};
use super::shared::Shared;
use super::subscriptions::subscription_meta;
use crate::frame::{Close, Inbound, Liveness, Outbound, Profile, RequestId};
use crate::json::{Json, Malformed, MessageId, Object, Text};
use crate::platform::{self, BoxFuture, BoxSink, BoxStream};
use crate::proto::{code, method};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Messages taken in one go before the connection lets others run.
const BURST: usize = 128;
/// Answers that may wait for the peer before no more is read from it.
const BACKLOG: usize = 512;
/// Handlers that wait for their client, in multiples of those that may be at work.
const MAX_ASKING: usize = 4;
/// How long an orderly close may take.
const CLOSING: Duration = Duration::from_secs(5);

/// Serves one link until it ends.
pub(super) struct Connection {
    server: Arc<Inner>,
    shared: Arc<Shared>,
    tx: BoxSink<Outbound, TransportError>,
    rx: BoxStream<Result<Inbound, TransportError>>,
    shutdown: BoxFuture<'static, ()>,
    reader: MetaReader,
    running: FuturesUnordered<Running>,
    /// The requests of `running`, for cancellation.
    requests: HashMap<RequestId, Arc<Request>>,
    /// Read beyond the limit, so that answers and cancellations behind them are seen.
    parked: VecDeque<Asked>,
    number: u64,
    unflushed: bool,
    keep_alive: Option<KeepAlive>,
    phase: Phase,
}

enum Phase {
    Open,
    /// What runs is finished, nothing new begins.
    Draining,
    /// The close is on its way.
    Closing {
        timer: BoxFuture<'static, ()>,
        result: Result<(), TransportError>,
    },
    Over,
}

impl Connection {
    pub(super) fn new(server: Arc<Inner>, shared: Arc<Shared>, link: Link, shutdown: BoxFuture<'static, ()>) -> Self {
        let pings = matches!(link.profile, Profile::SharedChannel { liveness: Liveness::Ping, .. });
        let keep_alive = server.limits.keep_alive.filter(|_| pings);
        Self {
            keep_alive: keep_alive.map(KeepAlive::new),
            server,
            shared,
            tx: link.tx,
            rx: link.rx,
            shutdown,
            reader: MetaReader::default(),
            running: FuturesUnordered::new(),
            requests: HashMap::new(),
            parked: VecDeque::new(),
            number: 0,
            unflushed: false,
            phase: Phase::Open,
        }
    }

    /// Handlers at work. Those that wait for the client's answer are not, or the answer might never be read.
    fn in_flight(&self) -> usize {
        if self.shared.asking.load(Ordering::Acquire) == 0 {
            return self.running.len();
        }
        let asking = self.requests.values().filter(|request| request.is_asking()).count();
        self.running.len().saturating_sub(asking)
    }

    /// What waits for an answer of the client is bounded too, or its answers could not be told from a flood.
    fn has_slot(&self) -> bool {
        let limit = self.server.limits.in_flight;
        self.in_flight() < limit && self.running.len() < limit.saturating_mul(MAX_ASKING)
    }

    fn may_read(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Draining => !self.is_full() && self.shared.backlog() < BACKLOG,
            Phase::Closing { .. } | Phase::Over => false,
        }
    }

    fn is_full(&self) -> bool {
        self.parked.len() >= self.server.limits.in_flight
    }

    fn begin(&mut self, asked: Asked, cx: &mut Context<'_>) {
        if matches!(self.phase, Phase::Draining) {
            let text = "the server is shutting down; connect again";
            return self.shared.answer(None, Failure::internal(text).text(Some(&asked.id)));
        }
        self.number += 1;
        match start(&self.server, &self.shared, &mut self.reader, self.number, &asked) {
            Started::Answered(text) => self.shared.answer(None, text),
            Started::Open => {}
            Started::Running(mut running) => match running.step(cx) {
                Poll::Ready(text) => self.finished(&running.request, text),
                Poll::Pending => {
                    self.requests.insert(asked.id, running.request.clone());
                    self.running.push(running);
                }
            },
        }
    }

    fn finished(&self, request: &Request, text: Option<Text>) {
        match text {
            Some(text) => self.shared.answer(Some(request.number), text),
            None => self.shared.forget_request(request.number),
        }
    }

    fn receive(&mut self, text: &Text, cx: &mut Context<'_>) {
        let message = match text.read() {
            Ok(message) => message,
            Err(malformed) => {
                let code = match malformed {
                    Malformed::NotJson => code::PARSE_ERROR,
                    Malformed::Batch | Malformed::NotMessage => code::INVALID_REQUEST,
                };
                return self.shared.answer(None, Failure::new(code, malformed.text()).text(None));
            }
        };
        match (message.method, message.id) {
            (Some(method), MessageId::Id(id)) => {
                if self.is_known(&id) {
                    let failure = Failure::request("a request with this id is under way already");
                    return self.shared.answer(None, failure.text(Some(&id)));
                }
                let asked = Asked { id, method, params: message.params };
                if self.parked.is_empty() && self.has_slot() {
                    self.begin(asked, cx);
                } else {
                    self.parked.push_back(asked);
                }
            }
            (Some(_), MessageId::Alien) => {
                let failure = Failure::request("the id of a request must be a string or an integer below 2^53");
                self.shared.answer(None, failure.text(None));
            }
            (Some(method), MessageId::Absent) => self.notified(&method, message.params.as_ref()),
            (None, MessageId::Id(id)) => {
                let answer = match (message.result, message.error) {
                    (Some(result), _) => Ok(result),
                    (None, error) => Err(rpc_error(error.as_ref())),
                };
                self.shared.answered(&id, answer);
            }
            // An answer to nothing that we asked.
            (None, MessageId::Alien | MessageId::Absent) => {}
        }
    }

    /// The client must not use an id again before its answer (basic/index, requests).
    fn is_known(&self, id: &RequestId) -> bool {
        (!self.requests.is_empty() && self.requests.contains_key(id))
            || self.parked.iter().any(|asked| asked.id == *id)
            || self.shared.is_listening(id)
    }

    fn notified(&mut self, method: &str, params: Option<&Json>) {
        if method != method::CANCELLED {
            return;
        }
        let Some(id) = params.and_then(|params| params.get_id("requestId")) else { return };
        if let Some(request) = self.requests.get(&id) {
            request.cancel();
            return;
        }
        self.parked.retain(|asked| asked.id != id);
        self.shared.state.lock().listens.retain(|listen| listen.id != id);
        self.shared.forget_listen(&id);
    }

    /// Ends the subscriptions: with a result each, and with the notice that the cancellation chapter wants.
    fn end_listens(&mut self) {
        let listens = std::mem::take(&mut self.shared.state.lock().listens);
        for listen in listens {
            self.shared.forget_listen(&listen.id);
            let meta = subscription_meta(&listen.id);
            let reply = Reply::with_meta(Object::new().json("_meta", &meta).build());
            self.shared.answer(None, answer(&self.server, &listen.id, true, &Ok(reply)));
            self.shared.answer(None, listen.cancelled());
        }
    }

    fn drain(&mut self) {
        self.phase = Phase::Draining;
        self.end_listens();
        let text = "the server is shutting down; connect again";
        for asked in std::mem::take(&mut self.parked) {
            self.shared.answer(None, Failure::internal(text).text(Some(&asked.id)));
        }
    }

    fn close(&mut self, close: Option<Close>, result: Result<(), TransportError>) {
        self.running.clear();
        self.requests.clear();
        self.parked.clear();
        self.shared.end();
        if let Some(close) = close {
            // A link that takes no more is dropped when the time is over.
            let mut cx = Context::from_waker(std::task::Waker::noop());
            if let Poll::Ready(Ok(())) = self.tx.as_mut().poll_ready(&mut cx) {
                let _ = self.tx.as_mut().start_send(Outbound::Close(close));
            }
        }
        self.phase = Phase::Closing { timer: platform::sleep(CLOSING), result };
    }

    fn poll_keep_alive(&mut self, cx: &mut Context<'_>) -> bool {
        // While we do not read we do not hear.
        let paused = self.is_full();
        let Some(keep) = &mut self.keep_alive else { return true };
        while let Poll::Ready(beat) = keep.poll_beat(paused, cx) {
            match beat {
                Beat::Alive => {}
                Beat::Dead => return false,
                // A link that takes nothing is not answered either: it counts as missed.
                Beat::Ask => {
                    if let Poll::Ready(Ok(())) = self.tx.as_mut().poll_ready(cx) {
                        self.unflushed |= self.tx.as_mut().start_send(Outbound::Ping).is_ok();
                    }
                }
            }
        }
        true
    }

    /// Sends what waits, flushing once. `Err`: the link is broken.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), TransportError> {
        loop {
            match self.tx.as_mut().poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(()),
            }
            let Some(text) = self.shared.next() else { break };
            self.tx.as_mut().start_send(Outbound::Message(text))?;
            self.unflushed = true;
        }
        if self.unflushed {
            match self.tx.as_mut().poll_flush(cx) {
                Poll::Ready(flushed) => {
                    flushed?;
                    self.unflushed = false;
                }
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) {
        loop {
            while let Poll::Ready(Some((request, text))) = self.running.poll_next_unpin(cx) {
                self.requests.remove(&request.id);
                self.finished(&request, text);
            }
            let running = self.running.len();
            while self.has_slot()
                && let Some(asked) = self.parked.pop_front()
            {
                self.begin(asked, cx);
            }
            // What began and did not finish has to be polled once where its waker can find it.
            if self.running.len() == running {
                return;
            }
        }
    }

    /// `true` where reading stopped for another reason than that there is nothing to read now.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..BURST {
            if !self.may_read() {
                return true;
            }
            match self.rx.as_mut().poll_next(cx) {
                Poll::Pending => return false,
                Poll::Ready(Some(Ok(inbound))) => {
                    if let Some(keep) = &mut self.keep_alive {
                        keep.heard();
                    }
                    if let Inbound::Message(text) = inbound {
                        self.receive(&text, cx);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // The link has told its peer what it did wrong, as far as the carrier can.
                    let goodbye = matches!(error.kind(), TransportErrorKind::Closed { code: 1000 | 1001 | 1005 });
                    self.close(None, if goodbye { Ok(()) } else { Err(error) });
                    return false;
                }
                Poll::Ready(None) => {
                    self.close(None, Ok(()));
                    return false;
                }
            }
        }
        true
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) {
        if matches!(self.phase, Phase::Open) && self.shutdown.as_mut().poll(cx).is_ready() {
            self.drain();
        }
        if !self.poll_keep_alive(cx) {
            let text = "the client did not answer two pings";
            return self.close(None, Err(TransportError::new(TransportErrorKind::Dead, text)));
        }
        let more = self.poll_read(cx);
        self.poll_running(cx);
        if matches!(self.phase, Phase::Closing { .. } | Phase::Over) {
            return;
        }
        if let Err(error) = self.poll_send(cx) {
            return self.close(None, Err(error));
        }
        if more && self.may_read() {
            cx.waker().wake_by_ref();
        }
        let drained = matches!(self.phase, Phase::Draining) && self.running.is_empty();
        if drained && !self.unflushed && self.shared.is_drained() {
            self.close(Some(Close::new(1001, "the server is shutting down")), Ok(()));
        }
    }

    /// Lets the close go out and the peer answer it, for a while.
    fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Phase::Closing { timer, result } = &mut self.phase else { return Poll::Ready(Ok(())) };
        if self.tx.as_mut().poll_close(cx).is_pending() && timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let result = std::mem::replace(result, Ok(()));
        self.phase = Phase::Over;
        Poll::Ready(result)
    }
}

impl Future for Connection {
    type Output = Result<(), TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.shared.register(cx);
        if matches!(this.phase, Phase::Open | Phase::Draining) {
            this.poll_open(cx);
        }
        match this.phase {
            Phase::Open | Phase::Draining => Poll::Pending,
            Phase::Closing { .. } => this.poll_closing(cx),
            Phase::Over => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.end();
    }
}
