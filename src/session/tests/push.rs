//! Streams over HTTP: subscriptions, streams that are taken up again, and what a legacy server says unasked.

use serde_json::{Value, json};

use super::carrier::*;
use super::sim::*;
use crate::frame::{Body, Inbound};
use crate::platform::test;
use crate::transport::TransportErrorKind;
use crate::{Event, Reconnect};

fn wants() -> Value {
    json!({ "toolsListChanged": true })
}

fn resynced(sim: &Sim) -> usize {
    sim.has_event(|event| matches!(event, Event::Resynced))
}

fn over(sim: &Sim) -> usize {
    sim.has_event(|event| matches!(event, Event::SubscriptionEnded { .. }))
}

fn subscribed() -> (Sim, Value) {
    let mut sim = Sim::http_modern();
    sim.listen("sub", wants());
    let listen = sim.one();
    sim.acknowledge(&listen);
    assert!(sim.reply_to("sub").is_ok());
    sim.forget();
    (sim, listen)
}

fn quiet_legacy() -> Sim {
    Sim::with(|options| options.capabilities = json_of(&json!({})), None).over_http().http_into_legacy()
}

// ---- subscriptions/listen

#[test]
fn a_subscription_is_a_post_whose_stream_lasts() {
    let (mut sim, listen) = subscribed();
    assert_eq!(sim.posts.last().and_then(|post| post.method.as_deref()), Some("subscriptions/listen"));
    sim.advance(secs(100_000));
    sim.on(&listen, notification("notifications/tools/list_changed", json!({})));
    assert_eq!(sim.has_event(|event| matches!(event, Event::ToolsChanged)), 1);
    assert!(sim.answered.is_empty() && sim.aborts.is_empty());
}

#[test]
fn a_subscription_whose_stream_is_lost_is_made_again_later_each_time() {
    let (mut sim, mut listen) = subscribed();
    let (until, mut tries) = (sim.now + secs(60), 0);
    sim.ends(&listen);
    sim.nothing_sent();
    while sim.session.poll_timeout().is_some_and(|at| at <= until) {
        sim.step();
        for again in sim.sent() {
            assert_ne!(again["id"], listen["id"]);
            tries += 1;
            listen = again;
            sim.unreached(&listen);
        }
    }
    assert!((4..=24).contains(&tries), "{tries} in a minute");
    assert_eq!((resynced(&sim), over(&sim)), (0, 0));
    let listen = sim.next_sent(secs(31));
    sim.acknowledge(&listen);
    assert_eq!(resynced(&sim), 1, "something may have been missed");
    sim.nobody_answered();
}

#[test]
fn the_losses_of_one_subscription_are_not_anothers() {
    let (mut sim, first) = subscribed();
    sim.listen("other", wants());
    let second = sim.one();
    sim.acknowledge(&second);
    sim.forget();
    sim.ends(&first);
    sim.on(&second, notification("notifications/tools/list_changed", json!({})));
    assert_eq!(sim.has_event(|event| matches!(event, Event::ToolsChanged)), 1);
    sim.list("a");
    assert_eq!(sim.methods(), ["tools/list"], "and no call waits for it");
}

#[test]
fn a_stream_that_stood_or_told_something_begins_its_waits_anew() {
    for told in [false, true] {
        let (mut sim, mut listen) = subscribed();
        for round in 0..40 {
            if told {
                sim.on(&listen, notification("notifications/tools/list_changed", json!({})));
            } else {
                sim.advance(secs(10));
            }
            sim.ends(&listen);
            let began = sim.now;
            listen = sim.next_sent(millis(500));
            assert!(sim.now - began <= millis(500), "round {round}");
            sim.acknowledge(&listen);
        }
    }
}

#[test]
fn a_subscription_that_stands_again_and_again_is_not_given_up() {
    let reconnect = Reconnect { budget: secs(60), ..Reconnect::default() };
    let mut sim = Sim::with(|options| options.reconnect = reconnect, None).over_http().http_into_modern();
    sim.listen("sub", wants());
    let mut listen = sim.one();
    // A host that ends every stream after five seconds.
    for _ in 0..60 {
        sim.acknowledge(&listen);
        sim.advance(secs(5));
        sim.ends(&listen);
        assert_eq!(over(&sim), 0);
        listen = sim.next_sent(secs(31));
    }
}

