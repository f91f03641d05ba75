//! Nothing runs twice behind the caller's back.

use std::future::IntoFuture as _;

use serde_json::json;

use crate::common::{Carrier, connected, each_carrier, each_carrier_and_era, echo_again, loss, soon};

each_carrier_and_era!(a_tool_call_that_may_have_run_is_not_repeated);
each_carrier!(
    an_idempotent_tool_call_is_repeated,
    a_read_is_repeated_without_asking,
    a_call_made_while_the_server_is_away_waits_for_it,
);

async fn a_tool_call_that_may_have_run_is_not_repeated(carrier: Carrier, era: &str) {
    let peer = carrier.spawn(era).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("count", json!({ "text": "once" })).into_future();
    peer.noted("run count once", 1).await;
    peer.kill().await;
    let error = soon(call).await.expect_err("its answer was lost");
    assert!(error.is_interrupted(), "{error}");
    assert!(error.maybe_executed());
    assert!(error.rpc().is_none(), "a transport failure never dresses up as the server's own error");
    peer.start().await;
    echo_again(&client, "after").await;
    assert_eq!(peer.log("run count once").await.len(), 1);
}

async fn an_idempotent_tool_call_is_repeated(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
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

async fn a_read_is_repeated_without_asking(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    let client = connected(&peer.url()).await;
    let read = client.request("resources/read", &json!({ "uri": "held:it" })).into_future();
    peer.noted("read held:it", 1).await;
    peer.kill().await;
    peer.start().await;
    let result: serde_json::Value = soon(read).await.expect("repeated").parse().expect("a result");
    assert_eq!(result["contents"][0]["text"], "read");
}

async fn a_call_made_while_the_server_is_away_waits_for_it(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    peer.kill().await;
    // Over HTTP it takes a request to find out, and one that can be repeated: a kept connection may die under it.
    let first = client.request("resources/read", &json!({ "uri": "note:it" })).into_future();
    loss(&mut events).await;
    let call = client.call_tool("count", json!({ "text": "later" })).into_future();
    peer.start().await;
    assert_eq!(soon(call).await.expect("sent once the server is back").all_text(), "generation 1");
    soon(first).await.expect("repeated");
    assert_eq!(peer.log("run count later").await.len(), 1);
}
