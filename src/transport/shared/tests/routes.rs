//! Ids and tokens, both ways, and what hostile peers make of them.

use super::*;
use crate::platform::test;

#[test]
fn equal_ids_of_two_clients_are_two_requests() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "a" }));
    sim.call(b, 1, "tools/call", json!({ "name": "b" }));
    let sent = sim.sent();
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0]["id"], sent[1]["id"]);
    // In the other order.
    for request in sent.iter().rev() {
        sim.reply(request, json!({ "to": request["params"]["name"] }));
    }
    assert_eq!(sim.heard_one(a), json!({ "jsonrpc": "2.0", "id": 1, "result": { "to": "a" } }));
    assert_eq!(sim.heard_one(b), json!({ "jsonrpc": "2.0", "id": 1, "result": { "to": "b" } }));
}

#[test]
fn strings_and_numbers_come_back_as_they_were() {
    let (mut sim, [a]) = Sim::clients();
    sim.call(a, 1, "x", json!({}));
    sim.call(a, "1", "y", json!({}));
    sim.call(a, "", "z", json!({}));
    let sent = sim.sent();
    for request in &sent {
        assert!(request["id"].is_i64(), "{request}");
        sim.reply(request, json!({ "of": request["method"] }));
    }
    let heard: Vec<_> =
        sim.heard(a).iter().map(|answer| (answer["id"].clone(), answer["result"]["of"].clone())).collect();
    assert_eq!(heard, [(json!(1), json!("x")), (json!("1"), json!("y")), (json!(""), json!("z"))]);
}

#[test]
fn progress_finds_its_request_by_whatever_token_its_client_chose() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "a", "_meta": { "progressToken": "mine", "k": 1 } }));
    sim.call(b, 1, "tools/call", json!({ "name": "b", "_meta": { "progressToken": 1 } }));
    let sent = sim.sent();
    let tokens: Vec<_> = sent.iter().map(|request| request["params"]["_meta"]["progressToken"].clone()).collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(sent.iter().filter(|request| request["params"]["_meta"]["k"] == 1).count(), 1);
    for (request, token) in sent.iter().zip(&tokens) {
        sim.serve(note(
            "notifications/progress",
            json!({ "progressToken": token, "progress": 1, "message": request["params"]["name"] }),
        ));
    }
    let progress = |heard: Value| (heard["params"]["progressToken"].clone(), heard["params"]["message"].clone());
    assert_eq!(progress(sim.heard_one(a)), (json!("mine"), json!("a")));
    assert_eq!(progress(sim.heard_one(b)), (json!(1), json!("b")));
    // Over: nobody's any more.
    sent.iter().for_each(|request| sim.reply(request, json!({})));
    let _ = (sim.heard(a), sim.heard(b));
    for token in tokens.iter().chain([&json!("mine"), &json!(null), &json!(1.5), &json!({})]) {
        sim.serve(note("notifications/progress", json!({ "progressToken": token, "progress": 2 })));
    }
    assert!(sim.heard(a).is_empty() && sim.heard(b).is_empty());
}

#[test]
fn progress_is_not_told_to_who_did_not_ask_for_it() {
    let (mut sim, [a]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "a" }));
    let request = sim.one();
    assert_eq!(request["params"], json!({ "name": "a" }), "no _meta is added");
    sim.serve(note("notifications/progress", json!({ "progressToken": request["id"], "progress": 1 })));
    assert!(sim.heard(a).is_empty());
}

#[test]
fn a_cancellation_reaches_only_ones_own_request() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, "job", "tools/call", json!({ "name": "a" }));
    let request = sim.one();
    // The other's, by its client's id and by that of the real link.
    for id in [json!("job"), request["id"].clone(), json!(null), json!({})] {
        sim.say(b, note("notifications/cancelled", json!({ "requestId": id })));
    }
    sim.say(b, note("notifications/cancelled", json!({})));
    sim.say(a, note("notifications/cancelled", json!({ "requestId": request["id"] })));
    assert_eq!(sim.sent(), [] as [Value; 0]);
    sim.say(a, note("notifications/cancelled", json!({ "requestId": "job", "reason": "enough" })));
    let cancelled = sim.one();
    assert_eq!(cancelled["params"], json!({ "requestId": request["id"], "reason": "enough" }));
    // Too late, and once only.
    sim.reply(&request, json!({}));
    sim.say(a, note("notifications/cancelled", json!({ "requestId": "job" })));
    assert!(sim.heard(a).is_empty() && sim.sent().is_empty());
}

