//! Streams that are taken up again (2025-11-25 basic/transports, resumability and redelivery).

use std::time::Duration;

use everywire::proto::CallToolResult;
use everywire::server::{HttpOptions, RequestContext, Server};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::*;

const LATEST: &str = "2025-11-25";

/// `steps`: tells each number that it is sent, and ends with 0.
fn stepping() -> (Server, mpsc::UnboundedSender<u32>) {
    let (send, receive) = mpsc::unbounded_channel();
    let receive = std::sync::Arc::new(tokio::sync::Mutex::new(receive));
    let server = builder()
        .tool_fn("steps", schema(), move |_, cx: RequestContext| {
            let receive = receive.clone();
            async move {
                let mut receive = receive.lock().await;
                while let Some(step) = receive.recv().await.filter(|step| *step > 0) {
                    cx.progress(f64::from(step), None, None).await;
                }
                Ok(CallToolResult::text("done"))
            }
        })
        .tool_fn("poll", schema(), async |_, cx: RequestContext| {
            let closes = cx.close_stream(Duration::from_millis(500));
            tokio::task::yield_now().await;
            Ok(CallToolResult::text(if closes { "closed" } else { "open" }))
        })
        .build();
    (server, send)
}

fn steps(id: i64) -> Value {
    request(id, "tools/call", json!({"name": "steps", "_meta": {"progressToken": "t"}}))
}

fn progress(message: &Value) -> i64 {
    message["params"]["progress"].as_i64().unwrap_or_else(|| panic!("progress, not {message}"))
}

