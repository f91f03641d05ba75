//! Tokens that are refused, and the next ones.

use super::super::fetch::{Content, Method};
use super::fake::*;
use crate::frame::{Close, Inbound, Outbound, Resume};
use crate::platform::test;
use crate::transport::TransportErrorKind;

/// A core whose tokens come from a function; a test gives them by `token_given`.
fn provided() -> World {
    let never = || -> crate::platform::BoxFuture<'static, _> { Box::pin(std::future::pending()) };
    World::with(|http| http.token_provider(never).expect("a provider"), Some("old"))
}

fn refuse(world: &mut World, id: u64) {
    world.head(id, 401, Content::Other);
}

fn give(world: &mut World, token: &str) {
    let now = world.now;
    world.core.token_given(Ok(token.to_owned()), now);
}

fn bearer(request: &super::super::fetch::Request) -> Option<&str> {
    header(request, "authorization")
}

#[test]
fn refused_requests_go_out_again_with_the_next_token() {
    let mut world = provided();
    let ids: Vec<_> = (1..=5).map(|wire| world.send(modern(wire, "tools/call"))).collect();
    assert!(!world.core.wants_token());
    for id in &ids[..3] {
        refuse(&mut world, *id);
    }
    assert_eq!(world.aborted(), ids[..3]);
    assert!(world.core.wants_token());
    assert!(world.inbound().is_empty(), "nobody is told yet");
    // What comes meanwhile would be refused, too.
    world.post(modern(6, "tools/call"));
    world.nothing_started();
    give(&mut world, "new");
    let again = world.started();
    assert_eq!(again.len(), 4);
    assert!(again.iter().all(|(_, request)| bearer(request) == Some("Bearer new")));
    assert!(!world.core.wants_token());
    // Those that were under way with the token of before are no reason to ask for another.
    refuse(&mut world, ids[3]);
    assert!(!world.core.wants_token());
    assert_eq!(bearer(&world.one().1), Some("Bearer new"));
}

#[test]
fn a_second_refusal_is_the_callers_to_see() {
    let mut world = provided();
    let id = world.send(modern(1, "tools/call"));
    refuse(&mut world, id);
    give(&mut world, "new");
    let (id, _) = world.one();
    world.answer(id, 401, Content::Other, "");
    let failure = world.failure(1);
    assert_eq!((failure.status, failure.credential_sent), (Some(401), true));
    assert!(failure.error.is_auth());
    assert!(!world.core.wants_token());
}

#[test]
fn a_refusal_of_a_fixed_token_is_the_callers_to_see() {
    let mut world = World::with(|http| http.token("fixed").expect("a token"), Some("fixed"));
    let id = world.send(modern(1, "tools/call"));
    world.answer(id, 401, Content::Other, "");
    assert!(world.failure(1).error.is_auth());
}

#[test]
fn where_no_token_comes_the_refused_are_told_and_did_not_run() {
    let mut world = provided();
    let ids: Vec<_> = (1..=128).map(|wire| world.send(modern(wire, "tools/call"))).collect();
    world.post(modern(129, "tools/call"));
    for id in ids {
        refuse(&mut world, id);
    }
    let now = world.now;
    world.core.token_given(Err(error(TransportErrorKind::ConnectFailed)), now);
    let told = world.inbound();
    assert_eq!(told.len(), 128);
    for told in told {
        match told {
            Inbound::Failed(_, failure) => assert!(failure.unprocessed),
            other => panic!("{other:?}"),
        }
    }
    // Who waited for a place has one.
    world.one();
}

#[test]
fn a_request_that_is_given_up_meanwhile_is_not_sent() {
    let mut world = provided();
    let id = world.send(modern(1, "tools/call"));
    refuse(&mut world, id);
    world.post(modern(2, "tools/call"));
    world.out(Outbound::Abort(1));
    assert_eq!(world.started().len(), 1, "nobody waits for a token any more");
    give(&mut world, "new");
    world.nothing_started();
}

#[test]
fn messages_and_streams_get_the_next_token_too() {
    let mut world = provided();
    world.initialize();
    let id = world.send(post(None, "notifications/cancelled"));
    world.out(Outbound::Listen);
    let (push, _) = world.one();
    world.resume(7, Resume { last_event_id: "e1".into(), retry: None, attempt: 0 });
    world.advance(secs(1));
    let (resumed, _) = world.one();
    for id in [id, push, resumed] {
        refuse(&mut world, id);
    }
    assert!(world.core.wants_token());
    assert!(world.inbound().is_empty());
    give(&mut world, "new");
    world.advance(secs(5));
    let again = world.started();
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|(_, request)| bearer(request) == Some("Bearer new")));
    let gets: Vec<_> = again.iter().filter(|(_, request)| request.method == Method::Get).collect();
    assert_eq!(gets.iter().filter(|(_, request)| header(request, "last-event-id") == Some("e1")).count(), 1);
    // Refused again: it is over.
    for (id, _) in again {
        world.answer(id, 401, Content::Other, "");
    }
    assert!(!world.core.wants_token());
    world.advance(secs(1_000));
    world.nothing_started();
    let told = world.inbound();
    assert_eq!(told.len(), 2, "the message and the stream: {told:?}");
}

#[test]
fn after_the_end_no_token_is_asked_for_and_nothing_is_sent() {
    let mut world = provided();
    let id = world.send(modern(1, "tools/call"));
    refuse(&mut world, id);
    world.out(Outbound::Close(Close::NORMAL));
    assert!(!world.core.wants_token());
    give(&mut world, "late");
    world.nothing_started();
}
