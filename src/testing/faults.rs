//! A fault layer around any transport.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::Sink;

use super::journal::Journal;
use super::plan::{Dice, Fault, Plan};
use crate::frame::{Inbound, Outbound, RequestId};
use crate::json::{MessageId, Text};
use crate::platform::{BoxFuture, BoxSink, BoxStream, Lock, sleep};
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// Any transport, with the faults of a [`Plan`].
///
/// On a shared channel they befall messages and the link as a whole; where every request has a channel of its own
/// ([`Profile::PerRequest`](crate::frame::Profile::PerRequest)), a cut ends one exchange and a half-open exchange falls
/// silent. For faults in the middle of the bytes of a message see `StreamFaults` (native).
///
/// Time is the crate's clock: natively tokio's, which a test may pause.
///
/// ```
/// use everywire::testing::{Faults, Plan};
/// use everywire::transport::memory::Memory;
///
/// let (transport, _listener) = Memory::new();
/// let faults = Faults::new(transport, Plan::drawn(17));
/// let journal = faults.journal();
/// assert!(journal.to_string().starts_with("seed 17:"));
/// ```
pub struct Faults<T> {
    inner: T,
    journal: Journal,
    connects: Dice,
    links: u64,
}

impl<T: Transport> Faults<T> {
    /// The transport, with the faults of the plan.
    pub fn new(inner: T, plan: Plan) -> Self {
        let connects = plan.dice(0, 0);
        Self { inner, journal: Journal::new(plan), connects, links: 0 }
    }

    /// What happens to it, to be kept and printed where a test fails.
    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }
}

impl<T: Transport> Transport for Faults<T> {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            self.links += 1;
            let number = self.links;
            if self.connects.refused() && !self.journal.is_calm() {
                self.journal.note(format!("link {number}: refused"));
                return Err(TransportError::new(TransportErrorKind::ConnectFailed, "a fault was asked for: refused"));
            }
            let link = self.inner.connect().await?;
            let plan = self.journal.plan();
            let wire = Arc::new(Wire {
                number,
                per_request: link.profile.is_per_request(),
                journal: self.journal.clone(),
                state: Lock::default(),
            });
            let tx = Tx {
                inner: link.tx,
                wire: wire.clone(),
                dice: plan.dice(number, 1),
                sent: 0,
                held: VecDeque::new(),
                cutting: false,
            };
            let rx = Rx {
                inner: link.rx,
                wire,
                dice: plan.dice(number, 2),
                received: 0,
                held: None,
                again: None,
                noticed: None,
                over: false,
            };
            Ok(Link { tx: Box::pin(tx), rx: Box::pin(rx), ..link })
        })
    }

    fn address(&self) -> Option<String> {
        self.inner.address()
    }
}

/// What the two halves of a link share.
struct Wire {
    number: u64,
    per_request: bool,
    journal: Journal,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    cut: bool,
    half_open: bool,
    /// Exchanges of which nothing arrives any more.
    silent: BTreeSet<i64>,
    /// What the fault layer itself has to say.
    said: VecDeque<Inbound>,
    reader: Option<Waker>,
}

impl Wire {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let reader = {
            let mut state = self.state.lock();
            change(&mut state);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn is_cut(&self) -> bool {
        self.state.lock().cut
    }

    fn is_half_open(&self) -> bool {
        self.state.lock().half_open
    }

    /// One exchange breaks off, and nothing of it arrives any more.
    fn end(&self, id: i64) {
        self.change(|state| {
            if state.silent.insert(id) {
                state.said.push_back(Inbound::Ended(id, None, Some(lost())));
            }
        });
    }

    /// What befalls this message, where something may.
    fn fault(&self, dice: &mut Dice, text: &Text, direction: &str, at: u64) -> Option<Fault> {
        let fault = dice.message().filter(|_| !self.journal.is_calm())?;
        let (what, is_request) = described(text);
        if fault == Fault::Duplicate && is_request {
            return None;
        }
        self.journal.note(format!("link {} {direction} {at}: {fault:?} {what}", self.number));
        Some(fault)
    }
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Lost, "a fault was asked for: the link broke")
}