#[test]
fn waking_up_makes_a_lost_subscription_again_within_a_second() {
    let (mut sim, mut listen) = subscribed();
    sim.ends(&listen);
    for _ in 0..12 {
        listen = sim.next_sent(secs(31));
        sim.unreached(&listen);
    }
    while sim.session.poll_timeout().is_none_or(|at| at - sim.now < secs(2)) {
        listen = sim.next_sent(secs(31));
        sim.unreached(&listen);
    }
    sim.session.wake(sim.now);
    sim.drain();
    sim.next_sent(secs(1));
}

#[test]
fn a_subscription_that_cannot_be_made_again_ends_by_the_policy() {
    let reconnect = Reconnect { max_attempts: Some(3), ..Reconnect::default() };
    let mut sim = Sim::with(|options| options.reconnect = reconnect, None).over_http().http_into_modern();
    sim.listen("sub", wants());
    let mut listen = sim.one();
    sim.acknowledge(&listen);
    sim.forget();
    sim.ends(&listen);
    for _ in 0..3 {
        assert_eq!(over(&sim), 0);
        listen = sim.next_sent(secs(31));
        sim.fails(&listen, broken(TransportErrorKind::Lost));
    }
    assert_eq!(over(&sim), 1);
    sim.advance(secs(1_000));
    sim.nothing_sent();
    assert!(!sim.is_closed());
}

#[test]
fn who_subscribes_hears_soon_that_it_does_not_work() {
    for (failure, tries) in [(refused(403, Body::Empty), 1), (refused(503, Body::Empty), 2)] {
        let mut sim = Sim::http_modern();
        sim.list("a");
        let call = sim.one();
        sim.reply(&call, done());
        sim.forget();
        sim.listen("sub", wants());
        for left in (0..tries).rev() {
            let listen = sim.next_sent(secs(1));
            sim.nobody_answered();
            sim.fails(&listen, failure.clone());
            assert_eq!(sim.replies.is_empty(), left > 0);
        }
        assert!(sim.reply_to("sub").is_err());
        assert_eq!(over(&sim), 0);
    }
}

#[test]
fn a_subscription_ends_by_a_result_by_cancelled_or_by_both() {
    for order in [&[0][..], &[1], &[0, 1], &[1, 0]] {
        let (mut sim, listen) = subscribed();
        for how in order {
            match how {
                0 => sim.on(&listen, answer(&listen, json!({ "resultType": "complete" }))),
                _ => sim.on(&listen, notification("notifications/cancelled", json!({ "requestId": listen["id"] }))),
            }
        }
        assert_eq!(sim.answered, [wire(&listen)], "its stream is of no use any more");
        sim.ends(&listen);
        assert_eq!(over(&sim), 1, "{order:?}");
        sim.advance(secs(1_000));
        sim.nothing_sent();
    }
}

#[test]
fn unsubscribing_ends_the_stream_and_says_nothing() {
    let mut sim = Sim::http_modern();
    let key = sim.listen("sub", wants());
    let listen = sim.one();
    sim.acknowledge(&listen);
    sim.session.unlisten(key, sim.now);
    sim.drain();
    assert_eq!(sim.aborts, [wire(&listen)]);
    sim.nothing_sent();

    // While it waits to be made again, too.
    let mut sim = Sim::http_modern();
    let key = sim.listen("sub", wants());
    let listen = sim.one();
    sim.acknowledge(&listen);
    sim.ends(&listen);
    sim.session.unlisten(key, sim.now);
    sim.drain();
    sim.advance(secs(1_000));
    sim.nothing_sent();
}

#[test]
fn an_acknowledgement_that_does_not_come_ends_the_stream_and_is_asked_for_again() {
    let mut sim = Sim::http_modern();
    sim.listen("sub", wants());
    let listen = sim.one();
    sim.advance(secs(60));
    assert_eq!(sim.aborts, [wire(&listen)]);
    sim.next_sent(secs(1));
}

// ---- Streams that are taken up again

