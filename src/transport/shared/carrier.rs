//! The one task of a shared link: opens the real one for all who wait, and carries what passes over it.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::poll_fn;

use super::trunk::Trunk;
use super::{Phase, Shared};
use crate::frame::{Close, Inbound, Outbound};
use crate::platform::{BoxFuture, sleep};
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// Messages taken from the link before others have a turn, and how often before the task yields.
const BATCH: usize = 64;
const TURNS: usize = 8;
/// How long an orderly close may take.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(2);

/// The transport, out on loan, and whom its link is for. Dropped in mid-flight (with its runtime), everybody is told.
pub(super) struct Carrier {
    shared: Arc<Shared>,
    transport: Option<Box<dyn Transport>>,
    trunk: Option<Arc<Trunk>>,
}

impl Carrier {
    pub(super) fn new(shared: Arc<Shared>, transport: Box<dyn Transport>) -> Self {
        Self { shared, transport: Some(transport), trunk: None }
    }

    pub(super) async fn run(mut self) {
        let Some(link) = self.open().await else { return };
        let Some(trunk) = self.trunk.clone() else { return };
        let mut wire = Wire { link, trunk, inbound: Vec::with_capacity(BATCH), unflushed: false, closing: None };
        let error = poll_fn(|cx| wire.poll(cx)).await;
        drop(wire);
        self.end(error);
    }

    /// Opens the real link, once for all who wait. `None`: there is none, and everybody was told.
    async fn open(&mut self) -> Option<Link> {
        loop {
            let result = {
                let shared = &self.shared;
                let mut connecting = self.transport.as_mut()?.connect();
                poll_fn(|cx| match shared.is_abandoned(cx) {
                    true => Poll::Ready(None),
                    false => connecting.as_mut().poll(cx).map(Some),
                })
                .await
            };
            let result = match result {
                Some(Ok(link)) if link.profile.is_per_request() => Err(needs_no_sharing()),
                Some(Ok(link)) => Ok(link),
                Some(Err(error)) => Err(error),
                // Unless somebody has come meanwhile.
                None if self.shared.give_up(&mut self.transport) => return None,
                None => continue,
            };
            return match result {
                Ok(link) => self.opened(link),
                Err(error) => {
                    self.fail(error);
                    None
                }
            };
        }
    }

    fn opened(&mut self, link: Link) -> Option<Link> {
        let mut hub = self.shared.hub.lock();
        hub.transport = self.transport.take();
        let Phase::Connecting { mut waiting, .. } = std::mem::replace(&mut hub.phase, Phase::Idle) else { return None };
        waiting.retain(|waiter| !waiter.is_canceled());
        if waiting.is_empty() {
            return None;
        }
        let trunk = Arc::new(Trunk::new(link.profile, link.transport, hub.limits));
        hub.phase = Phase::Up(trunk.clone());
        self.trunk = Some(trunk.clone());
        drop(hub);
        for waiter in waiting {
            let _ = waiter.send(Ok(trunk.clone()));
        }
        Some(link)
    }

    fn fail(&mut self, error: TransportError) {
        let mut hub = self.shared.hub.lock();
        hub.transport = self.transport.take();
        let phase = std::mem::replace(&mut hub.phase, Phase::Idle);
        drop(hub);
        if let Phase::Connecting { waiting, .. } = phase {
            for waiter in waiting {
                let _ = waiter.send(Err(error.clone()));
            }
        }
    }

    /// The real link is gone. Whoever hears of it and connects again finds nothing open.
    fn end(&mut self, error: TransportError) {
        let Some(trunk) = self.trunk.take() else { return };
        let mut hub = self.shared.hub.lock();
        if matches!(&hub.phase, Phase::Up(current) if Arc::ptr_eq(current, &trunk)) {
            hub.phase = Phase::Idle;
        }
        drop(hub);
        trunk.lose(error);
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let error = || {
            let detail = "the runtime that carried the shared link has ended; connect again";
            TransportError::new(TransportErrorKind::Lost, detail)
        };
        if self.transport.is_some() {
            self.fail(error());
        }
        if self.trunk.is_some() {
            self.end(error());
        }
    }
}

fn needs_no_sharing() -> TransportError {
    let detail = "this transport has a reply channel for every request (Streamable HTTP), and nothing to share: give each \
                  client one of its own; HTTP shares the connections by itself";
    TransportError::new(TransportErrorKind::Config, detail)
}

/// The open link.
struct Wire {
    link: Link,
    trunk: Arc<Trunk>,
    inbound: Vec<Inbound>,
    unflushed: bool,
    /// The close is wanted; whether it is sent, and how long it may take.
    closing: Option<(bool, BoxFuture<'static, ()>)>,
}

impl Wire {
    /// Does everything that can be done now. Ready with why the link is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        self.trunk.register(cx);
        for _ in 0..TURNS {
            let (full, fault) = self.read(cx);
            self.trunk.deliver(&mut self.inbound);
            let sent = self.send(cx);
            self.trunk.stir();
            if let Some(error) = fault.or_else(|| sent.err()).or_else(|| self.trunk.lost()) {
                return Poll::Ready(error);
            }
            if self.trunk.is_closing() {
                return self.close(cx);
            }
            if !full {
                return Poll::Pending;
            }
        }
        // More is waiting, and so are others.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what has arrived, up to a batch: whether more may be waiting, and what ended the link.
    fn read(&mut self, cx: &mut Context<'_>) -> (bool, Option<TransportError>) {
        while self.inbound.len() < BATCH {
            match self.link.rx.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(item))) => self.inbound.push(item),
                Poll::Ready(Some(Err(error))) => return (false, Some(error)),
                Poll::Ready(None) => return (false, Some(ended())),
                Poll::Pending => return (false, None),
            }
        }
        (true, None)
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Result<(), TransportError> {
        if matches!(self.closing, Some((true, _))) {
            return Ok(());
        }
        while self.link.tx.as_mut().poll_ready(cx)?.is_ready() {
            let Some(out) = self.trunk.next() else {
                if let Some((sent, _)) = &mut self.closing {
                    *sent = true;
                    self.link.tx.as_mut().start_send(Outbound::Close(Close::NORMAL))?;
                }
                break;
            };
            self.link.tx.as_mut().start_send(out)?;
            self.unflushed = true;
        }
        if self.unflushed && self.link.tx.as_mut().poll_flush(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }

    /// What was said last leaves, then the close, within its time.
    fn close(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        self.closing.get_or_insert_with(|| (false, sleep(CLOSING)));
        if let Err(error) = self.send(cx) {
            return Poll::Ready(error);
        }
        let Some((sent, timer)) = &mut self.closing else { return Poll::Pending };
        if (*sent && self.link.tx.as_mut().poll_close(cx).is_ready()) || timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(ended());
        }
        Poll::Pending
    }
}

fn ended() -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code: 1000 }, "the server ended the connection")
}
