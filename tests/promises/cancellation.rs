//! Dropping a call cancels it, on the wire too.

use std::future::IntoFuture as _;

use serde_json::json;

use crate::common::{Carrier, connected, each_carrier, each_carrier_and_era, echo};

each_carrier_and_era!(a_dropped_call_is_cancelled);
each_carrier!(an_answered_call_is_not_cancelled);

async fn a_dropped_call_is_cancelled(carrier: Carrier, era: &str) {
    let peer = carrier.peer(era).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("never", json!({ "text": "dropped" })).into_future();
    peer.noted("run never dropped", 1).await;
    drop(call);
    peer.cancelled(era, 1).await;
    assert_eq!(client.metrics().in_flight, 0);
    assert_eq!(client.metrics().cancelled, 1);
    echo(&client, "others go on").await;
}

async fn an_answered_call_is_not_cancelled(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    echo(&client, "one").await;
    echo(&client, "two").await;
    assert!(peer.log("notifications/cancelled").await.is_empty());
    assert!(peer.log("aborted").await.is_empty());
}
