//! Answers that are none: each fails its own call, once, with an error that says what came.

use std::future::IntoFuture as _;

use everywire::Error;
use serde_json::json;

use crate::common::{IN_BROWSER, connected, echo, promise, soon};
use crate::rules::{EVENTS, JSON, RESULT, Rule, head, peer, tool};

/// The error of a call that is answered so. It was sent once, and others go on.
async fn failed(rule: Rule, era: &str) -> Error {
    let (error, sent) = sent(rule, era).await;
    assert_eq!(sent, 1, "{error}");
    error
}

/// And how often it was sent.
async fn sent(rule: Rule, era: &str) -> (Error, usize) {
    let peer = peer(era, [rule]).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("bad", json!({})).into_future()).await.expect_err("no result");
    echo(&client, "goes on").await;
    assert_eq!(client.metrics().in_flight, 0);
    (error, peer.log("tools/call bad").await.len())
}

async fn each(cases: impl IntoIterator<Item = (Rule, &'static str, &'static str)>) {
    for (rule, code, says) in cases {
        for era in ["modern", "legacy"] {
            let error = failed(rule.clone(), era).await;
            assert_eq!(error.code(), code, "{era}: {error}");
            // Some answer is no refusal: what was asked for may have been done.
            assert_eq!(error.maybe_executed(), code == "protocol", "{era}: {error}");
            assert!(error.to_string().contains(says), "{era}: {error}");
        }
    }
}

#[promise]
async fn what_is_no_message_is_named() {
    let bad = || tool("bad");
    each([
        (bad().answer(200, &[("Content-Type", "text/html")], "<p>Sign in.</p>"), "protocol", "web page"),
        (bad().answer(200, &[("Content-Type", "text/plain")], "hello"), "protocol", "application/json"),
        (bad().answer(200, &[], RESULT), "protocol", "application/json"),
        (bad().answer(200, &[JSON], ""), "protocol", "without answering"),
        (bad().answer(202, &[], ""), "protocol", "without answering"),
        (bad().answer(204, &[], ""), "protocol", "without answering"),
        (bad().answer(200, &[JSON], "{\"jsonrpc\": \"2.0\", "), "protocol", "protocol"),
        (bad().answer(200, &[JSON], "42"), "protocol", "protocol"),
        (bad().answer(200, &[JSON], "[]"), "protocol", "protocol"),
        (bad().answer(200, &[JSON], &RESULT.replace("$ID", "987654")), "protocol", "another request"),
    ])
    .await;
}

#[promise]
async fn a_refusal_says_what_to_do() {
    let bad = || tool("bad");
    each([
        (bad().answer(400, &[], "what?"), "refused", "what?"),
        (bad().answer(401, &[("WWW-Authenticate", "Bearer")], ""), "auth_required", "token"),
        (bad().answer(403, &[], ""), "auth_required", "origin"),
        (bad().answer(413, &[], ""), "refused", "send less"),
        (bad().answer(415, &[], ""), "refused", "media types"),
        (bad().answer(418, &[("Content-Type", "text/html")], "<p>secret</p>"), "refused", "418"),
    ])
    .await;
}

/// A server that failed may have done what it was asked to.
#[promise]
async fn a_server_that_failed_may_have_run_the_call() {
    for status in [500, 501, 502, 503, 504, 599] {
        let error = failed(tool("bad").answer(status, &[], "").times(1), "modern").await;
        assert!(error.is_interrupted() && error.maybe_executed(), "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{status}: {error}");
    }
}

#[promise]
async fn an_answer_that_breaks_off_may_have_been_one() {
    let whole = head("HTTP/1.1 200 OK", "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n");
    let rules = [
        ("no head", tool("bad").close()),
        ("no head, reset", tool("bad").reset()),
        ("mid-header", tool("bad").raw("HTTP/1.1 200 OK\r\nContent-Ty").close()),
        ("mid-body", tool("bad").raw(&whole).raw("{\"jsonrpc\":").close()),
        ("mid-body, reset", tool("bad").raw(&whole).raw("{\"jsonrpc\":").reset()),
        ("mid-chunks", tool("bad").begin(&[JSON]).chunk("{\"jsonrpc\":").close()),
        ("mid-event", tool("bad").begin(&[EVENTS]).chunk("data: {\"jsonrpc\":").close()),
        ("mid-event, at its line's end", tool("bad").begin(&[EVENTS]).chunk(&format!("data: {RESULT}\n")).end()),
        ("mid-UTF-8", tool("bad").begin(&[EVENTS]).raw("8\r\ndata: \"").bytes(b"\xc3\r\n").close()),
        ("nothing on the stream", tool("bad").begin(&[EVENTS]).end()),
        ("a comment only", tool("bad").begin(&[EVENTS]).chunk(": here\n\n").end()),
    ];
    for (what, rule) in rules {
        for era in ["modern", "legacy"] {
            let (error, sent) = sent(rule.clone(), era).await;
            assert!(error.is_interrupted() && error.maybe_executed(), "{what}, {era}: {error}");
            // A browser sends a request again by itself where a kept connection ends and no answer began: Chromium once,
            // Firefox up to ten times.
            let headless = ["no head", "no head, reset", "mid-header"].contains(&what);
            assert!(sent == 1 || headless && IN_BROWSER && sent <= 11, "{what}, {era}: sent {sent} times");
        }
    }
}

#[promise]
async fn what_can_be_repeated_is_repeated_once_the_answer_broke_off() {
    for rule in [
        tool("good").close(),
        tool("good").raw("HTTP/1.1 200 OK\r\nContent-Ty").close(),
        tool("good").begin(&[EVENTS]).chunk("data: {\"jsonrpc\":").reset(),
        tool("good").answer(503, &[], ""),
    ] {
        let peer = peer("modern", [rule.times(1), tool("good").answer(200, &[JSON], RESULT)]).await;
        let client = connected(&peer.url()).await;
        let call = client.call_tool("good", json!({})).idempotent().into_future();
        assert_eq!(soon(call).await.expect("repeated").all_text(), "result");
        assert_eq!(peer.log("tools/call good").await.len(), 2);
    }
}

#[promise]
async fn bytes_that_are_no_http_fail_the_call() {
    let error = failed(tool("bad").raw("SSH-2.0-OpenSSH_9.6\r\n\r\n").close(), "modern").await;
    assert!(error.maybe_executed(), "{error}");
}
