//! Results that are kept for as long as their server says that they hold.

mod limits;

use serde_json::{Value, json};

use super::sim::*;
use crate::frame::{Inbound, Profile};
use crate::platform::test;
use crate::session::Session;

const READ: &str = "resources/read";
const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

/// A result that holds for ten seconds.
fn held(says: &str) -> Value {
    json!({ "resultType": "complete", "ttlMs": 10_000, "cacheScope": "private", "says": says })
}

fn page(cursor: Option<&str>) -> Value {
    cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }))
}

/// Whether the request reaches the server; it is answered with `result` then.
fn asks_with(sim: &mut Sim, method: &str, params: &Value, result: Value) -> bool {
    sim.call("caller", method, params.clone());
    let sent = sim.sent();
    match sent.as_slice() {
        [] => false,
        [request] => {
            assert_eq!(request["method"], method);
            sim.deliver(answer(request, result));
            true
        }
        more => panic!("{more:#?}"),
    }
}

/// As [`asks_with`], and what the caller is told in the end.
fn asks(sim: &mut Sim, method: &str, params: &Value, says: &str) -> (bool, String) {
    let asked = asks_with(sim, method, params, held(says));
    let result = sim.reply_to("caller").expect("a result");
    (asked, result["says"].as_str().unwrap_or_default().to_owned())
}

/// What a caller is told, where the server now says "new" and said "old" before.
fn says(sim: &mut Sim, method: &str, params: &Value) -> String {
    asks(sim, method, params, "new").1
}

fn keep(sim: &mut Sim, method: &str, params: &Value) {
    assert_eq!(asks(sim, method, params, "old"), (true, "old".to_owned()), "{method} {params}");
    assert_eq!(asks(sim, method, params, "new"), (false, "old".to_owned()), "{method} {params}");
}

fn changed(what: &str) -> Value {
    notification(&format!("notifications/{what}/list_changed"), json!({}))
}

#[test]
fn a_fresh_result_answers_at_once_and_without_the_wire() {
    let mut sim = Sim::modern();
    for method in LISTS {
        keep(&mut sim, method, &json!({}));
    }
    keep(&mut sim, READ, &json!({ "uri": "file:///a" }));
    let metrics = sim.session.metrics();
    assert_eq!((metrics.cache_hits, metrics.completed, metrics.in_flight), (5, 10, 0));
    assert_eq!(metrics.latency.count(), 5, "what is kept took no time");
    // The whole result, as it came.
    sim.list("caller");
    assert_eq!(sim.reply_to("caller").expect("kept"), held("old"));
}

#[test]
fn a_result_holds_until_its_time_is_over() {
    let mut sim = Sim::modern();
    keep(&mut sim, "tools/list", &json!({}));
    sim.advance(millis(9_999));
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "old");
    sim.advance(millis(1));
    assert_eq!(asks(&mut sim, "tools/list", &json!({}), "new"), (true, "new".to_owned()), "now < received + ttlMs");
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "new");
}

#[test]
fn the_time_runs_from_the_answer_and_not_from_the_question() {
    let mut sim = Sim::modern();
    sim.list("caller");
    let request = sim.one();
    sim.advance(secs(30));
    sim.deliver(answer(&request, held("old")));
    assert!(sim.reply_to("caller").is_ok());
    sim.advance(secs(9));
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "old");
}

#[test]
fn only_a_result_that_says_so_is_kept() {
    for (result, kept) in [
        (json!({ "resultType": "complete", "ttlMs": 1000 }), true),
        (json!({ "resultType": "complete", "ttlMs": 1e300 }), true),
        (json!({ "ttlMs": 1000, "cacheScope": "public" }), true),
        (json!({ "resultType": "complete" }), false),
        (json!({ "resultType": "complete", "cacheScope": "public" }), false),
        (json!({ "resultType": "complete", "ttlMs": 0 }), false),
        (json!({ "resultType": "complete", "ttlMs": -1000 }), false),
        (json!({ "resultType": "complete", "ttlMs": "1000" }), false),
        (json!({ "resultType": "complete", "ttlMs": null }), false),
        (json!({ "resultType": "input_needed", "ttlMs": 1000 }), false),
        (json!({ "resultType": 1, "ttlMs": 1000 }), false),
        (json!({ "resultType": "task", "ttlMs": 1000 }), false),
        (json!([]), false),
    ] {
        let mut sim = Sim::modern();
        assert!(asks_with(&mut sim, "tools/list", &json!({}), result.clone()));
        assert_eq!(!asks_with(&mut sim, "tools/list", &json!({}), result.clone()), kept, "{result}");
    }
}

