//! A server over HTTP that is away, busy, or has forgotten the session: what is sent again, when, and what is not.

use serde_json::json;

use super::carrier::*;
use super::sim::*;
use crate::frame::{Body, Failure};
use crate::platform::test;
use crate::session::State;
use crate::transport::TransportErrorKind;
use crate::{Event, Reconnect};

fn both_eras(check: impl Fn(Sim)) {
    check(Sim::http_modern());
    check(Sim::http_legacy());
}

fn busy(status: u16, retry_after: Option<u64>) -> Failure {
    Failure { retry_after: retry_after.map(secs), ..refused(status, Body::Other) }
}

fn held(sim: &Sim) -> Option<std::time::Duration> {
    match sim.session.state() {
        State::Reconnecting { delay, .. } => Some(*delay),
        _ => None,
    }
}

fn states(sim: &Sim) -> usize {
    sim.has_event(|event| matches!(event, Event::State(State::Connected)))
}

// ---- Losses

#[test]
fn a_reply_that_ends_without_an_answer_is_asked_for_again_where_that_does_no_harm() {
    both_eras(|mut sim| {
        sim.list("reads");
        let call = sim.one();
        sim.ends(&call);
        sim.nobody_answered();
        sim.nothing_sent();
        let again = sim.next_sent(secs(1));
        assert_ne!(again["id"], call["id"]);
        assert_eq!(again["method"], "tools/list");
        sim.reply(&again, json!({ "tools": [] }));
        assert!(sim.reply_to("reads").is_ok());

        sim.tool("runs");
        let call = sim.one();
        sim.ends(&call);
        let error = sim.error_of("runs");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
        sim.advance(secs(60));
        sim.nothing_sent();
    });
}

#[test]
fn nothing_that_did_not_reach_the_server_is_lost() {
    both_eras(|mut sim| {
        sim.tool("a");
        sim.list("b");
        sim.tool("c");
        let calls = sim.sent();
        calls.iter().for_each(|call| sim.unreached(call));
        sim.nobody_answered();
        let first = sim.next_sent(secs(1));
        assert_eq!(first["params"]["name"], "a", "in the order of the callers");
        sim.advance(millis(9_000));
        sim.nothing_sent();
        sim.reply(&first, done());
        assert_eq!(sim.methods(), ["tools/list", "tools/call"]);
        assert!(sim.reply_to("a").is_ok());
    });
}

#[test]
fn a_lost_connection_before_the_head_may_have_been_an_execution() {
    for kind in [TransportErrorKind::Lost, TransportErrorKind::Opaque] {
        both_eras(|mut sim| {
            sim.tool("runs");
            let call = sim.one();
            sim.list("reads");
            let other = sim.one();
            sim.fails(&call, broken(kind.clone()));
            assert!(sim.error_of("runs").maybe_executed());
            sim.fails(&other, broken(kind.clone()));
            assert_eq!(sim.next_sent(secs(1))["method"], "tools/list");
        });
    }
}

#[test]
fn a_failure_of_tls_is_told_and_not_repeated() {
    let mut sim = Sim::http_modern();
    sim.tool("a");
    let call = sim.one();
    sim.fails(&call, broken(TransportErrorKind::Tls));
    let error = sim.error_of("a");
    assert_eq!((error.code(), error.maybe_executed()), ("tls", false));
}

#[test]
fn while_the_server_is_away_one_request_tries_at_growing_intervals() {
    both_eras(|mut sim| {
        for _ in 0..20 {
            sim.call_with("a", "tools/list", json!({}), |options| options.timeout = Some(secs(300)));
        }
        let calls = sim.sent();
        calls.iter().for_each(|call| sim.unreached(call));
        let (until, mut tries) = (sim.now + secs(60), 0);
        while sim.session.poll_timeout().is_some_and(|at| at <= until) {
            sim.step();
            for call in sim.sent() {
                tries += 1;
                sim.unreached(&call);
            }
        }
        assert!((4..=24).contains(&tries), "{tries} requests in a minute");
        sim.nobody_answered();
        // Back again: everything leaves at once.
        let first = sim.next_sent(secs(31));
        assert_eq!(states(&sim), 0);
        sim.reply(&first, json!({ "tools": [] }));
        assert_eq!(states(&sim), 1);
        assert_eq!(sim.sent().len(), 19);
    });
}

#[test]
fn a_trial_that_takes_its_time_does_not_hold_the_others_up() {
    // A sign of life on its stream is enough.
    let mut sim = Sim::http_modern();
    sim.call("a", "resources/read", json!({ "uri": "a" }));
    let call = sim.one();
    sim.unreached(&call);
    let trial = sim.next_sent(secs(1));
    sim.list("b");
    sim.nothing_sent();
    sim.on(&trial, notification("notifications/progress", json!({ "progressToken": trial["id"], "progress": 1 })));
    assert_eq!(sim.methods(), ["tools/list"]);

    // And where nothing is heard, neither is a refusal.
    let mut sim = Sim::http_modern();
    sim.call("a", "resources/read", json!({ "uri": "a" }));
    let call = sim.one();
    sim.unreached(&call);
    sim.next_sent(secs(1));
    sim.list("b");
    sim.nothing_sent();
    sim.advance(secs(10));
    assert_eq!(sim.methods(), ["tools/list"]);
}

