//! A bounded queue between two tasks.
//!
//! Unlike the channels of `futures` it wakes with no lock held. On the web a wake-up may run the one who is woken at once,
//! and that one comes back for the lock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::Sink;

use crate::platform::Lock;

/// The other end is gone.
#[derive(Debug)]
pub(super) struct Gone;

struct State<T> {
    items: VecDeque<T>,
    most: usize,
    /// Nothing more is put in.
    ended: bool,
    /// Nothing more is taken out.
    gone: bool,
    writer: Option<Waker>,
    reader: Option<Waker>,
}

pub(super) struct Tx<T>(Arc<Lock<State<T>>>);

pub(super) struct Rx<T>(Arc<Lock<State<T>>>);

/// A queue that holds `most` items before its sender waits. There is one sender and one receiver.
pub(super) fn queue<T>(most: usize) -> (Tx<T>, Rx<T>) {
    let items = VecDeque::new();
    let state = State { items, most, ended: false, gone: false, writer: None, reader: None };
    let state = Arc::new(Lock::new(state));
    (Tx(state.clone()), Rx(state))
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> Tx<T> {
    fn end(&self) {
        let reader = {
            let mut state = self.0.lock();
            state.ended = true;
            state.reader.take()
        };
        wake(reader);
    }
}

impl<T> Sink<T> for Tx<T> {
    type Error = Gone;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let mut state = self.0.lock();
        if state.gone || state.ended {
            return Poll::Ready(Err(Gone));
        }
        if state.items.len() < state.most {
            return Poll::Ready(Ok(()));
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), Gone> {
        let reader = {
            let mut state = self.0.lock();
            if state.gone || state.ended {
                return Err(Gone);
            }
            state.items.push_back(item);
            state.reader.take()
        };
        wake(reader);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl<T> Drop for Tx<T> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<T> Stream for Rx<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let (item, writer) = {
            let mut state = self.0.lock();
            match state.items.pop_front() {
                Some(item) => (item, state.writer.take()),
                None if state.ended => return Poll::Ready(None),
                None => {
                    state.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        wake(writer);
        Poll::Ready(Some(item))
    }
}

impl<T> Drop for Rx<T> {
    fn drop(&mut self) {
        let (items, writer) = {
            let mut state = self.0.lock();
            state.gone = true;
            (std::mem::take(&mut state.items), state.writer.take())
        };
        drop(items);
        wake(writer);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::task::Wake;

    use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};

    use super::*;
    use crate::platform::test;

    thread_local! {
        // A waker must be `Send`, which a sender on the web is not.
        static SENDER: RefCell<Option<Tx<u32>>> = const { RefCell::new(None) };
    }

    /// Runs the sender within the wake-up, as the web does it.
    struct AtOnce;

    impl Wake for AtOnce {
        fn wake(self: Arc<Self>) {
            SENDER.with_borrow_mut(|tx| {
                tx.as_mut().expect("a sender").feed(9).now_or_never().expect("there is room").expect("open");
            });
        }
    }

    #[test]
    fn whoever_is_woken_may_use_the_queue_at_once() {
        let (mut tx, mut rx) = queue(1);
        tx.feed(1).now_or_never().expect("there is room").expect("open");
        let waker = Waker::from(Arc::new(AtOnce));
        assert!(Pin::new(&mut tx).poll_ready(&mut Context::from_waker(&waker)).is_pending());
        SENDER.set(Some(tx));
        assert_eq!(rx.next().now_or_never(), Some(Some(1)));
        assert_eq!(rx.next().now_or_never(), Some(Some(9)));
        assert_eq!(rx.next().now_or_never(), None);
        // Before the thread ends.
        drop(SENDER.take());
    }

    #[test]
    fn either_end_learns_that_the_other_is_gone() {
        let (mut tx, mut rx) = queue(4);
        tx.feed(1).now_or_never().expect("there is room").expect("open");
        drop(tx);
        assert_eq!(rx.next().now_or_never(), Some(Some(1)));
        assert_eq!(rx.next().now_or_never(), Some(None));
        let (mut tx, rx) = queue(4);
        drop(rx);
        assert!(tx.feed(1).now_or_never().expect("at once").is_err());
    }
}
