//! Cancellation, limits, and what bad handlers and bad clients cannot do.
#![cfg(feature = "server")]

mod server_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everywire::proto::{CallToolResult, ElicitRequest};
use everywire::server::{RequestContext, Server, ServerBuilder};
use serde_json::{Value, json};
use server_support::*;
use tokio::sync::{Semaphore, mpsc};

/// Counts who is in it.
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
    door: Semaphore,
}

struct Inside(Arc<Gauge>);

impl Gauge {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicUsize::new(0), most: AtomicUsize::new(0), door: Semaphore::new(0) })
    }

    fn enter(self: &Arc<Self>) -> Inside {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Inside(self.clone())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `hold`: tells that it began and waits at the door.
fn holding(gauge: &Arc<Gauge>) -> (ServerBuilder, mpsc::UnboundedReceiver<String>) {
    let (began, beginnings) = mpsc::unbounded_channel();
    let gauge = gauge.clone();
    let builder = builder().tool_fn("hold", schema(), move |arguments, _cx: RequestContext| {
        let (began, gauge) = (began.clone(), gauge.clone());
        async move {
            let inside = gauge.enter();
            began.send(arguments.to_text())?;
            gauge.door.acquire().await?.forget();
            drop(inside);
            Ok(CallToolResult::text(arguments.to_text()))
        }
    });
    (builder, beginnings)
}

fn hold(n: usize) -> Value {
    modern(json!({"name": "hold", "arguments": {"n": n}}))
}

#[tokio::test]
async fn a_cancelled_request_is_dropped_and_not_answered() {
    for legacy in [false, true] {
        let gauge = Gauge::new();
        let (builder, mut began) = holding(&gauge);
        let server = builder.build();
        let mut peer = Peer::new(&server);
        if legacy {
            peer.initialize(json!({})).await;
        }
        let params = if legacy { json!({"name": "hold", "arguments": {"n": 1}}) } else { hold(1) };
        let id = peer.request("tools/call", params).await;
        began.recv().await.expect("it begins");
        peer.cancel(id).await;
        peer.quiet().await;
        assert_eq!(gauge.now.load(Ordering::SeqCst), 0, "the handler was dropped");
        gauge.door.add_permits(1);
        peer.quiet().await;
        // Unknown, late and malformed cancellations are ignored.
        peer.cancel(id).await;
        peer.cancel(4711).await;
        peer.notify("notifications/cancelled", json!({"requestId": {}})).await;
        peer.notify("notifications/cancelled", json!({})).await;
        peer.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled"})).await;
        peer.quiet().await;
    }
}

#[tokio::test]
async fn cancellation_reaches_work_that_was_started_elsewhere() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("t", schema(), move |_, cx: RequestContext| {
            let told = told.clone();
            async move {
                tokio::spawn(async move {
                    told.send(cx.is_cancelled()).ok();
                    cx.cancelled().await;
                    told.send(cx.is_cancelled()).ok();
                });
                std::future::pending().await
            }
        })
        .build();
    let mut peer = Peer::new(&server);
    let id = peer.request("tools/call", modern(json!({"name": "t"}))).await;
    assert_eq!(heard.recv().await, Some(false));
    peer.cancel(id).await;
    assert_eq!(tokio::time::timeout(PATIENCE, heard.recv()).await.expect("in time"), Some(true));
    // A connection's end is a cancellation too.
    peer.request("tools/call", modern(json!({"name": "t"}))).await;
    assert_eq!(heard.recv().await, Some(false));
    peer.close().await;
    assert_eq!(tokio::time::timeout(PATIENCE, heard.recv()).await.expect("in time"), Some(true));
}

