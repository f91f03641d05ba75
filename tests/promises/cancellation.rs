//! Dropping a call cancels it, on the wire too.

use std::future::IntoFuture as _;

use serde_json::json;

use crate::common::{Peer, connected, echo, promise};

async fn dropped(era: &str) {
    let peer = Peer::stub("peer", era).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("never", json!({ "text": "dropped" })).into_future();
    peer.noted("run never dropped", 1).await;
    drop(call);
    peer.noted("\"notifications/cancelled\"", 1).await;
    assert_eq!(client.metrics().in_flight, 0);
    assert_eq!(client.metrics().cancelled, 1);
    echo(&client, "others go on").await;
}

#[promise]
async fn a_dropped_modern_call_is_cancelled() {
    dropped("modern").await;
}

#[promise]
async fn a_dropped_legacy_call_is_cancelled() {
    dropped("legacy").await;
}

#[promise]
async fn an_answered_call_is_not_cancelled() {
    let peer = Peer::stub("peer", "modern").await;
    let client = connected(&peer.url()).await;
    echo(&client, "one").await;
    echo(&client, "two").await;
    assert!(peer.log("notifications/cancelled").await.is_empty());
}
