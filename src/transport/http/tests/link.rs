//! The two halves of a link, polled by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::super::fetch::{Content, Fact};
use super::fake::*;
use super::with_timers;
use crate::frame::{Close, Inbound, Outbound, Post};
use crate::platform::{BoxFuture, Lock, test};
use crate::transport::{Link, TransportError, TransportErrorKind};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct Halves {
    pub(super) link: Link,
    pub(super) script: Arc<Lock<Script>>,
    wakes: Arc<Count>,
    waker: Waker,
}

impl Halves {
    pub(super) fn of(link: Link, script: Arc<Lock<Script>>) -> Self {
        let wakes = Arc::new(Count::default());
        Self { link, script, waker: wakes.clone().into(), wakes }
    }

    fn new(change: impl FnOnce(super::super::Http) -> super::super::Http, token: Option<&str>) -> Self {
        let fake = Fake::default();
        let script = fake.0.clone();
        Self::of(super::super::link::link(fake, config(change), token.map(str::to_owned)), script)
    }

    pub(super) fn ready(&mut self) -> Poll<Result<(), TransportError>> {
        self.link.tx.as_mut().poll_ready(&mut Context::from_waker(&self.waker))
    }

    pub(super) fn put(&mut self, out: Outbound) {
        self.link.tx.as_mut().start_send(out).expect("the link takes it");
    }

    pub(super) fn flush(&mut self) {
        let flushed = self.link.tx.as_mut().poll_flush(&mut Context::from_waker(&self.waker));
        assert!(matches!(flushed, Poll::Ready(Ok(()))));
    }

    pub(super) fn send(&mut self, out: Outbound) {
        self.put(out);
        self.flush();
    }

    fn post(&mut self, wire: i64) {
        self.send(Outbound::Post(Box::new(modern(wire, "tools/call"))));
    }

    fn closed(&mut self) -> bool {
        self.link.tx.as_mut().poll_close(&mut Context::from_waker(&self.waker)).is_ready()
    }

    pub(super) fn next(&mut self) -> Poll<Option<Result<Inbound, TransportError>>> {
        self.link.rx.as_mut().poll_next(&mut Context::from_waker(&self.waker))
    }

    /// All that is there now.
    pub(super) fn all(&mut self) -> Vec<Inbound> {
        std::iter::from_fn(|| match self.next() {
            Poll::Ready(Some(Ok(inbound))) => Some(inbound),
            Poll::Pending => None,
            Poll::Ready(other) => panic!("{other:?}"),
        })
        .collect()
    }

    pub(super) fn started(&mut self) -> Vec<(u64, super::super::fetch::Request)> {
        std::mem::take(&mut self.script.lock().started)
    }

    pub(super) fn fact(&mut self, id: u64, fact: Fact) {
        self.script.lock().facts.push_back((id, fact));
    }

    pub(super) fn head(&mut self, id: u64, status: u16, content: Content) {
        self.fact(id, Fact::Head { status, content });
    }

    fn wakes(&self) -> usize {
        self.wakes.0.swap(0, Ordering::Relaxed)
    }
}

#[test]
fn the_fetch_is_called_when_the_link_is_flushed_and_not_while_it_is_given_messages() {
    let mut link = Halves::new(|http| http, None);
    link.put(Outbound::Post(Box::new(modern(1, "tools/call"))));
    link.put(Outbound::Post(Box::new(modern(2, "tools/call"))));
    assert_eq!(link.started().len(), 0, "the host's fetch may be the user's, and call the client");
    link.flush();
    assert_eq!(link.started().len(), 2);
    link.put(Outbound::Abort(1));
    assert!(link.script.lock().aborted.is_empty());
    link.flush();
    assert_eq!(link.script.lock().aborted, [1]);
}

