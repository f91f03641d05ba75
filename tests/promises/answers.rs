//! Every waiter is answered, once, whatever happens to the connection.

use std::future::IntoFuture as _;

use everywire::proto::CallToolResult;
use everywire::{Client, Pending, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::common::{Peer, connected, promise, soon};

fn waiting(client: &Client, count: usize) -> Vec<Pending<CallToolResult>> {
    (0..count).map(|_| client.call_tool("never", json!({ "text": "waits" })).into_future()).collect()
}

#[promise]
async fn close_answers_all() {
    let peer = Peer::stub("peer", "modern").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    let calls = waiting(&client, 50);
    peer.noted("run never waits", 50).await;
    client.close().await;
    for call in calls {
        let error = soon(call).await.expect_err("closed");
        assert!(error.is_closed(), "{error}");
    }
    while soon(events.next()).await.is_some() {}
    assert!(matches!(client.state(), State::Closed { reason: None }), "{:?}", client.state());
    let error = soon(client.call_tool("echo", json!({})).into_future()).await.expect_err("closed");
    assert!(error.is_closed(), "{error}");
    peer.noted("end", 1).await;
}

#[promise]
async fn a_killed_server_answers_all() {
    let peer = Peer::spawn("modern").await;
    let client = connected(&peer.url()).await;
    let calls = waiting(&client, 50);
    peer.noted("run never waits", 50).await;
    peer.kill().await;
    for call in calls {
        let error = soon(call).await.expect_err("lost");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    }
    assert_eq!(client.metrics().in_flight, 0);
}

#[promise]
async fn dropping_the_last_clone_closes_the_connection() {
    let peer = Peer::stub("peer", "modern").await;
    let client = connected(&peer.url()).await;
    let clone = client.clone();
    let mut events = client.events();
    drop(client);
    crate::common::echo(&clone, "still open").await;
    drop(clone);
    while soon(events.next()).await.is_some() {}
    peer.noted("end", 1).await;
}

#[promise]
async fn calls_overlap_and_get_their_own_answers() {
    let peer = Peer::stub("peer", "modern").await;
    let client = connected(&peer.url()).await;
    let calls: Vec<_> =
        (0..200).map(|n| (n, client.call_tool("echo", json!({ "text": n.to_string() })).into_future())).collect();
    for (n, call) in calls {
        assert_eq!(soon(call).await.expect("answered").all_text(), n.to_string());
    }
}
