//! Requests, their turn, and whole answers to them.

use super::super::fetch::{Content, Reading};
use super::fake::*;
use crate::frame::{Body, Inbound, Outbound, Post};
use crate::platform::test;
use crate::transport::TransportErrorKind;

const DONE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

// ---- Their turn

#[test]
fn requests_wait_until_the_server_knows_that_the_client_is_initialized() {
    for how in 0..4 {
        let mut world = World::new();
        let gate = world.send(post(None, "notifications/initialized"));
        world.post(post(Some(1), "tools/list"));
        world.post(post(Some(2), "tools/list"));
        world.nothing_started();
        world.post(Post { method: None, ..post(None, "") });
        assert_eq!(world.started().len(), 1, "a response does not wait");
        match how {
            0 => world.accepted(gate),
            1 => world.answer(gate, 500, Content::Other, ""),
            2 => world.fail(gate, TransportErrorKind::Lost),
            _ => {
                world.advance(millis(9_999));
                world.nothing_started();
                world.advance(millis(1));
            }
        }
        assert_eq!(world.started().len(), 2, "{how}");
    }
}

#[test]
fn more_requests_than_may_be_under_way_wait_their_turn_in_order() {
    let mut world = World::new();
    for wire in 1..=132 {
        world.post(modern(wire, "tools/list"));
    }
    let first = world.started();
    assert_eq!(first.len(), 128);
    // A subscription lasts: it takes no place, though it too comes in its turn.
    world.out(Outbound::Abort(130));
    assert!(world.aborted().is_empty(), "it never left");
    world.json(first[5].0, 200, DONE);
    world.one();
    world.fail(first[6].0, TransportErrorKind::Lost);
    world.one();
    world.out(Outbound::Abort(1));
    assert_eq!(world.aborted(), [first[0].0]);
    world.one();
    world.inbound();
    world.json(first[7].0, 200, DONE);
    world.nothing_started();
    assert!(matches!(world.told(), Inbound::Reply(8, 200, _)));
}

#[test]
fn subscriptions_take_no_place() {
    let mut world = World::new();
    for wire in 1..=200 {
        world.post(modern(wire, "subscriptions/listen"));
    }
    world.post(modern(201, "tools/list"));
    assert_eq!(world.started().len(), 201);
}

#[test]
fn messages_without_a_reply_are_bounded_and_given_up() {
    let mut world = World::session();
    for _ in 0..500 {
        world.post(post(None, "notifications/cancelled"));
    }
    let under_way = world.started().len();
    assert!((1..=64).contains(&under_way), "{under_way} at once");
    world.advance(secs(31));
    assert_eq!(world.aborted().len(), under_way, "a server that never says that it took them");
    let undelivered = world.inbound();
    assert!(undelivered.iter().all(|told| matches!(told, Inbound::Undelivered(_))), "{undelivered:?}");
    assert_eq!(world.started().len(), under_way, "the next ones");
    for _ in 0..5_000 {
        world.post(post(None, "notifications/cancelled"));
    }
    let kind = world.core.broken.as_ref().map(|error| error.kind().clone());
    assert_eq!(kind, Some(TransportErrorKind::Overloaded), "it asks faster than it takes the answers");
}

// ---- Answers

#[test]
fn a_json_answer_is_the_reply() {
    let mut world = World::with(|http| http.max_message(77_777), None);
    let id = world.send(modern(1, "tools/list"));
    world.head(id, 200, Content::Json);
    assert_eq!(world.reading(), Reading::Text { limit: 77_777 });
    assert!(world.inbound().is_empty());
    world.fact(id, super::super::fetch::Fact::Text(text(DONE)));
    assert!(matches!(world.told(), Inbound::Reply(1, 200, body) if body.to_string() == DONE));
    assert!(world.core.open.is_empty());
}

#[test]
fn an_error_in_the_body_of_a_refusal_is_the_reply() {
    for status in [400, 404, 405, 422, 500, 503] {
        let mut world = World::new();
        let id = world.send(modern(1, "tools/list"));
        world.head(id, status, Content::Json);
        assert_eq!(world.reading(), Reading::Text { limit: 64 << 10 });
        let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}"#;
        world.fact(id, super::super::fetch::Fact::Text(text(body)));
        assert!(matches!(world.told(), Inbound::Reply(1, of, _) if of == status), "{status}");
    }
    // What is about the carrier is the carrier's.
    for status in [401, 403, 407, 408, 429] {
        let mut world = World::new();
        let id = world.send(modern(1, "tools/list"));
        world.json(id, status, r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"because"}}"#);
        let failure = world.failure(1);
        assert_eq!((failure.status, failure.unprocessed), (Some(status), status == 429));
        assert!(failure.error.detail().contains("because"), "{}", failure.error);
    }
}

