//! Requests with a reply channel each: what goes out with them, and what their replies can be.

use serde_json::{Value, json};

use super::carrier::*;
use super::sim::*;
use crate::frame::{Body, Inbound};
use crate::platform::test;
use crate::transport::{TransportError, TransportErrorKind};

// ---- Heads

#[test]
fn a_modern_posts_head_mirrors_the_message() {
    let mut sim = Sim::http_modern();
    for (method, params, name) in [
        ("tools/call", json!({ "name": "add", "arguments": {} }), Some("add")),
        ("prompts/get", json!({ "name": "hello" }), Some("hello")),
        ("resources/read", json!({ "uri": "file:///a" }), Some("file:///a")),
        ("tools/list", json!({}), None),
        ("completion/complete", json!({ "name": "x" }), None),
    ] {
        sim.call("a", method, params);
        let post = sim.post();
        assert!(post.id.is_some() && post.modern, "{method}");
        assert_eq!(post.method.as_deref(), Some(method));
        assert_eq!(post.name.as_deref(), name, "{method}");
        assert_eq!(post.version, Some(MODERN));
        assert_eq!(post.mirrored, []);
        let message: Value = serde_json::from_str(&post.text.to_string()).expect("JSON");
        assert_eq!(message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], MODERN, "{method}");
        assert_eq!(message["id"], post.id.expect("an id"));
    }
}

#[test]
fn a_legacy_posts_head_names_the_version_that_was_agreed_on_and_mirrors_nothing() {
    let mut sim = Sim::http_legacy();
    sim.call("a", "tools/call", json!({ "name": "add", "arguments": {} }));
    let post = sim.post();
    assert_eq!((post.version, post.modern), (Some(LEGACY), false));
    assert_eq!((post.method.as_deref(), post.name, post.mirrored), (Some("tools/call"), None, vec![]));
}

#[test]
fn the_handshake_declares_a_version_once_one_was_agreed_on() {
    let mut sim = Sim::http();
    let probe = sim.begin();
    sim.fails(&probe, refused(405, Body::Empty));
    let initialize = sim.one();
    sim.reply(&initialize, initialized("2025-03-26"));
    let heads: Vec<_> = sim.posts.iter().map(|p| (p.method.as_deref(), p.id, p.version, p.modern)).collect();
    assert_eq!(
        heads,
        [
            (Some("server/discover"), Some(1), Some(MODERN), true),
            (Some("initialize"), Some(2), None, false),
            (Some("notifications/initialized"), None, Some("2025-03-26"), false),
        ]
    );
}

#[test]
fn an_answer_to_a_server_is_a_post_without_a_method() {
    let mut sim = Sim::http_legacy();
    sim.tool("a");
    let call = sim.one();
    sim.posts.clear();
    sim.on(&call, json!({ "jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": { "message": "?" } }));
    let input = sim.input();
    sim.input_answer(input.id, json!({ "action": "accept", "content": {} }));
    let post = sim.post();
    assert_eq!((post.id, &post.method, post.version), (None, &None, Some(LEGACY)));
    let message: Value = serde_json::from_str(&post.text.to_string()).expect("JSON");
    assert_eq!((&message["id"], &message["result"]["action"]), (&json!("q"), &json!("accept")));
    sim.on(&call, answer(&call, done()));
    assert!(sim.reply_to("a").is_ok());
}

#[test]
fn a_round_of_input_is_a_post_of_its_own() {
    let mut sim = Sim::http_modern();
    sim.tool("a");
    let call = sim.one();
    let asks = json!({ "k": { "method": "elicitation/create", "params": { "message": "?" } } });
    sim.on(&call, answer(&call, json!({ "resultType": "input_required", "inputRequests": asks, "requestState": "s" })));
    assert_eq!(sim.answered, [wire(&call)], "the first leg is over");
    let input = sim.input();
    sim.input_answer(input.id, json!({ "action": "decline" }));
    let leg = sim.one();
    assert_ne!(leg["id"], call["id"]);
    assert_eq!(leg["params"]["inputResponses"]["k"]["action"], "decline");
    let post = sim.posts.pop().expect("a post");
    assert_eq!(post.name.as_deref(), Some("a"));
    sim.ends(&call);
    sim.reply(&leg, done());
    assert!(sim.reply_to("a").is_ok());
}

