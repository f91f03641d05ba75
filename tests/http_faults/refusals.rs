//! Servers that want to be left alone, or are not there for a while.

use std::future::IntoFuture as _;
use std::time::Duration;

use everywire::{Client, Event, Events, Reconnect, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::common::{client, connected, echo, promise, soon, swift};
use crate::rules::{JSON, RESULT, peer, tool};

/// How long the client means to leave the server alone.
async fn pause(events: &mut Events) -> Duration {
    loop {
        match soon(events.next()).await.expect("told before the end") {
            Event::State(State::Reconnecting { delay, .. }) if !delay.is_zero() => return delay,
            _ => {}
        }
    }
}

async fn again(client: &Client, idempotent: bool) -> String {
    let call = client.call_tool("busy", json!({}));
    let call = if idempotent { call.idempotent() } else { call };
    soon(call.into_future()).await.expect("answered in the end").all_text()
}

/// 429 says that the request was not looked at.
#[promise]
async fn a_rate_limit_is_waited_for_as_long_as_the_server_says() {
    for era in ["modern", "legacy"] {
        let refusal = tool("busy").times(1).answer(429, &[("Retry-After", "1")], "slow down");
        let peer = peer(era, [refusal, tool("busy").answer(200, &[JSON], RESULT)]).await;
        let client = connected(&peer.url()).await;
        let mut events = client.events();
        assert_eq!(again(&client, false).await, "result");
        assert!(pause(&mut events).await >= Duration::from_secs(1));
        assert_eq!(peer.log("tools/call busy").await.len(), 2);
    }
}

#[promise]
async fn a_server_that_is_away_is_waited_for_as_long_as_it_says() {
    let refusal = tool("busy").times(1).answer(503, &[("Retry-After", "1")], "restarting");
    let peer = peer("modern", [refusal, tool("busy").answer(200, &[JSON], RESULT)]).await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    assert_eq!(again(&client, true).await, "result");
    assert!(pause(&mut events).await >= Duration::from_secs(1));
    assert_eq!(peer.log("tools/call busy").await.len(), 2);
}

/// A call that may have run is not repeated, and others respect the wait as well.
#[promise]
async fn the_wait_is_for_everybody() {
    let peer = peer("modern", [tool("busy").times(1).answer(503, &[("Retry-After", "1")], "")]).await;
    let client = connected(&peer.url()).await;
    let mut events = client.events();
    let error = soon(client.call_tool("busy", json!({})).into_future()).await.expect_err("not repeated");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    assert!(pause(&mut events).await >= Duration::from_secs(1));
    assert!(!matches!(client.state(), State::Connected), "{:?}", client.state());
    echo(&client, "afterwards").await;
    assert!(matches!(client.state(), State::Connected), "{:?}", client.state());
    assert_eq!(peer.log("request POST").await.len(), 3, "the probe, the refused call and echo");
}

/// Its caller hears at once what would only be a timeout later.
#[promise]
async fn a_wait_longer_than_the_call_may_take_is_an_error_at_once() {
    let peer = peer("modern", [tool("busy").answer(429, &[("Retry-After", "3600")], "slow down")]).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("busy", json!({})).timeout(Duration::from_secs(10));
    let error = soon(call.into_future()).await.expect_err("an hour");
    assert_eq!(error.code(), "refused", "{error}");
    assert!(!error.maybe_executed() && error.to_string().contains("3600"), "{error}");
    assert_eq!(peer.log("tools/call busy").await.len(), 1);
}

/// While a server fails, one request at a time tries it.
#[promise]
async fn a_storm_of_failures_is_met_with_few_requests() {
    for status in [429, 502, 503] {
        let peer = peer("modern", [tool("busy").answer(status, &[], "")]).await;
        let policy = Reconnect { max_attempts: Some(5), ..swift() };
        let client = soon(client(&peer.url()).reconnect(policy).connect()).await.expect("connected");
        let calls: Vec<_> = (0..20).map(|_| client.call_tool("busy", json!({})).idempotent().into_future()).collect();
        for call in calls {
            let error = soon(call).await.expect_err("no answer ever");
            assert_eq!(error.code(), "refused", "{error}");
            assert!(!error.maybe_executed(), "{error}");
        }
        assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
        let sent = peer.log("tools/call busy").await.len();
        assert!((20..=25).contains(&sent), "{status}: {sent} requests");
    }
}

#[promise]
async fn what_waited_for_a_server_goes_out_when_it_is_back() {
    let storm = tool("busy").times(13).answer(503, &[], "");
    let peer = peer("modern", [storm, tool("busy").answer(200, &[JSON], RESULT)]).await;
    let client = connected(&peer.url()).await;
    let calls: Vec<_> = (0..10).map(|_| client.call_tool("busy", json!({})).idempotent().into_future()).collect();
    for call in calls {
        assert_eq!(soon(call).await.expect("in the end").all_text(), "result");
    }
    assert_eq!(peer.log("tools/call busy").await.len(), 23);
    assert!(matches!(client.state(), State::Connected));
}
