use everywire::Event;
use everywire::proto::SubscriptionFilter;
use serde_json::{Value, json};

use crate::host::test;
use crate::peer::{Answer, LEGACY, MODERN, connect, event};

fn capabilities() -> Value {
    json!({"tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true}})
}

fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

fn updated(event: &Event) -> Option<String> {
    match event {
        Event::ResourceUpdated { uri } => Some(uri.clone()),
        _ => None,
    }
}

/// Acknowledges with tools and resources only, and tells of a change at once.
fn modern(method: &str, message: &Value) -> Answer {
    if method != "subscriptions/listen" {
        return Answer::Result(json!({"resultType": "complete", "content": []}));
    }
    let mut granted = message["params"]["notifications"].clone();
    granted.as_object_mut().unwrap().remove("promptsListChanged");
    let meta = json!({"io.modelcontextprotocol/subscriptionId": message["id"]});
    let before = vec![
        notification("notifications/subscriptions/acknowledged", json!({"_meta": meta, "notifications": granted})),
        notification("notifications/resources/updated", json!({"_meta": meta, "uri": "test:1"})),
    ];
    Answer::After(before, Box::new(Answer::Nothing))
}

#[test]
async fn a_modern_server_is_listened_to() {
    let peer = connect(MODERN, capabilities(), modern).await;
    let mut events = peer.client.events();
    let filter = SubscriptionFilter::new().tools().prompts().resource("test:1");
    let subscription = peer.client.listen(filter).await.unwrap();
    assert_eq!(
        peer.seen.params("subscriptions/listen"),
        json!({"notifications": {"toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["test:1"]}})
    );
    assert_eq!(subscription.granted(), &SubscriptionFilter::new().tools().resource("test:1"));
    assert_eq!(event(&mut events, updated).await, "test:1");

    let id = peer.seen.of("subscriptions/listen")[0]["id"].clone();
    drop(subscription);
    peer.client.call_tool("t", ()).await.unwrap();
    assert_eq!(peer.seen.params("notifications/cancelled")["requestId"], id, "dropping it tells the server");
}

fn legacy(method: &str, _: &Value) -> Answer {
    match method {
        "resources/subscribe" => Answer::After(
            vec![notification("notifications/resources/updated", json!({"uri": "test:1"}))],
            Box::new(Answer::Result(json!({}))),
        ),
        _ => Answer::Result(json!({"content": []})),
    }
}

#[test]
async fn a_legacy_server_is_subscribed_to() {
    let peer = connect(LEGACY, capabilities(), legacy).await;
    let mut events = peer.client.events();
    let subscription = peer.client.subscribe("test:1").await.unwrap();
    assert_eq!(peer.seen.params("resources/subscribe"), json!({"uri": "test:1"}));
    assert_eq!(subscription.granted(), &SubscriptionFilter::new().resource("test:1"));
    assert_eq!(event(&mut events, updated).await, "test:1");

    let again = peer.client.subscribe("test:1").await.unwrap();
    assert_ne!(again.key(), subscription.key());
    drop(subscription);
    peer.client.call_tool("t", ()).await.unwrap();
    assert!(peer.seen.of("resources/unsubscribe").is_empty(), "another subscription still wants it");
    again.end();
    peer.client.call_tool("t", ()).await.unwrap();
    assert_eq!(peer.seen.params("resources/unsubscribe"), json!({"uri": "test:1"}));
}

#[test]
async fn a_legacy_server_grants_the_lists_it_declared() {
    let peer = connect(LEGACY, capabilities(), legacy).await;
    let subscription = peer.client.listen(SubscriptionFilter::new().tools().prompts()).await.unwrap();
    assert_eq!(subscription.granted(), &SubscriptionFilter::new().tools());
    assert_eq!(peer.seen.of("resources/subscribe").len(), 0);
}

#[test]
async fn what_cannot_be_listened_to() {
    for version in [MODERN, LEGACY] {
        let peer = connect(version, capabilities(), |_, _| Answer::Error(-32602, "no such resource")).await;
        let before = peer.seen.count();
        assert_eq!(peer.client.listen(SubscriptionFilter::new()).await.unwrap_err().code(), "config");
        assert_eq!(peer.seen.count(), before, "nothing was sent");
        let error = peer.client.subscribe("test:gone").await.unwrap_err();
        assert_eq!(error.rpc().unwrap().code, -32602);
    }
}
