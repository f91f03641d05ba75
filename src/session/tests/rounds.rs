//! Multi round-trip requests, and the legacy URL-elicitation error.

use serde_json::{Value, json};

use super::sim::*;
use crate::Event;
use crate::platform::test;
use crate::session::{InputEnd, InputKind, Overflow};

fn elicit(message: &str) -> Value {
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": {} } })
}

fn asks(requests: Value, state: Option<&str>) -> Value {
    let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
    if let Some(state) = state {
        result["requestState"] = json!(state);
    }
    result
}

fn later(state: &str) -> Value {
    json!({ "resultType": "input_required", "requestState": state })
}

fn accepted(value: &str) -> Value {
    json!({ "action": "accept", "content": { "value": value } })
}

/// A tool call that was answered with this.
fn asked(sim: &mut Sim, result: Value) -> Value {
    sim.call("a", "tools/call", json!({ "name": "x", "arguments": { "n": 1 }, "_meta": { "mine": 1 } }));
    let call = sim.one();
    sim.deliver(answer(&call, result));
    call
}

#[test]
fn a_round_asks_everything_at_once_and_sends_the_original_again_with_all_answers() {
    let mut sim = Sim::modern();
    let requests = json!({
        "who": elicit("who?"),
        "model": { "method": "sampling/createMessage", "params": {} },
        "roots": { "method": "roots/list" }
    });
    let call = asked(&mut sim, asks(requests, Some("opaque \u{1F980} \"state\"")));
    let inputs = std::mem::take(&mut sim.inputs);
    assert_eq!(inputs.len(), 3);
    assert!(inputs.iter().all(|input| input.round));
    for input in &inputs {
        sim.nothing_sent();
        let result = match input.kind {
            InputKind::Elicit => accepted("me"),
            InputKind::Sample => json!({ "role": "assistant" }),
            InputKind::Roots => json!({ "roots": [] }),
        };
        sim.input_answer(input.id, result);
    }
    let retry = sim.one();
    assert_ne!(retry["id"], call["id"]);
    assert_eq!(retry["method"], "tools/call");
    let params = &retry["params"];
    assert_eq!((&params["name"], &params["arguments"]), (&json!("x"), &json!({ "n": 1 })));
    assert_eq!(params["requestState"], "opaque \u{1F980} \"state\"");
    assert_eq!(params["_meta"]["mine"], 1);
    assert_eq!(params["_meta"]["progressToken"], retry["id"]);
    let answers = json!({ "who": accepted("me"), "model": { "role": "assistant" }, "roots": { "roots": [] } });
    assert_eq!(params["inputResponses"], answers);
    sim.nobody_answered();
    sim.deliver(answer(&retry, done()));
    assert!(sim.reply_to("a").is_ok());
}

#[test]
fn a_state_that_was_not_given_is_not_sent_and_an_older_one_is_forgotten() {
    let mut sim = Sim::modern();
    asked(&mut sim, asks(json!({ "k": elicit("1") }), Some("s1")));
    let input = sim.input();
    sim.input_answer(input.id, accepted("1"));
    let second = sim.one();
    assert_eq!(second["params"]["requestState"], "s1");
    sim.deliver(answer(&second, asks(json!({ "l": elicit("2") }), None)));
    let input = sim.input();
    sim.input_answer(input.id, accepted("2"));
    let third = sim.one();
    assert!(third["params"]["requestState"].is_null());
    assert_eq!(third["params"]["inputResponses"], json!({ "l": accepted("2") }), "the original, not the leg before");
}

#[test]
fn declining_is_an_answer() {
    let mut sim = Sim::modern();
    asked(&mut sim, asks(json!({ "k": elicit("?") }), None));
    let input = sim.input();
    sim.input_answer(input.id, json!({ "action": "decline" }));
    assert_eq!(sim.one()["params"]["inputResponses"]["k"]["action"], "decline");
}

#[test]
fn a_round_of_state_only_waits_a_little_and_goes_on() {
    let mut sim = Sim::modern();
    let mut call = asked(&mut sim, later("s1"));
    for state in ["s1", "s2", "s3"] {
        sim.advance(millis(49));
        sim.nothing_sent();
        sim.advance(millis(201));
        let retry = sim.one();
        assert_ne!(retry["id"], call["id"]);
        assert_eq!(retry["params"]["requestState"], state);
        assert!(retry["params"]["inputResponses"].is_null());
        let next = match state {
            "s1" => "s2",
            "s2" => "s3",
            _ => "s4",
        };
        sim.deliver(answer(&retry, later(next)));
        call = retry;
    }
    let error = sim.error_of("a");
    assert_eq!((error.code(), error.request_state()), ("input_failed", Some("s4")), "three in a row and no more");
}

