//! A server that is killed and started again is used again, by the same client.

use std::future::IntoFuture as _;

use everywire::State;
use futures_util::StreamExt as _;

use crate::common::{Peer, client, connected, echo, loss, promise, soon, swift};

async fn survives(era: &str) {
    let peer = Peer::spawn(era).await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    echo(&client, "before").await;

    peer.kill().await;
    let lost = loss(&mut events).await;
    assert!(matches!(lost, State::Reconnecting { attempt: 1, .. }), "{lost:?}");

    peer.start().await;
    echo(&client, "after").await;
    assert!(matches!(client.state(), State::Connected));
    assert_eq!(client.metrics().reconnects, 1);
    client.close().await;
}

#[promise]
async fn a_restarted_modern_server_is_used_again() {
    survives("modern").await;
}

#[promise]
async fn a_restarted_legacy_server_is_used_again() {
    survives("legacy").await;
}

#[promise]
async fn several_outages_in_a_row_are_survived() {
    let peer = Peer::spawn("modern").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    for round in 1..=3 {
        peer.kill().await;
        loss(&mut events).await;
        peer.start().await;
        echo(&client, "again").await;
        assert_eq!(client.metrics().reconnects, round);
    }
}

#[promise]
async fn attempts_end_where_the_policy_says_so() {
    let peer = Peer::spawn("modern").await;
    let mut policy = swift();
    policy.max_attempts = Some(2);
    let client = soon(client(&peer.url()).reconnect(policy).connect()).await.expect("connected");
    let mut events = client.events();
    peer.kill().await;
    loss(&mut events).await;
    let error = soon(client.call_tool("echo", serde_json::json!({ "text": "x" })).into_future())
        .await
        .expect_err("nobody is there");
    assert!(!error.maybe_executed(), "{error}");
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
    let error = soon(client.call_tool("echo", serde_json::json!({})).into_future()).await.expect_err("closed");
    assert!(error.is_closed() || error.transport().is_some(), "{error}");
}

#[promise]
async fn without_reconnecting_the_first_loss_is_the_end() {
    let peer = Peer::spawn("modern").await;
    let client = soon(client(&peer.url()).reconnect(everywire::Reconnect::never()).connect()).await.expect("connected");
    let mut events = client.events();
    peer.kill().await;
    while soon(events.next()).await.is_some() {}
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
}
