//! One request whose handler runs within its own answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::body::Source;
use super::event;
use super::reply::{self, Reply};
use crate::json::Text;
use crate::platform::{self, BoxFuture};
use crate::server::request::Running;
use crate::server::shared::Shared;

/// What a request came to next.
pub(super) enum Said {
    /// Something on the way: a notification, a question, an acknowledgement.
    Message(Text),
    /// The answer, with its code where it is an error.
    Answer(Text, Option<i64>),
    /// Nothing more: it is answered, or was cancelled and has no answer.
    End,
}

/// A request under way. Dropping it drops its handler.
pub(super) struct Exchange {
    pub(super) shared: Arc<Shared>,
    work: Work,
    /// Whether errors have a status of their own.
    modern: bool,
    answer: Option<(Text, Option<i64>)>,
    /// Looked at, but not passed on yet.
    unsaid: Option<Text>,
}

enum Work {
    Running(Running),
    /// A subscription, and what ends it: with its answer.
    Open(BoxFuture<'static, Text>),
    Done,
}

impl Exchange {
    pub(super) fn run(shared: Arc<Shared>, running: Running) -> Self {
        Self { shared, modern: running.request.client.modern, work: Work::Running(running), answer: None, unsaid: None }
    }

    pub(super) fn listen(shared: Arc<Shared>, end: BoxFuture<'static, Text>) -> Self {
        Self { shared, modern: true, work: Work::Open(end), answer: None, unsaid: None }
    }

    /// What comes next; the answer comes last.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        self.shared.register(cx);
        if let Some(text) = self.unsaid.take() {
            return Poll::Ready(Said::Message(text));
        }
        match &mut self.work {
            Work::Running(running) => {
                if let Poll::Ready((_, text)) = Pin::new(&mut *running).poll(cx) {
                    self.answer = text.map(|text| (text, running.error));
                    self.work = Work::Done;
                }
            }
            Work::Open(end) => {
                if let Poll::Ready(text) = end.as_mut().poll(cx) {
                    self.answer = Some((text, None));
                    self.work = Work::Done;
                }
            }
            Work::Done => {}
        }
        if let Some(text) = self.shared.next() {
            return Poll::Ready(Said::Message(text));
        }
        match (&self.work, self.answer.take()) {
            (_, Some((text, error))) => Poll::Ready(Said::Answer(text, error)),
            (Work::Done, None) => Poll::Ready(Said::End),
            _ => Poll::Pending,
        }
    }

    /// Whether the handler wants the connection closed, and everything that was said before is out.
    pub(super) fn take_hang_up(&mut self) -> Option<Duration> {
        if self.unsaid.is_some() { None } else { self.shared.take_hang_up() }
    }

    /// The answer, where the handler has it ready and has said nothing before it.
    pub(super) async fn answer_at_once(&mut self) -> Option<Text> {
        poll_fn(|cx| {
            Poll::Ready(match self.poll(cx) {
                Poll::Ready(Said::Answer(text, _)) => Some(text),
                Poll::Ready(Said::Message(text)) => {
                    self.unsaid = Some(text);
                    None
                }
                Poll::Ready(Said::End) | Poll::Pending => None,
            })
        })
        .await
    }

    /// The whole answer: JSON where the answer is the first thing said, a stream of events otherwise, at the latest when
    /// `keep_alive` is over, so that the connection is seen to be alive.
    pub(super) async fn reply(mut self, keep_alive: Option<Duration>) -> Reply {
        let mut patience = None;
        let first = poll_fn(|cx| {
            if let Poll::Ready(said) = self.poll(cx) {
                return Poll::Ready(Some(said));
            }
            let Some(after) = keep_alive else { return Poll::Pending };
            let patience = patience.get_or_insert_with(|| platform::sleep(after));
            patience.as_mut().poll(cx).map(|()| None)
        });
        let first = match first.await {
            Some(Said::Answer(text, error)) => {
                let error = error.filter(|_| self.modern);
                return reply::json(error.map_or(StatusCode::OK, reply::status_of), text);
            }
            Some(Said::Message(text)) => event::message(None, &text),
            // Cancelled: there is no answer.
            Some(Said::End) => Bytes::new(),
            None => Bytes::from_static(event::COMMENT),
        };
        reply::events(Box::new(Events { first: Some(first), exchange: self }), keep_alive)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// An exchange as a stream that cannot be taken up again.
struct Events {
    first: Option<Bytes>,
    exchange: Exchange,
}

impl Source for Events {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Poll::Ready(Some(first));
        }
        match ready!(self.exchange.poll(cx)) {
            Said::Message(text) | Said::Answer(text, _) => Poll::Ready(Some(event::message(None, &text))),
            Said::End => Poll::Ready(None),
        }
    }
}
