//! The server's own requests, before 2026-07-28.

use super::*;
use crate::platform::test;

fn ask(id: impl Into<Value>, method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": { "message": "?", "_meta": { "progressToken": "t" } } })
}

/// Two clients with handlers and one without, all initialized.
fn three() -> (Sim, [ClientKey; 3]) {
    let (mut sim, keys) = Sim::clients();
    for (key, capabilities) in
        keys.iter().zip([json!({ "elicitation": {} }), json!({ "elicitation": {}, "roots": {} }), json!({})])
    {
        sim.initialize(*key, capabilities);
    }
    (sim, keys)
}

#[test]
fn ping_is_answered_here() {
    let (mut sim, [a, ..]) = three();
    sim.serve(json!({ "jsonrpc": "2.0", "id": "p", "method": "ping" }));
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": "p", "result": {} }));
    assert!(sim.heard(a).is_empty());
}

#[test]
fn a_question_goes_to_whose_call_is_open_and_its_answer_back() {
    let (mut sim, [a, b, c]) = three();
    sim.call(b, 1, "tools/call", json!({ "name": "b" }));
    let call = sim.one();
    sim.serve(ask(7, "elicitation/create"));
    let question = sim.heard_one(b);
    assert_eq!(question["params"]["message"], "?");
    assert!(sim.heard(a).is_empty() && sim.heard(c).is_empty());
    // Nobody else can answer, or say how it gets on.
    for id in [question["id"].clone(), json!(7)] {
        sim.say(a, json!({ "jsonrpc": "2.0", "id": id, "result": { "action": "accept" } }));
    }
    sim.say(a, note("notifications/progress", json!({ "progressToken": "t", "progress": 1 })));
    assert!(sim.sent().is_empty());
    sim.say(b, note("notifications/progress", json!({ "progressToken": "t", "progress": 1 })));
    assert_eq!(sim.one()["params"]["progressToken"], "t");
    sim.say(
        b,
        json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": { "x": 1 } } }),
    );
    assert_eq!(
        sim.one(),
        json!({ "jsonrpc": "2.0", "id": 7, "result": { "action": "accept", "content": { "x": 1 } } })
    );
    // Once.
    sim.say(b, json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "decline" } }));
    assert!(sim.sent().is_empty());
    sim.reply(&call, json!({}));
    assert_eq!(sim.heard_one(b)["id"], 1);
}

#[test]
fn of_several_with_open_calls_the_last_who_can_answer_is_asked() {
    let (mut sim, [a, b, c]) = three();
    for key in [a, b, c] {
        sim.call(key, 1, "tools/call", json!({}));
        let _ = sim.sent();
    }
    sim.serve(ask("e", "elicitation/create"));
    assert_eq!(sim.heard_one(b)["method"], "elicitation/create");
    assert!(sim.heard(a).is_empty() && sim.heard(c).is_empty());
}

#[test]
fn it_is_declined_for_who_has_no_handler_and_nobody_else_is_bothered() {
    let (mut sim, [a, b, c]) = three();
    sim.call(c, 1, "tools/call", json!({}));
    let _ = sim.sent();
    sim.serve(ask(1, "elicitation/create"));
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": 1, "result": { "action": "decline" } }));
    sim.serve(ask(2, "sampling/createMessage"));
    let refused = sim.one();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(2), &json!(-32601)));
    assert!(sim.heard(a).is_empty() && sim.heard(b).is_empty() && sim.heard(c).is_empty());
}

#[test]
fn without_an_open_call_the_first_who_can_is_asked() {
    let (mut sim, [a, b, _]) = three();
    sim.serve(ask(1, "roots/list"));
    assert_eq!(sim.heard_one(b)["method"], "roots/list");
    sim.serve(ask(2, "elicitation/create"));
    assert_eq!(sim.heard_one(a)["method"], "elicitation/create");
}

