//! HTTP+SSE, the transport of 2024-11-05: one stream carries everything from the server, each message to it is a POST to
//! the address that the stream's first event names.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::Sink;

use super::fetch::{Content, ExchangeId, Fact, Fetch, Headers, Method, Reading, Request};
use super::{Config, answer};
use crate::frame::{EventParser, Inbound, Liveness, Outbound, Profile};
use crate::json::{Buffer, Text};
use crate::platform::{Lock, sleep};
use crate::text::{before, decimal, join};
use crate::transport::address::{self, origin};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// How long the stream's first event may take.
const ENDPOINT: Duration = Duration::from_secs(10);
/// Messages that wait to be posted. Beyond that the session keeps them.
const QUEUED: usize = 64;
/// The stream's exchange; every post is one of its own after it.
const STREAM: ExchangeId = 0;

struct Older<F> {
    fetch: F,
    config: Arc<Config>,
    token: Option<String>,
    parser: EventParser,
    endpoint: Option<Arc<str>>,
    /// Posts go one after the other, as their order matters: this one is under way.
    post: Option<ExchangeId>,
    /// The refusal whose body is being read.
    refused: Option<u16>,
    next: ExchangeId,
    outbound: VecDeque<Text>,
    inbound: VecDeque<Inbound>,
    over: Option<Result<(), TransportError>>,
    /// The stream is to be aborted, once nobody holds the session.
    ended: bool,
}

/// Opens the stream and waits for the address to post to.
pub(super) async fn connect<F: Fetch>(
    fetch: F,
    config: Arc<Config>,
    token: Option<String>,
) -> Result<Link, TransportError> {
    let mut older = Older {
        fetch,
        token,
        parser: EventParser::new(config.max_message),
        endpoint: None,
        post: None,
        refused: None,
        next: STREAM + 1,
        outbound: VecDeque::new(),
        inbound: VecDeque::new(),
        over: None,
        ended: false,
        config,
    };
    let headers = older.headers("text/event-stream");
    older.start(STREAM, Method::Get, older.config.url.clone(), headers, None);
    let mut late = sleep(ENDPOINT);
    poll_fn(|cx| {
        older.pump(cx);
        match &older.over {
            Some(Err(error)) => return Poll::Ready(Err(error.clone())),
            Some(Ok(())) => {
                return Poll::Ready(Err(failed("the server ended the stream before it named its endpoint")));
            }
            None if older.endpoint.is_some() => return Poll::Ready(Ok(())),
            None => {}
        }
        late.as_mut().poll(cx).map(|()| Err(failed("the server opened a stream and named no endpoint within 10 s")))
    })
    .await?;
    older.config.seems_older(true);
    let half = Arc::new(Lock::new(older));
    let profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Request };
    Ok(Link { profile, transport: "http+sse", tx: Box::pin(Half(half.clone())), rx: Box::pin(Half(half)) })
}

fn failed(detail: &str) -> TransportError {
    TransportError::new(TransportErrorKind::ConnectFailed, detail)
}

impl<F: Fetch> Older<F> {
    fn headers(&self, accept: &'static str) -> Headers {
        let mut all: Headers = vec![("accept".into(), accept.into())];
        if let Some(token) = &self.token {
            all.push(("authorization".into(), join(&["Bearer ", token]).into()));
        }
        all.extend(self.config.headers.iter().map(|(name, value)| (name.clone().into(), value.clone().into())));
        all
    }

    fn start(&mut self, id: ExchangeId, method: Method, url: Arc<str>, headers: Headers, body: Option<Text>) {
        self.fetch.start(id, Request { method, url, headers, body, farewell: false });
    }

    fn pump(&mut self, cx: &mut Context<'_>) {
        while self.over.is_none() {
            self.post_next();
            match self.fetch.poll(cx) {
                Poll::Ready((STREAM, fact)) => self.streamed(fact),
                Poll::Ready((id, fact)) if self.post == Some(id) => self.posted(id, fact),
                Poll::Ready(_) => {}
                Poll::Pending => return,
            }
        }
    }

    fn post_next(&mut self) {
        if let (None, Some(url)) = (self.post, self.endpoint.clone())
            && let Some(text) = self.outbound.pop_front()
        {
            let mut headers = self.headers("application/json, text/event-stream");
            headers.push(("content-type".into(), "application/json".into()));
            let id = self.next;
            self.next += 1;
            self.post = Some(id);
            self.start(id, Method::Post, url, headers, Some(text));
        }
    }

    fn streamed(&mut self, fact: Fact) {
        match fact {
            Fact::Head { status: 200, content: Content::Events } => self.fetch.read(STREAM, Reading::Chunks),
            Fact::Head { status, content } => {
                self.fetch.abort(STREAM);
                let empty = Text::from(String::new());
                // A web page is no stream either: what it says is not for this error.
                let content = if (200..300).contains(&status) { Content::Other } else { content };
                let error = answer::error(&self.config.label, status, content, &empty, &Default::default());
                self.over = Some(Err(error));
            }
            Fact::Chunk(chunk) => self.chunk(&chunk),
            Fact::Failed(error) => self.over = Some(Err(error)),
            _ => self.over = Some(Ok(())),
        }
    }