#[test]
fn a_question_between_them_lets_state_only_rounds_start_again() {
    let mut sim = Sim::modern();
    asked(&mut sim, later("s"));
    for _ in 0..2 {
        sim.advance(millis(250));
        let retry = sim.one();
        sim.deliver(answer(&retry, asks(json!({ "k": elicit("?") }), None)));
        let input = sim.input();
        sim.input_answer(input.id, accepted("1"));
        for _ in 0..2 {
            let retry = sim.one();
            sim.deliver(answer(&retry, later("s")));
            sim.advance(millis(250));
        }
        let retry = sim.one();
        sim.deliver(answer(&retry, later("s")));
    }
    sim.nobody_answered();
}

#[test]
fn rounds_are_bounded() {
    let mut sim = Sim::modern();
    let mut call = asked(&mut sim, asks(json!({ "k": elicit("?") }), None));
    for _ in 0..10 {
        let input = sim.input();
        sim.input_answer(input.id, accepted("1"));
        let retry = sim.one();
        assert_ne!(retry["id"], call["id"]);
        sim.deliver(answer(&retry, asks(json!({ "k": elicit("?") }), None)));
        call = retry;
    }
    assert_eq!(sim.error_of("a").code(), "input_failed");
    assert!(sim.inputs.is_empty());
}

#[test]
fn a_broken_handler_fails_the_call_with_the_state_to_resume_from() {
    let mut sim = Sim::modern();
    asked(&mut sim, asks(json!({ "k": elicit("1"), "l": elicit("2") }), Some("s")));
    let ids: Vec<_> = sim.inputs.iter().map(|input| input.id).collect();
    sim.input_fail(ids[0]);
    let error = sim.error_of("a");
    assert_eq!((error.code(), error.request_state()), ("input_failed", Some("s")));
    assert!(error.to_string().contains("the handler broke"));
    assert_eq!(sim.ended, [(ids[1], InputEnd::Cancelled)]);
    sim.input_answer(ids[1], accepted("late"));
    sim.nothing_sent();
    sim.nobody_answered();
}

#[test]
fn a_question_of_a_kind_that_was_not_offered_fails_the_call() {
    let strange = json!({ "method": "no/such", "params": {} });
    let url = json!({ "method": "elicitation/create", "params": { "mode": "url", "url": "https://x" } });
    for request in [strange, url] {
        let mut sim =
            Sim::with(|options| options.capabilities = json_of(&json!({ "elicitation": {} })), None).into_modern();
        asked(&mut sim, asks(json!({ "ok": elicit("?"), "bad": request }), Some("s")));
        assert_eq!(sim.error_of("a").request_state(), Some("s"));
        assert!(sim.inputs.is_empty(), "nobody is asked in vain");
    }
}

#[test]
fn input_required_is_allowed_on_three_methods_only() {
    for (method, allowed) in [("resources/read", true), ("prompts/get", true), ("tools/list", false)] {
        let mut sim = Sim::modern();
        sim.call("a", method, json!({}));
        let call = sim.one();
        sim.deliver(answer(&call, asks(json!({ "k": elicit("?") }), None)));
        assert_eq!(sim.inputs.len(), usize::from(allowed), "{method}");
        assert_eq!(sim.replies.len(), usize::from(!allowed), "{method}");
    }
}

#[test]
fn a_demand_for_nothing_fails_the_call() {
    let mut sim = Sim::modern();
    asked(&mut sim, json!({ "resultType": "input_required" }));
    assert_eq!(sim.error_of("a").code(), "input_failed");
}

#[test]
fn manual_mode_hands_the_demand_to_the_caller() {
    let mut sim = Sim::modern();
    sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.manual = true);
    let call = sim.one();
    let demand = asks(json!({ "k": elicit("?") }), Some("s"));
    sim.deliver(answer(&call, demand.clone()));
    assert_eq!(sim.reply_to("a").expect("as it came"), demand);
    assert!(sim.inputs.is_empty());
}

#[test]
fn cancelling_the_call_drops_its_handlers_and_frees_their_permits() {
    let mut sim = Sim::with(|options| options.inputs.max_concurrent = 2, None).into_modern();
    let first = sim.tool("first");
    let call = sim.one();
    sim.deliver(answer(&call, asks(json!({ "k": elicit("1"), "l": elicit("2") }), None)));
    sim.tool("second");
    let call = sim.one();
    sim.deliver(answer(&call, asks(json!({ "m": elicit("3") }), None)));
    assert_eq!(sim.inputs.len(), 2, "the third waits");
    sim.cancel(first);
    assert!(sim.error_of("first").is_cancelled());
    assert_eq!(sim.ended.len(), 2);
    assert_eq!(sim.inputs.len(), 3, "and now runs");
    sim.nothing_sent();
    let third = sim.inputs[2].id;
    sim.input_answer(third, accepted("3"));
    assert_eq!(sim.one()["params"]["inputResponses"]["m"]["action"], "accept");
}