#[test]
fn a_trial_that_is_given_up_makes_room_for_the_next() {
    let mut sim = Sim::http_modern();
    let id = sim.list("a");
    let call = sim.one();
    sim.unreached(&call);
    sim.next_sent(secs(1));
    sim.list("b");
    sim.nothing_sent();
    sim.cancel(id);
    assert_eq!(sim.methods(), ["tools/list"]);
}

#[test]
fn a_request_that_breaks_every_connection_does_not_hold_the_others_up_for_ever() {
    let mut sim = Sim::http_modern();
    sim.call("poison", "resources/read", json!({ "uri": "poison" }));
    let mut poison = sim.one();
    for _ in 0..5 {
        sim.ends(&poison);
        if sim.replies.is_empty() {
            poison = sim.next_sent(secs(31));
        }
    }
    let error = sim.error_of("poison");
    assert_eq!(error.code(), "connection_lost", "{error}");
    sim.list("b");
    assert_eq!(sim.next_sent(secs(31))["method"], "tools/list");
}

#[test]
fn an_outage_beyond_the_budget_ends_the_client_and_everybody_is_told() {
    let reconnect = Reconnect { budget: secs(60), ..Reconnect::default() };
    let mut sim = Sim::with(|options| options.reconnect = reconnect, None).over_http().http_into_modern();
    for name in ["a", "b"] {
        sim.call_with(name, "tools/list", json!({}), |options| options.timeout = Some(secs(300)));
    }
    for _ in 0..100 {
        for call in sim.sent() {
            sim.unreached(&call);
        }
        sim.step();
    }
    assert!(sim.is_closed());
    assert_eq!(sim.replies.len(), 2);
    for (_, result) in &sim.replies {
        assert_eq!(result.as_ref().expect_err("closed").code(), "connect_failed");
    }
}

#[test]
fn waking_up_ends_the_wait_within_a_second() {
    let mut sim = Sim::http_modern();
    sim.call_with("a", "tools/list", json!({}), |options| options.timeout = Some(secs(300)));
    while held(&sim).is_none_or(|delay| delay < secs(5)) {
        for call in sim.sent() {
            sim.unreached(&call);
        }
        if held(&sim).is_none_or(|delay| delay < secs(5)) {
            sim.step();
        }
    }
    sim.session.wake(sim.now);
    sim.drain();
    sim.advance(secs(1));
    assert_eq!(sim.methods(), ["tools/list"]);
}

// ---- Refusals

#[test]
fn a_server_that_wants_fewer_requests_is_left_alone_for_as_long_as_it_says() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        sim.fails(&call, busy(429, Some(20)));
        sim.list("b");
        sim.advance(secs(10));
        // Not even when the page comes back.
        sim.session.wake(sim.now);
        sim.drain();
        sim.advance(millis(9_999));
        sim.nothing_sent();
        sim.advance(millis(1));
        let again = sim.one();
        assert_eq!(again["params"]["name"], "a", "it was not run");
        sim.reply(&again, done());
        assert!(sim.reply_to("a").is_ok());
        assert_eq!(sim.methods(), ["tools/list"]);
    });
}

#[test]
fn what_would_wait_beyond_its_deadline_is_told_why() {
    let mut sim = Sim::http_modern();
    sim.tool("a");
    let call = sim.one();
    sim.fails(&call, busy(429, Some(61)));
    let error = sim.error_of("a");
    assert_eq!((error.code(), error.maybe_executed()), ("refused", false));
    assert!(error.to_string().contains("429"));
    // And so is what waits behind it.
    sim.list("b");
    sim.advance(secs(60));
    let error = sim.error_of("b");
    assert!(error.is_timeout() && !error.maybe_executed(), "{error}");
    assert!(error.to_string().contains("wants to be left alone"), "{error}");
}

#[test]
fn a_gateway_without_its_server_is_an_outage() {
    for status in [502, 503, 504] {
        both_eras(|mut sim| {
            sim.list("reads");
            let call = sim.one();
            sim.fails(&call, busy(status, None));
            sim.nobody_answered();
            assert_eq!(sim.next_sent(secs(1))["method"], "tools/list");
        });
        both_eras(|mut sim| {
            sim.tool("runs");
            let call = sim.one();
            sim.fails(&call, busy(status, None));
            let error = sim.error_of("runs");
            assert!(error.is_interrupted() && error.maybe_executed(), "{status}");
        });
    }
}

#[test]
fn a_failure_of_the_server_is_told() {
    both_eras(|mut sim| {
        sim.list("reads");
        let call = sim.one();
        sim.fails(&call, busy(500, None));
        let error = sim.error_of("reads");
        assert_eq!((error.code(), error.maybe_executed()), ("refused", false));
        sim.tool("runs");
        let call = sim.one();
        sim.fails(&call, busy(500, None));
        let error = sim.error_of("runs");
        assert!(error.is_interrupted() && error.maybe_executed());
        sim.advance(secs(60));
        sim.nothing_sent();
    });
}

#[test]
fn an_interrupted_leg_of_input_carries_the_state_to_resume_from() {
    for failure in [busy(500, None), busy(503, None), broken(TransportErrorKind::Lost)] {
        let mut sim = Sim::http_modern();
        sim.tool("a");
        let call = sim.one();
        sim.reply(&call, json!({ "resultType": "input_required", "requestState": "s1" }));
        let leg = sim.next_sent(millis(250));
        sim.fails(&leg, failure);
        assert_eq!(sim.error_of("a").request_state(), Some("s1"));
    }
}
