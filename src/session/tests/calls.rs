//! Answers, errors, deadlines, cancellation and limits.

use serde_json::{Value, json};

use super::sim::*;
use crate::Event;
use crate::platform::test;
use crate::session::{Era, EraChoice};

fn progress(call: &Value, n: u32) -> Value {
    notification("notifications/progress", json!({ "progressToken": call["id"], "progress": n, "message": "m" }))
}

fn both_eras(check: impl Fn(Sim)) {
    check(Sim::modern());
    check(Sim::legacy());
}

fn with_timeouts(idle: u64, total: u64) -> Sim {
    Sim::with(|options| (options.timeouts.call, options.timeouts.call_total) = (secs(idle), secs(total)), None)
}

#[test]
fn answers_find_their_callers_in_any_order() {
    both_eras(|mut sim| {
        for name in ["a", "b", "c"] {
            sim.list(name);
        }
        let sent = sim.sent();
        for (at, name) in [(2, "c"), (0, "a"), (1, "b")] {
            sim.deliver(answer(&sent[at], json!({ "resultType": "complete", "for": name })));
            assert_eq!(sim.reply_to(name).expect("answered")["for"], name);
        }
        assert_eq!(sim.session.metrics().completed, 3);
        assert_eq!(sim.session.metrics().latency.count(), 3);
    });
}

#[test]
fn late_duplicate_and_unknown_answers_reach_nobody() {
    both_eras(|mut sim| {
        let id = sim.list("a");
        let call = sim.one();
        sim.deliver(answer(&call, done()));
        assert!(sim.reply_to("a").is_ok());
        sim.deliver(answer(&call, done()));
        sim.deliver(refusal(&call, -1));
        sim.cancel(id);
        for strange in [json!(4711), json!("x"), Value::Null, json!(1.5), json!({}), json!(-1)] {
            sim.deliver(json!({ "jsonrpc": "2.0", "id": strange, "result": {} }));
        }
        sim.nobody_answered();
        sim.nothing_sent();
        assert_eq!(sim.session.metrics().late, 8);
    });
}

#[test]
fn one_is_not_the_string_one() {
    both_eras(|mut sim| {
        sim.list("a");
        let call = sim.one();
        sim.deliver(json!({ "jsonrpc": "2.0", "id": call["id"].to_string(), "result": {} }));
        sim.deliver(error(json!(call["id"].to_string()), -32603, Value::Null));
        sim.nobody_answered();
        sim.deliver(answer(&call, done()));
        assert!(sim.reply_to("a").is_ok());
    });
}

#[test]
fn the_servers_error_arrives_whole() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        let data = json!({ "deep": [1, { "x": null }], "text": "\u{1F980}" });
        let id = call["id"].clone();
        sim.deliver(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32099, "message": "own \"words\"", "data": data } }));
        let error = sim.error_of("a");
        let rpc = error.rpc().expect("the server's");
        assert_eq!((rpc.code, rpc.message.as_str()), (-32099, "own \"words\""));
        assert_eq!(rpc.data.as_ref().map(value), Some(data));
    });
}

#[test]
fn an_error_without_its_parts_is_still_an_error() {
    let mut sim = Sim::modern();
    sim.tool("a");
    let call = sim.one();
    sim.deliver(json!({ "jsonrpc": "2.0", "id": call["id"], "error": "boom" }));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32603));
}

#[test]
fn progress_reaches_its_caller_in_order_and_nobody_after_the_answer() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        assert_eq!(call["params"]["_meta"]["progressToken"], call["id"]);
        sim.deliver(progress(&call, 1));
        sim.deliver(progress(&call, 2));
        sim.deliver(notification("notifications/progress", json!({ "progressToken": "other", "progress": 9 })));
        sim.deliver(answer(&call, done()));
        sim.deliver(progress(&call, 3));
        let seen: Vec<_> = sim.progress.iter().map(|(name, params)| (*name, params["progress"].clone())).collect();
        assert_eq!(seen, [("a", json!(1)), ("a", json!(2))]);
    });
}

#[test]
fn progress_resets_the_idle_clock_but_not_the_hard_one() {
    let mut sim = with_timeouts(10, 35).into_modern();
    sim.tool("a");
    let call = sim.one();
    for n in 0..3 {
        sim.advance(secs(9));
        sim.deliver(progress(&call, n));
    }
    sim.advance(millis(7_999));
    sim.nobody_answered();
    sim.advance(millis(1));
    let error = sim.error_of("a");
    assert!(error.is_timeout() && error.maybe_executed());
    assert!(error.to_string().contains("35000 ms"), "{error}");
}

