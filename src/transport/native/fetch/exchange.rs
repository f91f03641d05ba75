//! One exchange: sent, perhaps redirected, answered, read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use hyper::body::Incoming;
use hyper_util::client::legacy::ResponseFuture;

use super::body::Body;
use super::failure::{bad_body, before_head, too_large};
use super::redirect;
use super::send::Sender;
use crate::json::Text;
use crate::platform::{BoxFuture, sleep};
use crate::transport::TransportError;
use crate::transport::http::{Content, ExchangeId, Fact, Reading, Request};

/// How much of an unwanted body is read, and how long, so that its connection can be used again.
const DISCARD: (usize, Duration) = (64 * 1024, Duration::from_secs(1));
/// What is set aside at once for a body that announces its length.
const RESERVE: usize = 1 << 20;

pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    request: Request,
    redirects: u32,
    headers: Option<HeaderMap>,
    state: State,
}

enum State {
    Sent(ResponseFuture),
    /// The head was told, and how to read the body was not.
    Answered(Incoming),
    Text(Body, Gathered),
    Chunks(Body),
    Discard(Incoming, Discard),
    Failed(TransportError),
    Over,
}

/// A fact, and whether others follow.
pub(super) enum Step {
    More(Fact),
    Last(Fact),
}

impl Exchange {
    pub(super) fn new(id: ExchangeId, request: Request, sender: &mut Sender) -> Self {
        let state = sender.send(&request).map_or_else(State::Failed, State::Sent);
        Self { id, request, redirects: 0, headers: None, state }
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.as_ref()?.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    pub(super) fn read(&mut self, reading: Reading) {
        let State::Answered(incoming) = std::mem::replace(&mut self.state, State::Over) else { return };
        self.state = if reading == Reading::Discard {
            State::Discard(incoming, Discard::default())
        } else {
            let headers = self.headers.get_or_insert_default();
            match (Body::new(incoming, headers, &self.request.url), reading) {
                (Err(error), _) => State::Failed(error),
                (Ok(body), Reading::Text { limit }) => State::Text(body, Gathered::new(limit)),
                (Ok(body), _) => State::Chunks(body),
            }
        };
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, sender: &mut Sender) -> Poll<Step> {
        let url = &self.request.url;
        let fact = match &mut self.state {
            State::Sent(answer) => {
                return match ready!(Pin::new(answer).poll(cx)) {
                    Ok(answer) => self.answered(answer, cx, sender),
                    Err(error) => Poll::Ready(Step::Last(Fact::Failed(before_head(&error, url)))),
                };
            }
            State::Answered(_) | State::Over => return Poll::Pending,
            State::Text(body, gathered) => match ready!(gathered.poll(body, cx, url)) {
                Ok(text) => Fact::Text(text),
                Err(error) => Fact::Failed(error),
            },
            State::Chunks(body) => match ready!(body.poll_data(cx, url)) {
                Some(Ok(chunk)) => return Poll::Ready(Step::More(Fact::Chunk(chunk))),
                Some(Err(error)) => Fact::Failed(error),
                None => Fact::End,
            },
            State::Discard(incoming, discard) => {
                ready!(discard.poll(incoming, cx));
                Fact::End
            }
            State::Failed(error) => Fact::Failed(error.clone()),
        };
        self.state = State::Over;
        Poll::Ready(Step::Last(fact))
    }

    fn answered(&mut self, answer: http::Response<Incoming>, cx: &mut Context<'_>, sender: &mut Sender) -> Poll<Step> {
        let (head, incoming) = answer.into_parts();
        let location = head.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        if let Some(location) = location
            && self.redirects < redirect::LIMIT
            && redirect::is_followed(self.request.method, head.status.as_u16())
            && let Some(url) = redirect::within_origin(&self.request.url, location)
        {
            self.redirects += 1;
            self.request.url = url.into();
            match sender.send(&self.request) {
                Ok(answer) => self.state = State::Sent(answer),
                Err(error) => return Poll::Ready(Step::Last(Fact::Failed(error))),
            }
            return self.poll(cx, sender);
        }
        let content = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content = content.map_or(Content::Other, Content::of);
        self.headers = Some(head.headers);
        self.state = State::Answered(incoming);
        Poll::Ready(Step::More(Fact::Head { status: head.status.as_u16(), content }))
    }
}

/// A body on its way to be one text.
struct Gathered {
    limit: usize,
    /// What came first, which is all of it as a rule.
    first: Bytes,
    whole: BytesMut,
}

impl Gathered {
    fn new(limit: usize) -> Self {
        Self { limit, first: Bytes::new(), whole: BytesMut::new() }
    }

    fn poll(&mut self, body: &mut Body, cx: &mut Context<'_>, url: &str) -> Poll<Result<Text, TransportError>> {
        loop {
            if let Some(length) = body.len().map(|rest| usize::try_from(rest).unwrap_or(usize::MAX)) {
                let length = length.saturating_add(self.len());
                if length > self.limit {
                    return Poll::Ready(Err(too_large(url, length, self.limit)));
                }
            }
            if body.is_end() {
                return Poll::Ready(self.text(url));
            }
            let Some(bytes) = ready!(body.poll_data(cx, url)?) else { return Poll::Ready(self.text(url)) };
            if self.len().saturating_add(bytes.len()) > self.limit {
                return Poll::Ready(Err(too_large(url, self.len().saturating_add(bytes.len()), self.limit)));
            }
            if self.first.is_empty() && self.whole.is_empty() {
                self.first = bytes;
                continue;
            }
            if self.whole.is_empty() {
                let rest = body.len().and_then(|rest| usize::try_from(rest).ok()).unwrap_or_default().min(RESERVE);
                self.whole.reserve(self.first.len() + bytes.len() + rest);
                self.whole.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.whole.extend_from_slice(&bytes);
        }
    }

    fn len(&self) -> usize {
        self.first.len() + self.whole.len()
    }

    fn text(&mut self, url: &str) -> Result<Text, TransportError> {
        let bytes = if self.whole.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.whole).freeze()
        };
        Text::from_utf8(bytes).ok_or_else(|| bad_body(url, "a body that is not UTF-8"))
    }
}

/// An unwanted body on its way out.
#[derive(Default)]
struct Discard {
    read: usize,
    patience: Option<BoxFuture<'static, ()>>,
}

impl Discard {
    /// Ready when the body ended, or is not worth reading on.
    fn poll(&mut self, incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<()> {
        use hyper::body::Body as _;
        let far = incoming.size_hint().exact().is_some_and(|length| length > DISCARD.0 as u64);
        while !far && self.read <= DISCARD.0 && !incoming.is_end_stream() {
            match Pin::new(&mut *incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => self.read += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    return self.patience.get_or_insert_with(|| sleep(DISCARD.1)).as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}
