//! The transport of 2024-11-05 against a scripted fetch.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use super::super::fetch::{Content, Fact, Method, Request};
use super::super::{Config, Http, older};
use super::fake::*;
use super::link::Halves;
use super::with_timers;
use crate::frame::{Close, Inbound, Outbound, Profile};
use crate::platform::test;
use crate::transport::{Link, TransportError, TransportErrorKind};

const STREAM: u64 = 0;

type Connecting = std::pin::Pin<Box<dyn Future<Output = Result<Link, TransportError>>>>;

fn connecting(change: impl FnOnce(Http) -> Http) -> (Connecting, Fake, Arc<Config>) {
    let (fake, config) = (Fake::default(), config(change));
    let future = Box::pin(older::connect(fake.clone(), config.clone(), Some("t-1".to_owned())));
    (future, fake, config)
}

fn poll(future: &mut Connecting) -> Poll<Result<Link, TransportError>> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn says(fake: &Fake, events: &str) {
    fake.0.lock().facts.push_back((STREAM, Fact::Chunk(bytes(events))));
}

fn begins(fake: &Fake) {
    fake.0.lock().facts.push_back((STREAM, Fact::Head { status: 200, content: Content::Events }));
}

/// A link to a server that named `/messages`; the stream's request is seen already.
fn linked(change: impl FnOnce(Http) -> Http) -> Halves {
    let (mut future, fake, config) = connecting(change);
    assert!(poll(&mut future).is_pending());
    begins(&fake);
    says(&fake, "event: endpoint\ndata: /messages?sessionId=1\n\n");
    let Poll::Ready(Ok(link)) = poll(&mut future) else { panic!("it is open") };
    assert!(config.older.load(Ordering::Relaxed), "the next link is one of these, too");
    let mut halves = Halves::of(link, fake.0.clone());
    halves.all();
    assert_eq!(halves.started().len(), 1);
    halves
}

fn message(body: &str) -> Outbound {
    Outbound::Message(text(body))
}

fn body(request: &Request) -> String {
    request.body.as_ref().expect("a body").to_string()
}

