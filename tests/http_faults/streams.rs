//! Streams of older servers that break off and can be taken up again (2025-11-25 basic/transports, "Resumability and
//! Redelivery").

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::common::{connected, echo, promise, soon};
use crate::rules::{EVENTS, RESULT, Rule, peer, tool, verb};

fn result(id: &str) -> String {
    format!("id: {id}\ndata: {}\n\n", RESULT.replace("$ID", "$CALL"))
}

/// The id of the call is another request's when its stream is taken up: it is the third message that the client of a
/// legacy server sends with an id, after the probe and `initialize`.
fn of_call(text: &str) -> String {
    text.replace("$CALL", "3")
}

fn broken() -> Rule {
    tool("long").begin(&[EVENTS]).chunk("id: a-1\nretry: 100\ndata:\n\n")
}

async fn resumed(begin: Rule, resumptions: Rule, gets: usize) {
    let peer = peer("legacy", [begin, resumptions]).await;
    let client = connected(&peer.url()).await;
    let result = soon(client.call_tool("long", json!({})).into_future()).await;
    assert_eq!(result.expect("taken up again").all_text(), "result");
    assert_eq!(peer.log("tools/call long").await.len(), 1, "it is not run again");
    assert_eq!(peer.log("header last-event-id: a-1").await.len(), gets);
    assert_eq!(peer.log("request GET").await.len(), gets);
    echo(&client, "goes on").await;
}

#[promise]
async fn a_stream_that_breaks_off_is_taken_up_where_it_was() {
    let rest = || verb("GET").begin(&[EVENTS]).chunk(&of_call(&result("a-2"))).end();
    for begin in [
        broken().end(),
        broken().close(),
        broken().reset(),
        broken().chunk("id: a-2\ndata: {\"json").reset(),
        broken().chunk("id: a-2\ndata: {\"jsonrpc\":\"2.0\"}\n").close(),
    ] {
        resumed(begin, rest(), 1).await;
    }
}

#[promise]
async fn it_is_tried_more_than_once() {
    let rest = verb("GET").after(2).begin(&[EVENTS]).chunk(&of_call(&result("a-2"))).end();
    let peer = peer("legacy", [broken().close(), rest, verb("GET").close()]).await;
    let client = connected(&peer.url()).await;
    let result = soon(client.call_tool("long", json!({})).into_future()).await;
    assert_eq!(result.expect("taken up again").all_text(), "result");
    assert_eq!(peer.log("tools/call long").await.len(), 1);
}

/// Progress before and after the break is told once.
#[promise]
async fn nothing_is_told_twice() {
    let step = |id: &str, n: u32| {
        let params = json!({ "progressToken": "$TOKEN", "progress": n });
        let text = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
        format!("id: {id}\nretry: 100\ndata: {text}\n\n").replace("\"$TOKEN\"", "3")
    };
    let begin = tool("long").begin(&[EVENTS]).chunk(&step("a-1", 1)).close();
    let rest = verb("GET").begin(&[EVENTS]).chunk(&step("a-2", 2)).chunk(&of_call(&result("a-3"))).end();
    let peer = peer("legacy", [begin, rest]).await;
    let client = connected(&peer.url()).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let call =
        client.call_tool("long", json!({})).progress(move |step| sink.lock().expect("no panic").push(step.progress));
    assert_eq!(soon(call.into_future()).await.expect("taken up again").all_text(), "result");
    assert_eq!(*seen.lock().expect("no panic"), [1.0, 2.0]);
    assert_eq!(peer.log("header last-event-id: a-1").await.len(), 1);
}

#[promise]
async fn a_server_that_does_not_take_it_up_leaves_the_call_interrupted() {
    for rule in [verb("GET").answer(405, &[], ""), verb("GET").answer(400, &[], "unknown event id")] {
        let peer = peer("legacy", [broken().close(), rule]).await;
        let client = connected(&peer.url()).await;
        let error = soon(client.call_tool("long", json!({})).into_future()).await.expect_err("lost");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
        assert_eq!(peer.log("request GET").await.len(), 1);
        assert_eq!(peer.log("tools/call long").await.len(), 1);
        echo(&client, "goes on").await;
    }
}

/// The modern era has no resumption: ids of events there mean nothing.
#[promise]
async fn a_modern_stream_is_not_taken_up() {
    let peer = peer("modern", [broken().close()]).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("long", json!({})).into_future()).await.expect_err("lost");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    assert!(peer.log("request GET").await.is_empty());
    echo(&client, "goes on").await;
}