#[tokio::test]
async fn no_more_run_than_may_and_the_rest_waits() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let mut peer = Peer::new(&builder.max_in_flight(3).build());
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(peer.request("tools/call", hold(n)).await);
    }
    for n in 0..3 {
        assert_eq!(began.recv().await, Some(format!(r#"{{"n":{n}}}"#)));
    }
    // One that waits its turn can be cancelled, although it is behind those that run.
    peer.cancel(ids[3]).await;
    gauge.door.add_permits(1);
    let answer = peer.next().await;
    assert!(ids[..3].contains(&answer["id"].as_i64().expect("id")));
    assert_eq!(began.recv().await.as_deref(), Some(r#"{"n":4}"#));
    gauge.door.add_permits(3);
    for _ in 0..3 {
        assert!(peer.next().await["result"].is_object());
    }
    peer.quiet().await;
    assert_eq!(gauge.most.load(Ordering::SeqCst), 3);
}

// The clock is paused: it moves only when nobody has anything left to do.
#[tokio::test(start_paused = true)]
async fn a_flood_is_answered_to_the_last() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let mut peer = Peer::new(&builder.max_in_flight(2).build());
    // Two run, two wait, the rest fills the pipe until its sender is held back.
    let mut sent = 0;
    while sent < 1000 {
        let id = sent + 1;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": hold(id)});
        match tokio::time::timeout(std::time::Duration::from_millis(200), peer.send(message)).await {
            Ok(()) => sent += 1,
            Err(_) => break,
        }
    }
    assert!((4..200).contains(&sent), "{sent} requests were taken although nobody answers");
    gauge.door.add_permits(1000);
    let mut answered = 0;
    while answered < sent {
        assert!(peer.next().await["result"].is_object());
        answered += 1;
    }
    while began.try_recv().is_ok() {}
    assert_eq!(gauge.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn handlers_that_ask_do_not_block_their_answers() {
    let server = builder()
        .max_in_flight(1)
        .tool_fn("ask", schema(), async |_, cx: RequestContext| {
            cx.elicit("k", ElicitRequest::form("?", schema())).await?;
            Ok(CallToolResult::text("asked"))
        })
        .build();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    for _ in 0..3 {
        peer.call("ask", json!({})).await;
    }
    let mut questions = Vec::new();
    for _ in 0..3 {
        questions.push(peer.next().await["id"].clone());
    }
    for id in questions {
        peer.send(json!({"jsonrpc": "2.0", "id": id, "result": {"action": "accept", "content": {}}})).await;
        assert_eq!(text(&peer.next().await), "asked");
    }
}

#[tokio::test]
async fn a_handler_that_asks_twice_is_one_handler() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let server = builder
        .max_in_flight(2)
        .tool_fn("ask", schema(), async |_, cx: RequestContext| {
            let form = || ElicitRequest::form("?", schema());
            let (one, two) = tokio::join!(cx.elicit("a", form()), cx.elicit("b", form()));
            one.and(two).map(|_| CallToolResult::text("asked"))
        })
        .build();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    peer.call("ask", json!({})).await;
    let questions = [peer.next().await, peer.next().await];
    for n in 0..3 {
        peer.call("hold", json!({"n": n})).await;
    }
    for _ in 0..2 {
        began.recv().await.expect("it begins");
    }
    for question in questions {
        peer.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "cancel"}})).await;
    }
    assert_eq!(text(&peer.next().await), "asked");
    gauge.door.add_permits(3);
    for _ in 0..3 {
        assert!(peer.next().await["result"].is_object());
    }
    assert_eq!(gauge.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn answers_stay_on_their_connection() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let server = builder
        .tool_fn("ask", schema(), async |arguments, cx: RequestContext| {
            let answer = cx.elicit("k", ElicitRequest::form(arguments.to_text(), schema())).await?;
            Ok(CallToolResult::text(answer.content.map(|content| content.to_text()).unwrap_or_default()))
        })
        .build();
    let mut one = Peer::legacy(&server, json!({"elicitation": {}})).await;
    let mut two = Peer::legacy(&server, json!({"elicitation": {}})).await;
    // The same ids on both, all at once.
    for n in 0..50 {
        let a = one.call("hold", json!({"n": n, "who": 1})).await;
        let b = two.call("hold", json!({"n": n, "who": 2})).await;
        assert_eq!(a, b);
    }
    for _ in 0..100 {
        began.recv().await.expect("it begins");
    }
    gauge.door.add_permits(100);
    for (peer, who) in [(&mut one, 1), (&mut two, 2)] {
        for _ in 0..50 {
            let answer = peer.next().await;
            let said: Value = serde_json::from_str(text(&answer)).expect("JSON");
            assert_eq!(said["who"], who);
        }
    }
    // Questions too, and an answer from elsewhere to a question that has the same id is not taken for it.
    one.call("ask", json!({"who": 1})).await;
    two.call("ask", json!({"who": 2})).await;
    let (first, second) = (one.next().await, two.next().await);
    assert_eq!(first["id"], second["id"]);
    let reply = |question: &Value, v: i32| json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"v": v}}});
    two.send(reply(&second, 2)).await;
    assert_eq!(text(&two.next().await), r#"{"v":2}"#);
    assert_eq!(two.ask("ping", json!({})).await["result"], json!({}));
    assert_eq!(one.ask("ping", json!({})).await["result"], json!({}));
    one.send(reply(&first, 1)).await;
    assert_eq!(text(&one.next().await), r#"{"v":1}"#);
    // And a cancellation on one does not touch the other.
    let (a, b) = (one.call("hold", json!({"who": 1})).await, two.call("hold", json!({"who": 2})).await);
    assert_eq!(a, b);
    for _ in 0..2 {
        began.recv().await.expect("it begins");
    }
    one.cancel(a).await;
    assert_eq!(one.ask("ping", json!({})).await["result"], json!({}));
    gauge.door.add_permits(1);
    assert_eq!(text(&two.next().await), r#"{"who":2}"#);
}

#[tokio::test]
async fn a_panic_is_an_error_and_no_more() {
    let server = builder()
        .tool_fn("at once", schema(), async |arguments, _| match arguments.is_object() {
            true => panic!("on purpose"),
            false => Ok(CallToolResult::text("never")),
        })
        .tool_fn("later", schema(), async |arguments, _| {
            tokio::task::yield_now().await;
            match arguments.is_object() {
                true => panic!("on purpose"),
                false => Ok(CallToolResult::text("never")),
            }
        })
        .build();
    let mut peer = Peer::new(&server);
    for tool in ["at once", "later"] {
        let answer = peer.ask("tools/call", modern(json!({"name": tool}))).await;
        assert_eq!(code(&answer), -32603);
        assert!(!answer.to_string().contains("on purpose"), "{answer}");
        peer.quiet().await;
    }
}

#[tokio::test]
async fn garbage_is_answered_and_survived() {
    let mut peer = Peer::new(&builder().build());
    for (garbage, expected) in [
        ("", -32700),
        ("hello", -32700),
        ("{", -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping""#, -32700),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        ("{}", -32600),
        ("1", -32600),
        ("null", -32600),
        (r#""text""#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
    ] {
        peer.send_text(garbage).await;
        let answer = peer.next().await;
        assert_eq!((code(&answer), &answer["id"]), (expected, &Value::Null), "{garbage}");
    }
    for params in [json!([]), json!("x"), json!(3)] {
        assert_eq!(code(&peer.ask("tools/call", params.clone()).await), -32602, "{params}");
    }
    // Answers to nothing, and notifications that nobody knows.
    peer.send(json!({"jsonrpc": "2.0", "id": 99, "result": {}})).await;
    peer.send(json!({"jsonrpc": "2.0", "id": null, "error": {"code": -1, "message": "x"}})).await;
    peer.send(json!({"jsonrpc": "2.0", "id": "x", "error": 7})).await;
    peer.notify("notifications/nonsense", json!({})).await;
    peer.notify("tools/call", json!({"name": "echo"})).await;
    peer.quiet().await;
    // Ids keep their type.
    let request = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "tools/list", "params": modern(json!({}))});
    for id in [json!("1"), json!(1), json!(-5), json!(""), json!("é\u{0}\"")] {
        peer.send(request(id.clone())).await;
        assert_eq!(peer.next().await["id"], id);
    }
}

#[tokio::test]
async fn an_id_is_used_once_at_a_time() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let mut peer = Peer::new(&builder.build());
    let request = json!({"jsonrpc": "2.0", "id": "same", "method": "tools/call", "params": hold(1)});
    peer.send(request.clone()).await;
    began.recv().await.expect("it begins");
    peer.send(request.clone()).await;
    assert_eq!(code(&peer.next().await), -32600);
    gauge.door.add_permits(2);
    assert!(peer.next().await["result"].is_object());
    peer.send(request).await;
    assert!(peer.next().await["result"].is_object());
}

#[tokio::test]
async fn dropping_the_connection_drops_its_handlers() {
    let gauge = Gauge::new();
    let (builder, mut began) = holding(&gauge);
    let server: Server = builder.build();
    let mut peer = Peer::new(&server);
    for n in 0..3 {
        peer.request("tools/call", hold(n)).await;
        began.recv().await.expect("it begins");
    }
    peer.task.abort();
    assert!((&mut peer.task).await.expect_err("aborted").is_cancelled());
    assert_eq!(gauge.now.load(Ordering::SeqCst), 0);
}
