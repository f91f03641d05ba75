//! A server over HTTP that forgets the session, and what of it stands again in the next.

use serde_json::{Value, json};

use super::carrier::*;
use super::sim::*;
use crate::frame::{Body, Failure};
use crate::platform::test;
use crate::session::{EraChoice, Options, State};
use crate::transport::{TransportError, TransportErrorKind};
use crate::{Event, Reconnect};

fn waits(sim: &Sim) -> Option<std::time::Duration> {
    match sim.session.state() {
        State::Reconnecting { delay, .. } => Some(*delay),
        _ => None,
    }
}

fn gone() -> Failure {
    Failure { error: expired(), status: Some(404), unprocessed: true, ..refused(404, Body::Empty) }
}

#[test]
fn an_expired_session_is_begun_again_at_once_and_nothing_runs_twice() {
    let mut sim = Sim::http_legacy();
    for name in ["runs", "refused"] {
        sim.tool(name);
    }
    sim.list("reads");
    sim.call("also refused", "resources/read", json!({ "uri": "x" }));
    let calls = sim.sent();
    sim.forget();
    // A link that is over takes nothing any more.
    sim.link = false;
    sim.fails(&calls[1], gone());
    let error = sim.error_of("refused");
    assert_eq!((error.code(), error.maybe_executed()), ("session_expired", false), "{error}");
    sim.fails(&calls[3], gone());
    sim.lose_with(expired());
    let error = sim.error_of("runs");
    assert!(error.is_interrupted() && error.maybe_executed());
    assert_eq!(error.transport().map(TransportError::kind), Some(&TransportErrorKind::SessionExpired));
    assert_eq!((sim.connects, waits(&sim)), (1, Some(secs(0))), "at once");
    sim.up();
    let initialize = sim.one();
    assert_eq!(initialize["method"], "initialize", "the era is known");
    sim.reply(&initialize, initialized(LEGACY));
    assert_eq!(sim.methods(), ["notifications/initialized", "tools/list", "resources/read"]);
    sim.nobody_answered();
    assert_eq!(sim.connects, 0);
}

#[test]
fn a_session_that_expires_again_and_again_is_no_storm() {
    let mut sim = Sim::http_legacy();
    let (until, mut begun) = (sim.now + secs(60), 0);
    sim.list("reads");
    while sim.now < until {
        for message in sim.sent() {
            match message["method"].as_str() {
                Some("initialize") => {
                    begun += 1;
                    sim.reply(&message, initialized(LEGACY));
                }
                Some("tools/list") => {
                    sim.link = false;
                    sim.fails(&message, gone());
                    sim.lose_with(expired());
                }
                _ => {}
            }
        }
        if sim.connects > 0 {
            sim.up();
        } else if sim.wire.is_empty() {
            sim.step();
        }
    }
    assert!((4..=24).contains(&begun), "{begun} sessions in a minute");
}

#[test]
fn a_session_that_answered_may_expire_at_once_again() {
    let mut sim = Sim::http_legacy();
    for _ in 0..5 {
        sim.lose_with(expired());
        assert_eq!((sim.connects, waits(&sim)), (1, Some(secs(0))));
        sim.up();
        sim.http_initialize();
        sim.list("a");
        let call = sim.one();
        sim.reply(&call, json!({ "tools": [] }));
        assert!(sim.reply_to("a").is_ok());
    }
}

#[test]
fn who_never_reconnects_begins_no_second_session() {
    let mut sim = Sim::with(|options| options.reconnect = Reconnect::never(), None).over_http().http_into_legacy();
    sim.lose_with(expired());
    assert!(sim.is_closed());
    assert_eq!(sim.connects, 0);
}

#[test]
fn a_server_that_swallows_initialize_uses_the_budget_up() {
    let reconnect = Reconnect { budget: secs(300), ..Reconnect::default() };
    let change = |options: &mut Options| {
        (options.reconnect, options.era) = (reconnect, EraChoice::Legacy);
    };
    let mut sim = Sim::with(change, None).over_http();
    sim.open();
    sim.up();
    sim.http_initialize();
    sim.lose_with(expired());
    let began = sim.now;
    while !sim.is_closed() && sim.now - began < secs(3_600) {
        if sim.connects > 0 {
            sim.up();
        }
        sim.step();
    }
    assert!(sim.is_closed(), "it would try for ever");
}

#[test]
fn a_busy_server_is_left_alone_on_the_way_back_too() {
    let mut sim = Sim::http_legacy();
    sim.lose_with(expired());
    sim.up();
    let initialize = sim.one();
    sim.fails(&initialize, Failure { retry_after: Some(secs(40)), ..refused(503, Body::Other) });
    assert!(!sim.is_closed());
    sim.advance(millis(39_999));
    assert_eq!(sim.connects, 0);
    sim.advance(millis(1));
    assert_eq!(sim.connects, 1);
}

/// Answers `initialize`; the `resources/subscribe` that follows.
fn resubscribes(sim: &mut Sim) -> Value {
    let initialize = sim.one();
    sim.reply(&initialize, initialized(LEGACY));
    let sent = sim.sent();
    let methods: Vec<_> = sent.iter().map(|message| message["method"].as_str().unwrap_or_default()).collect();
    assert_eq!(methods, ["notifications/initialized", "resources/subscribe"]);
    sent[1].clone()
}

#[test]
fn resources_that_were_subscribed_to_are_so_again_in_the_next_session() {
    let mut sim = Sim::http_legacy();
    sim.listen("sub", json!({ "resourceSubscriptions": ["file:///a"] }));
    let subscribe = sim.one();
    sim.reply(&subscribe, json!({}));
    assert!(sim.reply_to("sub").is_ok());
    sim.lose_with(expired());
    sim.up();
    let subscribe = resubscribes(&mut sim);

    // And where that very request finds out.
    sim.fails(&subscribe, gone());
    sim.lose_with(expired());
    while sim.connects == 0 {
        sim.step();
    }
    sim.up();
    resubscribes(&mut sim);
    assert_eq!(sim.has_event(|event| matches!(event, Event::SubscriptionEnded { .. })), 0);
}

#[test]
fn a_subscription_to_a_resource_waits_for_a_server_that_is_away() {
    let mut sim = Sim::http_legacy();
    sim.listen("sub", json!({ "resourceSubscriptions": ["file:///a"] }));
    let subscribe = sim.one();
    sim.unreached(&subscribe);
    sim.nobody_answered();
    let again = sim.next_sent(secs(1));
    assert_eq!(again["method"], "resources/subscribe");
    sim.reply(&again, json!({}));
    assert!(sim.reply_to("sub").is_ok());
}