#[test]
fn a_broken_stream_is_taken_up_again_while_somebody_waits() {
    let mut sim = Sim::http_legacy();
    let id = sim.tool("a");
    let call = sim.one();
    for event in ["e1", "e2"] {
        sim.resumable(&call, event);
        let (wire_of, resume) = sim.resumes.pop().expect("taken up");
        assert_eq!((wire_of, resume.last_event_id.as_str()), (wire(&call), event));
        sim.nobody_answered();
    }
    sim.on(&call, answer(&call, done()));
    assert!(sim.reply_to("a").is_ok());
    sim.resumable(&call, "e3");
    assert!(sim.resumes.is_empty(), "nobody waits");
    sim.cancel(id);
    sim.nobody_answered();

    let id = sim.tool("b");
    let call = sim.one();
    sim.resumable(&call, "e4");
    sim.cancel(id);
    assert_eq!(sim.aborts, [wire(&call)], "the wait for it is over, too");
}

#[test]
fn a_stream_that_cannot_be_taken_up_any_more_is_a_loss() {
    let mut sim = Sim::http_legacy();
    sim.tool("a");
    let call = sim.one();
    sim.resumable(&call, "e1");
    sim.fact(Inbound::Ended(wire(&call), None, Some(lost())));
    assert!(sim.error_of("a").maybe_executed());
}

#[test]
fn a_legacy_answer_may_come_on_another_stream() {
    let mut sim = Sim::http_legacy();
    sim.tool("a");
    let call = sim.one();
    sim.fact(Inbound::Message(text(&answer(&call, done()))));
    assert!(sim.reply_to("a").is_ok());
    sim.resumable(&call, "e1");
    assert!(sim.resumes.is_empty());
}

// ---- What the server says unasked

#[test]
fn the_stream_for_what_is_said_unasked_is_opened_only_where_something_may_come() {
    let mut sim = quiet_legacy();
    sim.list("a");
    assert_eq!(sim.listens, 0, "nothing to hear");
    sim.listen("sub", wants());
    assert_eq!(sim.listens, 1);
    sim.listen("again", wants());
    assert_eq!(sim.listens, 1, "one serves all");

    let mut sim = quiet_legacy();
    sim.session.set_log_level(Name { name: "level", progress: false }, "debug", sim.now);
    sim.drain();
    assert_eq!(sim.listens, 1);

    assert_eq!(Sim::http_legacy().listens, 1, "the server may ask the user");
    let (sim, _) = subscribed();
    assert_eq!(sim.listens, 0, "the modern era has none");
    assert_eq!(Sim::legacy().listens, 0, "nor has a channel");
}

#[test]
fn the_next_session_has_a_stream_of_its_own() {
    let mut sim = Sim::http_legacy();
    sim.lose_with(expired());
    sim.up();
    sim.http_initialize();
    assert_eq!(sim.listens, 2);
}

#[test]
fn what_is_said_unasked_is_heard_and_answered_by_a_post() {
    let mut sim = Sim::http_legacy();
    sim.fact(Inbound::Message(text(&notification("notifications/tools/list_changed", json!({})))));
    assert_eq!(sim.has_event(|event| matches!(event, Event::ToolsChanged)), 1);
    let ask = json!({ "jsonrpc": "2.0", "id": 7, "method": "elicitation/create", "params": { "message": "?" } });
    sim.fact(Inbound::Message(text(&ask)));
    let input = sim.input();
    sim.input_answer(input.id, json!({ "action": "cancel" }));
    let post = sim.post();
    assert_eq!((post.id, post.method), (None, None));
    sim.fact(Inbound::Gap);
    assert_eq!(resynced(&sim), 1);
}

#[test]
fn a_server_that_asks_without_end_on_a_reply_is_not_answered_without_end() {
    for on_reply in [true, false] {
        let mut sim = Sim::http_legacy();
        sim.tool("a");
        let call = sim.one();
        sim.link = false;
        for id in 0..5_000 {
            let ping = json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
            let fact = if on_reply { Inbound::On(wire(&call), text(&ping)) } else { Inbound::Message(text(&ping)) };
            sim.session.exchanged(fact, sim.now);
        }
        assert!(sim.session.control.len() <= 4_097, "{}", sim.session.control.len());
        sim.drain();
        assert_eq!(sim.disconnects, 1);
    }
}