/// A message in a few words, and whether it is a request.
fn described(text: &Text) -> (String, bool) {
    let Ok(message) = text.read() else { return ("no message".into(), false) };
    let id = match &message.id {
        MessageId::Absent => None,
        MessageId::Id(RequestId::Number(number)) => Some(number.to_string()),
        MessageId::Id(RequestId::Text(text)) => Some(format!("{text:?}")),
        MessageId::Alien => Some("null".into()),
    };
    match (message.method, id) {
        (Some(method), Some(id)) => (format!("request {id} {method}"), true),
        (Some(method), None) => (format!("notification {method}"), false),
        (None, id) => (format!("answer to {}", id.unwrap_or_default()), false),
    }
}

struct Tx {
    inner: BoxSink<Outbound, TransportError>,
    wire: Arc<Wire>,
    dice: Dice,
    sent: u64,
    /// Taken and not passed on yet: a message that is held up, or the second copy of one. Two at most.
    held: VecDeque<(Outbound, Option<BoxFuture<'static, ()>>)>,
    /// The link breaks once what was taken has left.
    cutting: bool,
}

impl Tx {
    /// Passes on what is held. Ready once the inner sink may take another.
    fn settle(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            if self.wire.is_cut() {
                return Poll::Ready(Err(lost()));
            }
            if self.wire.is_half_open() {
                self.held.clear();
                return Poll::Ready(Ok(()));
            }
            if let Some((_, Some(timer))) = self.held.front_mut() {
                std::task::ready!(timer.as_mut().poll(cx));
            }
            std::task::ready!(self.inner.as_mut().poll_ready(cx))?;
            match self.held.pop_front() {
                Some((item, _)) => self.inner.as_mut().start_send(item)?,
                None if self.cutting => {
                    std::task::ready!(self.inner.as_mut().poll_flush(cx))?;
                    self.wire.change(|state| state.cut = true);
                }
                None => return Poll::Ready(Ok(())),
            }
        }
    }

    fn exchange(&mut self, id: Option<i64>, fault: Fault, item: Outbound) -> Result<(), TransportError> {
        match (fault, id) {
            (Fault::Cut { arrives }, Some(id)) => {
                self.wire.end(id);
                if arrives { self.inner.as_mut().start_send(item) } else { Ok(()) }
            }
            (Fault::Cut { arrives: false }, None) => {
                self.wire.change(|state| state.said.push_back(Inbound::Undelivered(lost())));
                Ok(())
            }
            (Fault::HalfOpen, Some(id)) => {
                self.wire.change(|state| _ = state.silent.insert(id));
                Ok(())
            }
            _ => self.inner.as_mut().start_send(item),
        }
    }
}

