//! What handles and the driver share: the session under a short lock, and whom to wake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::task::AtomicWaker;

use crate::platform::{Lock, now};
use crate::session::{Session, Ticket};

pub(crate) struct Shared<T: Ticket> {
    session: Lock<Session<T>>,
    waker: AtomicWaker,
    /// The driver is gone; nobody drains the session any more.
    gone: AtomicBool,
}

impl<T: Ticket> Shared<T> {
    pub(crate) fn new(session: Session<T>) -> Arc<Self> {
        Arc::new(Self { session: Lock::new(session), waker: AtomicWaker::new(), gone: AtomicBool::new(false) })
    }

    /// A question that changes nothing.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&Session<T>) -> R) -> R {
        question(&self.session.lock())
    }

    /// Lock, mutate, wake: the driver drains after every command. The lock is free again before anybody is woken.
    pub(crate) fn command<R>(&self, command: impl FnOnce(&mut Session<T>, std::time::Duration) -> R) -> R {
        let now = now();
        let result = command(&mut self.session.lock(), now);
        self.after();
        result
    }

    /// Stands once in the program, not once per command: in a page that is a good part of its weight.
    #[inline(never)]
    fn after(&self) {
        if self.gone.load(Ordering::Relaxed) {
            // Whoever waits is answered by its ticket's end, with no lock held.
            let mut session = self.session.lock();
            let answers: Vec<_> = std::iter::from_fn(|| session.poll_output()).collect();
            drop(session);
            drop(answers);
        } else {
            self.waker.wake();
        }
    }

    /// For the driver alone, under the lock that [`Shared::drive`] holds: nobody drains the session after this.
    pub(super) fn abandon(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// For the driver alone: facts and draining, without waking itself.
    pub(super) fn drive<R>(&self, facts: impl FnOnce(&mut Session<T>) -> R) -> R {
        facts(&mut self.session.lock())
    }

    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }
}
