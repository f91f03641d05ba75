//! Whatever arrives: nothing that a peer can send brings a session down.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};

use super::sim::*;

/// JSON of any shape, with the words of the protocol strewn in.
fn message() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "jsonrpc",
        "id",
        "method",
        "params",
        "result",
        "error",
        "code",
        "data",
        "supported",
        "_meta",
        "inputRequests",
        "requestState",
        "resultType",
        "input_required",
        "elicitation/create",
        "notifications/progress",
        "server/discover",
        "progressToken",
        "notifications/cancelled",
        "requestId",
        "elicitations",
        "supportedVersions",
        "__proto__",
        "notifications/subscriptions/acknowledged",
        "io.modelcontextprotocol/subscriptionId",
        "2026-07-28",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..9).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        Just(json!(-32042)),
        Just(json!(-32022)),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn stages() -> Vec<Sim> {
    let mut probing = Sim::new();
    probing.open();
    probing.up();
    let mut modern = Sim::modern();
    modern.tool("a");
    modern.listen("l", json!({ "toolsListChanged": true }));
    let mut legacy = Sim::legacy();
    legacy.tool("a");
    vec![probing, modern, legacy]
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_message_of_any_shape_brings_a_session_down(messages in prop::collection::vec(message(), 1..8)) {
        for mut sim in stages() {
            for message in &messages {
                sim.deliver(message.clone());
            }
            sim.advance(secs(1));
            sim.close();
        }
    }

    #[test]
    fn no_text_of_any_kind_brings_a_session_down(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for mut sim in stages() {
            sim.deliver_text(&String::from_utf8_lossy(&bytes));
            sim.close();
        }
    }
}
