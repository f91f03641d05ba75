//! Answers that are good, however they come; and those that are too large or never end.

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use everywire::transport::{TransportError, TransportErrorKind};
use serde_json::json;

use crate::common::{IN_BROWSER, client, connected, echo, memory, promise, soon};
use crate::rules::{EVENTS, JSON, RESULT, Rule, head, peer, tool};

const LIMIT: usize = 1 << 20;
/// What the sockets of both ends, a browser's processes and one read may hold, and then some: far less than is sent.
const SLACK: u64 = 32 << 20;
const HUGE: u64 = 1 << 30;

async fn good(rule: Rule) {
    for era in ["modern", "legacy"] {
        let peer = peer(era, [rule.clone()]).await;
        let client = connected(&peer.url()).await;
        // Twice, as the second request may meet what the first left behind.
        for _ in 0..2 {
            let result = soon(client.call_tool("good", json!({})).into_future()).await;
            assert_eq!(result.expect("a good answer").all_text(), "result", "{era}");
        }
        echo(&client, "goes on").await;
        assert_eq!(peer.log("tools/call good").await.len(), 2);
    }
}

#[promise]
async fn an_answer_in_http_1_0_is_one() {
    let head = head("HTTP/1.0 200 OK", "Content-Type: application/json\r\n\r\n");
    good(tool("good").raw(&head).raw(RESULT).close()).await;
}

#[promise]
async fn a_connection_may_be_closed_after_every_answer() {
    let rule = tool("good").answer(200, &[JSON, ("Connection", "close")], RESULT).close();
    let peer = peer("modern", [rule]).await;
    let client = connected(&peer.url()).await;
    for _ in 0..10 {
        let result = soon(client.call_tool("good", json!({})).into_future()).await;
        assert_eq!(result.expect("over a new connection").all_text(), "result");
    }
    assert_eq!(peer.log("tools/call good").await.len(), 10);
}

/// Nothing in the answer says that the connection is about to go.
#[promise]
async fn a_connection_may_be_closed_without_saying_so() {
    let peer = peer("modern", [tool("good").answer(200, &[JSON], RESULT).close()]).await;
    let client = connected(&peer.url()).await;
    for _ in 0..10 {
        let result = soon(client.call_tool("good", json!({})).idempotent().into_future()).await;
        assert_eq!(result.expect("over a new connection").all_text(), "result");
    }
}

#[promise]
async fn a_media_type_is_one_in_any_spelling() {
    good(tool("good").answer(200, &[("Content-Type", "Application/JSON; Charset=UTF-8")], RESULT)).await;
    let event = format!("event: message\r\ndata: {RESULT}\r\n\r\n");
    good(tool("good").answer(200, &[("Content-Type", "TEXT/Event-Stream;charset=utf-8")], &event)).await;
}

#[promise]
async fn answers_may_be_compressed() {
    good(tool("good").gzip(&[JSON], RESULT)).await;
    good(tool("good").gzip(&[EVENTS], &format!(": first\n\ndata: {RESULT}\n\n"))).await;
}

