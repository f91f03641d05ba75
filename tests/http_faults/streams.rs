//! Streams of older servers that break off and can be taken up again (2025-11-25 basic/transports, "Resumability and
//! Redelivery").

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use everywire::{Client, Error};
use futures_channel::mpsc;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::common::{Peer, connected, echo, promise, soon};
use crate::rules::{EVENTS, RESULT, Rule, peer, tool, verb};

/// The id of the call, and its token of progress, where it is the first: the probe and `initialize` come before. The
/// request that takes its stream up carries no id that the peer could put in.
const CALL: &str = "3";
const PATIENCE: Duration = Duration::from_secs(15);

fn step(id: &str, n: u32) -> String {
    let params = json!({ "progressToken": 3, "progress": n });
    let text = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
    format!("id: {id}\nretry: 100\ndata: {text}\n\n")
}

fn result(id: &str) -> String {
    format!("id: {id}\ndata: {}\n\n", RESULT.replace("$ID", CALL))
}

/// A stream that tells one step, and waits for the test to see what becomes of it: a browser drops what it has not delivered
/// yet when a connection breaks.
fn long() -> Rule {
    tool("long").begin(&[EVENTS]).chunk(&step("a-1", 1)).until("seen")
}

fn rest() -> Rule {
    verb("GET").begin(&[EVENTS]).chunk(&step("a-2", 2)).chunk(&result("a-3")).end()
}

/// What the call comes to, and the progress that was told.
async fn called(peer: &Peer, client: &Client, timeout: Duration) -> (Result<String, Error>, Vec<f64>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let sink = steps.clone();
    let (tx, mut first) = mpsc::unbounded();
    let call = client.call_tool("long", json!({})).timeout(timeout).progress(move |step| {
        sink.lock().expect("no panic").push(step.progress);
        let _ = tx.unbounded_send(());
    });
    let call = call.into_future();
    soon(first.next()).await;
    peer.release("seen").await;
    let outcome = soon(call).await.map(|result| result.all_text());
    let steps = steps.lock().expect("no panic").clone();
    (outcome, steps)
}

#[promise]
async fn a_stream_that_breaks_off_is_taken_up_where_it_was() {
    for begin in [
        long().end(),
        long().close(),
        long().reset(),
        long().chunk("data: {\"json").reset(),
        long().chunk("data: {\"jsonrpc\":\"2.0\"}\n").close(),
    ] {
        let peer = peer("legacy", [begin, rest()]).await;
        let client = connected(&peer.url()).await;
        let (outcome, steps) = called(&peer, &client, PATIENCE).await;
        assert_eq!(outcome.expect("taken up again"), "result");
        assert_eq!(steps, [1.0, 2.0], "everything is told, and once");
        assert_eq!(peer.log("tools/call long").await.len(), 1, "it is not run again");
        assert_eq!(peer.log("header last-event-id: a-1").await.len(), 1);
        assert_eq!(peer.log("request GET").await.len(), 1);
        echo(&client, "goes on").await;
    }
}

#[promise]
async fn it_is_tried_more_than_once() {
    let fails = verb("GET").times(1).begin(&[EVENTS]).end();
    let peer = peer("legacy", [long().close(), fails, rest()]).await;
    let client = connected(&peer.url()).await;
    assert_eq!(called(&peer, &client, PATIENCE).await.0.expect("taken up again"), "result");
    assert_eq!(peer.log("tools/call long").await.len(), 1);
    assert_eq!(peer.log("header last-event-id: a-1").await.len(), 2);
}

/// Where nothing new comes the requests become fewer, and the call ends when its time is up.
#[promise]
async fn it_is_tried_ever_less_often() {
    let peer = peer("legacy", [long().close(), verb("GET").begin(&[EVENTS]).chunk("retry: 1\n\n").end()]).await;
    let client = connected(&peer.url()).await;
    let error = called(&peer, &client, Duration::from_secs(2)).await.0.expect_err("nothing comes any more");
    assert!(error.is_timeout() && error.maybe_executed(), "{error}");
    let tries = peer.log("request GET").await.len();
    // After 100 ms, 1 s, 2 s, 4 s.
    assert!((2..=3).contains(&tries), "{tries} requests");
    assert_eq!(peer.log("tools/call long").await.len(), 1);
}

#[promise]
async fn a_server_that_does_not_take_it_up_leaves_the_call_interrupted() {
    for rule in [verb("GET").answer(405, &[], ""), verb("GET").answer(400, &[], "unknown event id")] {
        let peer = peer("legacy", [long().close(), rule]).await;
        let client = connected(&peer.url()).await;
        let error = called(&peer, &client, PATIENCE).await.0.expect_err("lost");
        assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
        assert_eq!(peer.log("request GET").await.len(), 1);
        assert_eq!(peer.log("tools/call long").await.len(), 1);
        echo(&client, "goes on").await;
    }
}

/// The modern era has no resumption: ids of events there mean nothing.
#[promise]
async fn a_modern_stream_is_not_taken_up() {
    let begin = tool("long").begin(&[EVENTS]).chunk("id: a-1\nretry: 100\ndata:\n\n");
    let peer = peer("modern", [begin.close()]).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("long", json!({})).into_future()).await.expect_err("lost");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    assert!(peer.log("request GET").await.is_empty());
    echo(&client, "goes on").await;
}
