//! What an older server keeps for the whole connection.

use super::*;
use crate::platform::test;

#[test]
fn the_session_is_opened_once_and_declares_what_any_client_may_answer() {
    let (mut sim, [a, b]) = Sim::clients();
    let sent = sim.initialize(a, json!({ "roots": { "listChanged": true }, "experimental": { "x": {} } }));
    let methods: Vec<_> = sent.iter().map(|message| message["method"].clone()).collect();
    assert_eq!(methods, ["initialize", "notifications/initialized"]);
    let expected = json!({ "roots": { "listChanged": true }, "experimental": { "x": {} }, "sampling": {}, "elicitation": { "form": {}, "url": {} } });
    assert_eq!(sent[0]["params"]["capabilities"], expected);
    assert_eq!(sent[0]["params"]["clientInfo"]["name"], "c");
    // The second is given the same, and the server hears nothing of it.
    assert_eq!(sim.initialize(b, json!({})), [] as [Value; 0]);
}

#[test]
fn those_who_initialize_meanwhile_wait_for_the_same_answer() {
    let (mut sim, [a, b, c]) = Sim::clients();
    for (key, id) in [(a, json!(1)), (b, json!("b")), (c, json!(3))] {
        sim.call(key, id, "initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {} }));
    }
    let request = sim.one();
    // The first and another leave: it is not cancelled, and the rest is answered.
    sim.close(a);
    sim.close(c);
    assert_eq!(sim.sent(), [] as [Value; 0]);
    sim.reply(&request, json!({ "protocolVersion": "2025-11-25" }));
    assert_eq!(sim.heard_one(b), json!({ "jsonrpc": "2.0", "id": "b", "result": { "protocolVersion": "2025-11-25" } }));
    let d = sim.mux.attach();
    assert_eq!(sim.initialize_result(d), json!("2025-11-25"));
}

impl Sim {
    fn initialize_result(&mut self, key: ClientKey) -> Value {
        self.call(key, 9, "initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {} }));
        self.heard_one(key)["result"]["protocolVersion"].clone()
    }
}

#[test]
fn a_refused_session_is_refused_to_all_and_may_be_tried_again() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "initialize", json!({ "capabilities": {} }));
    sim.call(b, 2, "initialize", json!({ "capabilities": {} }));
    let request = sim.one();
    sim.fail(&request, -32602);
    for (key, id) in [(a, 1), (b, 2)] {
        let heard = sim.heard_one(key);
        assert_eq!((&heard["id"], &heard["error"]["code"]), (&json!(id), &json!(-32602)));
    }
    assert_eq!(sim.initialize(a, json!({})).len(), 2);
}

#[test]
fn an_older_server_with_a_session_is_not_asked_what_it_does_not_know() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "initialize", json!({ "capabilities": {} }));
    let request = sim.one();
    for id in [1, 2] {
        sim.call(b, id, "server/discover", json!({}));
        assert_eq!(sim.heard_one(b)["error"]["code"], -32601);
        assert!(sim.sent().is_empty());
        sim.reply(&request, json!({}));
    }
    // One that speaks both eras is.
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "server/discover", json!({}));
    let request = sim.one();
    sim.reply(&request, json!({ "supportedVersions": ["2026-07-28", "2025-11-25"] }));
    let _ = sim.heard(a);
    sim.initialize(a, json!({}));
    sim.call(b, 1, "server/discover", json!({}));
    assert_eq!(sim.one()["method"], "server/discover");
}

#[test]
fn list_changes_are_everybodys() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.serve(note("notifications/tools/list_changed", json!({})));
    assert_eq!(sim.heard_one(a), sim.heard_one(b));
}

#[test]
fn resources_are_counted() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.initialize(a, json!({}));
    sim.initialize(b, json!({}));
    let uri = |name: &str| json!({ "uri": name });
    for (key, name) in [(a, "x"), (b, "x"), (b, "y")] {
        sim.call(key, name, "resources/subscribe", uri(name));
        let request = sim.one();
        sim.reply(&request, json!({}));
        let _ = sim.heard(key);
    }
    // For those who subscribed to it; a part of something, for those who subscribed to anything.
    for (name, to_a, to_b) in [("x", 1, 1), ("y", 0, 1), ("x/part", 1, 1)] {
        sim.serve(note("notifications/resources/updated", uri(name)));
        assert_eq!((sim.heard(a).len(), sim.heard(b).len()), (to_a, to_b), "{name}");
    }
    // Given up by one: the server hears of it from the last.
    sim.call(a, 1, "resources/unsubscribe", uri("x"));
    assert_eq!(sim.heard_one(a)["result"], json!({}));
    assert!(sim.sent().is_empty());
    sim.serve(note("notifications/resources/updated", uri("x")));
    assert_eq!((sim.heard(a).len(), sim.heard(b).len()), (0, 1));
    sim.call(b, 1, "resources/unsubscribe", uri("x"));
    assert_eq!(sim.one()["params"], uri("x"));
    sim.close(b);
    let left = sim.sent();
    let left: Vec<_> = left.iter().filter(|message| message["method"] == "resources/unsubscribe").collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["params"], uri("y"));
}

