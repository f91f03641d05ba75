//! What handles and the driver share: the session under a short lock, and whom to wake.

use std::sync::Arc;

use futures_util::task::AtomicWaker;

use crate::platform::{Lock, now};
use crate::session::{Session, Ticket};

pub(crate) struct Shared<T: Ticket> {
    session: Lock<Session<T>>,
    waker: AtomicWaker,
}

impl<T: Ticket> Shared<T> {
    pub(crate) fn new(session: Session<T>) -> Arc<Self> {
        Arc::new(Self { session: Lock::new(session), waker: AtomicWaker::new() })
    }

    /// A question that changes nothing.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&Session<T>) -> R) -> R {
        question(&self.session.lock())
    }

    /// Lock, mutate, wake: the driver drains after every command. The lock is free again before anybody is woken.
    pub(crate) fn command<R>(&self, command: impl FnOnce(&mut Session<T>, std::time::Duration) -> R) -> R {
        let now = now();
        let result = command(&mut self.session.lock(), now);
        self.waker.wake();
        result
    }

    /// For the driver alone: facts and draining, without waking itself.
    pub(super) fn drive<R>(&self, facts: impl FnOnce(&mut Session<T>) -> R) -> R {
        facts(&mut self.session.lock())
    }

    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }
}
