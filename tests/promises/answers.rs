//! Every waiter is answered, once, whatever happens to the connection.

use std::future::IntoFuture as _;

use everywire::proto::CallToolResult;
use everywire::{Client, Pending, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::common::{Carrier, connected, each_carrier, soon};

each_carrier!(
    close_answers_all,
    a_killed_server_answers_all,
    dropping_the_last_clone_closes_the_connection,
    calls_overlap_and_get_their_own_answers,
);

fn waiting(client: &Client, count: usize) -> Vec<Pending<CallToolResult>> {
    (0..count).map(|_| client.call_tool("never", json!({ "text": "waits" })).into_future()).collect()
}

async fn close_answers_all(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    let count = carrier.at_once(50);
    let calls = waiting(&client, count);
    peer.noted("run never waits", count).await;
    client.close().await;
    for call in calls {
        let error = soon(call).await.expect_err("closed");
        assert!(error.is_closed(), "{error}");
    }
    while soon(events.next()).await.is_some() {}
    assert!(matches!(client.state(), State::Closed { reason: None }), "{:?}", client.state());
    let error = soon(client.call_tool("echo", json!({})).into_future()).await.expect_err("closed");
    assert!(error.is_closed(), "{error}");
    peer.noted("end", if carrier == Carrier::Http { count } else { 1 }).await;
}

async fn a_killed_server_answers_all(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    let client = connected(&peer.url()).await;
    let count = carrier.at_once(50);
    let calls = waiting(&client, count);
    peer.noted("run never waits", count).await;
    peer.kill().await;
    for call in calls {
        let error = soon(call).await.expect_err("lost");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    }
    assert_eq!(client.metrics().in_flight, 0);
}

async fn dropping_the_last_clone_closes_the_connection(carrier: Carrier) {
    let peer = carrier.peer("legacy").await;
    let client = connected(&peer.url()).await;
    let clone = client.clone();
    let mut events = client.events();
    drop(client);
    crate::common::echo(&clone, "still open").await;
    drop(clone);
    while soon(events.next()).await.is_some() {}
    peer.noted(if carrier == Carrier::Http { "request DELETE" } else { "end" }, 1).await;
}

async fn calls_overlap_and_get_their_own_answers(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let calls: Vec<_> =
        (0..200).map(|n| (n, client.call_tool("echo", json!({ "text": n.to_string() })).into_future())).collect();
    for (n, call) in calls {
        assert_eq!(soon(call).await.expect("answered").all_text(), n.to_string());
    }
}