#[test]
fn a_refused_subscription_is_none() {
    let (mut sim, [a]) = Sim::clients();
    sim.initialize(a, json!({}));
    sim.call(a, 1, "resources/subscribe", json!({ "uri": "x" }));
    let request = sim.one();
    sim.fail(&request, -32602);
    let _ = sim.heard(a);
    sim.serve(note("notifications/resources/updated", json!({ "uri": "x" })));
    assert!(sim.heard(a).is_empty());
    sim.close(a);
    assert!(sim.sent().is_empty(), "there is nothing to give up");
}

#[test]
fn each_hears_the_log_from_the_level_that_it_set() {
    let (mut sim, [a, b, c]) = Sim::clients();
    for key in [a, b, c] {
        sim.initialize(key, json!({}));
    }
    let log = |sim: &mut Sim, level: &str| {
        sim.serve(note("notifications/message", json!({ "level": level, "data": level })));
        [a, b, c].map(|key| sim.heard(key).len())
    };
    // Before anybody set one it is the server's choice.
    assert_eq!(log(&mut sim, "debug"), [1, 1, 1]);
    sim.call(a, 1, "logging/setLevel", json!({ "level": "warning" }));
    // The others are not to miss what a server says by itself.
    let request = sim.one();
    assert_eq!(request["params"]["level"], "info");
    sim.reply(&request, json!({}));
    assert_eq!(sim.heard_one(a)["id"], 1);
    assert_eq!(log(&mut sim, "info"), [0, 1, 1]);
    sim.call(b, 1, "logging/setLevel", json!({ "level": "debug" }));
    let request = sim.one();
    assert_eq!(request["params"]["level"], "debug");
    sim.reply(&request, json!({}));
    let _ = sim.heard(b);
    assert_eq!(log(&mut sim, "debug"), [0, 1, 0]);
    assert_eq!(log(&mut sim, "info"), [0, 1, 1]);
    assert_eq!(log(&mut sim, "error"), [1, 1, 1]);
    // The server is told the least of all.
    sim.call(a, 2, "logging/setLevel", json!({ "level": "error" }));
    assert_eq!(sim.heard_one(a)["result"], json!({}));
    assert!(sim.sent().is_empty());
    sim.close(b);
    assert_eq!(sim.one()["params"]["level"], "info");
    // What is no level is the server's to refuse, and one that it refused is asked for again.
    sim.call(c, 1, "logging/setLevel", json!({ "level": "loud" }));
    let request = sim.one();
    assert_eq!(request["params"]["level"], "loud");
    sim.fail(&request, -32602);
    assert_eq!(sim.heard_one(c)["error"]["code"], -32602);
    for id in [2, 3] {
        sim.call(c, id, "logging/setLevel", json!({ "level": "debug" }));
        let request = sim.one();
        sim.fail(&request, -32601);
        assert_eq!(sim.heard_one(c)["error"]["code"], -32601);
    }
}

#[test]
fn in_the_modern_era_the_log_is_for_those_who_asked_for_it_in_an_open_request() {
    let (mut sim, [a, b]) = Sim::clients();
    sim.call(a, 1, "server/discover", json!({}));
    let request = sim.one();
    sim.reply(&request, json!({ "supportedVersions": ["2026-07-28"] }));
    let _ = sim.heard(a);
    sim.call(a, 2, "tools/call", json!({ "_meta": { "io.modelcontextprotocol/logLevel": "info" } }));
    sim.call(b, 2, "tools/call", json!({}));
    let sent = sim.sent();
    for (level, to_a) in [("debug", 0), ("info", 1)] {
        sim.serve(note("notifications/message", json!({ "level": level, "data": 1 })));
        assert_eq!((sim.heard(a).len(), sim.heard(b).len()), (to_a, 0), "{level}");
    }
    // Where only one has a request open, it is the server's business what that is told.
    sim.reply(&sent[0], json!({}));
    let _ = (sim.heard(a), sim.heard(b));
    let owner = usize::from(sent[0]["params"]["_meta"].is_object());
    sim.serve(note("notifications/message", json!({ "level": "debug", "data": 1 })));
    let heard = [sim.heard(a).len(), sim.heard(b).len()];
    assert_eq!(heard[owner], 1, "the other's was answered");
    assert_eq!(heard[1 - owner], 0);
    sim.reply(&sent[1], json!({}));
    let _ = (sim.heard(a), sim.heard(b));
    sim.serve(note("notifications/message", json!({ "level": "error", "data": 1 })));
    assert!(sim.heard(a).is_empty() && sim.heard(b).is_empty());
}
