//! Subscriptions and the log level, in both eras and over lost links.

use serde_json::{Value, json};

use super::sim::*;
use crate::Event;
use crate::platform::test;
use crate::session::{EraChoice, Verdict};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

fn acknowledge(sim: &mut Sim, listen: &Value) {
    let params = json!({ "notifications": listen["params"]["notifications"], "_meta": { ID: listen["id"] } });
    sim.deliver(notification("notifications/subscriptions/acknowledged", params));
}

fn level(sim: &mut Sim, name: &'static str, level: &str) {
    sim.session.set_log_level(Name { name, progress: false }, level, sim.now);
    sim.drain();
}

fn everything() -> Value {
    json!({ "toolsListChanged": true, "resourceSubscriptions": ["file:///a", "file:///b"] })
}

fn resynced(sim: &Sim) -> usize {
    sim.has_event(|event| matches!(event, Event::Resynced))
}

#[test]
fn a_modern_subscription_is_one_request_that_is_acknowledged_first() {
    let mut sim = Sim::modern();
    sim.listen("sub", everything());
    let listen = sim.one();
    assert_eq!(listen["method"], "subscriptions/listen");
    assert_eq!(listen["params"]["notifications"], everything());
    assert!(!listen["params"]["_meta"].is_null());
    sim.nobody_answered();
    acknowledge(&mut sim, &listen);
    assert_eq!(sim.reply_to("sub").expect("agreed"), everything());
    sim.advance(secs(10_000));
    sim.nothing_sent();
    assert_eq!(sim.has_event(|event| matches!(event, Event::SubscriptionEnded { .. })), 0, "it has no deadline");
    sim.deliver(notification("notifications/tools/list_changed", json!({ "_meta": { ID: listen["id"] } })));
    sim.deliver(notification("notifications/resources/updated", json!({ "uri": "file:///a" })));
    assert_eq!(sim.has_event(|event| matches!(event, Event::ToolsChanged)), 1);
    assert_eq!(sim.has_event(|event| matches!(event, Event::ResourceUpdated { uri } if uri == "file:///a")), 1);
}

#[test]
fn a_modern_subscription_is_renewed_under_a_new_id_and_said_to_be_resynced_once() {
    let mut sim = Sim::modern();
    sim.listen("a", everything());
    let first = sim.one();
    acknowledge(&mut sim, &first);
    sim.listen("b", everything());
    let second = sim.one();
    acknowledge(&mut sim, &second);
    sim.forget();
    sim.lose();
    assert_eq!(resynced(&sim), 0);
    sim.reconnect();
    let renewed = sim.sent();
    assert_eq!(renewed.len(), 2);
    assert!(renewed.iter().all(|listen| listen["id"] != first["id"] && listen["id"] != second["id"]));
    assert_eq!(resynced(&sim), 1);
    for listen in &renewed {
        acknowledge(&mut sim, listen);
    }
    sim.nobody_answered();
}

#[test]
fn a_subscription_that_was_not_acknowledged_yet_is_asked_for_again_without_fuss() {
    let mut sim = Sim::modern();
    sim.listen("a", everything());
    sim.sent();
    sim.lose();
    sim.reconnect();
    let listen = sim.one();
    assert_eq!(resynced(&sim), 0, "nothing can have been missed");
    acknowledge(&mut sim, &listen);
    assert!(sim.reply_to("a").is_ok());
}

#[test]
fn the_server_may_end_a_subscription_in_either_way_or_both() {
    for order in [["result", ""], ["cancelled", ""], ["result", "cancelled"], ["cancelled", "result"]] {
        let mut sim = Sim::modern();
        let key = sim.listen("a", everything());
        let listen = sim.one();
        acknowledge(&mut sim, &listen);
        sim.forget();
        for end in order {
            match end {
                "result" => sim.deliver(answer(&listen, json!({ "resultType": "complete" }))),
                "cancelled" => {
                    sim.deliver(notification("notifications/cancelled", json!({ "requestId": listen["id"] })))
                }
                _ => {}
            }
        }
        let ended = |event: &Event| matches!(event, Event::SubscriptionEnded { key: of, reason: None } if *of == key.0);
        assert_eq!(sim.has_event(ended), 1, "{order:?}");
        sim.lose();
        sim.reconnect();
        assert!(sim.methods().iter().all(|method| method != "subscriptions/listen"), "it is over");
    }
}

#[test]
fn a_refused_subscription_answers_its_caller() {
    let mut sim = Sim::modern();
    sim.listen("a", everything());
    let listen = sim.one();
    sim.deliver(refusal(&listen, -32601));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32601));

    sim.listen("b", everything());
    sim.sent();
    sim.advance(secs(60));
    assert!(sim.error_of("b").is_timeout());
    assert_eq!(sim.methods(), ["notifications/cancelled"]);
}