/// A proxy that collects bytes and passes them on when it likes.
#[promise]
async fn a_proxy_that_holds_bytes_back_delays_and_changes_nothing() {
    let step = |n: u32| {
        let params = json!({ "progressToken": "$TOKEN", "progress": n, "total": 3 });
        format!("data: {}\n\n", json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
    };
    // The token of progress is the first request's after the probe, and so known only to the log: it is read there.
    let probe = peer("modern", [tool("good").begin(&[EVENTS]).hold()]).await;
    let client = connected(&probe.url()).await;
    let call = client.call_tool("good", json!({})).progress(|_| {}).into_future();
    let seen = probe.noted("\"tools/call\"", 1).await;
    let message: serde_json::Value = serde_json::from_str(seen[0].trim_start_matches("in ")).expect("JSON");
    let token = message["params"]["_meta"]["progressToken"].to_string();
    drop(call);

    let all = [step(1), step(2), step(3), format!("data: {RESULT}\n\n")].concat().replace("\"$TOKEN\"", &token);
    let (first, rest) = all.split_at(all.len() / 2 + 3);
    let rule = tool("good").begin(&[EVENTS]).until("half").chunk(first).until("rest").chunk(rest).end();
    let peer = peer("modern", [rule]).await;
    let client = connected(&peer.url()).await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let sink = steps.clone();
    let call =
        client.call_tool("good", json!({})).progress(move |step| sink.lock().expect("no panic").push(step.progress));
    let call = call.into_future();
    peer.noted("waits half", 1).await;
    echo(&client, "others pass meanwhile").await;
    peer.release("half").await;
    peer.noted("waits rest", 1).await;
    peer.release("rest").await;
    assert_eq!(soon(call).await.expect("the result").all_text(), "result");
    assert_eq!(*steps.lock().expect("no panic"), [1.0, 2.0, 3.0]);
}

#[promise]
async fn a_stream_in_single_bytes_is_a_stream() {
    let text = format!(
        "\u{feff}: a comment, wörtlich\r\nid: 1\revent: message\ndata: {}\n\n",
        RESULT.replace("result\"}", "größer\"}")
    );
    let mut rule = tool("good").raw(&head("HTTP/1.1 200 OK", "Content-Type: text/event-stream\r\n\r\n"));
    // The id is put in by the peer, so it stays whole.
    let (before, after) = text.split_once("$ID").expect("a place for the id");
    for byte in before.bytes() {
        rule = rule.bytes(&[byte]);
    }
    rule = rule.raw("$ID");
    for byte in after.bytes() {
        rule = rule.bytes(&[byte]);
    }
    let peer = peer("modern", [rule.close()]).await;
    let client = connected(&peer.url()).await;
    let result = soon(client.call_tool("good", json!({})).into_future()).await;
    assert_eq!(result.expect("a good answer").all_text(), "größer");
}

#[promise]
async fn headers_may_take_their_time() {
    let slow = tool("good")
        .raw(&head("HTTP/1.1 200 OK", "Content-Ty"))
        .until("more")
        .raw("pe: application/json\r\nTransfer-Encoding: chunked\r\n")
        .until("body")
        .raw("\r\n")
        .chunk(RESULT)
        .end();
    let peer = peer("modern", [slow]).await;
    let client = connected(&peer.url()).await;
    let call = client.call_tool("good", json!({})).into_future();
    for gate in ["more", "body"] {
        peer.noted(&format!("waits {gate}"), 1).await;
        peer.release(gate).await;
    }
    assert_eq!(soon(call).await.expect("in the end").all_text(), "result");
}

#[promise]
async fn headers_that_never_come_end_with_the_calls_time() {
    for rule in [tool("bad").hold(), tool("bad").raw("HTTP/1.1 200 OK\r\nContent-Ty").hold()] {
        let peer = peer("modern", [rule]).await;
        let client = connected(&peer.url()).await;
        let call = client.call_tool("bad", json!({})).timeout(Duration::from_secs(1)).into_future();
        let error = soon(call).await.expect_err("no answer");
        assert!(error.is_timeout() && error.maybe_executed(), "{error}");
        peer.noted("aborted POST", 1).await;
        echo(&client, "goes on").await;
        assert_eq!(peer.log("tools/call bad").await.len(), 1);
    }
}

#[promise]
async fn a_first_byte_may_be_waited_for_less_long() {
    let peer = peer("modern", [tool("bad").hold()]).await;
    let builder = client(&peer.url()).http(|http| Ok(http.first_byte_timeout(Duration::from_secs(2))));
    let client = soon(builder.connect()).await.expect("connected");
    let error = soon(client.call_tool("bad", json!({})).into_future()).await.expect_err("no answer");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    peer.noted("aborted POST", 1).await;
}

/// Signs of life on the way are none of the call itself.
#[promise]
async fn an_answer_that_never_ends_ends_with_the_calls_time() {
    let mut comments = tool("bad").begin(&[EVENTS]);
    for _ in 0..100 {
        comments = comments.chunk(": still here\n\n");
    }
    for rule in [comments.hold(), tool("bad").begin(&[JSON]).chunk("{\"jsonrpc\":").hold()] {
        let peer = peer("modern", [rule]).await;
        let client = connected(&peer.url()).await;
        let call = client.call_tool("bad", json!({})).timeout(Duration::from_secs(1)).into_future();
        let error = soon(call).await.expect_err("no answer");
        assert!(error.is_timeout(), "{error}");
        peer.noted("aborted POST", 1).await;
        echo(&client, "goes on").await;
    }
}

/// The server notices that nobody reads on, and the memory that it took is about the limit's.
async fn stopped(rule: Rule, code: &str) {
    let peer = peer("modern", [rule]).await;
    let client = soon(client(&peer.url()).max_message(LIMIT).connect()).await.expect("connected");
    let before = memory();
    let error = soon(client.call_tool("huge", json!({})).into_future()).await.expect_err("too large");
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.maybe_executed(), code == "too_large", "{error}");
    let told = peer.noted("flood", 1).await;
    let sent = told[0].strip_prefix("flood stopped after ").and_then(|sent| sent.parse::<u64>().ok());
    // What was read of it before it was given up.
    if code == "too_large" {
        let kind = error.transport().map(TransportError::kind);
        let Some(TransportErrorKind::TooLarge { size, .. }) = kind else { panic!("{error:?}") };
        assert!(*size > LIMIT && (*size as u64) < SLACK, "{error}");
    }
    // What a browser takes off the wire before it hears that its page wants no more depends on how busy the machine is.
    let most = if IN_BROWSER { HUGE } else { SLACK };
    assert!(sent.is_some_and(|sent| sent < most), "{told:?}");
    assert!(memory() < before + (SLACK as usize), "{} bytes more", memory() - before);
    echo(&client, "goes on").await;
    assert_eq!(peer.log("tools/call huge").await.len(), 1);
}

#[promise]
async fn an_answer_of_a_gigabyte_is_not_read() {
    stopped(tool("huge").begin(&[JSON]).flood(HUGE).end(), "too_large").await;
}

#[promise]
async fn an_event_of_a_gigabyte_is_not_read() {
    stopped(tool("huge").begin(&[EVENTS]).chunk("data: ").flood(HUGE).end(), "too_large").await;
}

#[promise]
async fn a_page_of_a_gigabyte_is_not_read() {
    let begun = head("HTTP/1.1 418 No", "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
    stopped(tool("huge").raw(&begun).flood(HUGE).end(), "refused").await;
}

/// Its few bytes on the wire are many when unpacked.
#[promise]
async fn a_compressed_answer_counts_unpacked() {
    let peer = peer("modern", [tool("huge").gzip_of(4 * LIMIT)]).await;
    let client = soon(client(&peer.url()).max_message(LIMIT).connect()).await.expect("connected");
    let error = soon(client.call_tool("huge", json!({})).into_future()).await.expect_err("too large");
    assert_eq!(error.code(), "too_large", "{error}");
    echo(&client, "goes on").await;
}
