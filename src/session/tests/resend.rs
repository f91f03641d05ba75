//! What may be sent again after a lost link, with the loss at every point of a call's life.

use serde_json::json;

use super::sim::*;
use crate::platform::test;
use crate::session::Era;

/// Loses the link and brings up the next one, through the handshake.
fn replug(sim: &mut Sim) {
    sim.lose();
    sim.sent();
    sim.forget();
    sim.reconnect();
    match sim.era() {
        // A remembered modern server needs none.
        Some(Era::Modern) => {}
        _ => {
            let initialize = sim.one();
            assert_eq!(initialize["method"], "initialize");
            sim.deliver(answer(&initialize, initialized(LEGACY)));
        }
    }
}

fn both_eras(check: impl Fn(Sim)) {
    check(Sim::modern());
    check(Sim::legacy());
}

fn calls(sim: &mut Sim) -> Vec<serde_json::Value> {
    let control = |method: &str| method == "notifications/initialized";
    sim.sent().into_iter().filter(|message| !message["method"].as_str().is_some_and(control)).collect()
}

#[test]
fn a_call_queued_before_the_first_link_waits_for_it() {
    let mut sim = Sim::new();
    sim.tool("early");
    sim.open();
    sim.up();
    let probe = sim.one();
    sim.deliver(answer(&probe, discovered()));
    assert_eq!(sim.one()["method"], "tools/call");
}

#[test]
fn a_call_queued_while_probing_survives_the_loss_of_that_link() {
    let mut sim = Sim::new();
    sim.open();
    sim.up();
    sim.tool("a");
    assert_eq!(sim.methods(), ["server/discover"]);
    sim.lose();
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.methods(), ["notifications/initialized", "tools/call"]);
}

#[test]
fn a_call_that_the_link_never_took_is_sent_on_the_next() {
    both_eras(|mut sim| {
        sim.link = false;
        sim.tool("a");
        sim.link = true;
        replug(&mut sim);
        assert_eq!(calls(&mut sim)[0]["method"], "tools/call");
        sim.nobody_answered();
    });
}

#[test]
fn a_tool_call_that_was_sent_is_interrupted_and_says_that_it_may_have_run() {
    both_eras(|mut sim| {
        sim.tool("a");
        sim.sent();
        sim.lose();
        let error = sim.error_of("a");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
        assert_eq!(error.transport().map(|cause| cause.detail()), Some("the plug was pulled"));
        sim.reconnect();
        assert!(!sim.methods().contains(&"tools/call".to_owned()));
    });
}

#[test]
fn a_tool_call_that_reported_progress_is_interrupted_too() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        sim.deliver(notification("notifications/progress", json!({ "progressToken": call["id"], "progress": 1 })));
        assert_eq!(sim.progress.len(), 1);
        sim.lose();
        assert!(sim.error_of("a").is_interrupted());
    });
}

#[test]
fn what_reads_only_is_sent_again_under_a_new_id_and_with_a_new_progress_token() {
    let safe = [
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/get",
        "completion/complete",
        "ping",
        "server/discover",
    ];
    for method in safe {
        both_eras(|mut sim| {
            sim.call("a", method, json!({ "cursor": "c" }));
            let first = sim.one();
            replug(&mut sim);
            let second = calls(&mut sim).remove(0);
            assert_eq!(second["method"], method);
            assert_ne!(second["id"], first["id"]);
            assert_eq!(second["params"]["_meta"]["progressToken"], second["id"]);
            assert_eq!(second["params"]["cursor"], "c");
            sim.forget();
            sim.deliver(answer(&first, json!({ "old": true })));
            sim.nobody_answered();
            sim.deliver(answer(&second, json!({ "resultType": "complete", "new": true })));
            assert_eq!(sim.reply_to("a").expect("answered")["new"], true);
        });
    }
}

#[test]
fn an_idempotent_tool_call_is_sent_again() {
    both_eras(|mut sim| {
        sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.idempotent = true);
        let first = sim.one();
        replug(&mut sim);
        let second = calls(&mut sim).remove(0);
        assert_ne!(second["id"], first["id"]);
        sim.forget();
        sim.deliver(answer(&second, done()));
        assert!(sim.reply_to("a").is_ok());
    });
}

#[test]
fn the_order_of_the_callers_is_kept() {
    both_eras(|mut sim| {
        for name in ["a", "b", "c"] {
            sim.call(name, "resources/read", json!({ "uri": name }));
        }
        sim.sent();
        sim.link = false;
        for name in ["d", "e"] {
            sim.call(name, "resources/read", json!({ "uri": name }));
        }
        replug(&mut sim);
        let uris: Vec<_> = calls(&mut sim).iter().map(|call| call["params"]["uri"].clone()).collect();
        assert_eq!(uris, ["a", "b", "c", "d", "e"]);
    });
}

