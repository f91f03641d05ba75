//! The one place where session, transport and clock meet.
//!
//! [`Driver::pump`] polls connect, `rx` and `tx`, drains the session and arms one timer. Natively one task calls it; on
//! the web whoever causes an event does, inside that event.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::shared::Shared;
use crate::error::Error;
use crate::frame::{Inbound, Outbound};
use crate::json::Json;
use crate::platform::{BoxFuture, Lock, now, sleep};
use crate::session::{Event, InputEnd, InputId, InputRequest, Output, Session, Ticket, Verdict};
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// Who acts on a session's outputs: a Rust client, or JavaScript. Called with no lock held, so it may call the client.
pub(crate) trait Host: 'static {
    type Ticket: Ticket;

    fn reply(&mut self, ticket: Self::Ticket, result: Result<Json, Error>);
    fn progress(&mut self, to: <Self::Ticket as Ticket>::Progress, params: Json);
    fn input(&mut self, request: InputRequest);
    fn input_cancelled(&mut self, id: InputId, why: InputEnd);
    fn event(&mut self, event: Event);
    fn verdict(&mut self, verdict: Verdict);
    /// Whether every frame is wanted as an event.
    fn traces(&self) -> bool;
}

pub(crate) struct Driver<H: Host> {
    shared: Arc<Shared<H::Ticket>>,
    host: H,
    transport: Arc<Lock<Option<Box<dyn Transport>>>>,
    connecting: Option<BoxFuture<'static, Result<Link, TransportError>>>,
    link: Option<Link>,
    /// Something was sent that may not have left yet.
    unflushed: bool,
    /// The client is closed and its link is, too, by then.
    closing: Option<Duration>,
    close_sent: bool,
    /// The link broke while writing: a fact for the next turn.
    fault: Option<TransportError>,
    timer: Option<(Duration, BoxFuture<'static, ()>)>,
    inbound: Vec<Inbound>,
    outputs: Vec<Output<H::Ticket>>,
}

/// Messages taken from a link before answers are given and others have a turn.
const BATCH: usize = 64;
/// How many batches one pump takes before the task yields.
const TURNS: usize = 8;
/// How long an orderly close may take.
const CLOSING: Duration = Duration::from_secs(2);

/// The transport, out on loan to one attempt to connect; dropping the attempt brings it back.
struct Lease {
    home: Arc<Lock<Option<Box<dyn Transport>>>>,
    transport: Option<Box<dyn Transport>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.home.lock() = self.transport.take();
    }
}

/// What a turn left to do.
struct Turn {
    wake_at: Option<Duration>,
    closed: bool,
}

impl<H: Host> Driver<H> {
    pub(crate) fn new(shared: Arc<Shared<H::Ticket>>, host: H, transport: Box<dyn Transport>) -> Self {
        Self {
            shared,
            host,
            transport: Arc::new(Lock::new(Some(transport))),
            connecting: None,
            link: None,
            unflushed: false,
            closing: None,
            close_sent: false,
            fault: None,
            timer: None,
            inbound: Vec::with_capacity(BATCH),
            outputs: Vec::new(),
        }
    }

    /// Does everything that can be done now. Ready once the client is closed and its link with it.
    pub(crate) fn pump(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.register(cx.waker());
        for _ in 0..TURNS {
            let now = now();
            let connected = self.poll_connect(cx);
            // A new link must be read once, or nothing wakes this task when the first message arrives.
            let fresh = connected.is_some();
            let full = self.read(cx);
            let turn = self.turn(connected, now, cx);
            self.flush(cx);
            let begun = self.act();
            if turn.closed && self.finish(now, cx) {
                return Poll::Ready(());
            }
            let due = self.arm(turn.wake_at, now, cx);
            if !(fresh || full || begun || due || self.fault.is_some()) {
                return Poll::Pending;
            }
        }
        // More is waiting, and so are others.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_connect(&mut self, cx: &mut Context<'_>) -> Option<Result<Link, TransportError>> {
        let result = match self.connecting.as_mut()?.as_mut().poll(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => return None,
        };
        self.connecting = None;
        Some(result)
    }

