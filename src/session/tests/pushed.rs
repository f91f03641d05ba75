//! Requests for input that a legacy server pushes: permits, queue, timeouts, the callers' clocks.

use serde_json::{Value, json};

use super::sim::*;
use crate::Event;
use crate::platform::test;
use crate::session::{InputEnd, InputKind, Overflow};

fn push(sim: &mut Sim, id: impl Into<Value>) {
    let params = json!({ "message": "who?", "requestedSchema": { "type": "object", "properties": {} } });
    push_method(sim, id, "elicitation/create", params);
}

fn push_method(sim: &mut Sim, id: impl Into<Value>, method: &str, params: Value) {
    sim.deliver(json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }));
}

fn accepted() -> Value {
    json!({ "action": "accept", "content": { "name": "x" } })
}

#[test]
fn a_pushed_elicitation_reaches_the_handler_and_its_answer_the_server() {
    let mut sim = Sim::legacy();
    push(&mut sim, "q-1");
    let input = sim.input();
    assert_eq!((input.kind, input.round), (InputKind::Elicit, false));
    assert_eq!(input.params.get_str("message").as_deref(), Some("who?"));
    sim.input_answer(input.id, accepted());
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": "q-1", "result": accepted() }));
    sim.input_answer(input.id, accepted());
    sim.nothing_sent();
}

#[test]
fn sampling_and_roots_come_through_the_same_door() {
    let mut sim = Sim::legacy();
    push_method(&mut sim, 1, "sampling/createMessage", json!({ "messages": [], "maxTokens": 1 }));
    push_method(&mut sim, 2, "roots/list", json!({}));
    let kinds: Vec<_> = sim.inputs.iter().map(|input| input.kind).collect();
    assert_eq!(kinds, [InputKind::Sample, InputKind::Roots]);
    let ids: Vec<_> = sim.inputs.iter().map(|input| input.id).collect();
    sim.input_answer(ids[1], json!({ "roots": [] }));
    assert_eq!(sim.one()["result"], json!({ "roots": [] }));
    sim.input_fail(ids[0]);
    let error = sim.one();
    assert_eq!((&error["id"], &error["error"]["code"]), (&json!(1), &json!(-1)), "a refusal");
}

#[test]
fn what_was_not_offered_is_refused_before_any_handler() {
    let mut sim =
        Sim::with(|options| options.capabilities = json_of(&json!({ "elicitation": {} })), None).into_legacy();
    push_method(&mut sim, 1, "elicitation/create", json!({ "mode": "url", "url": "https://x", "message": "m" }));
    assert_eq!(sim.one()["error"]["code"], -32602, "an unsupported mode");
    push_method(&mut sim, 2, "sampling/createMessage", json!({}));
    assert_eq!(sim.one()["error"]["code"], -32601);
    push_method(&mut sim, 3, "no/such", json!({}));
    assert_eq!(sim.one()["error"]["code"], -32601);
    assert!(sim.inputs.is_empty());
    push(&mut sim, 4);
    assert_eq!(sim.inputs.len(), 1, "an empty object offers forms");
}

#[test]
fn a_modern_server_has_no_requests() {
    let mut sim = Sim::modern();
    push(&mut sim, 1);
    push_method(&mut sim, 2, "ping", json!({}));
    sim.nothing_sent();
    assert!(sim.inputs.is_empty());
    assert_eq!(sim.has_event(|event| matches!(event, Event::Warning(_))), 2);
}

#[test]
fn permits_bound_the_handlers_and_the_rest_waits_its_turn() {
    let mut sim = Sim::with(|options| options.inputs.max_concurrent = 2, None).into_legacy();
    for id in 1..=4 {
        push(&mut sim, id);
    }
    assert_eq!(sim.inputs.len(), 2);
    let first = sim.inputs[0].id;
    sim.input_answer(first, accepted());
    assert_eq!(sim.one()["id"], 1);
    assert_eq!(sim.inputs.len(), 3, "the next in line");
    sim.deliver(notification("notifications/cancelled", json!({ "requestId": 4 })));
    let second = sim.inputs[1].id;
    sim.input_answer(second, accepted());
    assert_eq!(sim.inputs.len(), 3, "the fourth was withdrawn while it waited");
}

#[test]
fn beyond_the_queue_or_by_policy_elicitations_are_declined() {
    let mut sim =
        Sim::with(|options| (options.inputs.max_concurrent, options.inputs.max_queued) = (1, 1), None).into_legacy();
    for id in 1..=3 {
        push(&mut sim, id);
    }
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": 3, "result": { "action": "decline" } }));

    let mut sim =
        Sim::with(|options| (options.inputs.max_concurrent, options.inputs.overflow) = (1, Overflow::Decline), None)
            .into_legacy();
    push(&mut sim, 1);
    push(&mut sim, 2);
    push_method(&mut sim, 3, "roots/list", json!({}));
    let sent = sim.sent();
    assert_eq!(sent[0]["result"]["action"], "decline");
    assert!(sent[1]["error"]["code"].is_number(), "roots have no word for it");
    assert_eq!(sim.inputs.len(), 1);
}

