//! A server that forgot the session, in the ways that servers say so: another one is begun, and what may be repeated is sent in it.

use std::future::IntoFuture as _;

use everywire::{EraChoice, Reconnect, State};
use serde_json::json;

use crate::common::{Carrier, client, connected, echo, echo_again, promise, soon, swift};
use crate::rules::{JSON, Rule, method, peer, tool, verb};

#[promise]
async fn a_forgotten_session_is_begun_anew() {
    let error = |code: i64, text: &str| {
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": text } }).to_string()
    };
    for (status, body) in [
        (404, String::new()),
        (404, error(-32001, "Session not found")),
        (400, error(-32000, "Bad Request: No valid session ID provided")),
        (400, error(-32600, "Session expired")),
        (400, "invalid session id".to_owned()),
    ] {
        let forgets = |tool: Rule| tool.times(1).answer(status, &[JSON], &body);
        let peer = peer("legacy", [forgets(tool("once")), forgets(tool("echo").after(1))]).await;
        let client = connected(&peer.url()).await;
        echo(&client, "in the first session").await;
        echo_again(&client, "in the second session").await;
        assert_eq!(peer.log("request POST /mcp initialize").await.len(), 2, "{status} {body}");
        assert_eq!(peer.log("run echo in the second session").await.len(), 1);
        assert_eq!(peer.log("tools/call echo").await.len(), 3, "two in the first session, one in the second");
        assert_eq!(client.metrics().reconnects, 1);

        // It was not run; whether it still makes sense in another session is for its caller to say.
        let error = soon(client.call_tool("once", json!({})).into_future()).await.expect_err("refused");
        assert_eq!((error.code(), error.maybe_executed()), ("session_expired", false), "{error}");
        echo_again(&client, "in the third session").await;
        assert_eq!(peer.log("request POST /mcp initialize").await.len(), 3, "{status} {body}");
        assert_eq!(peer.log("tools/call once").await.len(), 1);
    }
}

/// Many calls meet it at once, and one handshake is made.
#[promise]
async fn one_new_session_is_enough_for_all() {
    let peer = Carrier::Http.spawn("legacy").await;
    let client = connected(&peer.url()).await;
    peer.kill().await;
    peer.start().await;
    let calls: Vec<_> = (0..Carrier::Http.at_once(50))
        .map(|n| (n, client.call_tool("echo", json!({ "text": n.to_string() })).idempotent().into_future()))
        .collect();
    for (n, call) in calls {
        assert_eq!(soon(call).await.expect("answered").all_text(), n.to_string());
    }
    let begun = peer.log("request POST /mcp initialize").await.len();
    assert_eq!(begun, 2, "the first start's and the second's");
}

#[promise]
async fn a_server_that_forgets_every_session_is_not_asked_for_ever() {
    let peer = peer("legacy", [tool("echo").answer(404, &[JSON], "")]).await;
    let policy = Reconnect { max_attempts: Some(4), ..swift() };
    let builder = client(&peer.url()).era(EraChoice::Legacy).reconnect(policy);
    let client = soon(builder.connect()).await.expect("connected");
    let call = client.call_tool("echo", json!({})).idempotent();
    let error = soon(call.into_future()).await.expect_err("never answered");
    assert!(!error.maybe_executed(), "{error}");
    assert!(matches!(client.state(), State::Closed { reason: Some(_) }), "{:?}", client.state());
    let begun = peer.log("request POST /mcp initialize").await.len();
    assert!((2..=6).contains(&begun), "{begun} sessions");
    let sent = peer.log("tools/call echo").await.len();
    assert!((2..=6).contains(&sent), "{sent} calls");
}

/// What the server runs in the old session is lost with it.
#[promise]
async fn a_call_under_way_when_the_session_ends_is_interrupted() {
    let peer = peer("legacy", [tool("echo").times(1).answer(404, &[JSON], "")]).await;
    let client = connected(&peer.url()).await;
    let waiting = client.call_tool("never", json!({ "text": "waits" })).into_future();
    peer.noted("run never waits", 1).await;
    echo_again(&client, "in the second session").await;
    let error = soon(waiting).await.expect_err("lost");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    assert_eq!(peer.log("run never waits").await.len(), 1);
}

#[promise]
async fn a_session_is_ended_at_the_server_and_every_answer_to_that_is_fine() {
    for rule in [
        method("nothing").close(),
        verb("DELETE").answer(405, &[], ""),
        verb("DELETE").answer(404, &[], ""),
        verb("DELETE").answer(500, &[], ""),
        verb("DELETE").close(),
        verb("DELETE").hold(),
    ] {
        let peer = peer("legacy", [rule]).await;
        let client = connected(&peer.url()).await;
        echo(&client, "the session has begun").await;
        soon(client.close()).await;
        peer.noted("request DELETE", 1).await;
        let named = peer.log("header mcp-session-id: session-0-1").await.len();
        assert!(named >= 3, "it was begun, used and ended");
    }
}

/// No request is made before the server was told that the session begins, and a server that cannot say so holds nobody up.
#[promise]
async fn a_server_that_fails_at_initialized_is_used_all_the_same() {
    for status in [200, 400, 500] {
        let peer = peer("legacy", [method("notifications/initialized").answer(status, &[], "")]).await;
        let client = connected(&peer.url()).await;
        echo(&client, "all the same").await;
        assert_eq!(peer.log("notifications/initialized ").await.len(), 1, "{status}");
    }
}