#[test]
fn an_expired_call_is_cancelled_on_the_wire() {
    both_eras(|mut sim| {
        sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(secs(1)));
        let call = sim.one();
        sim.advance(millis(999));
        sim.nobody_answered();
        sim.advance(millis(1));
        assert!(sim.error_of("a").is_timeout());
        let cancelled = sim.one();
        assert_eq!(cancelled["method"], "notifications/cancelled");
        assert_eq!(cancelled["params"]["requestId"], call["id"]);
        assert!(cancelled["id"].is_null());
        sim.deliver(answer(&call, done()));
        sim.nobody_answered();
        assert_eq!(sim.session.metrics().timeouts, 1);
    });
}

#[test]
fn a_call_that_never_left_says_so_when_its_time_is_over() {
    let mut sim = Sim::new();
    sim.open();
    sim.tool("a");
    sim.session.link_failed(lost(), sim.now);
    sim.drain();
    assert!(sim.is_closed(), "the first link decides");
    let mut sim = Sim::modern();
    sim.lose();
    sim.call_with("b", "tools/call", json!({ "name": "x" }), |options| options.timeout = Some(millis(1)));
    sim.forget();
    sim.advance(millis(1));
    let error = sim.error_of("b");
    assert!(error.to_string().contains("never left"), "{error}");
    assert!(!error.maybe_executed());
}

#[test]
fn a_time_without_end_is_no_deadline() {
    let mut sim = Sim::modern();
    sim.call_with("a", "tools/call", json!({ "name": "x" }), |options| {
        (options.timeout, options.total_timeout) = (Some(std::time::Duration::MAX), Some(std::time::Duration::MAX));
    });
    sim.advance(secs(1_000_000));
    sim.nobody_answered();
    assert_eq!(sim.session.poll_timeout(), None);
}

#[test]
fn cancelling_before_the_call_left_costs_no_message() {
    let mut sim = Sim::new();
    let id = sim.tool("a");
    sim.cancel(id);
    assert!(sim.error_of("a").is_cancelled());
    let mut sim = sim.into_modern();
    sim.nothing_sent();
    sim.cancel(id);
    sim.nobody_answered();
}

#[test]
fn a_cancellation_leaves_before_the_goodbye() {
    both_eras(|mut sim| {
        let id = sim.tool("a");
        let call = sim.one();
        // In one breath: the link took nothing in between.
        sim.session.cancel(id, sim.now);
        sim.close();
        assert_eq!(sim.one()["params"]["requestId"], call["id"]);
        assert_eq!(sim.closes, 1);
        assert!(sim.error_of("a").is_cancelled());
    });
}

#[test]
fn cancelling_a_call_that_left_tells_the_server() {
    both_eras(|mut sim| {
        let id = sim.tool("a");
        let call = sim.one();
        sim.cancel(id);
        assert!(sim.error_of("a").is_cancelled());
        let cancelled = sim.one();
        assert_eq!(cancelled["params"]["requestId"], call["id"]);
        sim.cancel(id);
        sim.deliver(answer(&call, done()));
        sim.nothing_sent();
        sim.nobody_answered();
    });
}

