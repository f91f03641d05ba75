//! When a lost link is opened again, how often, and when not.

use std::time::Duration;

use serde_json::json;

use super::sim::*;
use crate::frame::Liveness;
use crate::platform::test;
use crate::session::{EraChoice, State};
use crate::transport::{TransportError, TransportErrorKind};
use crate::{Event, Reconnect};

fn patient() -> Reconnect {
    Reconnect { budget: secs(100_000), ..Reconnect::default() }
}

fn delay(sim: &Sim) -> (u32, Duration) {
    match sim.session.state() {
        State::Reconnecting { attempt, delay, .. } => (*attempt, *delay),
        other => panic!("{other:?}"),
    }
}

fn fail(sim: &mut Sim) {
    while sim.connects == 0 {
        sim.step();
    }
    sim.connects = 0;
    sim.session.link_failed(TransportError::new(TransportErrorKind::ConnectFailed, "refused"), sim.now);
    sim.drain();
}

#[test]
fn waits_are_full_jitter_under_a_doubling_bound_with_a_cap() {
    let mut long = 0;
    for seed in 0..40 {
        let mut sim = Sim::with(|options| options.reconnect = patient(), None).into_modern();
        sim.session.jitter = crate::resilience::Jitter::new(seed);
        sim.lose();
        for attempt in 0..9 {
            let bound = millis(500 * (1 << attempt)).min(secs(30));
            let (number, chosen) = delay(&sim);
            assert_eq!(number, attempt + 1);
            assert!(chosen <= bound, "{chosen:?} at attempt {attempt}");
            long += usize::from(chosen > bound / 2);
            let began = sim.now;
            fail(&mut sim);
            assert_eq!(sim.now - began, chosen, "and that long it waits");
        }
    }
    assert!((120..240).contains(&long), "half of 360 are in the upper half: {long}");
}

#[test]
fn attempts_and_time_are_budgets() {
    let mut sim =
        Sim::with(|options| options.reconnect = Reconnect { max_attempts: Some(3), ..Reconnect::default() }, None)
            .into_modern();
    sim.tool("waits");
    sim.link = false;
    sim.lose();
    sim.forget();
    for _ in 0..2 {
        fail(&mut sim);
        assert!(!sim.is_closed());
    }
    fail(&mut sim);
    assert!(sim.is_closed());

    let mut sim = Sim::with(|options| options.reconnect = Reconnect { budget: secs(60), ..Reconnect::default() }, None)
        .into_modern();
    sim.lose();
    let began = sim.now;
    while !sim.is_closed() {
        fail(&mut sim);
    }
    assert!(sim.now - began > secs(60) && sim.now - began <= secs(92), "{:?}", sim.now - began);
}

#[test]
fn a_handshake_does_not_reset_the_attempts_but_an_answer_does() {
    let mut sim = Sim::legacy();
    sim.lose();
    for attempt in 1..=4 {
        assert_eq!(delay(&sim).0, attempt);
        sim.reconnect();
        sim.initialize();
        sim.lose();
    }
    sim.reconnect();
    sim.initialize();
    sim.list("a");
    let call = sim.one();
    sim.deliver(answer(&call, done()));
    sim.lose();
    assert_eq!(delay(&sim).0, 1);
}

#[test]
fn a_link_that_lived_long_enough_has_proved_itself() {
    for (lived, attempt) in [(29, 3), (30, 1)] {
        let mut sim = Sim::modern();
        sim.lose();
        sim.reconnect();
        sim.lose();
        assert_eq!(delay(&sim).0, 2);
        sim.reconnect();
        let probe = sim.one();
        sim.deliver(answer(&probe, discovered()));
        sim.advance(secs(lived));
        sim.lose();
        assert_eq!(delay(&sim).0, attempt, "after {lived} s");
    }
}

#[test]
fn refused_credentials_and_a_replaced_connection_are_final() {
    for code in [4401, 4403, 1008, 4409] {
        let mut sim = Sim::modern();
        sim.list("a");
        sim.lose_with(closed(code));
        let error = sim.error_of("a");
        assert_eq!(error.is_auth_required(), code != 4409, "{code}");
        assert!(sim.is_closed(), "{code}");
        sim.advance(secs(1000));
        assert_eq!(sim.connects, 0, "{code}");
    }
    for code in [1000, 1001, 1006, 1011, 1012, 1013] {
        let mut sim = Sim::modern();
        sim.lose_with(closed(code));
        assert!(!sim.is_closed(), "{code}");
    }
}

#[test]
fn a_refused_handshake_on_the_way_back_is_final_or_not_by_its_status() {
    for (status, last) in [(401, true), (403, true), (404, true), (503, false), (429, false)] {
        let mut sim = Sim::modern();
        sim.lose();
        while sim.connects == 0 {
            sim.step();
        }
        let error = TransportError::new(TransportErrorKind::Refused { status }, "refused");
        sim.session.link_failed(error, sim.now);
        sim.drain();
        assert_eq!(sim.is_closed(), last, "{status}");
    }
}

