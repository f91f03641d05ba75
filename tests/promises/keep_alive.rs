//! A peer that is gone without a word is noticed.

use std::future::IntoFuture as _;
use std::time::Duration;

use serde_json::json;

use crate::common::{Carrier, IN_BROWSER, client, echo, promise, soon};

async fn noticed(era: &str) {
    let peer = Carrier::WebSocket.spawn(era).await;
    let builder =
        client(&peer.url_via()).keep_alive(Duration::from_millis(200)).connect_timeout(Duration::from_millis(500));
    let client = soon(builder.connect()).await.expect("connected");
    let call = client.call_tool("count", json!({ "text": "half open" })).into_future();
    peer.noted("run count half open", 1).await;
    peer.swallow(true).await;
    let error = soon(call).await.expect_err("the peer is out of reach");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    assert!(client.metrics().pings > 0);
    peer.swallow(false).await;
    echo(&client, "back").await;
    assert_eq!(peer.log("run count half open").await.len(), 1);
}

#[promise]
async fn a_half_open_connection_to_a_modern_server_is_noticed() {
    noticed("modern").await;
}

#[promise]
async fn a_half_open_connection_to_a_legacy_server_is_noticed() {
    noticed("legacy").await;
}

/// No ping passes over HTTP: a stream that brings nothing for too long is given up.
async fn silence_noticed(era: &str) {
    let peer = Carrier::Http.spawn(era).await;
    let builder = client(&peer.url_via()).http(|http| Ok(http.idle_timeout(Duration::from_millis(400))));
    let client = soon(builder.connect()).await.expect("connected");
    let call = client.call_tool("count", json!({ "text": "half open" })).into_future();
    peer.noted("run count half open", 1).await;
    peer.swallow(true).await;
    let error = soon(call).await.expect_err("the peer is out of reach");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    peer.swallow(false).await;
    if IN_BROWSER {
        // Which connections are kept is the browser's business: a call may meet another dead one, which ends with it.
        for _ in 0..6 {
            let call = client.call_tool("echo", json!({})).timeout(Duration::from_millis(500)).into_future();
            match soon(call).await {
                Ok(_) => break,
                Err(error) => assert!(error.is_timeout(), "{error}"),
            }
        }
    }
    echo(&client, "back").await;
    assert_eq!(peer.log("run count half open").await.len(), 1);
}

#[promise]
async fn a_stream_of_a_modern_server_that_fell_silent_is_given_up() {
    silence_noticed("modern").await;
}

#[promise]
async fn a_stream_of_a_legacy_server_that_fell_silent_is_given_up() {
    silence_noticed("legacy").await;
}