// ---- Replies

#[test]
fn a_reply_is_whole_or_comes_on_a_stream_that_may_stay_open() {
    let mut sim = Sim::http_modern();
    sim.list("a");
    let call = sim.one();
    sim.reply(&call, json!({ "tools": [] }));
    assert_eq!(sim.reply_to("a").expect("a list"), json!({ "tools": [] }));
    assert!(sim.answered.is_empty(), "nothing is left to end");

    sim.tool("b");
    let call = sim.one();
    sim.on(&call, notification("notifications/progress", json!({ "progressToken": call["id"], "progress": 1 })));
    assert_eq!(sim.progress.len(), 1);
    sim.on(&call, answer(&call, done()));
    assert!(sim.reply_to("b").is_ok());
    assert_eq!(sim.answered, [wire(&call)]);
    sim.ends(&call);
    sim.nobody_answered();
}

#[test]
fn an_error_without_an_id_is_the_answer_to_the_request_whose_reply_it_is() {
    for id in [json!(null), json!("server-error")] {
        let mut sim = Sim::http_modern();
        sim.tool("a");
        let call = sim.one();
        sim.tool("b");
        sim.reply_with(&call, 400, error(id, -32602, json!(null)));
        assert_eq!(sim.error_of("a").rpc().map(|error| error.code), Some(-32602));
    }
}

#[test]
fn a_result_for_another_request_answers_nobody() {
    let mut sim = Sim::http_modern();
    sim.list("a");
    let first = sim.one();
    sim.tool("b");
    let second = sim.one();
    // Swapped by the server: each would get what belongs to the other.
    sim.reply_with(&second, 200, answer(&first, done()));
    let error = sim.error_of("b");
    assert_eq!(error.code(), "protocol");
    assert!(error.maybe_executed(), "an answer came, so it ran");
    sim.reply(&first, json!({ "tools": [] }));
    assert!(sim.reply_to("a").is_ok());
}

#[test]
fn a_reply_that_is_no_message_fails_its_call_alone() {
    for body in ["{", "[]", "{}", "null", r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#] {
        let mut sim = Sim::http_modern();
        sim.list("a");
        sim.sent();
        sim.tool("b");
        let call = sim.one();
        sim.fact(Inbound::Reply(wire(&call), 200, crate::json::Text::from(body.to_owned())));
        let error = sim.error_of("b");
        assert_eq!(error.code(), "protocol", "{body}");
        assert!(error.maybe_executed(), "{body}");
        assert!(!sim.is_closed());
    }
}

#[test]
fn a_message_beyond_the_limit_fails_its_call_alone_whoever_waits() {
    let big = "x".repeat(2_000);
    let limited = || Sim::with(|options| options.max_message = 1_500, None).over_http();
    let mut sim = limited().http_into_modern();
    sim.tool("a");
    let call = sim.one();
    sim.on(&call, answer(&call, json!({ "content": big })));
    let error = sim.error_of("a");
    assert!(error.is_too_large() && error.maybe_executed(), "{error}");
    assert_eq!(sim.aborts, [wire(&call)]);

    // Whoever opens hears of it too.
    let mut sim = limited();
    let probe = sim.begin();
    sim.reply(&probe, json!({ "big": big }));
    assert!(sim.error_of("open").is_too_large());

    let mut sim = limited().http_into_modern();
    sim.listen("sub", json!({ "toolsListChanged": true }));
    let listen = sim.one();
    sim.on(&listen, notification("notifications/message", json!({ "data": big })));
    let again = sim.next_sent(secs(60));
    sim.on(&again, notification("notifications/message", json!({ "data": big })));
    assert!(sim.error_of("sub").is_too_large());
}

