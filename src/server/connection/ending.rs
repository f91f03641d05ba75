//! How a connection ends: by its client, by a shutdown, by a broken link.

use std::task::{Context, Poll};
use std::time::Duration;

use super::{Connection, Phase};
use crate::frame::{Close, Outbound};
use crate::json::Object;
use crate::platform;
use crate::proto::code;
use crate::server::answer::{Failure, Reply, answer};
use crate::server::subscriptions::subscription_meta;
use crate::transport::{TransportError, TransportErrorKind};

/// How long an orderly close may take.
const CLOSING: Duration = Duration::from_secs(5);

impl Connection {
    /// The client says no more. Where it reads on, what it asked for is answered still, as in `printf … | server` or
    /// `nc -N`; what would need another word of it ends.
    pub(super) fn input_ended(&mut self, cx: &mut Context<'_>) {
        if !self.halves || matches!(self.tx.as_mut().poll_ready(cx), Poll::Ready(Err(_))) {
            let result = self.result();
            return self.close(None, result);
        }
        self.ended = Some(platform::sleep(self.server.limits.finish));
        self.end_listens();
        self.shared.hears_no_more();
    }

    /// What comes from here on is of no use, and the carrier has no way to tell the client so: it is answered like any
    /// other message that is none (JSON-RPC 2.0 section 5.1), after everything that was asked before.
    pub(super) fn input_broke(&mut self, error: TransportError, cx: &mut Context<'_>) {
        let text = match error.kind() {
            TransportErrorKind::TooLarge { .. } => "the message is larger than this server takes",
            _ => "the message is not UTF-8",
        };
        self.shared.answer(None, Failure::new(code::PARSE_ERROR, text).text(None));
        self.broken = Some(error);
        self.input_ended(cx);
    }

    fn result(&mut self) -> Result<(), TransportError> {
        self.broken.take().map_or(Ok(()), Err)
    }

    /// Whether everything was said, or cannot be.
    #[allow(dead_code, reason = "what only a server on standard streams asks")]
    pub(in crate::server) fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Over)
    }

    /// Whether everything is done that had to be before the end.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) {
        if let Some(timer) = &mut self.ended
            && timer.as_mut().poll(cx).is_ready()
        {
            let result = self.result();
            return self.close(Some(Close::NORMAL), result);
        }
        let draining = matches!(self.phase, Phase::Draining);
        let idle = self.running.is_empty() && self.parked.is_empty() && !self.unflushed;
        if (draining || self.ended.is_some()) && idle && self.shared.is_drained() {
            let close = match draining {
                true => Close::new(1001, "the server is shutting down"),
                false => Close::NORMAL,
            };
            let result = self.result();
            self.close(Some(close), result);
        }
    }

    /// Ends the subscriptions: with a result each, and with the notice that the cancellation chapter wants.
    fn end_listens(&mut self) {
        let listens = std::mem::take(&mut self.shared.state.lock().listens);
        for listen in listens {
            self.shared.forget_listen(&listen.id);
            let meta = subscription_meta(&listen.id);
            let reply = Reply::with_meta(Object::new().json("_meta", &meta).build());
            self.shared.answer(None, answer(&self.server, &listen.id, true, &Ok(reply)));
            self.shared.answer(None, listen.cancelled());
        }
    }

    pub(super) fn drain(&mut self) {
        self.phase = Phase::Draining;
        self.end_listens();
        let text = "the server is shutting down; connect again";
        for asked in std::mem::take(&mut self.parked) {
            self.shared.answer(None, Failure::internal(text).text(Some(&asked.id)));
        }
    }

    pub(super) fn close(&mut self, close: Option<Close>, result: Result<(), TransportError>) {
        self.running.clear();
        self.requests.clear();
        self.parked.clear();
        self.shared.end();
        if let Some(close) = close {
            // A link that takes no more is dropped when the time is over.
            let mut cx = Context::from_waker(std::task::Waker::noop());
            if let Poll::Ready(Ok(())) = self.tx.as_mut().poll_ready(&mut cx) {
                let _ = self.tx.as_mut().start_send(Outbound::Close(close));
            }
        }
        self.phase = Phase::Closing { timer: platform::sleep(CLOSING), result };
    }

    /// Lets the close go out and the peer answer it, for a while.
    pub(super) fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Phase::Closing { timer, result } = &mut self.phase else { return Poll::Ready(Ok(())) };
        if self.tx.as_mut().poll_close(cx).is_pending() && timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let result = std::mem::replace(result, Ok(()));
        self.phase = Phase::Over;
        Poll::Ready(result)
    }
}