#[test]
fn cancelling_the_retry_leg_tells_the_server() {
    let mut sim = Sim::modern();
    let id = sim.tool("a");
    let call = sim.one();
    sim.deliver(answer(&call, later("s")));
    sim.advance(millis(250));
    let retry = sim.one();
    sim.cancel(id);
    let cancelled = sim.one();
    assert_eq!(cancelled["method"], "notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], retry["id"]);
}

#[test]
fn a_handler_that_takes_too_long_answers_with_cancel() {
    let mut sim = Sim::modern();
    asked(&mut sim, asks(json!({ "k": elicit("?") }), None));
    sim.advance(secs(300));
    assert_eq!(sim.one()["params"]["inputResponses"]["k"], json!({ "action": "cancel" }));
    assert_eq!(sim.has_event(|event| matches!(event, Event::InputTimedOut)), 1);
    sim.nobody_answered();
}

#[test]
fn the_time_that_people_take_is_not_the_calls() {
    let mut sim =
        Sim::with(|options| (options.timeouts.call, options.timeouts.call_total) = (secs(10), secs(20)), None)
            .into_modern();
    sim.tool("a");
    let call = sim.one();
    sim.advance(secs(9));
    sim.deliver(answer(&call, asks(json!({ "k": elicit("?") }), None)));
    let input = sim.input();
    sim.advance(secs(250));
    sim.input_answer(input.id, accepted("1"));
    sim.sent();
    sim.advance(millis(9_999));
    sim.nobody_answered();
    sim.advance(millis(1));
    assert!(sim.error_of("a").is_timeout());
}

#[test]
fn without_a_permit_elicitations_are_declined_and_others_fail_the_call() {
    let policy = |options: &mut crate::session::Options| {
        (options.inputs.max_concurrent, options.inputs.overflow) = (1, Overflow::Decline);
    };
    let mut sim = Sim::with(policy, None).into_modern();
    asked(&mut sim, asks(json!({ "k": elicit("1"), "l": elicit("2") }), None));
    let input = sim.input();
    sim.input_answer(input.id, accepted("1"));
    assert_eq!(sim.one()["params"]["inputResponses"]["l"], json!({ "action": "decline" }));

    let mut sim = Sim::with(policy, None).into_modern();
    let roots = json!({ "method": "roots/list" });
    asked(&mut sim, asks(json!({ "a": elicit("1"), "b": roots, "c": elicit("2") }), None));
    assert_eq!(sim.error_of("a").code(), "input_failed");
    assert_eq!((sim.inputs.len(), sim.ended.len()), (1, 1), "the one that ran is dropped, and none runs for nobody");
}

// ---- The legacy form

fn url_required(call: &Value) -> Value {
    let visit = |id: &str| json!({ "mode": "url", "elicitationId": id, "url": "https://x/", "message": "sign in" });
    error(call["id"].clone(), -32042, json!({ "elicitations": [visit("1"), visit("2")] }))
}

#[test]
fn a_url_elicitation_error_is_shown_and_the_call_sent_once_more() {
    let mut sim = Sim::legacy();
    sim.tool("a");
    let call = sim.one();
    sim.deliver(url_required(&call));
    let inputs = std::mem::take(&mut sim.inputs);
    assert_eq!(inputs.len(), 2);
    assert_eq!(inputs[0].params.get_str("url").as_deref(), Some("https://x/"));
    for input in &inputs {
        sim.nothing_sent();
        sim.input_answer(input.id, json!({ "action": "accept" }));
    }
    let retry = sim.one();
    assert_ne!(retry["id"], call["id"]);
    assert!(retry["params"]["inputResponses"].is_null());
    sim.deliver(url_required(&retry));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32042), "the second is final");
    assert!(sim.inputs.is_empty());
}

#[test]
fn a_url_that_was_not_visited_leaves_the_servers_error() {
    let mut sim = Sim::legacy();
    sim.tool("a");
    let call = sim.one();
    sim.deliver(url_required(&call));
    let inputs = std::mem::take(&mut sim.inputs);
    sim.input_answer(inputs[0].id, json!({ "action": "accept" }));
    sim.input_answer(inputs[1].id, json!({ "action": "decline" }));
    let error = sim.error_of("a");
    assert_eq!(error.rpc().map(|rpc| rpc.code), Some(-32042));
    assert!(error.rpc().and_then(|rpc| rpc.data.as_ref()?.get("elicitations")).is_some());
    sim.nothing_sent();
}

#[test]
fn a_url_that_cannot_be_shown_leaves_the_servers_error() {
    let mut sim =
        Sim::with(|options| options.capabilities = json_of(&json!({ "elicitation": {} })), None).into_legacy();
    sim.tool("a");
    let call = sim.one();
    sim.deliver(url_required(&call));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32042));
}
