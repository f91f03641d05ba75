//! No call outlives its deadline, and the server is told.

use std::future::IntoFuture as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Carrier, Peer, client, connected, each_carrier, each_carrier_and_era, echo, soon};

each_carrier_and_era!(a_call_expires_and_is_cancelled_on_the_wire);
each_carrier!(the_clients_own_timeout_holds_where_a_call_names_none, progress_comes_in_order_and_before_the_result,);

/// The request's id in what the peer got, and that of the cancellation.
async fn ids(peer: &Peer) -> (Value, Value) {
    let message =
        |line: &str| serde_json::from_str::<Value>(line.strip_prefix("in ").unwrap_or_default()).unwrap_or_default();
    let called = message(&peer.noted("\"tools/call\"", 1).await[0]);
    let cancelled = message(&peer.noted("\"notifications/cancelled\"", 1).await[0]);
    (called["id"].clone(), cancelled["params"]["requestId"].clone())
}

async fn a_call_expires_and_is_cancelled_on_the_wire(carrier: Carrier, era: &str) {
    let peer = carrier.peer(era).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("never", json!({})).timeout(Duration::from_millis(200)).into_future())
        .await
        .expect_err("no answer");
    assert!(error.is_timeout(), "{error}");
    assert!(error.maybe_executed());
    assert!(error.to_string().contains("200 ms"), "{error}");
    peer.cancelled(era, 1).await;
    if (carrier, era) != (Carrier::Http, "modern") {
        let (called, cancelled) = ids(&peer).await;
        assert_eq!(called, cancelled);
    }
    echo(&client, "the connection is as good as before").await;
}

async fn the_clients_own_timeout_holds_where_a_call_names_none(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).timeout(Duration::from_millis(150)).connect()).await.expect("connected");
    let error = soon(client.call_tool("never", json!({})).into_future()).await.expect_err("no answer");
    assert!(error.is_timeout(), "{error}");
}

async fn progress_comes_in_order_and_before_the_result(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = seen.clone();
    let call = client.call_tool("steps", json!({})).progress(move |step| {
        sink.lock().expect("no panic").push((step.progress, step.total, step.message));
    });
    assert_eq!(soon(call.into_future()).await.expect("done").all_text(), "done");
    let step = |n: u32| (f64::from(n), Some(3.0), Some(format!("step {n}")));
    assert_eq!(*seen.lock().expect("no panic"), [step(1), step(2), step(3)]);
}
