//! Arguments in headers: learned from lists of tools, mirrored, mended once where the server refuses them.

use serde_json::{Value, json};

use super::carrier::*;
use super::sim::*;
use crate::Event;
use crate::platform::test;

fn tool(name: &str, header: Option<&str>) -> Value {
    let mut region = json!({ "type": "string" });
    if let Some(header) = header {
        region["x-mcp-header"] = json!(header);
    }
    json!({ "name": name, "inputSchema": { "type": "object", "properties": { "region": region } } })
}

/// The server lists these tools.
fn lists(sim: &mut Sim, tools: Value) -> Value {
    sim.list("list");
    let list = sim.one();
    sim.reply(&list, json!({ "resultType": "complete", "tools": tools }));
    sim.posts.clear();
    sim.reply_to("list").expect("a list")
}

fn call(sim: &mut Sim, name: &'static str, arguments: Value) -> Value {
    sim.posts.clear();
    sim.call(name, "tools/call", json!({ "name": name, "arguments": arguments }));
    sim.one()
}

fn mirrored(sim: &Sim) -> Vec<(String, String)> {
    sim.posts.last().expect("a post").mirrored.clone()
}

fn region(value: &str) -> Vec<(String, String)> {
    vec![("Region".to_owned(), value.to_owned())]
}

fn mismatch(sim: &mut Sim, call: &Value) {
    sim.reply_with(call, 400, error(call["id"].clone(), -32020, json!(null)));
}

fn warnings(sim: &Sim) -> Vec<&str> {
    let texts = sim.events.iter().filter_map(|event| match event {
        Event::Warning(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn annotated_arguments_are_mirrored_as_they_are_and_others_are_not() {
    let mut sim = Sim::http_modern();
    lists(&mut sim, json!([tool("a", Some("Region")), tool("b", None)]));
    call(&mut sim, "a", json!({ "region": "Grüße ", "x": 1 }));
    assert_eq!(mirrored(&sim), region("Grüße "), "encoded where it is written");
    for arguments in [json!({}), json!({ "region": null }), json!({ "other": "x" })] {
        call(&mut sim, "a", arguments);
        assert_eq!(mirrored(&sim), []);
    }
    call(&mut sim, "b", json!({ "region": "x" }));
    assert_eq!(mirrored(&sim), []);
    sim.posts.clear();
    sim.call("p", "prompts/get", json!({ "name": "a", "arguments": { "region": "x" } }));
    assert_eq!(mirrored(&sim), [], "a prompt of the same name");
}

#[test]
fn the_newest_list_is_what_counts() {
    let mut sim = Sim::http_modern();
    lists(&mut sim, json!([tool("a", Some("Region"))]));
    lists(&mut sim, json!([tool("a", None)]));
    call(&mut sim, "a", json!({ "region": "x" }));
    assert_eq!(mirrored(&sim), []);
}

#[test]
fn a_tool_with_an_invalid_annotation_is_left_out_with_a_warning_that_names_it() {
    let mut sim = Sim::http_modern();
    let tools = json!([tool("good", Some("Region")), tool("bad", Some("not a token")), tool("plain", None)]);
    let list = lists(&mut sim, tools);
    let names: Vec<_> = list["tools"].as_array().expect("tools").iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["good", "plain"]);
    assert_eq!(list["resultType"], "complete", "the rest of the result is as it was");
    assert!(matches!(&warnings(&sim)[..], [text] if text.contains("bad") && text.contains("x-mcp-header")));
}

#[test]
fn a_list_without_annotations_is_given_as_it_came() {
    let mut sim = Sim::http_modern();
    let tools = json!([tool("a", None), { "name": "b", "inputSchema": 7, "extra": [1, { "x": null }] }]);
    assert_eq!(lists(&mut sim, tools.clone())["tools"], tools);
    assert!(warnings(&sim).is_empty());
}

#[test]
fn only_a_modern_server_over_http_is_mirrored_to() {
    for mut sim in [Sim::http_legacy(), Sim::modern()] {
        sim.list("list");
        let list = sim.one();
        let tools = json!([tool("a", Some("Region")), tool("b", Some("no token"))]);
        sim.deliver(answer(&list, json!({ "tools": tools })));
        assert_eq!(sim.reply_to("list").expect("a list")["tools"], tools);
        assert!(warnings(&sim).is_empty());
        sim.call("a", "tools/call", json!({ "name": "a", "arguments": { "region": "x" } }));
        assert!(sim.posts.iter().all(|post| post.mirrored.is_empty()));
    }
}

#[test]
fn refused_headers_are_mended_by_a_fresh_list_once() {
    let mut sim = Sim::http_modern();
    let first = call(&mut sim, "b", json!({ "region": "x" }));
    assert_eq!(mirrored(&sim), []);
    mismatch(&mut sim, &first);
    let list = sim.one();
    assert_eq!((&list["method"], &list["params"]["cursor"]), (&json!("tools/list"), &Value::Null));
    sim.reply(&list, json!({ "tools": [tool("a", None)], "nextCursor": "2" }));
    let list = sim.one();
    assert_eq!(list["params"]["cursor"], "2", "until it is found");
    sim.nobody_answered();
    sim.reply(&list, json!({ "tools": [tool("b", Some("Region"))], "nextCursor": "3" }));
    let again = sim.one();
    assert_eq!(again["params"]["arguments"]["region"], "x");
    assert_ne!(again["id"], first["id"]);
    assert_eq!(mirrored(&sim), region("x"));
    // The second refusal is the caller's to see.
    mismatch(&mut sim, &again);
    assert_eq!(sim.error_of("b").rpc().map(|error| error.code), Some(-32020));
    sim.nothing_sent();
}

#[test]
fn a_list_that_does_not_come_leaves_the_call_as_it_was() {
    for how in 0..5 {
        let mut sim = Sim::http_modern();
        let first = call(&mut sim, "b", json!({ "region": "x" }));
        mismatch(&mut sim, &first);
        let list = sim.one();
        match how {
            0 => sim.reply(&list, json!({ "tools": [] })),
            1 => sim.reply_with(&list, 200, refusal(&list, -32603)),
            2 => sim.ends(&list),
            3 => sim.fails(&list, refused(503, crate::frame::Body::Empty)),
            _ => sim.reply(&list, json!("no list")),
        }
        let again = sim.one();
        assert_eq!(again["method"], "tools/call", "{how}");
        sim.reply(&again, done());
        assert!(sim.reply_to("b").is_ok());
    }
}

#[test]
fn a_call_that_is_given_up_is_not_sent_when_the_list_comes() {
    let mut sim = Sim::http_modern();
    let id = sim.tool("b");
    let first = sim.one();
    mismatch(&mut sim, &first);
    let list = sim.one();
    sim.cancel(id);
    assert!(sim.error_of("b").is_cancelled());
    sim.reply(&list, json!({ "tools": [tool("b", None)], "nextCursor": "2" }));
    sim.nothing_sent();
}

#[test]
fn no_other_method_is_mended() {
    let mut sim = Sim::http_modern();
    sim.call("a", "resources/read", json!({ "uri": "x" }));
    let read = sim.one();
    mismatch(&mut sim, &read);
    assert_eq!(sim.error_of("a").rpc().map(|error| error.code), Some(-32020));
    sim.nothing_sent();
}