#[test]
fn other_methods_and_older_servers_keep_nothing() {
    let mut sim = Sim::modern();
    for method in ["tools/call", "prompts/get", "completion/complete", "server/discover", "x/list"] {
        for _ in 0..2 {
            assert!(asks(&mut sim, method, &json!({ "name": "n" }), "new").0, "{method}");
        }
    }
    let mut sim = Sim::legacy();
    for _ in 0..2 {
        assert!(asks(&mut sim, "tools/list", &json!({}), "new").0);
    }
    assert_eq!(sim.session.metrics().cache_hits, 0);
}

#[test]
fn what_the_question_says_decides_what_is_the_same_question() {
    let mut sim = Sim::modern();
    keep(&mut sim, READ, &json!({ "uri": "file:///a" }));
    for params in [
        json!({ "uri": "file:///A" }),
        json!({ "uri": "file:///a", "more": 1 }),
        json!({ "uri": "file:///a", "_meta": { "tenant": "b" } }),
        json!({ "uri": "file:///a", "inputResponses": {} }),
        json!({ "uri": "file:///a", "requestState": "s" }),
        json!({ "uri": 1 }),
        json!({ "cursor": "file:///a" }),
        json!({}),
    ] {
        assert!(asks(&mut sim, READ, &params, "new").0, "{params}");
    }
    for params in [json!({ "cursor": null }), json!({ "cursor": 1 }), json!({ "filter": "x" })] {
        for _ in 0..2 {
            assert!(asks(&mut sim, "tools/list", &params, "new").0, "{params}");
        }
    }
    assert_eq!(says(&mut sim, READ, &json!({ "uri": "file:///a" })), "old", "and none of them is its answer");
}

#[test]
fn nobody_is_asked_and_is_told_less() {
    let mut sim = Sim::modern();
    keep(&mut sim, READ, &json!({ "uri": "file:///a" }));
    sim.call_with("quiet", READ, json!({ "uri": "file:///a" }), |options| options.non_interactive = true);
    let request = sim.one();
    sim.deliver(answer(&request, held("for nobody")));
    assert_eq!(sim.reply_to("quiet").expect("a result")["says"], "for nobody");
    assert_eq!(says(&mut sim, READ, &json!({ "uri": "file:///a" })), "old");
}

#[test]
fn it_can_be_turned_off_for_a_client_and_for_a_call() {
    let mut sim = Sim::with(|options| options.cache = false, None).into_modern();
    for _ in 0..2 {
        assert!(asks(&mut sim, "tools/list", &json!({}), "new").0);
    }
    let mut sim = Sim::modern();
    keep(&mut sim, "tools/list", &json!({}));
    sim.call_with("fresh", "tools/list", json!({}), |options| options.fresh = true);
    let request = sim.one();
    sim.deliver(answer(&request, held("newest")));
    assert_eq!(sim.reply_to("fresh").expect("a result")["says"], "newest");
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "newest", "what it heard is kept instead");
}

