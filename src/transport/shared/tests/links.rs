//! The real link: its end, its liveness, its bounds, and whose turn it is.

use super::*;
use crate::platform::test;

#[test]
fn a_lost_link_ends_everybodys_after_what_was_said_before() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "x", json!({}));
    let request = sim.one();
    sim.reply(&request, json!({}));
    sim.call(b, 1, "x", json!({}));
    sim.mux.link_lost(lost());
    assert_eq!(sim.heard_one(a)["id"], 1);
    assert_eq!(sim.end(a), Some(TransportErrorKind::Lost));
    assert_eq!(sim.end(b), Some(TransportErrorKind::Lost));
    assert!(sim.mux.room(b).is_err() && sim.sent().is_empty());
    // Whoever comes now is told at once.
    let c = sim.mux.attach();
    assert_eq!(sim.end(c), Some(TransportErrorKind::Lost));
}

#[test]
fn a_slow_client_is_ended_and_the_others_notice_nothing() {
    let mut sim = Sim::with(|limits| limits.backlog = 3);
    let [slow, quick] = [sim.mux.attach(), sim.mux.attach()];
    sim.call(slow, 1, "tools/call", json!({}));
    let request = sim.one();
    for at in 0..10 {
        sim.serve(note("notifications/tools/list_changed", json!({ "at": at })));
        assert_eq!(sim.heard_one(quick)["params"]["at"], at);
    }
    assert_eq!(sim.end(slow), Some(TransportErrorKind::Overloaded));
    assert_eq!(sim.one()["params"]["requestId"], request["id"], "its work is given up");
    sim.reply(&request, json!({}));
    assert!(sim.heard(slow).is_empty());
    sim.mux.detach(slow);
    assert!(sim.mux.lost().is_none());
}

#[test]
fn what_waits_for_a_client_is_bounded_in_bytes_too() {
    let mut sim = Sim::with(|limits| limits.backlog_bytes = 1000);
    let a = sim.mux.attach();
    // One message is judged by its reader.
    sim.serve(note("notifications/large", json!({ "x": "y".repeat(5000) })));
    assert_eq!(sim.heard(a).len(), 1);
    for _ in 0..2 {
        sim.serve(note("notifications/large", json!({ "x": "y".repeat(600) })));
    }
    assert_eq!(sim.end(a), Some(TransportErrorKind::Overloaded));
}

#[test]
fn clients_take_turns_and_wait_for_room() {
    let mut sim = Sim::with(|limits| limits.lane = 4);
    let [flood, other] = [sim.mux.attach(), sim.mux.attach()];
    let mut at = 0;
    while matches!(sim.mux.room(flood), Ok(true)) {
        sim.call(flood, at, "tools/call", json!({ "of": "flood" }));
        at += 1;
    }
    assert_eq!(at, 4);
    sim.call(other, 1, "tools/call", json!({ "of": "other" }));
    let _ = sim.mux.take_touched();
    let first = [sim.mux.poll_transmit(), sim.mux.poll_transmit()];
    let of = |out: &Option<Outbound>| match out {
        Some(Outbound::Message(text)) => parsed(text)["params"]["of"].clone(),
        other => panic!("{other:?}"),
    };
    assert!(first.iter().any(|out| of(out) == "other"), "the second is not behind the first's flood");
    assert_eq!(sim.mux.take_touched(), [flood], "who waited for room is told");
    assert!(matches!(sim.mux.room(flood), Ok(true)));
}

#[test]
fn open_requests_are_bounded() {
    let mut sim = Sim::with(|limits| (limits.calls, limits.uris) = (2, 1));
    let a = sim.mux.attach();
    for id in 0..3 {
        sim.call(a, id, "tools/call", json!({}));
    }
    assert_eq!(sim.heard_one(a)["id"], 2);
    assert_eq!(sim.sent().len(), 2);
    let b = sim.mux.attach();
    for id in 0..2 {
        sim.call(b, id, "resources/subscribe", json!({ "uri": format!("u{id}") }));
    }
    assert_eq!(sim.heard_one(b)["id"], 1);
}

