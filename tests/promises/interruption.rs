//! Nothing runs twice behind the caller's back.

use std::future::IntoFuture as _;

use serde_json::json;

use crate::common::{Peer, connected, echo, loss, promise, soon};

async fn not_repeated(era: &str) {
    let peer = Peer::spawn(era).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("count", json!({ "text": "once" })).into_future();
    peer.noted("run count once", 1).await;
    peer.kill().await;
    let error = soon(call).await.expect_err("its answer was lost");
    assert!(error.is_interrupted(), "{error}");
    assert!(error.maybe_executed());
    assert!(error.rpc().is_none(), "a transport failure never dresses up as the server's own error");
    peer.start().await;
    echo(&client, "after").await;
    assert_eq!(peer.log("run count once").await.len(), 1);
}

#[promise]
async fn a_modern_tool_call_that_may_have_run_is_not_repeated() {
    not_repeated("modern").await;
}

#[promise]
async fn a_legacy_tool_call_that_may_have_run_is_not_repeated() {
    not_repeated("legacy").await;
}

#[promise]
async fn an_idempotent_tool_call_is_repeated() {
    let peer = Peer::spawn("modern").await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("count", json!({ "text": "twice" })).idempotent().into_future();
    peer.noted("run count twice", 1).await;
    peer.kill().await;
    peer.start().await;
    assert_eq!(soon(call).await.expect("repeated").all_text(), "generation 1");
    let ids: Vec<serde_json::Value> = peer
        .log("\"twice\"")
        .await
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line.strip_prefix("in ")?).ok())
        .map(|message| message["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "a repeated request has an id of its own");
}

#[promise]
async fn a_read_is_repeated_without_asking() {
    let peer = Peer::spawn("modern").await;
    let client = connected(&peer.url()).await;
    let read = client.request("resources/read", &json!({ "uri": "held:it" })).into_future();
    peer.noted("read held:it", 1).await;
    peer.kill().await;
    peer.start().await;
    let result: serde_json::Value = soon(read).await.expect("repeated").parse().expect("a result");
    assert_eq!(result["contents"][0]["text"], "read");
}

#[promise]
async fn a_call_made_while_the_server_is_away_waits_for_it() {
    let peer = Peer::spawn("modern").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    peer.kill().await;
    loss(&mut events).await;
    let call = client.call_tool("count", json!({ "text": "later" })).into_future();
    peer.start().await;
    assert_eq!(soon(call).await.expect("sent once the server is back").all_text(), "generation 1");
    assert_eq!(peer.log("run count later").await.len(), 1);
}