#[test]
fn the_first_link_is_not_retried() {
    let mut sim = Sim::with(|options| options.timeouts.connect = secs(10), None);
    sim.open();
    sim.advance(secs(10));
    let error = sim.error_of("open");
    assert_eq!(error.code(), "connect_failed");
    assert!(error.to_string().contains("10000 ms"), "{error}");
    assert!(sim.disconnects > 0);
}

#[test]
fn a_link_that_does_not_open_in_time_on_the_way_back_is_tried_again() {
    let mut sim = Sim::with(|options| options.timeouts.connect = secs(10), None).into_modern();
    sim.lose();
    while sim.connects == 0 {
        sim.step();
    }
    (sim.connects, sim.disconnects) = (0, 0);
    sim.advance(secs(10));
    assert_eq!(sim.disconnects, 1);
    assert_eq!(delay(&sim).0, 2);
}

#[test]
fn waking_up_ends_the_wait_within_a_second() {
    let mut sim = Sim::with(|options| options.reconnect = patient(), None).into_modern();
    sim.lose();
    for _ in 0..8 {
        fail(&mut sim);
    }
    while delay(&sim).1 < secs(5) {
        fail(&mut sim);
    }
    sim.session.wake(sim.now);
    sim.drain();
    sim.advance(secs(1));
    assert_eq!(sim.connects, 1);
}

#[test]
fn the_states_tell_the_story() {
    let mut sim = Sim::new();
    sim.open();
    sim.up();
    let probe = sim.one();
    sim.deliver(answer(&probe, discovered()));
    sim.lose();
    sim.reconnect();
    sim.close();
    let story: Vec<_> = sim
        .events
        .iter()
        .filter_map(|event| match event {
            Event::State(State::Connecting) => Some("connecting".to_owned()),
            Event::State(State::Connected) => Some("connected".to_owned()),
            Event::State(State::Reconnecting { attempt, delay, .. }) => {
                Some(format!("reconnecting {attempt}{}", if delay.is_zero() { " now" } else { "" }))
            }
            Event::State(State::Closed { .. }) => Some("closed".to_owned()),
            _ => None,
        })
        .collect();
    let expected = ["connecting", "connected", "reconnecting 1", "reconnecting 1 now", "connected", "closed"];
    assert_eq!(story, expected);
    assert_eq!(sim.session.metrics().reconnects, 1);
}

#[test]
fn a_server_that_is_not_up_yet_when_the_link_is_gets_more_time() {
    let mut sim = Sim::legacy();
    sim.lose();
    sim.reconnect();
    let initialize = sim.one();
    sim.deliver(refusal(&initialize, -32603));
    let probe = sim.one();
    assert_eq!(probe["method"], "server/discover", "it may have changed its era");
    sim.deliver(refusal(&probe, -32601));
    let initialize = sim.one();
    sim.deliver(refusal(&initialize, -32603));
    assert!(!sim.is_closed());
    assert_eq!(delay(&sim).0, 2);
}

#[test]
fn silence_on_the_way_back_is_an_outage_and_no_era() {
    let mut sim = Sim::modern();
    sim.profile = channel(Liveness::Ping);
    sim.lose();
    sim.reconnect();
    // Nothing was confirmed on this link, so the next one asks.
    sim.lose();
    sim.reconnect();
    assert_eq!(sim.methods(), ["server/discover"]);
    sim.advance(millis(2_001));
    assert!(sim.disconnects > 0);
    sim.reconnect();
    assert_eq!(sim.methods(), ["server/discover"], "and not initialize");
}

#[test]
fn silence_on_the_way_back_is_no_end_where_only_the_modern_era_is_wanted() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Modern, None).into_modern();
    sim.profile = channel(Liveness::Channel);
    sim.lose();
    sim.reconnect();
    // Nothing was confirmed on this link, so the next one asks.
    sim.lose();
    sim.reconnect();
    assert_eq!(sim.methods(), ["server/discover"]);
    sim.advance(millis(2_001));
    assert!(!sim.is_closed());
    sim.reconnect();
    assert_eq!(sim.methods(), ["server/discover"], "and not initialize");
}

#[test]
fn a_repeatable_call_that_left_before_does_not_say_that_it_never_did() {
    let mut sim = Sim::modern();
    sim.call_with("left", "tools/list", json!({}), |options| options.timeout = Some(secs(5)));
    assert_eq!(sim.methods(), ["tools/list"]);
    sim.link = false;
    sim.lose();
    sim.call_with("never left", "tools/list", json!({}), |options| options.timeout = Some(secs(7)));
    sim.advance(secs(6));
    let left = sim.error_of("left");
    sim.advance(secs(2));
    let never = sim.error_of("never left");
    assert!(left.is_timeout() && left.maybe_executed(), "{left}");
    assert!(never.is_timeout() && !never.maybe_executed() && never.to_string().contains("never left"), "{never}");
}
