//! Who of many wants to be polled: every exchange has a waker of its own, so that one that moved is polled and the others
//! are not. The wakers live as long as their slots, which exchanges use one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

use crate::platform::Lock;

/// The slots that were woken, in that order.
#[derive(Default)]
pub(super) struct Queue {
    woken: Lock<VecDeque<usize>>,
    /// Whoever polls the queue.
    poller: AtomicWaker,
}

/// One slot's waker.
pub(super) struct Slot {
    number: usize,
    queued: AtomicBool,
    queue: Arc<Queue>,
}

impl Queue {
    /// Leaves a waker for what is woken from now on.
    pub(super) fn register(&self, waker: &Waker) {
        self.poller.register(waker);
    }

    /// How many slots wait to be polled.
    pub(super) fn len(&self) -> usize {
        self.woken.lock().len()
    }

    /// The next slot to poll. Its waker counts again from here on, so this comes before the poll.
    pub(super) fn next(&self, slots: &[(Arc<Slot>, Waker)]) -> Option<usize> {
        let number = self.woken.lock().pop_front()?;
        if let Some((slot, _)) = slots.get(number) {
            slot.queued.store(false, Ordering::Release);
        }
        Some(number)
    }
}

impl Slot {
    pub(super) fn new(number: usize, queue: &Arc<Queue>) -> Arc<Self> {
        Arc::new(Self { number, queued: AtomicBool::new(false), queue: queue.clone() })
    }
}

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.queue.woken.lock().push_back(self.number);
            self.queue.poller.wake();
        }
    }
}
