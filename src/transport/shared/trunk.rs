//! One real link as its clients and its carrier share it, and the virtual links over it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::Sink;

use super::Owner;
use super::mux::{ClientKey, Limits, Mail, Mux};
use crate::frame::{Inbound, Outbound, Profile};
use crate::platform::Lock;
use crate::transport::{Link, TransportError};

/// Locked for as long as the state machine takes, never across an `await` and never while somebody is woken.
pub(super) struct Trunk {
    profile: Profile,
    transport: &'static str,
    state: Lock<State>,
}

struct State {
    mux: Mux,
    ports: Vec<Port>,
    carrier: Option<Waker>,
    /// Nobody is left who could use it.
    closing: bool,
}

/// Who waits at the two halves of a client's link.
struct Port {
    key: ClientKey,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    /// Keys only grow, so that the ports are in their order.
    fn place(&self, key: ClientKey) -> Option<usize> {
        self.ports.binary_search_by(|port| port.key.cmp(&key)).ok()
    }

    fn port(&mut self, key: ClientKey) -> Option<&mut Port> {
        let at = self.place(key)?;
        self.ports.get_mut(at)
    }

    /// Those for whom something has changed.
    fn stirred(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for key in self.mux.take_touched() {
            if let Some(port) = self.port(key) {
                wakers.extend(port.reader.take());
                wakers.extend(port.writer.take());
            }
        }
        wakers
    }
}

impl Trunk {
    pub(super) fn new(profile: Profile, transport: &'static str, limits: Limits) -> Self {
        let liveness = match profile {
            Profile::SharedChannel { liveness, .. } => Some(liveness),
            Profile::PerRequest => None,
        };
        let state = State { mux: Mux::new(limits, liveness), ports: Vec::new(), carrier: None, closing: false };
        Self { profile, transport, state: Lock::new(state) }
    }

    /// A link of one more client.
    pub(super) fn attach(self: &Arc<Self>, owner: Arc<Owner>) -> Link {
        let mut state = self.state.lock();
        let key = state.mux.attach();
        state.ports.push(Port { key, reader: None, writer: None });
        drop(state);
        let place = Arc::new(Place { trunk: self.clone(), key, _owner: owner });
        let (tx, rx) = (Half { place: place.clone(), over: false }, Half { place, over: false });
        Link { profile: self.profile, transport: self.transport, tx: Box::pin(tx), rx: Box::pin(rx) }
    }

    /// Changes the state machine, then wakes whom it concerns.
    fn change<T>(&self, change: impl FnOnce(&mut Mux) -> T) -> T {
        let mut state = self.state.lock();
        let value = change(&mut state.mux);
        let wakers = state.stirred();
        let carrier = state.carrier.take();
        drop(state);
        wakers.into_iter().chain(carrier).for_each(Waker::wake);
        value
    }

    fn detach(&self, key: ClientKey) {
        self.change(|mux| mux.detach(key));
        let mut state = self.state.lock();
        let port = state.place(key).map(|at| state.ports.remove(at));
        drop(state);
        drop(port);
    }

    // ---- For the carrier

    pub(super) fn register(&self, cx: &Context<'_>) {
        let before = self.state.lock().carrier.replace(cx.waker().clone());
        drop(before);
    }

    /// What the real link delivered, in order.
    pub(super) fn deliver(&self, inbound: &mut Vec<Inbound>) {
        if inbound.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        for item in inbound.drain(..) {
            state.mux.receive(&item);
        }
        let wakers = state.stirred();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The next message for the real link.
    pub(super) fn next(&self) -> Option<Outbound> {
        self.state.lock().mux.poll_transmit()
    }

    /// Tells those who waited for room.
    pub(super) fn stir(&self) {
        let wakers = self.state.lock().stirred();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn lose(&self, error: TransportError) {
        self.change(|mux| mux.link_lost(error));
    }

    pub(super) fn lost(&self) -> Option<TransportError> {
        self.state.lock().mux.lost().cloned()
    }

    /// Nobody can use it any more.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closing = true;
        let carrier = state.carrier.take();
        drop(state);
        carrier.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state.lock().closing
    }
}

/// A client's place on the link, which it leaves when both halves are dropped.
struct Place {
    trunk: Arc<Trunk>,
    key: ClientKey,
    _owner: Arc<Owner>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.trunk.detach(self.key);
    }
}

struct Half {
    place: Arc<Place>,
    /// The end has been read.
    over: bool,
}

impl Sink<Outbound> for Half {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut state = self.place.trunk.state.lock();
        match state.mux.room(self.place.key) {
            Err(error) => Poll::Ready(Err(error)),
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                let before = state.port(self.place.key).and_then(|port| port.writer.replace(cx.waker().clone()));
                // Whatever goes with a waker does not go under the lock.
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
    }

    fn start_send(self: Pin<&mut Self>, out: Outbound) -> Result<(), TransportError> {
        let key = self.place.key;
        self.place.trunk.change(|mux| mux.accept(key, &out));
        Ok(())
    }

    /// What was accepted leaves by itself.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
}

impl Stream for Half {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let mut state = self.place.trunk.state.lock();
        match state.mux.poll_client(self.place.key) {
            Mail::Message(text) => Poll::Ready(Some(Ok(Inbound::Message(text)))),
            Mail::Alive => Poll::Ready(Some(Ok(Inbound::Alive))),
            Mail::Nothing => {
                let before = state.port(self.place.key).and_then(|port| port.reader.replace(cx.waker().clone()));
                drop(state);
                drop(before);
                Poll::Pending
            }
            Mail::End(error) => {
                let writer = state.port(self.place.key).and_then(|port| port.writer.take());
                drop(state);
                writer.into_iter().for_each(Waker::wake);
                self.over = true;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}