#[test]
fn what_arrives_while_it_is_flushed_is_not_lost_and_wakes_once() {
    let mut link = Halves::new(|http| http, None);
    link.post(1);
    assert!(link.next().is_pending());
    link.wakes();
    let id = link.started()[0].0;
    link.head(id, 200, Content::Json);
    link.fact(id, Fact::Text(text("{}")));
    link.flush();
    assert_eq!(link.wakes(), 1, "whoever reads must know");
    assert!(matches!(link.all()[..], [Inbound::Reply(1, 200, _)]));
    link.flush();
    assert_eq!(link.wakes(), 0, "and nobody is woken for nothing");
}

#[test]
fn what_waits_to_be_read_is_bounded() {
    with_timers(|| {
        let mut link = Halves::new(|http| http, None);
        link.post(1);
        let id = link.started()[0].0;
        link.head(id, 200, Content::Events);
        for _ in 0..1_000 {
            link.fact(id, Fact::Chunk(bytes("data: {}\n\n")));
        }
        for _ in 0..20 {
            link.post(2);
        }
        let left = link.script.lock().facts.len();
        assert!(left >= 900, "{left} are left with the fetch");
        let all = link.all();
        assert_eq!(
            all.iter().filter(|told| matches!(told, Inbound::On(..))).count(),
            1_000,
            "and come when there is room"
        );
    });
}

#[test]
fn a_link_that_is_over_says_so_after_everything_else() {
    with_timers(|| {
        let mut link = Halves::new(|http| http, None);
        link.send(Outbound::Post(Box::new(Post { version: None, ..post(Some(1), "initialize") })));
        let id = link.started()[0].0;
        link.script.lock().headers.push((id, "mcp-session-id", "s"));
        link.head(id, 200, Content::Json);
        link.fact(id, Fact::Text(text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)));
        link.all();
        link.send(Outbound::Post(Box::new(post(Some(2), "tools/call"))));
        let id = link.started()[0].0;
        link.head(id, 404, Content::Other);
        link.fact(id, Fact::Text(text("")));
        link.flush();
        assert!(link.ready().is_pending(), "first the reader is told whose request it was");
        assert!(matches!(link.next(), Poll::Ready(Some(Ok(Inbound::Failed(2, _))))));
        assert!(matches!(link.ready(), Poll::Ready(Err(_))));
        let over = |error: &TransportError| *error.kind() == TransportErrorKind::SessionExpired;
        assert!(matches!(link.next(), Poll::Ready(Some(Err(error))) if over(&error)));
    });
}

#[test]
fn one_token_is_asked_for_however_many_were_refused() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let provider = move || -> BoxFuture<'static, _> {
        let number = count.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(format!("t-{number}"))))
    };
    let mut link = Halves::new(|http| http.token_provider(provider).expect("a provider"), Some("old"));
    for wire in 1..=5 {
        link.post(wire);
    }
    for (id, _) in link.started() {
        link.head(id, 401, Content::Other);
    }
    assert!(link.all().is_empty());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let again = link.started();
    assert_eq!(again.len(), 5);
    assert!(again.iter().all(|(_, request)| header(request, "authorization") == Some("Bearer t-0")));
}

#[test]
fn closing_waits_until_the_server_was_told() {
    with_timers(|| {
        let mut link = Halves::new(|http| http, None);
        link.send(Outbound::Post(Box::new(Post { version: None, ..post(Some(1), "initialize") })));
        let id = link.started()[0].0;
        link.script.lock().headers.push((id, "mcp-session-id", "s"));
        link.head(id, 200, Content::Json);
        link.fact(id, Fact::Text(text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)));
        link.all();
        link.send(Outbound::Close(Close::NORMAL));
        assert!(!link.closed() && link.next().is_pending());
        let id = link.started()[0].0;
        link.head(id, 200, Content::Other);
        link.fact(id, Fact::End);
        assert!(link.closed());
        assert!(matches!(link.next(), Poll::Ready(None)));
    });

    let mut link = Halves::new(|http| http, None);
    link.send(Outbound::Close(Close::NORMAL));
    assert!(link.closed(), "nobody to tell");
}

#[test]
fn a_dropped_link_drops_its_fetch() {
    let link = Halves::new(|http| http, None);
    let script = link.script.clone();
    drop(link);
    assert_eq!(Arc::strong_count(&script), 1);
}