#[test]
fn what_is_no_message_is_counted_and_harms_nothing() {
    both_eras(|mut sim| {
        sim.tool("a");
        let call = sim.one();
        let garbage = ["", "nonsense", "{", "[]", "[{}]", "null", "1", "\"x\"", "{}", r#"{"jsonrpc":"2.0","id":1}"#];
        for text in garbage {
            sim.deliver_text(text);
        }
        assert_eq!(sim.session.metrics().malformed, garbage.len() as u64);
        assert_eq!(sim.has_event(|event| matches!(event, Event::Warning(_))), garbage.len());
        sim.nobody_answered();
        sim.deliver(answer(&call, done()));
        assert!(sim.reply_to("a").is_ok());
    });
}

#[test]
fn garbage_is_the_hint_of_a_timeout() {
    let mut sim = Sim::modern();
    sim.tool("a");
    sim.deliver_text("<html>");
    sim.advance(secs(60));
    let error = sim.error_of("a");
    assert!(error.to_string().contains("not valid JSON"), "{error}");
}

#[test]
fn log_messages_and_list_changes_are_events_in_order() {
    both_eras(|mut sim| {
        sim.deliver(notification(
            "notifications/message",
            json!({ "level": "error", "logger": "l", "data": { "a": 1 } }),
        ));
        sim.deliver(notification("notifications/tools/list_changed", json!({})));
        sim.deliver_text(r#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#);
        sim.deliver(notification("notifications/resources/list_changed", json!({})));
        sim.deliver(notification("notifications/of/tomorrow", json!({})));
        let [
            Event::Log { level, logger: Some(logger), data },
            Event::ToolsChanged,
            Event::PromptsChanged,
            Event::ResourcesChanged,
            Event::Warning(_),
        ] = sim.events.as_slice()
        else {
            panic!("{:?}", sim.events)
        };
        assert_eq!((level.as_str(), logger.as_str(), value(data)), ("error", "l", json!({ "a": 1 })));
    });
}

#[test]
fn a_message_over_the_limit_is_not_sent() {
    let mut sim = Sim::with(|options| options.max_message = 2000, None).into_modern();
    sim.call("big", "tools/call", json!({ "text": "x".repeat(2000) }));
    let error = sim.error_of("big");
    assert!(error.is_too_large() && error.to_string().contains("2000"), "{error}");
    sim.nothing_sent();
    sim.list("small");
    assert_eq!(sim.methods(), ["tools/list"]);
}

#[test]
fn a_message_over_the_limit_that_arrives_ends_the_link_with_both_sizes() {
    let mut sim = Sim::with(|options| options.max_message = 2000, None).into_modern();
    sim.list("a");
    let call = sim.one();
    sim.deliver(answer(&call, json!({ "text": "x".repeat(3000) })));
    let error = sim.error_of("a");
    assert!(error.is_too_large() && error.to_string().contains("2000"), "{error}");
    assert!(sim.is_closed());
    assert!(sim.disconnects > 0);
}

#[test]
fn too_many_calls_are_refused_at_once() {
    let mut sim = Sim::with(|options| options.max_pending = 3, None);
    for name in ["a", "b", "c"] {
        sim.tool(name);
    }
    sim.nobody_answered();
    sim.tool("d");
    assert!(sim.error_of("d").is_overloaded());
}

#[test]
fn calls_given_up_before_they_left_do_not_pile_up() {
    let mut sim = Sim::with(|options| options.max_pending = 4, None);
    for _ in 0..1000 {
        let id = sim.tool("a");
        sim.cancel(id);
    }
    assert!(sim.session.queue.len() <= 8, "{}", sim.session.queue.len());
}

#[test]
fn a_server_that_asks_and_never_reads_is_dropped() {
    let mut sim = Sim::with(|options| options.max_pending = 10, None).into_legacy();
    sim.link = false;
    for id in 0..20 {
        sim.deliver(json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }));
    }
    assert_eq!(sim.disconnects, 1);
    assert!(sim.session.control.len() <= 11);
}

#[test]
fn closing_answers_everybody_once_and_for_ever() {
    let mut sim = Sim::new();
    sim.tool("queued");
    sim.open();
    sim.up();
    sim.listen("sub", json!({}));
    sim.close();
    let mut names: Vec<_> = sim.replies.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(names, ["open", "queued", "sub"]);
    assert!(sim.replies.iter().all(|(_, result)| result.as_ref().is_err_and(|error| error.is_closed())));
    assert_eq!(sim.closes, 1);
    sim.replies.clear();
    sim.close();
    sim.lose();
    sim.nobody_answered();
    sim.tool("late");
    assert!(sim.error_of("late").is_closed());
    sim.open();
    assert!(sim.error_of("open").is_closed());
    sim.advance(secs(10_000));
    assert_eq!(sim.connects, 0);
}

#[test]
fn closing_says_which_calls_may_have_run() {
    let mut sim = Sim::modern();
    sim.tool("sent");
    sim.list("read");
    sim.link = false;
    sim.tool("queued");
    sim.link = true;
    sim.session.close(sim.now);
    sim.drain();
    for (name, result) in &sim.replies {
        let error = result.as_ref().expect_err("closed");
        assert!(error.is_closed());
        assert_eq!(error.maybe_executed(), *name == "sent", "{name}");
    }
    assert_eq!(sim.replies.len(), 3);
}

#[test]
fn what_arrives_on_a_link_that_was_given_up_is_ignored() {
    let mut sim = Sim::legacy();
    sim.list("a");
    let call = sim.one();
    sim.lose();
    sim.events.clear();
    sim.deliver(answer(&call, done()));
    sim.deliver(json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }));
    sim.deliver(notification("notifications/tools/list_changed", json!({})));
    sim.nobody_answered();
    assert!(sim.events.is_empty());
    sim.reconnect();
    assert_eq!(sim.methods(), ["initialize"], "no answer to the ping of another link");
    assert_eq!(sim.era(), None::<Era>);
}

#[test]
fn open_may_be_asked_often_and_answers_each() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.open();
    assert_eq!(sim.connects, 1);
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.replies.len(), 2);
    sim.forget();
    sim.open();
    assert!(sim.reply_to("open").is_ok());
}