#[test]
fn what_is_no_message_is_told_by_its_kind() {
    for (status, content, body, kind, transport) in [
        (202, Content::Other, "", Body::Empty, TransportErrorKind::Protocol),
        (200, Content::Json, "", Body::Empty, TransportErrorKind::Protocol),
        (200, Content::Html, "<html>", Body::Html, TransportErrorKind::Protocol),
        (200, Content::Other, DONE, Body::Other, TransportErrorKind::Protocol),
        (404, Content::Html, "<html>", Body::Html, TransportErrorKind::Refused { status: 404 }),
        (502, Content::Other, "bad gateway", Body::Other, TransportErrorKind::Refused { status: 502 }),
        (307, Content::Other, "", Body::Empty, TransportErrorKind::Refused { status: 307 }),
        (400, Content::Json, r#"{"detail":"x"}"#, Body::Other, TransportErrorKind::Refused { status: 400 }),
    ] {
        let mut world = World::new();
        let id = world.send(modern(1, "tools/list"));
        world.answer(id, status, content, body);
        let failure = world.failure(1);
        assert_eq!((failure.status, failure.body), (Some(status), kind), "{status} {body}");
        assert_eq!(failure.error.kind(), &transport);
        assert!(!failure.unprocessed && !failure.credential_sent);
        assert!(!failure.error.detail().contains("<html>"));
    }
}

#[test]
fn a_refusal_says_how_long_to_wait_and_whether_a_credential_was_sent() {
    let mut world = World::with(|http| http, Some("t-1"));
    let id = world.send(modern(1, "tools/list"));
    world.says(id, "retry-after", "7");
    world.answer(id, 429, Content::Other, "");
    let failure = world.failure(1);
    assert_eq!((failure.retry_after, failure.credential_sent, failure.unprocessed), (Some(secs(7)), true, true));
}

#[test]
fn a_broken_exchange_says_whether_the_request_was_received() {
    for (kind, unprocessed) in [
        (TransportErrorKind::ConnectFailed, true),
        (TransportErrorKind::Lost, false),
        (TransportErrorKind::Opaque, false),
        (TransportErrorKind::Tls, false),
    ] {
        let mut world = World::new();
        let id = world.send(modern(1, "tools/call"));
        world.fail(id, kind.clone());
        let failure = world.failure(1);
        assert_eq!((failure.status, failure.unprocessed), (None, unprocessed), "{kind:?}");
    }
    let mut world = World::new();
    let id = world.send(modern(1, "tools/call"));
    world.head(id, 200, Content::Json);
    world.fail(id, TransportErrorKind::TooLarge { size: 2, limit: 1 });
    let failure = world.failure(1);
    assert_eq!((failure.status, failure.unprocessed), (Some(200), false));
}

#[test]
fn a_message_that_is_not_taken_is_told() {
    let mut world = World::session();
    let id = world.send(post(None, "notifications/cancelled"));
    world.head(id, 202, Content::Other);
    assert_eq!(world.reading(), Reading::Discard);
    world.end(id);
    assert!(world.inbound().is_empty());
    for how in 0..3 {
        let id = world.send(post(None, "notifications/cancelled"));
        match how {
            0 => world.answer(id, 400, Content::Other, "no"),
            1 => world.fail(id, TransportErrorKind::ConnectFailed),
            _ => {
                world.head(id, 500, Content::Other);
                world.fail(id, TransportErrorKind::Lost);
            }
        }
        assert!(matches!(world.told(), Inbound::Undelivered(_)), "{how}");
    }
}

#[test]
fn an_answer_that_does_not_begin_is_given_up_where_that_was_asked_for() {
    let mut world = World::with(|http| http.first_byte_timeout(secs(5)), None);
    let id = world.send(modern(1, "tools/list"));
    let slow = world.send(modern(2, "tools/list"));
    world.advance(secs(4));
    world.head(slow, 200, Content::Json);
    world.advance(secs(1));
    assert_eq!(world.aborted(), [id]);
    let failure = world.failure(1);
    assert_eq!((failure.error.kind(), failure.unprocessed), (&TransportErrorKind::Lost, false));
    assert!(failure.error.detail().contains("5 s"), "{}", failure.error);

    let mut world = World::new();
    world.send(modern(1, "tools/list"));
    world.advance(secs(100_000));
    assert!(world.aborted().is_empty(), "by default the call's own deadline decides");
}

#[test]
fn an_aborted_request_says_nothing_any_more() {
    let mut world = World::new();
    let id = world.send(modern(1, "tools/list"));
    world.stream(id);
    world.out(Outbound::Abort(1));
    assert_eq!(world.aborted(), [id]);
    world.chunk(id, "data: {}\n\n");
    world.end(id);
    assert!(world.inbound().is_empty());
}