#[tokio::test]
async fn a_broken_stream_goes_on_where_it_broke_off() {
    let (server, step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    step.send(1).expect("a step");
    let mut call = client.post(&steps(1)).await;
    // The first event has an id and nothing else, so that there is a way back from the beginning.
    let primed = call.event().await.expect("a first event");
    assert_eq!(primed.data, "");
    let begin = primed.id.expect("an id");
    let (first, message) = call.message().await;
    assert_eq!(progress(&message), 1);
    drop(call);
    // A lost connection cancels nothing. What is said meanwhile waits.
    step.send(2).expect("a step");
    let mut rest = client.get(first.as_deref()).await;
    assert!(rest.is_stream());
    let (second, message) = rest.message().await;
    assert_eq!(progress(&message), 2);
    assert!(first != second && second.as_ref() != Some(&begin));
    drop(rest);
    // From the beginning: everything once more, and then what is new.
    let mut rest = client.get(Some(&begin)).await;
    assert_eq!(progress(&rest.message().await.1), 1);
    assert_eq!(progress(&rest.message().await.1), 2);
    step.send(3).expect("a step");
    assert_eq!(progress(&rest.message().await.1), 3);
    step.send(0).expect("the end");
    let (last, answer) = rest.message().await;
    assert_eq!((&answer["id"], text(&answer)), (&json!(1), "done"));
    assert_eq!(rest.event().await, None);
    // Even after its end.
    let mut again = client.get(second.as_deref()).await;
    assert_eq!(progress(&again.message().await.1), 3);
    assert_eq!(text(&again.message().await.1), "done");
    assert_eq!(again.event().await, None);
    assert_eq!(client.get(last.as_deref()).await.event().await, None);
}

#[tokio::test]
async fn a_call_ends_without_anybody_and_its_answer_waits() {
    let (server, step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    step.send(1).expect("a step");
    let mut call = client.post(&steps(1)).await;
    let (id, _) = call.message().await;
    drop(call);
    step.send(0).expect("the end");
    // The tool is done when its lock is free for the next call.
    step.send(0).expect("the end of the next");
    assert_eq!(text(&client.post(&steps(2)).await.outcome(2).await), "done");
    let answer = client.get(id.as_deref()).await.outcome(1).await;
    assert_eq!((&answer["id"], text(&answer)), (&json!(1), "done"));
}

#[tokio::test]
async fn nothing_is_replayed_that_belongs_to_another_stream() {
    let (server, step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut own = client.get(None).await;
    let begin = own.event().await.expect("a first event").id.expect("an id");
    server.tools_changed();
    own.message().await;
    drop(own);
    step.send(1).expect("a step");
    step.send(0).expect("the end");
    let mut call = client.post(&steps(1)).await;
    let primed = call.event().await.expect("a first event").id;
    call.outcome(1).await;

    let mut again = client.get(Some(&begin)).await;
    assert_eq!(again.message().await.1["method"], "notifications/tools/list_changed");
    server.prompts_changed();
    assert_eq!(again.message().await.1["method"], "notifications/prompts/list_changed");

    let mut call = client.get(primed.as_deref()).await;
    assert_eq!(progress(&call.message().await.1), 1);
    assert_eq!(text(&call.message().await.1), "done");
    assert_eq!(call.event().await, None);
}

#[tokio::test]
async fn whoever_comes_back_takes_the_stream_over() {
    let (server, step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    step.send(1).expect("a step");
    let mut call = client.post(&steps(1)).await;
    let (id, _) = call.message().await;
    // The server has not noticed yet that the first connection is dead.
    let mut rest = client.get(id.as_deref()).await;
    assert_eq!(call.event().await, None);
    step.send(2).expect("a step");
    assert_eq!(progress(&rest.message().await.1), 2);
    step.send(0).expect("the end");
    assert_eq!(text(&rest.message().await.1), "done");
}

#[tokio::test]
async fn ids_that_were_never_given_are_refused() {
    let (server, _step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    for id in ["x", "7-1", "0", "-1", "0--1", "18446744073709551616-0"] {
        assert_eq!(client.get(Some(id)).await.status, 400, "{id}");
    }
    let other = site.session(LATEST, json!({})).await;
    let mut stream = client.get(None).await;
    let id = stream.event().await.expect("a first event").id.expect("an id");
    server.tools_changed();
    stream.message().await;
    // Ids are the session's own: elsewhere they lead to that session's streams.
    let mut theirs = other.get(Some(&id)).await;
    assert_eq!(theirs.message().await.1["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn the_store_is_bounded_and_keeps_the_newest() {
    let (server, step) = stepping();
    let options = HttpOptions::new().event_store(2, 1024 * 1024);
    let site = Site::with(&server, |bind| bind.http(options)).await;
    let client = site.session(LATEST, json!({})).await;
    for number in [1, 2, 3, 4, 0] {
        step.send(number).expect("a step");
    }
    let mut call = client.post(&steps(1)).await;
    let primed = call.event().await.expect("a first event").id;
    call.outcome(1).await;
    let mut again = client.get(primed.as_deref()).await;
    assert_eq!(progress(&again.message().await.1), 4);
    assert_eq!(text(&again.message().await.1), "done");
}

#[tokio::test]
async fn a_call_can_close_its_connection_and_be_polled() {
    let (server, _step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut call = client.call(1, "poll").await;
    assert!(call.is_stream());
    let mut last = call.event().await.expect("an event with an id");
    while let Some(event) = call.event().await {
        assert_eq!(event.data, "", "no answer here");
        last = event;
    }
    assert_eq!(last.retry, Some(500));
    let answer = client.get(last.id.as_deref()).await.outcome(1).await;
    assert_eq!((&answer["id"], text(&answer)), (&json!(1), "closed"));

    // Clients of other revisions would not come back.
    for version in ["2025-06-18", "2025-03-26"] {
        let client = site.session(version, json!({})).await;
        assert_eq!(text(&client.call(1, "poll").await.outcome(1).await), "open");
    }
    assert_eq!(text(&site.call("poll", json!({})).await.outcome(1).await), "open");
}

/// Many calls at once, whose connections break again and again, with handlers on other threads than their carriers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_breaks_everything_arrives_once_and_in_order() {
    const STEPS: i64 = 40;
    let server = builder()
        .tool_fn("count", schema(), async |_, cx: RequestContext| {
            for step in 1..=STEPS {
                cx.progress(step as f64, None, None).await;
                tokio::task::yield_now().await;
            }
            Ok(CallToolResult::text("done"))
        })
        .build();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let calls = (1..=16).map(|id| {
        let client = &client;
        async move {
            let params = json!({"name": "count", "_meta": {"progressToken": id}});
            let mut stream = client.post(&request(id, "tools/call", params)).await;
            let (mut last, mut next, mut breaks) = (None, 1, 0);
            loop {
                // Some break after the first event, some after several, by a rule that differs from call to call.
                let patience = (id * 7 + breaks * 3) % 5 + 1;
                for _ in 0..patience {
                    let Some(event) = stream.event().await else { panic!("call {id} ended at {next}") };
                    last = event.id.clone().or(last);
                    if event.data.is_empty() {
                        continue;
                    }
                    let message = event.json();
                    if message.get("result").is_some() {
                        assert_eq!((next, &message["id"], text(&message)), (STEPS + 1, &json!(id), "done"));
                        return;
                    }
                    assert_eq!((progress(&message), &message["params"]["progressToken"]), (next, &json!(id)));
                    next += 1;
                }
                breaks += 1;
                drop(stream);
                stream = client.get(last.as_deref()).await;
            }
        }
    });
    futures_util::future::join_all(calls).await;
}

#[tokio::test]
async fn older_clients_get_no_empty_events() {
    let (server, step) = stepping();
    let site = Site::new(&server).await;
    let client = site.session("2025-06-18", json!({})).await;
    step.send(1).expect("a step");
    let mut call = client.post(&steps(1)).await;
    let first = call.event().await.expect("an event");
    assert_eq!(progress(&first.json()), 1);
    drop(call);
    step.send(0).expect("the end");
    assert_eq!(text(&client.get(first.id.as_deref()).await.outcome(1).await), "done");
}