#[test]
fn no_permit_at_all_still_asks_one_at_a_time() {
    let mut sim = Sim::with(|options| options.inputs.max_concurrent = 0, None).into_legacy();
    push(&mut sim, 1);
    assert_eq!(sim.inputs.len(), 1);
}

#[test]
fn a_handler_that_takes_too_long_has_one_outcome() {
    let mut sim = Sim::legacy();
    push(&mut sim, 1);
    let input = sim.input();
    sim.advance(secs(299));
    sim.nothing_sent();
    sim.advance(secs(1));
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": 1, "result": { "action": "cancel" } }));
    assert_eq!(sim.ended, [(input.id, InputEnd::Timeout)]);
    assert_eq!(sim.has_event(|event| matches!(event, Event::InputTimedOut)), 1);
    sim.input_answer(input.id, accepted());
    sim.nothing_sent();
}

#[test]
fn time_in_the_queue_is_not_the_handlers() {
    let mut sim = Sim::with(|options| options.inputs.max_concurrent = 1, None).into_legacy();
    push(&mut sim, 1);
    push(&mut sim, 2);
    sim.advance(secs(300));
    assert_eq!(sim.one()["id"], 1);
    assert_eq!(sim.inputs.len(), 2);
    sim.advance(secs(299));
    sim.nothing_sent();
    sim.advance(secs(1));
    assert_eq!(sim.one()["id"], 2);
}

#[test]
fn a_withdrawn_request_drops_its_handler_and_is_not_answered() {
    let mut sim = Sim::legacy();
    push(&mut sim, "q");
    let input = sim.input();
    sim.deliver(notification("notifications/cancelled", json!({ "requestId": "other" })));
    assert!(sim.ended.is_empty());
    sim.deliver(notification("notifications/cancelled", json!({ "requestId": "q" })));
    assert_eq!(sim.ended, [(input.id, InputEnd::Cancelled)]);
    sim.input_answer(input.id, accepted());
    sim.nothing_sent();
}

#[test]
fn an_id_that_is_used_twice_is_asked_once_and_answered_once() {
    let mut sim = Sim::legacy();
    push(&mut sim, 1);
    push(&mut sim, 1);
    let input = sim.input();
    sim.input_answer(input.id, accepted());
    assert_eq!(sim.one()["id"], 1);
    push(&mut sim, 1);
    assert_eq!(sim.inputs.len(), 1, "once answered, the id may come again");
}

#[test]
fn the_callers_clocks_stand_still_while_a_person_answers() {
    let mut sim =
        Sim::with(|options| (options.timeouts.call, options.timeouts.call_total) = (secs(10), secs(25)), None)
            .into_legacy();
    sim.tool("a");
    let call = sim.one();
    sim.advance(secs(9));
    push(&mut sim, 1);
    let input = sim.input();
    sim.advance(secs(200));
    sim.nobody_answered();
    sim.input_answer(input.id, accepted());
    sim.sent();
    sim.deliver(notification("notifications/progress", json!({ "progressToken": call["id"], "progress": 1 })));
    sim.advance(secs(9));
    sim.nobody_answered();
    sim.deliver(notification("notifications/progress", json!({ "progressToken": call["id"], "progress": 2 })));
    sim.advance(secs(6));
    sim.nobody_answered();
    sim.advance(secs(1));
    assert!(sim.error_of("a").is_timeout(), "the hard clock stood still too, and only then: 9 + 16 s");
    let cancelled = sim.one();
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
}

#[test]
fn the_idle_clock_goes_on_where_it_stood() {
    let mut sim = Sim::with(|options| options.timeouts.call = secs(10), None).into_legacy();
    sim.tool("before");
    sim.advance(secs(8));
    push(&mut sim, 1);
    let input = sim.input();
    sim.advance(secs(50));
    sim.tool("during");
    sim.advance(secs(50));
    sim.input_answer(input.id, accepted());
    sim.advance(millis(1999));
    sim.nobody_answered();
    sim.advance(millis(1));
    assert!(sim.error_of("before").is_timeout());
    sim.advance(millis(7999));
    sim.nobody_answered();
    sim.advance(millis(1));
    assert!(sim.error_of("during").is_timeout());
}

#[test]
fn the_clocks_run_again_however_the_question_ends() {
    for end in ["withdrawn", "timeout", "lost"] {
        let mut sim = Sim::with(|options| options.timeouts.call = secs(10), None).into_legacy();
        sim.call("a", "resources/read", json!({ "uri": "x" }));
        sim.sent();
        push(&mut sim, 1);
        match end {
            "withdrawn" => sim.deliver(notification("notifications/cancelled", json!({ "requestId": 1 }))),
            "timeout" => sim.advance(secs(300)),
            _ => sim.lose(),
        }
        sim.nobody_answered();
        sim.advance(secs(11));
        assert!(sim.error_of("a").is_timeout(), "{end}");
    }
}

#[test]
fn the_end_of_the_client_drops_every_handler() {
    let mut sim = Sim::legacy();
    push(&mut sim, 1);
    push(&mut sim, 2);
    sim.close();
    assert_eq!(sim.ended.len(), 2);
    sim.nothing_sent();
    push(&mut sim, 3);
    sim.nothing_sent();
    assert_eq!(sim.inputs.len(), 2);
}