#[test]
fn a_message_is_not_two_to_a_server_that_reads_it_otherwise() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({}));
    let wire = sim.one()["id"].clone();
    // Some go by the first of two, some by the last.
    for (first, last) in [("notifications/cancelled", "x"), ("x", "notifications/cancelled")] {
        sim.say_text(b, &format!(r#"{{"method":"{first}","params":{{"requestId":{wire}}},"method":"{last}"}}"#));
        while let Some(Outbound::Message(text)) = sim.mux.poll_transmit() {
            assert!(!text.to_string().contains("cancelled"), "{text}");
        }
    }
    sim.say_text(b, &format!(r#"{{"id":{wire},"method":"tools/call","id":7,"params":{{"name":"b"}}}}"#));
    let Some(Outbound::Message(text)) = sim.mux.poll_transmit() else { panic!("nothing") };
    assert_eq!(text.to_string().matches(r#""id""#).count(), 1, "{text}");
    assert_ne!(parsed(&text)["id"], wire);
}

#[test]
fn a_request_that_has_not_left_is_taken_back() {
    let (mut sim, [a]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "first" }));
    sim.call(a, 2, "tools/call", json!({ "name": "second" }));
    sim.say(a, note("notifications/cancelled", json!({ "requestId": 1 })));
    assert_eq!(sim.one()["params"]["name"], "second");
}

#[test]
fn answers_that_nobody_waits_for_reach_nobody() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({}));
    let request = sim.one();
    sim.reply(&request, json!({ "n": 1 }));
    sim.reply(&request, json!({ "n": 2 }));
    for id in [json!(99), json!(0), json!(-1), json!("1"), json!(null), json!(1.5)] {
        sim.serve(json!({ "jsonrpc": "2.0", "id": id, "result": {} }));
        sim.serve(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32603, "message": "?" } }));
    }
    sim.serve(json!({ "jsonrpc": "2.0", "result": {} }));
    assert_eq!(sim.heard_one(a)["result"]["n"], 1);
    assert!(sim.heard(b).is_empty());
    // An answer for a client that is gone.
    sim.call(b, 1, "tools/call", json!({}));
    let request = sim.one();
    sim.close(b);
    assert_eq!(sim.one()["params"]["requestId"], request["id"]);
    sim.reply(&request, json!({}));
    assert!(sim.heard(a).is_empty());
}

#[test]
fn a_client_that_uses_an_id_again_is_told_so() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "first" }));
    sim.call(a, 1, "tools/call", json!({ "name": "again" }));
    sim.call(b, 1, "tools/call", json!({ "name": "another's" }));
    let refused = sim.heard_one(a);
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1), &json!(-32600)));
    let sent = sim.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    sim.reply(&sent[0], json!({}));
    sim.reply(&sent[1], json!({}));
    // Answered: the id is free.
    sim.call(a, 1, "tools/call", json!({ "name": "third" }));
    assert_eq!(sim.one()["params"]["name"], "third");
}

