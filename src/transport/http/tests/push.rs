//! The stream of what a legacy server says unasked.

use super::super::fetch::{Content, Method};
use super::fake::*;
use crate::frame::{Inbound, Outbound};
use crate::platform::test;
use crate::transport::TransportErrorKind;

/// A session that listens; the exchange.
fn listening() -> (World, u64) {
    let mut world = World::session();
    world.out(Outbound::Listen);
    let (id, request) = world.one();
    assert_eq!(request.method, Method::Get);
    (world, id)
}

#[test]
fn what_is_said_unasked_is_nobodys_reply() {
    let (mut world, id) = listening();
    world.stream(id);
    assert!(world.inbound().is_empty(), "nothing was missed");
    world.chunk(id, "data: {}\n\n");
    assert!(matches!(world.told(), Inbound::Message(_)));
    world.out(Outbound::Listen);
    world.nothing_started();
}

#[test]
fn a_server_without_such_a_stream_is_not_asked_again() {
    for status in [405, 404, 400, 403, 501] {
        let (mut world, id) = listening();
        world.answer(id, status, Content::Html, "Cannot GET /mcp");
        world.advance(secs(10_000));
        world.out(Outbound::Listen);
        world.nothing_started();
        assert!(world.core.broken.is_none(), "{status}: a request would tell that the session is gone");
        assert!(world.inbound().is_empty());
    }
}

#[test]
fn a_stream_that_stood_and_is_not_there_any_more_tells_that_the_session_is_gone() {
    let (mut world, id) = listening();
    world.stream(id);
    world.end(id);
    world.advance(secs(1));
    let (id, _) = world.one();
    world.answer(id, 404, Content::Other, "");
    let kind = world.core.broken.as_ref().map(|error| error.kind().clone());
    assert_eq!(kind, Some(TransportErrorKind::SessionExpired));
}

#[test]
fn a_lost_stream_is_opened_again_later_each_time() {
    let (mut world, mut id) = listening();
    let (mut tries, until) = (0, world.now + secs(60));
    world.fail(id, TransportErrorKind::ConnectFailed);
    while world.core.next_time().is_some_and(|at| at <= until) {
        let at = world.core.next_time().expect("a time");
        world.advance(at.saturating_sub(world.now));
        for (again, _) in world.started() {
            tries += 1;
            id = again;
            if tries % 2 == 0 {
                world.stream(id);
                world.end(id);
            } else {
                world.answer(id, 503, Content::Other, "");
            }
        }
    }
    assert!((3..=8).contains(&tries), "{tries} in a minute");
}

#[test]
fn only_an_event_or_ten_seconds_of_life_begin_the_waits_anew() {
    for (what, patient) in [("nothing", false), ("event", true), ("life", true)] {
        let (mut world, mut id) = listening();
        for _ in 0..6 {
            world.stream(id);
            match what {
                "event" => world.chunk(id, "data: {}\n\n"),
                "life" => world.advance(secs(10)),
                _ => world.chunk(id, ": hello\n\n"),
            }
            world.end(id);
            let before = world.now;
            while world.script.lock().started.is_empty() {
                world.advance(millis(100));
            }
            id = world.one().0;
            if patient {
                assert!(world.now - before <= secs(1), "{what}");
            }
        }
        let waited = world.core.next_time();
        world.end(id);
        let next = world.core.next_time().expect("later") - world.now;
        assert_eq!(next > secs(10), !patient, "{what}: {next:?} {waited:?}");
    }
}

#[test]
fn a_server_says_how_long_to_wait_and_where_to_go_on() {
    let (mut world, id) = listening();
    world.stream(id);
    world.chunk(id, "id: p1\nretry: 4000\ndata:\n\n");
    world.inbound();
    world.end(id);
    world.advance(millis(3_999));
    world.nothing_started();
    world.advance(millis(1));
    let (id, request) = world.one();
    assert_eq!(header(&request, "last-event-id"), Some("p1"));
    world.stream(id);
    assert!(world.inbound().is_empty(), "it goes on where it was");
}

#[test]
fn without_an_id_something_may_have_been_missed() {
    let (mut world, id) = listening();
    world.stream(id);
    world.end(id);
    world.advance(secs(1));
    let (id, request) = world.one();
    assert_eq!(header(&request, "last-event-id"), None);
    world.stream(id);
    assert!(matches!(world.told(), Inbound::Gap));
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    let (mut world, id) = listening();
    world.says(id, "retry-after", "90");
    world.answer(id, 503, Content::Other, "");
    world.advance(millis(89_999));
    world.nothing_started();
    world.advance(secs(60));
    world.one();
}

#[test]
fn silence_and_events_of_no_use_are_a_loss() {
    let (mut world, id) = listening();
    world.stream(id);
    world.advance(secs(300));
    assert_eq!(world.aborted(), [id]);
    world.advance(secs(1));
    let (id, _) = world.one();
    world.stream(id);
    let limit = world.core.config.max_message;
    world.chunk(id, &format!("data: {}\n\n", "x".repeat(limit + 100)));
    assert_eq!(world.aborted(), [id]);
    world.advance(secs(60));
    world.one();
}

#[test]
fn a_refusal_whose_words_do_not_come_is_a_loss() {
    let (mut world, id) = listening();
    world.head(id, 503, Content::Other);
    world.advance(secs(60));
    assert_eq!(world.aborted(), [id]);
    world.advance(secs(60));
    world.one();
}