    /// Takes what has arrived, up to a batch; `true` where more may be waiting.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        while let Some(link) = &mut self.link {
            if self.inbound.len() >= BATCH {
                return true;
            }
            match link.rx.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(item))) => self.inbound.push(item),
                Poll::Ready(Some(Err(error))) => self.fault = Some(error),
                Poll::Ready(None) => self.fault = Some(ended()),
                Poll::Pending => return false,
            }
            if self.fault.is_some() {
                self.link = None;
            }
        }
        false
    }

    /// One turn under the lock: the facts go in, messages and outputs come out.
    fn turn(&mut self, connected: Option<Result<Link, TransportError>>, now: Duration, cx: &mut Context<'_>) -> Turn {
        let traces = self.host.traces();
        let shared = self.shared.clone();
        shared.drive(|session| {
            match connected {
                Some(Ok(link)) => {
                    session.link_up(link.profile, link.transport, now);
                    self.link = Some(link);
                }
                Some(Err(error)) => session.link_failed(error, now),
                None => {}
            }
            for item in self.inbound.drain(..) {
                match item {
                    Inbound::Message(text) => {
                        if traces {
                            self.outputs.push(Output::Event(Event::Frame { outbound: false, text: text.clone() }));
                        }
                        session.receive(&text, now);
                        // In order: what a message caused follows its trace.
                        if traces {
                            self.outputs.extend(std::iter::from_fn(|| session.poll_output()));
                        }
                    }
                    Inbound::Alive => session.alive(now),
                    fact => {
                        if let (true, Inbound::On(_, text) | Inbound::Reply(_, _, text)) = (traces, &fact) {
                            self.outputs.push(Output::Event(Event::Frame { outbound: false, text: text.clone() }));
                        }
                        session.exchanged(fact, now);
                        if traces {
                            self.outputs.extend(std::iter::from_fn(|| session.poll_output()));
                        }
                    }
                }
            }
            if let Some(error) = self.fault.take() {
                session.link_lost(error, now);
            }
            if session.poll_timeout().is_some_and(|at| at <= now) {
                session.timeout(now);
            }
            self.transmit(session, traces, now, cx);
            session.settle();
            self.outputs.extend(std::iter::from_fn(|| session.poll_output()));
            Turn { wake_at: session.poll_timeout(), closed: session.is_closed() }
        })
    }

    fn transmit(&mut self, session: &mut Session<H::Ticket>, traces: bool, now: Duration, cx: &mut Context<'_>) {
        while let (Some(link), false) = (&mut self.link, self.close_sent) {
            let error = match link.tx.as_mut().poll_ready(cx) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) => error,
                Poll::Ready(Ok(())) => {
                    let Some(out) = session.poll_transmit(now) else { return };
                    match &out {
                        Outbound::Message(text) if traces => {
                            self.outputs.push(Output::Event(Event::Frame { outbound: true, text: text.clone() }));
                        }
                        Outbound::Post(post) if traces => {
                            self.outputs.push(Output::Event(Event::Frame { outbound: true, text: post.text.clone() }));
                        }
                        Outbound::Close(_) => self.close_sent = true,
                        _ => {}
                    }
                    self.unflushed = true;
                    match link.tx.as_mut().start_send(out) {
                        Ok(()) => continue,
                        Err(error) => error,
                    }
                }
            };
            self.link = None;
            session.link_lost(error, now);
        }
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        let Some(link) = &mut self.link else { return };
        if self.unflushed {
            match link.tx.as_mut().poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => {
                    self.link = None;
                    self.fault = Some(error);
                }
            }
        }
    }

    /// Acts on the outputs, with no lock held. `true` where a new attempt to connect waits to be polled.
    fn act(&mut self) -> bool {
        let mut begun = false;
        let mut outputs = std::mem::take(&mut self.outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Reply(ticket, result) => self.host.reply(ticket, result),
                Output::Progress(to, params) => self.host.progress(to, params),
                Output::Input(request) => self.host.input(request),
                Output::InputCancelled(id, why) => self.host.input_cancelled(id, why),
                Output::Event(event) => self.host.event(event),
                Output::Verdict(verdict) => self.host.verdict(verdict),
                Output::Disconnect => (self.link, self.connecting) = (None, None),
                Output::Connect => {
                    (self.link, self.unflushed) = (None, false);
                    let transport = self.transport.lock().take();
                    let mut lease = Lease { home: self.transport.clone(), transport };
                    self.connecting = Some(Box::pin(async move {
                        match &mut lease.transport {
                            Some(transport) => transport.connect().await,
                            None => Err(TransportError::in_use()),
                        }
                    }));
                    begun = true;
                }
            }
        }
        // Kept for the next turn, unless a callback has already begun that.
        if self.outputs.is_empty() {
            self.outputs = outputs;
        }
        begun
    }

    /// The session is closed: `true` once the link is gone too.
    fn finish(&mut self, now: Duration, cx: &mut Context<'_>) -> bool {
        self.connecting = None;
        let Some(link) = &mut self.link else { return true };
        let until = *self.closing.get_or_insert(now + CLOSING);
        (self.close_sent && link.tx.as_mut().poll_close(cx).is_ready()) || until <= now
    }

    /// Arms the one timer. An earlier one that is armed already serves too: it only looks again. `true` where the time
    /// has come meanwhile.
    fn arm(&mut self, wake_at: Option<Duration>, now: Duration, cx: &mut Context<'_>) -> bool {
        let Some(at) = [wake_at, self.closing].into_iter().flatten().min() else {
            self.timer = None;
            return false;
        };
        if self.timer.as_ref().is_none_or(|(armed, _)| *armed > at || *armed <= now) {
            self.timer = Some((at, sleep(at.saturating_sub(now))));
        }
        let due = self.timer.as_mut().is_some_and(|(_, timer)| timer.as_mut().poll(cx).is_ready());
        if due {
            self.timer = None;
        }
        due
    }
}

impl<H: Host> Drop for Driver<H> {
    /// Whoever still waits is answered: a runtime that shuts down drops the driver in mid-flight.
    fn drop(&mut self) {
        let mut outputs = Vec::new();
        self.shared.drive(|session| {
            session.close(now());
            self.shared.abandon();
            outputs.extend(std::iter::from_fn(|| session.poll_output()));
        });
        self.outputs.append(&mut outputs);
        self.act();
    }
}

fn ended() -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code: 1000 }, "the server ended the connection")
}