#[test]
fn unsubscribing_tells_the_server() {
    let mut sim = Sim::modern();
    let key = sim.listen("a", everything());
    let listen = sim.one();
    acknowledge(&mut sim, &listen);
    sim.forget();
    sim.session.unlisten(key, sim.now);
    sim.drain();
    let cancelled = sim.one();
    assert_eq!(cancelled["method"], "notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], listen["id"]);
    sim.nobody_answered();

    let key = sim.listen("early", everything());
    sim.session.unlisten(key, sim.now);
    sim.drain();
    assert!(sim.error_of("early").is_cancelled());
}

#[test]
fn a_legacy_subscription_is_a_request_for_each_resource_and_what_the_server_declared() {
    let mut sim = Sim::legacy();
    sim.listen("sub", json!({ "toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["u"] }));
    let subscribe = sim.one();
    assert_eq!(subscribe["method"], "resources/subscribe");
    assert_eq!(subscribe["params"], json!({ "uri": "u" }));
    sim.deliver(answer(&subscribe, json!({})));
    let agreed = sim.reply_to("sub").expect("agreed");
    assert_eq!(agreed, json!({ "toolsListChanged": true, "resourceSubscriptions": ["u"] }), "prompts do not change");
}

#[test]
fn legacy_subscriptions_and_the_log_level_are_restored_on_a_new_link() {
    let mut sim = Sim::legacy();
    sim.listen("sub", everything());
    for subscribe in sim.sent() {
        sim.deliver(answer(&subscribe, json!({})));
    }
    level(&mut sim, "level", "debug");
    let set = sim.one();
    assert_eq!(set["params"], json!({ "level": "debug" }));
    sim.deliver(answer(&set, json!({})));
    sim.forget();
    sim.lose();
    sim.reconnect();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    let expected = ["notifications/initialized", "logging/setLevel", "resources/subscribe", "resources/subscribe"];
    assert_eq!(sim.methods(), expected);
    assert_eq!(resynced(&sim), 1);
    sim.nobody_answered();
}

#[test]
fn legacy_unsubscribing_leaves_what_others_still_want() {
    let mut sim = Sim::legacy();
    let first = sim.listen("a", json!({ "resourceSubscriptions": ["u", "v"] }));
    sim.listen("b", json!({ "resourceSubscriptions": ["u"] }));
    for subscribe in sim.sent() {
        sim.deliver(answer(&subscribe, json!({})));
    }
    sim.session.unlisten(first, sim.now);
    sim.drain();
    let unsubscribe = sim.one();
    assert_eq!(unsubscribe["method"], "resources/unsubscribe");
    assert_eq!(unsubscribe["params"]["uri"], "v");
}

#[test]
fn a_legacy_subscription_that_fails_in_part_leaves_nothing_behind() {
    let mut sim = Sim::legacy();
    sim.listen("a", json!({ "resourceSubscriptions": ["u", "v"] }));
    let sent = sim.sent();
    sim.deliver(answer(&sent[0], json!({})));
    sim.deliver(refusal(&sent[1], -32002));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32002));
    assert_eq!(sim.methods(), ["resources/unsubscribe", "resources/unsubscribe"]);
}

#[test]
fn in_the_modern_era_the_log_level_travels_with_every_request() {
    let mut sim = Sim::modern();
    level(&mut sim, "level", "warning");
    assert!(sim.reply_to("level").is_ok());
    sim.nothing_sent();
    sim.list("a");
    assert_eq!(sim.one()["params"]["_meta"]["io.modelcontextprotocol/logLevel"], "warning");
}

#[test]
fn a_log_level_set_before_the_era_is_known_is_set_once_in_the_right_way() {
    let mut sim = Sim::new();
    sim.open();
    level(&mut sim, "level", "error");
    sim.up();
    let probe = sim.one();
    sim.forget();
    sim.deliver(answer(&probe, discovered()));
    sim.nothing_sent();
    assert!(sim.replies.iter().any(|(name, result)| *name == "level" && result.is_ok()), "{:?}", sim.replies);
    sim.list("a");
    assert_eq!(sim.one()["params"]["_meta"]["io.modelcontextprotocol/logLevel"], "error");

    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    level(&mut sim, "level", "error");
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.methods(), ["notifications/initialized", "logging/setLevel"]);
}

#[test]
fn a_subscription_asked_for_before_the_link_is_made_when_it_is_up() {
    let known = Some(Verdict::Legacy { version: Some(LEGACY), cacheable: true });
    let mut sim = Sim::with(|_| {}, known);
    sim.listen("early", json!({ "resourceSubscriptions": ["u"] }));
    sim.open();
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.methods(), ["notifications/initialized", "resources/subscribe"]);
    assert_eq!(resynced(&sim), 0);
}

#[test]
fn the_end_of_the_client_ends_its_subscriptions() {
    let mut sim = Sim::modern();
    sim.listen("open", everything());
    let listen = sim.one();
    acknowledge(&mut sim, &listen);
    sim.listen("waiting", everything());
    sim.forget();
    sim.close();
    assert!(sim.error_of("waiting").is_closed());
    assert_eq!(sim.has_event(|event| matches!(event, Event::SubscriptionEnded { .. })), 1);
    sim.listen("late", everything());
    assert!(sim.error_of("late").is_closed());
}