impl Sink<Outbound> for Tx {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.settle(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        let this = &mut *self;
        if this.wire.is_cut() {
            return Err(lost());
        }
        if this.wire.is_half_open() {
            return Ok(());
        }
        let (text, id) = match &item {
            Outbound::Message(text) => (text, None),
            Outbound::Post(post) => (&post.text, post.id),
            _ => return this.inner.as_mut().start_send(item),
        };
        this.sent += 1;
        let Some(fault) = this.wire.fault(&mut this.dice, text, "out", this.sent) else {
            return this.inner.as_mut().start_send(item);
        };
        match fault {
            Fault::Drop => Ok(()),
            Fault::Delay(by) => {
                this.held.push_back((item, Some(sleep(by))));
                Ok(())
            }
            Fault::Duplicate => {
                this.held.push_back((item.clone(), None));
                this.inner.as_mut().start_send(item)
            }
            fault if this.wire.per_request => this.exchange(id, fault, item),
            Fault::Cut { arrives: true } => {
                this.cutting = true;
                this.inner.as_mut().start_send(item)
            }
            Fault::Cut { arrives: false } => {
                this.wire.change(|state| state.cut = true);
                Ok(())
            }
            Fault::HalfOpen => {
                this.wire.change(|state| state.half_open = true);
                Ok(())
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        std::task::ready!(self.settle(cx))?;
        if self.wire.is_half_open() {
            return Poll::Ready(Ok(()));
        }
        self.inner.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        std::task::ready!(self.settle(cx))?;
        if self.wire.is_half_open() {
            return Poll::Ready(Ok(()));
        }
        self.inner.as_mut().poll_close(cx)
    }
}

struct Rx {
    inner: BoxStream<Result<Inbound, TransportError>>,
    wire: Arc<Wire>,
    dice: Dice,
    received: u64,
    held: Option<(Inbound, BoxFuture<'static, ()>)>,
    again: Option<Inbound>,
    /// When the operating system notices that nobody is there.
    noticed: Option<BoxFuture<'static, ()>>,
    over: bool,
}

impl Rx {
    /// What befalls a message that arrived; `None` where it goes no further for now.
    fn arrived(&mut self, item: Inbound) -> Option<Inbound> {
        let (text, id) = match &item {
            Inbound::Message(text) => (text, None),
            Inbound::On(id, text) | Inbound::Reply(id, _, text) => (text, Some(*id)),
            _ => return Some(item),
        };
        self.received += 1;
        let Some(fault) = self.wire.fault(&mut self.dice, text, "in", self.received) else { return Some(item) };
        match fault {
            Fault::Drop => None,
            Fault::Delay(by) => {
                self.held = Some((item, sleep(by)));
                None
            }
            Fault::Duplicate => {
                self.again = Some(item.clone());
                Some(item)
            }
            Fault::Cut { arrives } => {
                match id {
                    Some(id) => self.wire.end(id),
                    None => self.wire.change(|state| state.cut = true),
                }
                arrives.then_some(item)
            }
            Fault::HalfOpen => {
                self.wire.change(|state| match id {
                    Some(id) => _ = state.silent.insert(id),
                    None => state.half_open = true,
                });
                None
            }
        }
    }
}

impl Stream for Rx {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.over {
                return Poll::Ready(None);
            }
            let (cut, half_open) = {
                let mut state = this.wire.state.lock();
                state.reader = Some(cx.waker().clone());
                if let Some(said) = state.said.pop_front() {
                    return Poll::Ready(Some(Ok(said)));
                }
                (state.cut, state.half_open)
            };
            if cut {
                this.over = true;
                return Poll::Ready(Some(Err(lost())));
            }
            if half_open {
                let patience = this.wire.journal.plan().half_open_for;
                let noticed = this.noticed.get_or_insert_with(|| sleep(patience));
                std::task::ready!(noticed.as_mut().poll(cx));
                this.over = true;
                let text = "a fault was asked for: nobody is there, and the keep-alive noticed it";
                return Poll::Ready(Some(Err(TransportError::new(TransportErrorKind::Dead, text))));
            }
            if let Some((_, timer)) = &mut this.held {
                std::task::ready!(timer.as_mut().poll(cx));
                return Poll::Ready(this.held.take().map(|(item, _)| Ok(item)));
            }
            if let Some(again) = this.again.take() {
                return Poll::Ready(Some(Ok(again)));
            }
            let item = match std::task::ready!(this.inner.as_mut().poll_next(cx)) {
                Some(Ok(item)) => item,
                last => {
                    this.over = true;
                    return Poll::Ready(last);
                }
            };
            let id = match &item {
                Inbound::On(id, _) | Inbound::Reply(id, ..) | Inbound::Ended(id, ..) | Inbound::Failed(id, _) => {
                    Some(*id)
                }
                _ => None,
            };
            if id.is_some_and(|id| this.wire.state.lock().silent.contains(&id)) {
                continue;
            }
            if let Some(item) = this.arrived(item) {
                return Poll::Ready(Some(Ok(item)));
            }
        }
    }
}