    fn chunk(&mut self, chunk: &Buffer) {
        let (inbound, endpoint, config) = (&mut self.inbound, &mut self.endpoint, &self.config);
        let before = inbound.len();
        let mut wrong = None;
        let fed = self.parser.feed(chunk, &mut |name, data| match name {
            "endpoint" => match std::str::from_utf8(data).ok().and_then(|said| resolve(&config.url, said)) {
                Some(url) => *endpoint = Some(url.into()),
                None => wrong = Some("the server named an endpoint at another origin; nothing is sent there"),
            },
            "" | "message" if !data.is_empty() => match Text::within(chunk, data) {
                Some(text) => inbound.push_back(Inbound::Message(text)),
                None => wrong = Some("the server sent an event that is not UTF-8"),
            },
            _ => {}
        });
        if inbound.len() == before {
            inbound.push_back(Inbound::Alive);
        }
        if let Some(detail) = wrong {
            self.over = Some(Err(TransportError::new(TransportErrorKind::Protocol, detail)));
        } else if fed.is_err() {
            let limit = config.max_message;
            let detail = join(&["the server sent an event over the limit of ", &decimal(limit as u64), " bytes"]);
            let kind = TransportErrorKind::TooLarge { size: limit.saturating_add(1), limit };
            self.over = Some(Err(TransportError::new(kind, detail)));
        }
    }

    fn posted(&mut self, id: ExchangeId, fact: Fact) {
        match fact {
            Fact::Head { status, .. } if (200..300).contains(&status) => self.fetch.read(id, Reading::Discard),
            Fact::Head { status, .. } => {
                self.refused = Some(status);
                self.fetch.read(id, Reading::Text { limit: 64 << 10 });
            }
            Fact::Chunk(_) => {}
            Fact::Text(text) => self.refuse(&text),
            Fact::Failed(_) if self.refused.is_some() => self.refuse(&Text::from(String::new())),
            Fact::Failed(error) => self.over = Some(Err(error)),
            Fact::End => self.post = None,
        }
    }

    /// A message was not taken: the session at the server is gone, or never was.
    fn refuse(&mut self, text: &Text) {
        let status = self.refused.take().unwrap_or_default();
        let error = answer::error(&self.config.label, status, Content::Other, text, &Default::default());
        let lost = |error: &TransportError| TransportError::new(TransportErrorKind::Lost, error.detail());
        let error = match status {
            // Another stream is another session.
            400 | 404 | 410 => lost(&error),
            // And another link asks for another token.
            401 if self.config.asks_for_tokens() => lost(&error),
            _ => error,
        };
        self.over = Some(Err(error));
    }
}

struct Half<F>(Arc<Lock<Older<F>>>);

impl<F: Fetch> Sink<Outbound> for Half<F> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let older = self.0.lock();
        // Whoever reads moves the posts on, and comes by here then.
        if older.outbound.len() >= QUEUED && older.over.is_none() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn start_send(self: Pin<&mut Self>, out: Outbound) -> Result<(), TransportError> {
        let mut older = self.0.lock();
        match out {
            Outbound::Message(text) => older.outbound.push_back(text),
            Outbound::Close(_) => {
                older.ended = true;
                older.over.get_or_insert(Ok(()));
            }
            _ => {}
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut older = self.0.lock();
        if std::mem::take(&mut older.ended) {
            older.fetch.abort(STREAM);
        }
        older.pump(cx);
        if older.over.is_some() || !older.inbound.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
}

impl<F: Fetch> Stream for Half<F> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut older = self.0.lock();
        if older.inbound.is_empty() {
            older.pump(cx);
        }
        if let Some(inbound) = older.inbound.pop_front() {
            return Poll::Ready(Some(Ok(inbound)));
        }
        match older.over.clone() {
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            Some(Ok(())) => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// An endpoint as the stream names it, absolute or relative to the stream's address; `None` at another origin.
fn resolve(base: &str, said: &str) -> Option<String> {
    let (root, said) = (origin(base), said.trim_ascii());
    if said.is_empty() || said.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    if said.starts_with("//") || before(said, b"/?#").contains(':') {
        return address::same_origin(said, root).then(|| said.to_owned());
    }
    let path = before(base, b"?");
    let folder = match path.rfind('/') {
        Some(at) if at >= root.len() => path.get(..=at)?.to_owned(),
        _ => join(&[root, "/"]),
    };
    Some(match said.as_bytes().first() {
        Some(b'/') => join(&[root, said]),
        Some(b'?') => join(&[path, said]),
        _ => join(&[&folder, said]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test;

    #[test]
    fn an_endpoint_stays_at_the_streams_origin() {
        let base = "https://a.example:8080/v1/sse?x=1";
        for (said, url) in [
            ("/messages?sessionId=1", Some("https://a.example:8080/messages?sessionId=1")),
            ("messages", Some("https://a.example:8080/v1/messages")),
            ("?sessionId=1", Some("https://a.example:8080/v1/sse?sessionId=1")),
            ("https://A.example:8080/m", Some("https://A.example:8080/m")),
            ("https://a.example/m", None),
            ("http://a.example:8080/m", None),
            ("https://a.example:8080.evil.com/m", None),
            ("//evil.com/m", None),
            ("javascript:alert(1)", None),
            ("", None),
            ("/a b", None),
        ] {
            assert_eq!(resolve(base, said).as_deref(), url, "{said}");
        }
        assert_eq!(resolve("https://a.example", "m").as_deref(), Some("https://a.example/m"));
    }
}
