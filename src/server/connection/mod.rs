//! One connection: reads messages, runs their handlers side by side, sends what they have to say.

mod ending;
mod intake;

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::frame::{Inbound, Liveness, Outbound, Profile, RequestId};
use crate::json::Text;
use crate::platform::{BoxFuture, BoxSink, BoxStream};
use crate::server::Inner;
use crate::server::activity::Busy;
use crate::server::answer::Failure;
use crate::server::dispatch::{Asked, Started, start};
use crate::server::keep_alive::{Beat, KeepAlive};
use crate::server::meta::MetaReader;
use crate::server::request::{Request, Running};
use crate::server::shared::Shared;
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Messages taken in one go before the connection lets others run.
const BURST: usize = 128;
/// Answers that may wait for the peer before no more is read from it.
const BACKLOG: usize = 512;
/// Handlers that wait for their client, in multiples of those that may be at work.
const MAX_ASKING: usize = 4;

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
    /// Held while something is under way, where an idle connection is to be closed.
    busy: Option<Busy>,
    /// The client has ended its side and reads on; what runs has until then.
    ended: Option<BoxFuture<'static, ()>>,
    /// Whether the two directions end apart.
    halves: bool,
    /// What the client did wrong, where its side ended by that.
    broken: Option<TransportError>,
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
            busy: None,
            ended: None,
            broken: None,
            halves: matches!(link.profile, Profile::SharedChannel { liveness: Liveness::Channel, .. }),
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
            Phase::Open | Phase::Draining => self.ended.is_none() && !self.is_full() && self.shared.backlog() < BACKLOG,
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
                Poll::Ready(Some(Err(error))) if self.halves && is_clients_fault(&error) => {
                    self.input_broke(error, cx);
                    return false;
                }
                Poll::Ready(Some(Err(error))) => {
                    // The link has told its peer what it did wrong, as far as the carrier can.
                    let goodbye = matches!(error.kind(), TransportErrorKind::Closed { code: 1000 | 1001 | 1005 });
                    self.close(None, if goodbye { Ok(()) } else { Err(error) });
                    return false;
                }
                Poll::Ready(None) => {
                    self.input_ended(cx);
                    return false;
                }
            }
        }
        true
    }

    /// Says whether something is under way, where an idle connection is to be closed.
    fn tell_busy(&mut self) {
        if self.shared.peer.activity.is_none() {
            return;
        }
        let busy = !self.running.is_empty() || !self.parked.is_empty() || self.shared.is_subscribed();
        if busy != self.busy.is_some() {
            self.busy = busy.then(|| self.shared.peer.busy());
        }
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
        self.poll_end(cx);
        self.tell_busy();
    }
}

/// Whether the client can still be told what it did wrong.
fn is_clients_fault(error: &TransportError) -> bool {
    matches!(error.kind(), TransportErrorKind::Protocol | TransportErrorKind::TooLarge { .. })
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
