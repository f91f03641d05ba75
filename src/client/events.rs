use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::mpsc;
use futures_core::Stream;

use crate::platform::Lock;
use crate::session::Event;

/// Events that one reader may be behind.
const BEHIND: usize = 1024;

/// The events of a client, as a stream. It ends when the client is closed and its last event was read.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

/// Everybody who listens. A slow reader misses events and is told how many; it holds nobody up.
#[derive(Default)]
pub(crate) struct EventSinks {
    sinks: Lock<Vec<Sink>>,
    closed: std::sync::atomic::AtomicBool,
}

struct Sink {
    tx: mpsc::Sender<Event>,
    missed: u64,
}

impl EventSinks {
    pub(super) fn subscribe(&self) -> Events {
        let (tx, rx) = mpsc::channel(BEHIND);
        if !self.closed.load(std::sync::atomic::Ordering::Acquire) {
            self.sinks.lock().push(Sink { tx, missed: 0 });
        }
        Events(rx)
    }

    pub(super) fn send(&self, event: &Event) {
        self.sinks.lock().retain_mut(|sink| {
            if sink.missed > 0 {
                match sink.tx.try_send(Event::Lagged { missed: sink.missed }) {
                    Ok(()) => sink.missed = 0,
                    Err(error) if error.is_full() => {
                        sink.missed += 1;
                        return true;
                    }
                    Err(_) => return false,
                }
            }
            match sink.tx.try_send(event.clone()) {
                Ok(()) => true,
                Err(error) if error.is_full() => {
                    sink.missed += 1;
                    true
                }
                Err(_) => false,
            }
        });
    }

    /// No event comes any more: every stream ends after what it holds.
    pub(super) fn end(&self) {
        self.closed.store(true, std::sync::atomic::Ordering::Release);
        self.sinks.lock().clear();
    }
}
