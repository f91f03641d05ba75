//! A legacy session at the server: how it is lost, and how it ends.

use super::super::fetch::{Content, Method};
use super::fake::*;
use crate::frame::{Close, Inbound, Outbound, Resume};
use crate::platform::test;
use crate::transport::TransportErrorKind;

const GONE: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;

fn is_over(world: &World) -> bool {
    world.core.broken.as_ref().is_some_and(|error| *error.kind() == TransportErrorKind::SessionExpired)
}

#[test]
fn a_session_that_the_server_does_not_know_ends_the_link_and_the_request_was_not_run() {
    for (status, body) in
        [(404, ""), (404, GONE), (400, r#"{"error":{"code":-32000,"message":"No valid session ID"}}"#)]
    {
        let mut world = World::session();
        let id = world.send(super::fake::post(Some(1), "tools/call"));
        world.json(id, status, body);
        let failure = world.failure(1);
        assert_eq!(failure.error.kind(), &TransportErrorKind::SessionExpired);
        assert!(failure.unprocessed);
        assert!(is_over(&world));
    }
}

#[test]
fn a_message_finds_out_too() {
    let mut world = World::session();
    let id = world.send(super::fake::post(None, "notifications/cancelled"));
    world.answer(id, 404, Content::Other, "");
    assert!(is_over(&world));
}

#[test]
fn without_a_session_a_refusal_is_one() {
    let mut world = World::new();
    let id = world.send(modern(1, "tools/call"));
    world.answer(id, 404, Content::Other, "");
    assert_eq!(world.failure(1).error.kind(), &TransportErrorKind::Refused { status: 404 });
    assert!(world.core.broken.is_none());
}

#[test]
fn an_answer_that_speaks_of_some_session_is_an_answer() {
    let mut world = World::session();
    let id = world.send(super::fake::post(Some(1), "tools/call"));
    world.json(id, 400, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"session_id is missing"}}"#);
    assert!(matches!(world.told(), Inbound::Reply(1, 400, _)));
    assert!(world.core.broken.is_none());
}

#[test]
fn what_was_taken_up_again_in_vain_was_run_all_the_same() {
    let mut world = World::session();
    let id = world.send(super::fake::post(Some(1), "tools/call"));
    world.stream(id);
    world.chunk(id, "id: e1\ndata:\n\n");
    world.end(id);
    let (resume, _) = world.end_of(1);
    world.resume(1, resume.expect("it can be taken up"));
    world.advance(secs(1));
    let (id, _) = world.one();
    world.answer(id, 404, Content::Other, "");
    let failure = world.failure(1);
    assert_eq!(failure.error.kind(), &TransportErrorKind::SessionExpired);
    assert!(!failure.unprocessed, "the session is gone, and the request had been taken");
    assert!(is_over(&world));
}

#[test]
fn closing_ends_the_session_and_everything_else() {
    let mut world = World::session();
    let call = world.send(super::fake::post(Some(1), "tools/call"));
    world.out(Outbound::Listen);
    let (push, _) = world.one();
    world.stream(push);
    world.end(push);
    world.resume(2, Resume { last_event_id: "e".into(), retry: None, attempt: 0 });
    world.inbound();
    world.out(Outbound::Close(Close::NORMAL));
    assert_eq!(world.aborted(), [call]);
    let (id, request) = world.one();
    assert_eq!(request.method, Method::Delete);
    // Neither the stream of what is said unasked nor what waited is opened after that.
    world.advance(secs(1_000));
    world.nothing_started();
    assert!(world.core.farewell.is_some(), "until the server answered");
    world.answer(id, 405, Content::Other, "");
    assert!(world.core.farewell.is_none() && world.core.broken.is_none());
    assert!(world.inbound().is_empty());
}

#[test]
fn without_a_session_there_is_nothing_to_end() {
    let mut world = World::new();
    let id = world.send(modern(1, "tools/call"));
    world.out(Outbound::Close(Close::NORMAL));
    assert_eq!(world.aborted(), [id]);
    world.nothing_started();
    assert!(world.core.farewell.is_none());
}

#[test]
fn a_farewell_that_fails_is_one_too() {
    let mut world = World::session();
    world.out(Outbound::Close(Close::NORMAL));
    let (id, _) = world.one();
    world.fail(id, TransportErrorKind::Lost);
    assert!(world.core.farewell.is_none());
}

#[test]
fn an_older_server_is_looked_for_where_initialize_is_refused_and_only_then() {
    let seems_older = |world: &World| world.core.config.older.load(std::sync::atomic::Ordering::Relaxed);
    for (status, older) in [(404, true), (405, true), (400, true), (401, false), (500, false)] {
        let mut world = World::new();
        let id = world.send(super::fake::post(Some(1), "initialize"));
        world.answer(id, status, Content::Html, "no");
        assert_eq!(seems_older(&world), older, "{status}");
    }
    // A modern server says so in the same words.
    let mut world = World::new();
    let id = world.send(super::fake::post(Some(1), "initialize"));
    world.json(id, 404, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#);
    let id = world.send(modern(2, "server/discover"));
    world.json(id, 200, r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    assert!(!seems_older(&world), "it answers here");
}