#[test]
fn what_clients_say_that_is_no_message_is_answered_and_not_passed_on() {
    let (mut sim, [a, b]) = Sim::clients();
    for (text, code) in [
        ("{", -32700),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        ("{}", -32600),
        (r#"{"id":null,"method":"ping"}"#, -32600),
        (r#"{"id":{},"method":"ping"}"#, -32600),
        (r#"{"id":9007199254740993,"method":"ping"}"#, -32600),
        (r#"{"id":1,"method":"ping","params":{"_meta":{"progressToken":1.5}}}"#, -32602),
    ] {
        sim.say_text(a, text);
        assert_eq!(sim.heard_one(a)["error"]["code"], code, "{text}");
    }
    // Answers to nothing.
    for text in [r#"{"id":1,"result":{}}"#, r#"{"id":null,"result":{}}"#, r#"{"result":{}}"#] {
        sim.say_text(a, text);
    }
    assert!(sim.sent().is_empty() && sim.heard(a).is_empty() && sim.heard(b).is_empty());
}

#[test]
fn names_that_mean_something_to_the_host_are_ordinary_ones() {
    let (mut sim, [a]) = Sim::clients();
    let params =
        r#"{"__proto__":{"_meta":{"progressToken":5}},"constructor":1,"_meta":{"__proto__":{"progressToken":6}}}"#;
    sim.say_text(
        a,
        &format!(r#"{{"jsonrpc":"2.0","id":"__proto__","method":"x","params":{params},"__proto__":{{"id":3}}}}"#),
    );
    let request = sim.one();
    assert_eq!(request["params"], serde_json::from_str::<Value>(params).expect("JSON"));
    assert_eq!(request["__proto__"], json!({ "id": 3 }));
    sim.serve_text(&format!(r#"{{"id":{},"result":{{"__proto__":{{"x":1}}}}}}"#, request["id"]));
    let answer = sim.heard_one(a);
    assert_eq!((&answer["id"], &answer["result"]["__proto__"]["x"]), (&json!("__proto__"), &json!(1)));
}

#[test]
fn subscriptions_are_known_by_their_clients_ids() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, "s", "subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    sim.call(b, 1, "subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let sent = sim.sent();
    for request in &sent {
        let meta = json!({ SUBSCRIPTION: request["id"] });
        sim.serve(note("notifications/subscriptions/acknowledged", json!({ "_meta": meta, "notifications": {} })));
        sim.serve(note("notifications/tools/list_changed", json!({ "_meta": meta })));
    }
    for (key, id) in [(a, json!("s")), (b, json!(1))] {
        let heard = sim.heard(key);
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert!(heard.iter().all(|notice| notice["params"]["_meta"][SUBSCRIPTION] == id), "{heard:?}");
    }
    // Its end, both ways that the specification has.
    let of =
        |name: &str| sent.iter().find(|request| (request["id"] == sent[0]["id"]) == (name == "first")).expect("sent");
    let (first, second) = (of("first").clone(), of("second").clone());
    let ours = [first.clone(), second.clone()];
    sim.reply(&first, json!({ "resultType": "complete", "_meta": { SUBSCRIPTION: first["id"], "k": 1 } }));
    sim.serve(note("notifications/cancelled", json!({ "requestId": second["id"] })));
    let ends: Vec<_> = [a, b].iter().map(|key| sim.heard_one(*key)).collect();
    let result = ends.iter().find(|end| end.get("result").is_some()).expect("a result");
    assert_eq!(result["result"]["_meta"], json!({ SUBSCRIPTION: result["id"], "k": 1 }));
    let cancelled = ends.iter().find(|end| end["method"] == "notifications/cancelled").expect("a notice");
    assert!(["s".into(), json!(1)].contains(&cancelled["params"]["requestId"]), "{cancelled}");
    // Over for both, and of nobody: neither is told of any more.
    for id in ours.iter().map(|request| request["id"].clone()).chain([json!(77), json!("s"), json!(null)]) {
        sim.serve(note("notifications/tools/list_changed", json!({ "_meta": { SUBSCRIPTION: id } })));
    }
    assert!(sim.heard(a).is_empty() && sim.heard(b).is_empty());
}

#[test]
fn a_client_that_leaves_takes_only_its_own_work_with_it() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "tools/call", json!({ "name": "a" }));
    sim.call(a, 2, "subscriptions/listen", json!({ "notifications": {} }));
    sim.call(b, 1, "tools/call", json!({ "name": "b" }));
    let sent = sim.sent();
    sim.call(a, 3, "tools/call", json!({ "name": "unsent" }));
    sim.close(a);
    let cancelled: Vec<_> = sim.sent().iter().map(|notice| notice["params"]["requestId"].clone()).collect();
    let own: Vec<_> =
        sent.iter().filter(|request| request["params"]["name"] != "b").map(|request| request["id"].clone()).collect();
    assert_eq!(cancelled, own, "what had left, and nothing else");
    let other = sent.iter().find(|request| request["params"]["name"] == "b").expect("sent");
    sim.serve(note("notifications/tools/list_changed", json!({ "_meta": { SUBSCRIPTION: own[1] } })));
    sim.reply(other, json!({ "still": true }));
    assert_eq!(sim.heard_one(b)["result"], json!({ "still": true }));
}

#[test]
fn a_refusal_without_an_id_answers_the_first_request_while_nothing_was_answered() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, "probe", "server/discover", json!({}));
    sim.call(b, "probe", "server/discover", json!({}));
    let _ = sim.sent();
    sim.serve(json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": "what?" } }));
    let first = [sim.heard(a), sim.heard(b)].concat();
    assert_eq!(first.len(), 1);
    assert_eq!((&first[0]["id"], &first[0]["error"]["message"]), (&json!("probe"), &json!("what?")));
    sim.serve(json!({ "jsonrpc": "2.0", "error": { "code": -32600, "message": "what?" } }));
    assert_eq!([sim.heard(a), sim.heard(b)].concat().len(), 1);
}

#[test]
fn garbage_is_for_the_sessions_to_judge_and_leaks_nothing() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.serve_text("Welcome to the server!");
    assert_eq!(sim.heard_one(a), json!("Welcome to the server!"));
    sim.call(a, 1, "x", json!({}));
    let request = sim.one();
    sim.reply(&request, json!({}));
    let _ = (sim.heard(a), sim.heard(b));
    for text in [r#"{"id":1,"secret""#, r#"[{"id":1,"result":"secret"}]"#, r#"{"id":1,"secret":1}"#] {
        sim.serve_text(text);
        let kind = Text::from(text.to_owned()).read().expect_err("garbage");
        for key in [a, b] {
            let Mail::Message(heard) = sim.mux.poll_client(key) else { panic!("{text}: nothing") };
            assert_eq!(heard.read().expect_err("garbage"), kind, "{text}");
            assert!(!heard.to_string().contains("secret"), "{heard}");
        }
    }
}