fn refused(link: &mut Halves) -> TransportError {
    match link.next() {
        Poll::Ready(Some(Err(error))) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_is_open_once_the_server_named_its_endpoint() {
    with_timers(|| {
        let (mut future, fake, config) = connecting(|http| http);
        assert!(poll(&mut future).is_pending());
        let (id, request) = fake.0.lock().started.remove(0);
        assert_eq!((id, request.method, &*request.url), (STREAM, Method::Get, URL));
        assert_eq!(names(&request), ["accept", "authorization"]);
        assert_eq!(header(&request, "accept"), Some(EVENTS));
        begins(&fake);
        assert!(poll(&mut future).is_pending());
        assert!(!config.older.load(Ordering::Relaxed));
        says(&fake, ": hello\n\nevent: endpoint\ndata: /messages?sessionId=1\n\n");
        let Poll::Ready(Ok(link)) = poll(&mut future) else { panic!("it is open") };
        assert!(matches!(link.profile, Profile::SharedChannel { reopen: true, .. }));
        assert_eq!(link.transport, "http+sse");
    });
}

#[test]
fn what_is_no_such_stream_is_told() {
    for (status, content, kind) in [
        (405, Content::Html, TransportErrorKind::Refused { status: 405 }),
        (401, Content::Other, TransportErrorKind::Refused { status: 401 }),
        (503, Content::Other, TransportErrorKind::Refused { status: 503 }),
        (200, Content::Html, TransportErrorKind::Protocol),
    ] {
        with_timers(|| {
            let (mut future, fake, config) = connecting(|http| http);
            assert!(poll(&mut future).is_pending());
            fake.0.lock().facts.push_back((STREAM, Fact::Head { status, content }));
            match poll(&mut future) {
                Poll::Ready(Err(error)) => assert_eq!(error.kind(), &kind),
                other => panic!("{:?}", other.is_ready()),
            }
            assert!(!config.older.load(Ordering::Relaxed));
            assert_eq!(fake.0.lock().aborted, [STREAM]);
        });
    }
    with_timers(|| {
        let (mut future, fake, _) = connecting(|http| http);
        assert!(poll(&mut future).is_pending());
        begins(&fake);
        fake.0.lock().facts.push_back((STREAM, Fact::End));
        assert!(matches!(poll(&mut future), Poll::Ready(Err(_))));
    });
}

#[test]
fn nothing_is_sent_to_another_origin() {
    for endpoint in ["https://evil.example/m", "http://mcp.example/m", "//evil.example/m", "https://mcp.example:8443/m"]
    {
        with_timers(|| {
            let (mut future, fake, _) = connecting(|http| http);
            assert!(poll(&mut future).is_pending());
            begins(&fake);
            says(&fake, &format!("event: endpoint\ndata: {endpoint}\n\n"));
            let Poll::Ready(Err(error)) = poll(&mut future) else { panic!("{endpoint}") };
            assert_eq!(error.kind(), &TransportErrorKind::Protocol, "{endpoint}");
        });
    }
    // The same one, said in full.
    with_timers(|| {
        let (mut future, fake, _) = connecting(|http| http);
        assert!(poll(&mut future).is_pending());
        begins(&fake);
        says(&fake, "event: endpoint\ndata: https://MCP.example:443/m\n\n");
        assert!(matches!(poll(&mut future), Poll::Ready(Ok(_))));
    });
}

#[test]
fn messages_are_posted_one_after_the_other() {
    with_timers(|| {
        let mut link = linked(|http| http);
        for text in ["1", "2", "3"] {
            link.send(message(text));
        }
        for expected in ["1", "2", "3"] {
            let all = link.started();
            assert_eq!(all.len(), 1, "the order of messages matters");
            let (id, request) = &all[0];
            assert_eq!((request.method, &*request.url), (Method::Post, "https://mcp.example/messages?sessionId=1"));
            assert_eq!(names(request), ["accept", "authorization", "content-type"]);
            assert_eq!(body(request), expected);
            link.head(*id, 202, Content::Other);
            link.fact(*id, Fact::End);
            assert!(link.all().is_empty());
        }
    });
}

#[test]
fn messages_of_the_server_are_events() {
    with_timers(|| {
        let mut link = linked(|http| http);
        link.fact(
            STREAM,
            Fact::Chunk(bytes("event: message\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\nevent: x\ndata: y\n\n")),
        );
        let all = link.all();
        assert!(matches!(&all[..], [Inbound::Message(a), Inbound::Message(b)]
            if a.to_string() == r#"{"a":1}"# && b.to_string() == r#"{"b":2}"#));
        link.fact(STREAM, Fact::Chunk(bytes(": ping\n\n")));
        assert!(matches!(link.all()[..], [Inbound::Alive]));
        link.fact(STREAM, Fact::End);
        assert!(matches!(link.next(), Poll::Ready(None)));
    });
}

#[test]
fn a_refused_message_ends_the_link() {
    for (status, kind) in [
        (404, TransportErrorKind::Lost),
        (400, TransportErrorKind::Lost),
        (403, TransportErrorKind::Refused { status: 403 }),
        (401, TransportErrorKind::Refused { status: 401 }),
        (503, TransportErrorKind::Refused { status: 503 }),
    ] {
        with_timers(|| {
            let mut link = linked(|http| http);
            link.send(message("1"));
            let id = link.started()[0].0;
            link.head(id, status, Content::Other);
            link.fact(id, Fact::Text(text("because")));
            let error = refused(&mut link);
            assert_eq!(error.kind(), &kind);
            assert!(error.detail().contains("because"), "{error}");
        });
    }
    with_timers(|| {
        let mut link = linked(|http| http);
        link.send(message("1"));
        let id = link.started()[0].0;
        link.fact(id, Fact::Failed(error(TransportErrorKind::Lost)));
        assert_eq!(refused(&mut link).kind(), &TransportErrorKind::Lost);
    });
}

#[test]
fn a_token_that_is_no_good_any_more_is_followed_by_another_on_the_next_link() {
    with_timers(|| {
        let never = || -> crate::platform::BoxFuture<'static, _> { Box::pin(std::future::pending()) };
        let mut link = linked(|http| http.token_provider(never).expect("a provider"));
        link.send(message("1"));
        let id = link.started()[0].0;
        link.head(id, 401, Content::Other);
        link.fact(id, Fact::Text(text("")));
        assert_eq!(refused(&mut link).kind(), &TransportErrorKind::Lost);
    });
}

#[test]
fn a_server_that_does_not_take_messages_is_not_given_more_and_more() {
    with_timers(|| {
        let mut link = linked(|http| http);
        let mut taken = 0;
        while taken < 10_000 && link.ready().is_ready() {
            link.send(message("1"));
            taken += 1;
        }
        assert!((16..=1_024).contains(&taken), "{taken} wait");
        let id = link.started()[0].0;
        link.head(id, 202, Content::Other);
        link.fact(id, Fact::End);
        link.all();
        assert!(link.ready().is_ready());
    });
}

#[test]
fn too_large_an_event_ends_the_link() {
    with_timers(|| {
        let mut link = linked(|http| http.max_message(50));
        link.fact(STREAM, Fact::Chunk(bytes(&format!("data: {}\n\n", "x".repeat(100)))));
        loop {
            match link.next() {
                Poll::Ready(Some(Ok(Inbound::Alive))) => {}
                Poll::Ready(Some(Err(error))) => {
                    assert!(matches!(error.kind(), TransportErrorKind::TooLarge { limit: 50, .. }));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn closing_ends_the_stream() {
    with_timers(|| {
        let mut link = linked(|http| http);
        link.send(Outbound::Close(Close::NORMAL));
        assert_eq!(link.script.lock().aborted, [STREAM]);
        assert!(matches!(link.next(), Poll::Ready(None)));
    });
}