#[test]
fn a_call_survives_many_losses_and_is_answered_once() {
    let mut sim = Sim::modern();
    sim.list("a");
    let mut ids = vec![sim.one()["id"].clone()];
    for _ in 0..5 {
        sim.deliver(notification("notifications/message", json!({ "level": "info", "data": 1 })));
        sim.lose();
        sim.reconnect();
        let sent = sim.sent();
        // The verdict is confirmed by nothing on such a link: the next one asks.
        let probe = sent.iter().find(|message| message["method"] == "server/discover").cloned();
        if let Some(probe) = probe {
            sim.deliver(answer(&probe, discovered()));
            ids.push(sim.one()["id"].clone());
        } else {
            ids.push(sent[0]["id"].clone());
        }
    }
    let unique: std::collections::BTreeSet<_> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(unique.len(), ids.len());
    sim.forget();
    for id in &ids {
        sim.deliver(json!({ "jsonrpc": "2.0", "id": id, "result": done() }));
    }
    assert!(sim.reply_to("a").is_ok());
    assert_eq!(sim.session.metrics().late, 5);
}

#[test]
fn a_person_who_is_asked_during_the_loss_goes_on_and_the_answer_travels_on_the_next_link() {
    let mut sim = Sim::modern();
    sim.tool("a");
    let call = sim.one();
    let asks = json!({ "name": { "method": "elicitation/create", "params": { "message": "who?" } } });
    sim.deliver(answer(&call, json!({ "resultType": "input_required", "inputRequests": asks, "requestState": "s1" })));
    let input = sim.input();
    sim.lose();
    sim.nobody_answered();
    assert!(sim.ended.is_empty(), "the handler is not disturbed");
    sim.input_answer(input.id, json!({ "action": "accept", "content": { "name": "x" } }));
    sim.reconnect();
    let retry = calls(&mut sim).remove(0);
    assert_eq!(retry["params"]["requestState"], "s1");
    assert_eq!(retry["params"]["inputResponses"]["name"]["action"], "accept");
}

#[test]
fn a_retry_leg_of_a_tool_call_is_interrupted_and_carries_the_state() {
    let mut sim = Sim::modern();
    sim.tool("a");
    let call = sim.one();
    sim.deliver(answer(&call, json!({ "resultType": "input_required", "requestState": "s1" })));
    sim.advance(millis(250));
    assert_eq!(sim.one()["params"]["requestState"], "s1");
    sim.lose();
    let error = sim.error_of("a");
    assert!(error.is_interrupted() && error.maybe_executed());
    assert_eq!(error.request_state(), Some("s1"));
}

#[test]
fn a_retry_leg_of_what_reads_only_is_sent_again_whole() {
    let mut sim = Sim::modern();
    sim.call("a", "resources/read", json!({ "uri": "x" }));
    let call = sim.one();
    sim.deliver(answer(&call, json!({ "resultType": "input_required", "requestState": "s1" })));
    sim.advance(millis(250));
    let leg = sim.one();
    sim.lose();
    sim.reconnect();
    let again = calls(&mut sim).remove(0);
    assert_ne!(again["id"], leg["id"]);
    assert_eq!(again["params"]["requestState"], "s1");
    assert_eq!(again["params"]["uri"], "x");
}

#[test]
fn a_loss_after_the_reply_changes_nothing() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        sim.deliver(answer(&call, done()));
        assert!(sim.reply_to("a").is_ok());
        replug(&mut sim);
        assert!(calls(&mut sim).is_empty());
        assert_eq!(sim.replies.iter().filter(|(name, _)| *name == "a").count(), 0);
    });
}

#[test]
fn answers_to_a_lost_servers_requests_are_dropped_with_their_handlers() {
    let mut sim = Sim::legacy();
    let ask = json!({ "message": "who?" });
    sim.deliver(json!({ "jsonrpc": "2.0", "id": 9, "method": "elicitation/create", "params": ask }));
    let input = sim.input();
    replug(&mut sim);
    assert_eq!(sim.ended.len(), 1);
    sim.input_answer(input.id, json!({ "action": "accept" }));
    assert!(calls(&mut sim).iter().all(|message| message["id"] != 9));
}

#[test]
fn where_no_link_follows_everybody_is_told() {
    let mut sim = Sim::with(|options| options.reconnect = crate::Reconnect::never(), None).into_modern();
    sim.list("sent");
    sim.sent();
    sim.link = false;
    sim.tool("queued");
    sim.lose();
    assert!(sim.is_closed());
    assert_eq!(sim.replies.len(), 2);
    for (_, result) in &sim.replies {
        let error = result.as_ref().expect_err("no link");
        assert_eq!(error.code(), "connection_lost");
        assert!(!error.maybe_executed(), "one never left, the other changes nothing");
    }
}
