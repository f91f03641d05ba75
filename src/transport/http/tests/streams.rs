//! Replies that come as streams: read, broken, taken up again, given up.

use super::super::fetch::{Content, Fact, Method, Reading};
use super::fake::*;
use crate::frame::{Inbound, Outbound, Post, Resume};
use crate::json::Buffer;
use crate::platform::test;
use crate::transport::TransportErrorKind;

/// A request whose stream has begun.
fn streaming(world: &mut World, wire: i64) -> u64 {
    let id = world.send(post(Some(wire), "tools/call"));
    world.stream(id);
    id
}

fn resume(last_event_id: &str, retry: Option<u64>, attempt: u32) -> Resume {
    Resume { last_event_id: last_event_id.into(), retry: retry.map(millis), attempt }
}

#[test]
fn events_are_messages_of_the_request() {
    let mut world = World::session();
    let id = streaming(&mut world, 1);
    assert_eq!(world.reading(), Reading::Chunks);
    world.chunk(id, "event: message\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\nevent: other\ndata: x\n\nid: 5\ndata:\n\n");
    let texts: Vec<_> = world
        .inbound()
        .into_iter()
        .map(|told| match told {
            Inbound::On(1, text) => text.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, [r#"{"a":1}"#, r#"{"b":2}"#]);
    world.chunk(id, ": still here\n\n");
    assert!(matches!(world.told(), Inbound::Alive));
}

#[test]
fn the_head_of_a_stream_is_a_sign_of_life() {
    let mut world = World::new();
    let id = world.send(modern(1, "tools/call"));
    world.head(id, 200, Content::Events);
    assert!(matches!(world.told(), Inbound::Alive));
}

#[test]
fn a_stream_with_an_id_can_be_taken_up_after_exactly_the_time_that_the_server_named() {
    let mut world = World::session();
    let id = streaming(&mut world, 1);
    world.chunk(id, "id: e1\nretry: 2500\ndata:\n\n");
    world.end(id);
    let (from, error) = world.end_of(1);
    assert_eq!(from, Some(resume("e1", Some(2500), 0)));
    assert!(error.is_none());
    world.resume(1, from.expect("a place"));
    world.advance(millis(2_499));
    world.nothing_started();
    world.advance(millis(1));
    let (id, request) = world.one();
    assert_eq!((request.method, request.body.is_none()), (Method::Get, true));
    assert_eq!(names(&request), ["accept", "last-event-id", "mcp-protocol-version", "mcp-session-id"]);
    assert_eq!((header(&request, "last-event-id"), header(&request, "accept")), (Some("e1"), Some(EVENTS)));
    world.stream(id);
    world.chunk(id, "id: e2\ndata: {\"id\":1}\n\n");
    assert!(matches!(world.told(), Inbound::On(1, _)), "it is the same request's");
}

#[test]
fn a_server_that_wants_a_long_wait_gets_it() {
    let mut world = World::session();
    world.resume(1, resume("e", Some(300_000), 0));
    world.advance(millis(299_999));
    world.nothing_started();
    world.advance(millis(1));
    world.one();
}

#[test]
fn taking_up_in_vain_ends_after_five_times() {
    let mut world = World::session();
    let id = streaming(&mut world, 1);
    world.chunk(id, "id: e1\ndata:\n\n");
    world.fail(id, TransportErrorKind::Lost);
    let (mut from, _) = world.end_of(1);
    let mut tries = 0;
    while let Some(place) = from {
        assert_eq!((place.last_event_id.as_str(), place.attempt), ("e1", tries));
        world.resume(1, place);
        world.advance(secs(120));
        let (id, _) = world.one();
        tries += 1;
        // Broken before the head, after it, or busy.
        match tries % 3 {
            0 => world.fail(id, TransportErrorKind::ConnectFailed),
            1 => world.answer(id, 503, Content::Other, ""),
            _ => {
                world.stream(id);
                world.end(id);
            }
        }
        (from, _) = world.end_of(1);
    }
    assert_eq!(tries, 5);
}

#[test]
fn what_arrives_begins_the_count_anew() {
    let mut world = World::session();
    world.resume(1, resume("e1", None, 4));
    world.advance(secs(60));
    let (id, _) = world.one();
    world.stream(id);
    world.chunk(id, "id: e2\ndata: {\"m\":1}\n\n");
    world.end(id);
    assert_eq!(world.end_of(1).0, Some(resume("e2", None, 0)));
}

#[test]
fn a_server_that_does_not_resume_ends_it() {
    let mut world = World::session();
    world.resume(1, resume("e1", None, 0));
    world.advance(secs(1));
    let (id, _) = world.one();
    world.answer(id, 405, Content::Other, "");
    let (from, error) = world.end_of(1);
    assert_eq!((from, error.map(|error| error.kind().clone())), (None, Some(TransportErrorKind::Lost)));
}

#[test]
fn without_an_id_or_in_the_modern_era_nothing_is_taken_up() {
    let mut world = World::session();
    let id = streaming(&mut world, 1);
    world.chunk(id, "data: {}\n\n");
    world.end(id);
    assert_eq!(world.end_of(1).0, None);

    let mut world = World::new();
    let id = world.send(modern(1, "tools/call"));
    world.stream(id);
    world.chunk(id, "id: e1\ndata:\n\n");
    world.end(id);
    assert_eq!(world.end_of(1).0, None);

    // An id that no header can carry.
    for bad in ["grün", "a\u{1}b"] {
        let mut world = World::session();
        let id = streaming(&mut world, 1);
        world.chunk(id, &format!("id: {bad}\ndata:\n\n"));
        world.end(id);
        assert_eq!(world.end_of(1).0, None, "{bad:?}");
    }
}

#[test]
fn silence_ends_a_stream_and_comments_keep_it() {
    let mut world = World::with(|http| http.idle_timeout(secs(30)), None);
    let id = world.send(modern(1, "subscriptions/listen"));
    world.stream(id);
    for _ in 0..10 {
        world.advance(secs(29));
        world.chunk(id, ":\n");
    }
    assert!(world.aborted().is_empty());
    world.inbound();
    world.advance(secs(30));
    assert_eq!(world.aborted(), [id]);
    let (from, error) = world.end_of(1);
    assert!(from.is_none() && error.is_some_and(|error| error.detail().contains("30 s")));
}

#[test]
fn an_event_beyond_the_limit_or_not_utf8_ends_its_stream_alone() {
    let mut world = World::with(|http| http.max_message(100), None);
    world.initialize();
    let id = streaming(&mut world, 1);
    world.chunk(id, &format!("id: e\ndata: {}\n\n", "x".repeat(200)));
    assert_eq!(world.aborted(), [id]);
    let (from, error) = world.end_of(1);
    assert!(from.is_none(), "it would come again");
    assert!(matches!(error.expect("why").kind(), TransportErrorKind::TooLarge { limit: 100, .. }));

    let id = streaming(&mut world, 2);
    world.fact(id, Fact::Chunk(Buffer::from(b"data: {\"a\":1}\n\ndata: \"\xff\"\n\n".to_vec())));
    assert_eq!(world.aborted(), [id]);
    assert!(matches!(world.inbound()[..], [Inbound::On(2, _), Inbound::Ended(2, None, Some(_))]));
    assert!(world.core.broken.is_none());
}

#[test]
fn an_answered_stream_is_read_on_for_a_second_and_then_dropped() {
    let mut world = World::session();
    let id = streaming(&mut world, 1);
    world.chunk(id, "data: {}\n\n");
    world.out(Outbound::Answered(1));
    world.inbound();
    // It goes on and on.
    for _ in 0..3 {
        world.advance(millis(300));
        world.chunk(id, "data: {}\n\n");
        assert!(world.aborted().is_empty() && world.inbound().is_empty());
    }
    world.advance(millis(100));
    assert_eq!(world.aborted(), [id]);
    assert!(world.core.open.is_empty() && world.inbound().is_empty());

    // Where its end comes it is of use again.
    let id = streaming(&mut world, 2);
    world.out(Outbound::Answered(2));
    world.end(id);
    world.advance(secs(10));
    assert!(world.aborted().is_empty() && world.core.open.is_empty());
}

#[test]
fn an_answered_stream_makes_room() {
    let mut world = World::new();
    for wire in 1..=129 {
        world.post(modern(wire, "tools/call"));
    }
    let first = world.started()[0].0;
    world.stream(first);
    world.out(Outbound::Answered(1));
    world.one();
}

#[test]
fn a_place_to_take_up_is_forgotten_with_its_request() {
    let mut world = World::session();
    world.resume(1, resume("e", None, 0));
    world.out(Outbound::Abort(1));
    world.advance(secs(100));
    world.nothing_started();
}

#[test]
fn a_stream_in_answer_to_a_message_without_a_reply_is_not_read() {
    let mut world = World::session();
    let id = world.send(Post { method: None, ..post(None, "") });
    world.stream(id);
    assert_eq!(world.reading(), Reading::Discard);
    world.advance(secs(2));
    assert_eq!(world.aborted(), [id]);
    assert!(world.inbound().is_empty());
}
