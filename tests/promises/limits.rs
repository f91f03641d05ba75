//! What is too large is refused, in both directions, with both sizes named.

use std::future::IntoFuture as _;
use std::time::Duration;

use everywire::State;
use serde_json::json;

use crate::common::{Carrier, IN_BROWSER, client, each_carrier, each_channel, echo, soon};

each_carrier!(
    an_answer_over_the_limit_fails_its_call,
    a_request_over_the_limit_is_not_sent,
    a_gibibyte_announced_is_not_waited_for,
    calls_beyond_the_queue_fail_at_once,
);
each_channel!(a_peer_that_stops_reading_holds_nobody_for_ever);

const LIMIT: usize = 64 << 10;

async fn an_answer_over_the_limit_fails_its_call(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).max_message(LIMIT).connect()).await.expect("connected");
    let fits = soon(client.call_tool("large", json!({ "size": LIMIT / 2 })).into_future()).await.expect("below");
    assert_eq!(fits.all_text().len(), LIMIT / 2);
    let error =
        soon(client.call_tool("large", json!({ "size": 4 * LIMIT })).into_future()).await.expect_err("too large");
    let text = error.to_string();
    assert!(text.contains(&LIMIT.to_string()), "{text}");
    if carrier == Carrier::Http {
        // The answers of others are on streams of their own.
        return echo(&client, "goes on").await;
    }
    // Asking again would bring the same answer.
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
}

async fn a_request_over_the_limit_is_not_sent(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).max_message(LIMIT).connect()).await.expect("connected");
    let error = soon(client.call_tool("echo", json!({ "text": "x".repeat(2 * LIMIT) })).into_future())
        .await
        .expect_err("too large");
    assert!(error.is_too_large() && !error.maybe_executed(), "{error}");
    assert!(error.to_string().contains(&LIMIT.to_string()), "{error}");
    echo(&client, "goes on").await;
    assert_eq!(client.metrics().reconnects, 0);
}

async fn a_gibibyte_announced_is_not_waited_for(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).connect()).await.expect("connected");
    let before = crate::common::memory();
    let call = client.call_tool("announce", json!({})).timeout(Duration::from_millis(500));
    let error = soon(call.into_future()).await.expect_err("no answer");
    // A page is told of a frame when it is complete, and this one never is.
    if IN_BROWSER {
        assert!(error.is_timeout(), "{error}");
    } else {
        assert!(error.to_string().contains(&(16 << 20).to_string()), "{error}");
    }
    assert!(crate::common::memory() < before + (64 << 20));
}

async fn calls_beyond_the_queue_fail_at_once(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).max_pending(4).connect()).await.expect("connected");
    let waiting: Vec<_> = (0..4).map(|_| client.call_tool("never", json!({})).into_future()).collect();
    let error = soon(client.call_tool("echo", json!({})).into_future()).await.expect_err("no room");
    assert!(error.is_overloaded() && !error.maybe_executed(), "{error}");
    drop(waiting);
    echo(&client, "room again").await;
}

async fn a_peer_that_stops_reading_holds_nobody_for_ever(carrier: Carrier) {
    let peer = carrier.stub("deaf", "modern").await;
    let client = soon(client(&peer.url()).connect()).await.expect("connected");
    let text = "x".repeat(256 << 10);
    let calls: Vec<_> = (0..64)
        .map(|_| client.call_tool("echo", json!({ "text": text })).timeout(Duration::from_millis(800)).into_future())
        .collect();
    for call in calls {
        soon(call).await.expect_err("nobody reads");
    }
    assert_eq!(client.metrics().in_flight, 0);
}