#[test]
fn a_notice_makes_void_what_it_is_about() {
    let kept = |sim: &mut Sim| {
        for method in LISTS {
            keep(sim, method, &json!({}));
            keep(sim, method, &json!({ "cursor": "2" }));
        }
        for uri in ["file:///a", "file:///a/b", "file:///c"] {
            keep(sim, READ, &json!({ "uri": uri }));
        }
    };
    // Which of the above are asked for again.
    for (notice, void) in [
        (changed("tools"), vec![0]),
        (changed("prompts"), vec![1]),
        (changed("resources"), vec![2, 3]),
        (notification("notifications/resources/updated", json!({ "uri": "file:///c" })), vec![6]),
        (notification("notifications/resources/updated", json!({ "uri": "file:///a/b" })), vec![4, 5]),
        (notification("notifications/resources/updated", json!({})), vec![]),
        (notification("notifications/message", json!({ "level": "info", "data": 1 })), vec![]),
    ] {
        let mut sim = Sim::modern();
        kept(&mut sim);
        sim.deliver(notice.clone());
        for (at, method) in LISTS.into_iter().enumerate() {
            for params in [json!({ "cursor": "2" }), json!({})] {
                let asked = asks(&mut sim, method, &params, "new").0;
                assert_eq!(asked, void.contains(&at), "{notice}: {method} {params}");
            }
        }
        for (at, uri) in ["file:///a", "file:///a/b", "file:///c"].into_iter().enumerate() {
            let asked = asks(&mut sim, READ, &json!({ "uri": uri }), "new").0;
            assert_eq!(asked, void.contains(&(at + 4)), "{notice}: {uri}");
        }
    }
}

#[test]
fn an_answer_to_a_question_before_the_notice_is_given_and_not_kept() {
    let mut sim = Sim::modern();
    sim.list("caller");
    let request = sim.one();
    sim.deliver(changed("tools"));
    sim.deliver(answer(&request, held("old")));
    assert_eq!(sim.reply_to("caller").expect("a result")["says"], "old");
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "new");
    // Of another kind it is no matter.
    sim.call("caller", "prompts/list", json!({}));
    let request = sim.one();
    sim.deliver(changed("tools"));
    sim.deliver(answer(&request, held("old")));
    assert!(sim.reply_to("caller").is_ok());
    assert_eq!(says(&mut sim, "prompts/list", &json!({})), "old");
}

#[test]
fn a_gap_in_the_notices_makes_everything_void() {
    let mut sim = Sim::modern();
    sim.listen("sub", json!({ "toolsListChanged": true }));
    let listen = sim.one();
    let params = json!({ "notifications": {}, "_meta": { "io.modelcontextprotocol/subscriptionId": listen["id"] } });
    sim.deliver(notification("notifications/subscriptions/acknowledged", params));
    assert!(sim.reply_to("sub").is_ok());
    keep(&mut sim, "tools/list", &json!({}));
    keep(&mut sim, READ, &json!({ "uri": "file:///a" }));
    sim.lose();
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "old", "an outage changes nothing yet");
    sim.reconnect();
    assert_eq!(sim.methods(), ["subscriptions/listen"]);
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "new");
    assert_eq!(says(&mut sim, READ, &json!({ "uri": "file:///a" })), "new");
}

#[test]
fn a_carrier_that_answers_each_request_apart_keeps_as_well() {
    let mut sim = Sim::new();
    sim.profile = Profile::PerRequest;
    let mut sim = sim.into_modern();
    keep(&mut sim, "tools/list", &json!({}));
    sim.session.exchanged(Inbound::Gap, sim.now);
    sim.drain();
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "new");
}

#[test]
fn a_machine_that_slept_asks_again() {
    let mut sim = Sim::modern();
    keep(&mut sim, "tools/list", &json!({}));
    Session::wake(&mut sim.session, sim.now);
    sim.drain();
    sim.sent();
    assert_eq!(says(&mut sim, "tools/list", &json!({})), "new");
}