#[test]
fn one_ping_serves_all_and_its_answer_is_everybodys() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.mux.accept(a, &Outbound::Ping);
    sim.mux.accept(b, &Outbound::Ping);
    assert!(matches!(sim.mux.poll_transmit(), Some(Outbound::Ping)));
    assert!(sim.mux.poll_transmit().is_none());
    sim.mux.accept(a, &Outbound::Ping);
    assert!(sim.mux.poll_transmit().is_none(), "one is on its way");
    sim.mux.receive(&Inbound::Alive);
    for key in [a, b] {
        assert!(matches!(sim.mux.poll_client(key), Mail::Alive));
        assert!(matches!(sim.mux.poll_client(key), Mail::Nothing));
    }
    sim.mux.accept(b, &Outbound::Ping);
    assert!(matches!(sim.mux.poll_transmit(), Some(Outbound::Ping)));
}

#[test]
fn a_link_that_one_client_gave_up_as_dead_is_dead_for_all() {
    let mut id = 0;
    let mut asks = |sim: &mut Sim, key: ClientKey, how: Liveness| {
        id += 1;
        match how {
            Liveness::Ping => sim.mux.accept(key, &Outbound::Ping),
            _ => sim.call(key, id, "ping", json!({})),
        }
    };
    for how in [Liveness::Ping, Liveness::Request] {
        let mut sim = Sim { mux: Mux::new(Limits::default(), Some(how)) };
        let [a, b, c] = std::array::from_fn(|_| sim.mux.attach());
        // Heard since, asked but once, or left in order: it is its own business.
        asks(&mut sim, a, how);
        asks(&mut sim, a, how);
        sim.mux.receive(&Inbound::Alive);
        asks(&mut sim, a, how);
        sim.mux.detach(a);
        asks(&mut sim, b, how);
        asks(&mut sim, b, how);
        sim.close(b);
        assert!(sim.mux.lost().is_none(), "{how:?}");
        let d = sim.mux.attach();
        asks(&mut sim, d, how);
        asks(&mut sim, d, how);
        let _ = sim.sent();
        sim.mux.detach(d);
        let _ = sim.mux.poll_client(c);
        assert_eq!(sim.end(c), Some(TransportErrorKind::Dead), "{how:?}");
    }
    // Where the end of the channel is noticed by itself, nothing is to be concluded.
    let mut sim = Sim { mux: Mux::new(Limits::default(), Some(Liveness::Channel)) };
    let a = sim.mux.attach();
    for id in 0..3 {
        sim.call(a, id, "ping", json!({}));
    }
    sim.mux.detach(a);
    assert!(sim.mux.lost().is_none());
}

#[test]
fn a_client_that_gives_up_the_handshake_proves_nothing() {
    let (mut sim, [a, b]) = Sim::clients();
    // As a session probes where there are pings.
    sim.mux.accept(a, &Outbound::Ping);
    sim.call(a, 1, "server/discover", json!({}));
    let _ = sim.sent();
    sim.mux.detach(a);
    assert_eq!(sim.end(b), None);
}

#[test]
fn a_link_whose_handshake_does_not_come_about_is_not_held_open() {
    let initialize = |sim: &mut Sim, key: ClientKey| sim.call(key, 1, "initialize", json!({ "capabilities": {} }));
    // Alone: the next client opens another.
    for method in ["initialize", "server/discover"] {
        let (mut sim, [a]) = Sim::clients();
        sim.call(a, 1, method, json!({ "capabilities": {} }));
        sim.mux.detach(a);
        assert!(sim.mux.lost().is_some(), "{method}");
    }
    // One of several may have its reasons; where another gives up after it, it is the link.
    let (mut sim, [a, b, c]) = Sim::clients();
    initialize(&mut sim, a);
    initialize(&mut sim, b);
    initialize(&mut sim, c);
    sim.mux.detach(a);
    assert!(sim.mux.lost().is_none());
    sim.mux.detach(b);
    assert_eq!(sim.end(c), Some(TransportErrorKind::Lost));
    // Answered, or left in order: nothing is wrong with it.
    let (mut sim, [a]) = Sim::clients();
    sim.initialize(a, json!({}));
    sim.mux.detach(a);
    let b = sim.mux.attach();
    sim.call(b, 1, "tools/call", json!({}));
    sim.mux.detach(b);
    let c = sim.mux.attach();
    initialize(&mut sim, c);
    sim.close(c);
    assert!(sim.mux.lost().is_none());
}