#[test]
fn an_answer_that_is_no_message_may_have_been_an_execution() {
    for (method, status, kind, body, ran) in [
        ("tools/call", 200, TransportErrorKind::Protocol, Body::Html, true),
        ("tools/call", 202, TransportErrorKind::Protocol, Body::Empty, true),
        ("tools/call", 404, TransportErrorKind::Refused { status: 404 }, Body::Html, false),
        ("tools/call", 403, TransportErrorKind::Refused { status: 403 }, Body::Empty, false),
        ("tools/call", 413, TransportErrorKind::Refused { status: 413 }, Body::Empty, false),
    ] {
        let mut sim = Sim::http_modern();
        sim.call("a", method, json!({ "name": "a" }));
        let call = sim.one();
        sim.on(&call, answer(&call, done()));
        sim.forget();
        sim.call("b", method, json!({ "name": "a" }));
        let call = sim.one();
        let error = TransportError::new(kind, "no");
        sim.fails(&call, crate::frame::Failure { error, ..refused(status, body) });
        assert_eq!(sim.error_of("b").maybe_executed(), ran, "{method} {status}");
        sim.nothing_sent();
    }
}

// ---- Given up

#[test]
fn giving_up_ends_the_stream_and_tells_a_legacy_server_in_words_too() {
    for deadline in [false, true] {
        for modern in [true, false] {
            let mut sim = if modern { Sim::http_modern() } else { Sim::http_legacy() };
            let id = sim.tool("a");
            let call = sim.one();
            if deadline {
                sim.advance(secs(60));
            } else {
                sim.cancel(id);
            }
            let error = sim.error_of("a");
            assert_eq!((error.is_timeout(), error.is_cancelled()), (deadline, !deadline));
            assert_eq!(sim.aborts, [wire(&call)]);
            if modern {
                sim.nothing_sent();
            } else {
                let told = sim.one();
                assert_eq!(told["method"], "notifications/cancelled");
                assert_eq!(told["params"]["requestId"], call["id"]);
            }
            // What was on its way arrives too late.
            sim.reply(&call, done());
            sim.nobody_answered();
        }
    }
}

#[test]
fn what_never_left_is_given_up_without_a_word() {
    let mut sim = Sim::http_legacy();
    sim.link = false;
    let id = sim.tool("a");
    sim.cancel(id);
    sim.link = true;
    sim.drain();
    assert!(sim.aborts.is_empty());
    sim.nothing_sent();
}

#[test]
fn a_handshake_in_vain_is_aborted_and_never_cancelled_in_words() {
    let mut sim = Sim::http();
    let probe = sim.begin();
    sim.advance(secs(10));
    assert!(sim.error_of("open").is_timeout());
    assert!(sim.is_closed());
    sim.nothing_sent();

    // On the way back the link lives on until it is dropped.
    let mut sim = Sim::http_legacy();
    sim.lose_with(expired());
    sim.reconnect();
    let initialize = sim.one();
    sim.advance(secs(30));
    assert!(sim.sent().iter().all(|message| message["method"] != "notifications/cancelled"));
    assert_ne!(probe["id"], initialize["id"]);
}

#[test]
fn nothing_of_a_link_that_is_gone_is_taken() {
    let mut sim = Sim::http_modern();
    sim.tool("a");
    let call = sim.one();
    sim.close();
    sim.replies.clear();
    sim.reply(&call, done());
    sim.ends(&call);
    sim.unreached(&call);
    sim.nobody_answered();
    sim.nothing_sent();
}

#[test]
fn a_message_that_did_not_arrive_is_a_warning() {
    let mut sim = Sim::http_legacy();
    sim.fact(Inbound::Undelivered(http_error(503)));
    assert_eq!(sim.has_event(|event| matches!(event, crate::Event::Warning(text) if text.contains("503"))), 1);
}