#[test]
fn a_withdrawn_question_is_withdrawn_from_who_has_it() {
    let (mut sim, [a, b, _]) = three();
    sim.serve(ask("q", "elicitation/create"));
    let question = sim.heard_one(a);
    // Of no request of ours, whatever its number.
    sim.call(b, 1, "tools/call", json!({}));
    let call = sim.one();
    sim.serve(note("notifications/cancelled", json!({ "requestId": call["id"] })));
    sim.serve(note("notifications/cancelled", json!({ "requestId": "q", "reason": "r" })));
    let withdrawn = sim.heard_one(a);
    assert_eq!(withdrawn["params"], json!({ "requestId": question["id"], "reason": "r" }));
    assert!(sim.heard(b).is_empty());
    sim.say(a, json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept" } }));
    assert!(sim.sent().is_empty(), "nobody waits for it");
    sim.reply(&call, json!({}));
    assert_eq!(sim.heard_one(b)["id"], 1, "a call is not cancelled by the server");
}

#[test]
fn who_leaves_is_answered_for() {
    let (mut sim, [a, b, _]) = three();
    sim.serve(ask(1, "elicitation/create"));
    sim.serve(ask(2, "roots/list"));
    let _ = (sim.heard(a), sim.heard(b));
    sim.close(a);
    sim.close(b);
    let sent = sim.sent();
    assert_eq!(sent[0], json!({ "jsonrpc": "2.0", "id": 1, "result": { "action": "cancel" } }));
    assert_eq!((&sent[1]["id"], sent[1]["error"]["code"].is_i64()), (&json!(2), true));
}

#[test]
fn questions_are_bounded_and_an_id_used_again_is_one_question() {
    let mut sim = Sim::with(|limits| (limits.asks, limits.control) = (2, 3));
    let a = sim.mux.attach();
    sim.initialize(a, json!({ "elicitation": {} }));
    for id in [1, 1, 2, 3] {
        sim.serve(ask(id, "elicitation/create"));
    }
    assert_eq!(sim.heard(a).len(), 2);
    let refused = sim.one();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(3), &json!(-32603)));
    // A server that asks and does not read.
    for id in 0..4 {
        sim.serve(json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }));
    }
    assert_eq!(sim.end(a), Some(TransportErrorKind::Overloaded));
    assert!(sim.mux.lost().is_some());
}

#[test]
fn what_is_said_of_a_task_is_for_who_began_it() {
    let (mut sim, [a, b, _]) = three();
    sim.call(a, 1, "tools/call", json!({ "name": "t", "task": { "ttl": 1 }, "_meta": { "progressToken": "mine" } }));
    let request = sim.one();
    sim.reply(&request, json!({ "task": { "taskId": "t-1", "status": "working" } }));
    let answer = sim.heard_one(a);
    assert_eq!(answer["result"]["task"]["taskId"], "t-1", "task ids pass through");
    // Another's call is open, and this is none of it.
    sim.call(b, 1, "tools/call", json!({}));
    let _ = sim.sent();
    let token = request["params"]["_meta"]["progressToken"].clone();
    sim.serve(note("notifications/progress", json!({ "progressToken": token, "progress": 1 })));
    assert_eq!(sim.heard_one(a)["params"]["progressToken"], "mine");
    sim.serve(note("notifications/tasks/status", json!({ "taskId": "t-1", "status": "completed" })));
    assert_eq!(sim.heard_one(a)["params"]["status"], "completed");
    let related = json!({ "io.modelcontextprotocol/related-task": { "taskId": "t-1" } });
    sim.serve(json!({ "jsonrpc": "2.0", "id": 5, "method": "elicitation/create", "params": { "_meta": related } }));
    assert_eq!(sim.heard_one(a)["params"]["_meta"], related);
    assert!(sim.heard(b).is_empty());
    // It goes with its client.
    sim.close(a);
    let _ = sim.sent();
    sim.serve(note("notifications/progress", json!({ "progressToken": token, "progress": 2 })));
    assert!(sim.heard(b).is_empty());
}