#[test]
fn the_pages_of_a_list_go_together() {
    let pages = [None, Some("2"), Some("3")];
    let full = || {
        let mut sim = Sim::modern();
        for cursor in pages {
            keep(&mut sim, "tools/list", &page(cursor));
        }
        keep(&mut sim, "prompts/list", &page(Some("2")));
        sim
    };
    // One is asked for afresh: whichever it is, the others are read anew.
    for cursor in pages {
        let mut sim = full();
        sim.call_with("fresh", "tools/list", page(cursor), |options| options.fresh = true);
        let request = sim.one();
        sim.deliver(answer(&request, held("new")));
        assert!(sim.reply_to("fresh").is_ok());
        assert!(!asks(&mut sim, "tools/list", &page(cursor), "newer").0, "{cursor:?}");
        let others = pages.into_iter().filter(|other| *other != cursor);
        for other in others.rev() {
            assert!(asks(&mut sim, "tools/list", &page(other), "new").0, "{cursor:?}, then {other:?}");
        }
        assert!(!asks(&mut sim, "prompts/list", &page(Some("2")), "new").0, "another list");
    }
    // A cursor that became invalid: "discard all cached pages and re-fetch from the beginning".
    let mut sim = full();
    sim.call("bad", "tools/list", page(Some("4")));
    let request = sim.one();
    sim.deliver(refusal(&request, -32602));
    assert!(sim.reply_to("bad").is_err());
    assert!(asks(&mut sim, "tools/list", &page(Some("3")), "new").0);
    assert!(asks(&mut sim, "tools/list", &page(None), "new").0);
    // A page of an older reading comes late.
    let mut sim = full();
    sim.call("late", "tools/list", page(Some("4")));
    let late = sim.one();
    sim.call_with("fresh", "tools/list", page(None), |options| options.fresh = true);
    let first = sim.one();
    sim.deliver(answer(&first, held("new")));
    sim.deliver(answer(&late, held("old")));
    sim.replies.clear();
    assert_eq!(says(&mut sim, "tools/list", &page(Some("4"))), "new");
    assert!(!asks(&mut sim, "tools/list", &page(None), "newer").0);
}

#[test]
fn a_resource_that_cannot_be_read_any_more_is_forgotten() {
    let mut sim = Sim::modern();
    let (a, b) = (json!({ "uri": "file:///a" }), json!({ "uri": "file:///b" }));
    keep(&mut sim, READ, &a);
    keep(&mut sim, READ, &b);
    sim.call_with("fresh", READ, a.clone(), |options| options.fresh = true);
    let request = sim.one();
    sim.deliver(refusal(&request, -32602));
    assert!(sim.reply_to("fresh").is_err());
    assert_eq!(says(&mut sim, READ, &b), "old");
    assert_eq!(says(&mut sim, READ, &a), "new");
}

#[test]
fn what_a_person_answered_for_is_not_kept() {
    let mut sim = Sim::modern();
    for _ in 0..2 {
        sim.call("reader", READ, json!({ "uri": "file:///a" }));
        let first = sim.one();
        let question =
            json!({ "method": "elicitation/create", "params": { "message": "who?", "requestedSchema": {} } });
        sim.deliver(answer(
            &first,
            json!({ "resultType": "input_required", "ttlMs": 10_000, "inputRequests": { "who": question } }),
        ));
        let input = sim.input();
        sim.input_answer(input.id, json!({ "action": "accept", "content": {} }));
        let second = sim.one();
        assert!(!second["params"]["inputResponses"].is_null());
        sim.deliver(answer(&second, held("for her only")));
        assert!(sim.reply_to("reader").is_ok());
    }
    // Nor is the question itself, where the caller takes it as it is.
    for _ in 0..2 {
        sim.call_with("manual", READ, json!({ "uri": "file:///b" }), |options| options.manual = true);
        let request = sim.one();
        sim.deliver(answer(&request, json!({ "resultType": "input_required", "ttlMs": 10_000, "requestState": "s" })));
        assert!(sim.reply_to("manual").is_ok());
    }
    assert_eq!(sim.session.metrics().cache_hits, 0);
}

#[test]
fn a_closed_client_answers_nothing_from_memory() {
    let mut sim = Sim::modern();
    keep(&mut sim, "tools/list", &json!({}));
    sim.close();
    sim.list("caller");
    assert_eq!(sim.error_of("caller").code(), "closed");
}
