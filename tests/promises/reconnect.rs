//! A server that is killed and started again is used again, by the same client.

use std::future::IntoFuture as _;

use everywire::{Reconnect, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::common::{
    Carrier, client, connected, each_address, each_carrier, each_carrier_and_era, echo, echo_again, loss, soon, swift,
};

each_carrier_and_era!(a_restarted_server_is_used_again);
each_carrier!(several_outages_in_a_row_are_survived, without_reconnecting_the_first_loss_is_the_end,);
each_address!(attempts_end_where_the_policy_says_so);

async fn a_restarted_server_is_used_again(carrier: Carrier, era: &str) {
    let peer = carrier.spawn(era).await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    echo(&client, "before").await;

    peer.kill().await;
    if carrier != Carrier::Http {
        let lost = loss(&mut events).await;
        assert!(matches!(lost, State::Reconnecting { attempt: 1, .. }), "{lost:?}");
    }

    peer.start().await;
    echo_again(&client, "after").await;
    assert!(matches!(client.state(), State::Connected));
    // A modern server over HTTP keeps nothing of a client, so there is nothing to begin anew.
    let anew = (carrier, era) != (Carrier::Http, "modern");
    assert_eq!(client.metrics().reconnects, u64::from(anew));
    client.close().await;
}

async fn several_outages_in_a_row_are_survived(carrier: Carrier) {
    let peer = carrier.spawn("legacy").await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    for round in 1..=3 {
        peer.kill().await;
        carrier.loss(&mut events).await;
        peer.start().await;
        echo_again(&client, "again").await;
        assert_eq!(client.metrics().reconnects, round);
    }
}

async fn attempts_end_where_the_policy_says_so(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    let mut policy = swift();
    policy.max_attempts = Some(2);
    let client = soon(client(&peer.url()).reconnect(policy).connect()).await.expect("connected");
    let mut events = client.events();
    peer.kill().await;
    carrier.loss(&mut events).await;
    let call = client.call_tool("echo", json!({ "text": "x" })).idempotent();
    let error = soon(call.into_future()).await.expect_err("nobody is there");
    assert!(!error.maybe_executed(), "{error}");
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
    let error = soon(client.call_tool("echo", json!({})).into_future()).await.expect_err("closed");
    assert!(error.is_closed() || error.transport().is_some(), "{error}");
}

async fn without_reconnecting_the_first_loss_is_the_end(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    let client = soon(client(&peer.url()).reconnect(Reconnect::never()).connect()).await.expect("connected");
    let mut events = client.events();
    peer.kill().await;
    if carrier == Carrier::Http {
        let call = client.call_tool("echo", json!({ "text": "x" })).idempotent();
        soon(call.into_future()).await.expect_err("nobody is there");
    }
    while soon(events.next()).await.is_some() {}
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
}
