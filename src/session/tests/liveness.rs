//! Whether the peer lives, and when nobody asks.

use serde_json::json;

use super::sim::*;
use crate::frame::Liveness;
use crate::platform::test;

fn on(liveness: Liveness) -> Sim {
    let mut sim = Sim::new();
    sim.profile = channel(liveness);
    sim.into_modern()
}

fn on_legacy(liveness: Liveness) -> Sim {
    let mut sim = Sim::new();
    sim.profile = channel(liveness);
    sim.into_legacy()
}

fn dead(sim: &mut Sim) -> bool {
    std::mem::take(&mut sim.disconnects) > 0
}

#[test]
fn pings_come_after_silence_and_two_missed_ones_mean_death() {
    let mut sim = on(Liveness::Ping);
    sim.list("a");
    sim.advance(millis(19_999));
    assert_eq!(sim.pings, 0);
    sim.advance(millis(1));
    assert_eq!(sim.pings, 1);
    sim.advance(secs(20));
    assert_eq!(sim.pings, 2);
    sim.advance(millis(19_999));
    assert!(!dead(&mut sim));
    sim.advance(millis(1));
    assert!(dead(&mut sim));
    sim.reconnect();
    assert_eq!(sim.methods(), ["tools/list"], "what reads only goes on");
}

#[test]
fn anything_that_arrives_counts() {
    let mut sim = on(Liveness::Ping);
    for n in 0..20 {
        sim.advance(secs(19));
        match n % 3 {
            0 => sim.alive(),
            1 => sim.deliver(notification("notifications/message", json!({ "level": "info", "data": n }))),
            _ => sim.deliver_text("nonsense"),
        }
    }
    assert_eq!(sim.pings, 0);
    sim.advance(secs(41));
    assert_eq!(sim.pings, 2);
    sim.alive();
    sim.advance(secs(59));
    assert!(!dead(&mut sim), "one answer forgives both");
}

#[test]
fn where_only_requests_can_tell_nothing_is_sent_while_nothing_is_pending() {
    let mut sim = on(Liveness::Request);
    sim.advance(secs(100_000));
    sim.nothing_sent();
    assert_eq!(sim.session.poll_timeout(), None, "a sleeping server is left asleep");
}

#[test]
fn pending_work_is_watched_by_requests_of_the_era() {
    for (mut sim, method) in [(on(Liveness::Request), "server/discover"), (on_legacy(Liveness::Request), "ping")] {
        sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(secs(1000)));
        sim.sent();
        sim.advance(millis(29_999));
        sim.nothing_sent();
        sim.advance(millis(1));
        let first = sim.one();
        assert_eq!(first["method"], method);
        sim.deliver(answer(&first, json!({})));
        sim.nobody_answered();
        sim.advance(secs(30));
        assert_eq!(sim.one()["method"], method);
        sim.advance(secs(10));
        assert!(sim.methods().contains(&method.to_owned()), "a second chance");
        assert!(!dead(&mut sim));
        sim.advance(secs(10));
        assert!(dead(&mut sim));
        assert!(sim.error_of("a").is_interrupted());
    }
}

#[test]
fn an_open_subscription_is_watched_too() {
    let mut sim = on_legacy(Liveness::Request);
    sim.listen("sub", json!({ "toolsListChanged": true }));
    sim.sent();
    sim.advance(secs(30));
    assert_eq!(sim.methods(), ["ping"]);
}

#[test]
fn a_channel_that_notices_its_own_end_needs_nothing() {
    let mut sim = on(Liveness::Channel);
    sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(secs(500)));
    sim.sent();
    sim.advance(secs(499));
    sim.nothing_sent();
    assert_eq!(sim.pings, 0);
}

#[test]
fn death_is_noticed_while_a_person_answers() {
    let mut sim = on_legacy(Liveness::Request);
    sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(secs(500)));
    sim.deliver(json!({ "jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": { "message": "?" } }));
    sim.sent();
    sim.advance(secs(51));
    assert!(dead(&mut sim));
    assert_eq!(sim.ended.len(), 1);
}

#[test]
fn waking_up_asks_at_once_and_only_once() {
    let mut sim = on(Liveness::Ping);
    for _ in 0..10 {
        sim.session.wake(sim.now);
        sim.drain();
    }
    assert_eq!(sim.pings, 1);
    sim.advance(secs(60));
    assert!(dead(&mut sim), "and that does not put off the end");

    let mut sim = on_legacy(Liveness::Request);
    for _ in 0..10 {
        sim.session.wake(sim.now);
        sim.drain();
    }
    assert_eq!(sim.methods(), ["ping"]);
}

#[test]
fn no_keep_alive_means_none() {
    for liveness in [Liveness::Ping, Liveness::Request] {
        let mut sim = Sim::with(|options| options.keep_alive = std::time::Duration::ZERO, None);
        sim.profile = channel(liveness);
        let mut sim = sim.into_modern();
        sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(secs(500)));
        sim.sent();
        sim.session.wake(sim.now);
        sim.advance(secs(499));
        sim.nothing_sent();
        assert_eq!((sim.pings, dead(&mut sim)), (0, false));
    }
}
