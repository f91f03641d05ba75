//! Progress, log messages, changes and subscriptions (2026-07-28 basic/patterns/progress, server/utilities/logging,
//! basic/patterns/subscriptions).
#![cfg(feature = "server")]

mod server_support;

use everywire::proto::{CallToolResult, LogLevel, Prompt, ReadResourceResult, Resource, ResourceContents};
use everywire::server::{ReadRequest, RequestContext, Server};
use serde_json::{Value, json};
use server_support::*;

const ID: &str = "io.modelcontextprotocol/subscriptionId";
const LEVEL: &str = "io.modelcontextprotocol/logLevel";

fn server() -> Server {
    builder()
        .tool_fn("steps", schema(), async |_, cx: RequestContext| {
            for (progress, message) in
                [(1.0, Some("one")), (1.0, Some("again")), (0.5, None), (2.5, None), (f64::NAN, None)]
            {
                cx.progress(progress, Some(3.0), message).await;
                tokio::task::yield_now().await;
            }
            cx.progress(3.0, None, None).await;
            Ok(CallToolResult::text("done"))
        })
        .tool_fn("logs", schema(), async |_, cx: RequestContext| {
            cx.log(LogLevel::Debug, "db", "fine").await;
            cx.log(LogLevel::Info, "", &json!({"n": 1})).await;
            cx.log(LogLevel::Error, "db", "bad").await;
            Ok(CallToolResult::text("done"))
        })
        .tool_fn("leaves", schema(), async |_, cx: RequestContext| {
            tokio::spawn(async move {
                cx.cancelled().await;
                cx.progress(9.0, None, None).await;
                cx.log(LogLevel::Emergency, "", "too late").await;
            });
            Ok(CallToolResult::text("done"))
        })
        .resource(Resource::new("r:1", "r"), async |_: ReadRequest, _: RequestContext| {
            Ok(ReadResourceResult::new([ResourceContents::text("r:1", "x")]))
        })
        .build()
}

fn with_meta(tool: &str, extra: Value) -> Value {
    let mut meta = meta(json!({}));
    meta.as_object_mut().expect("object").extend(extra.as_object().expect("object").clone());
    json!({"name": tool, "_meta": meta})
}

#[tokio::test]
async fn progress_grows_and_ends_with_the_answer() {
    let mut peer = Peer::legacy(&server(), json!({})).await;
    for (params, token) in [
        (with_meta("steps", json!({"progressToken": "p"})), json!("p")),
        (json!({"name": "steps", "_meta": {"progressToken": 7}}), json!(7)),
    ] {
        let id = peer.request("tools/call", params).await;
        let mut told = Vec::new();
        loop {
            let message = peer.next().await;
            if message["id"] == id {
                break;
            }
            assert_eq!(message["method"], "notifications/progress");
            assert_eq!(message["params"]["progressToken"], token);
            told.push((message["params"]["progress"].clone(), message["params"].get("total").cloned()));
            if told.len() == 1 {
                assert_eq!(message["params"]["message"], "one");
            }
        }
        assert_eq!(told, [(json!(1), Some(json!(3))), (json!(2.5), Some(json!(3))), (json!(3), None)]);
    }
    // Nobody asked.
    peer.ask("tools/call", modern(json!({"name": "steps"}))).await;
}

#[tokio::test]
async fn nothing_is_sent_once_a_request_is_over() {
    let mut peer = Peer::new(&server());
    let params = with_meta("leaves", json!({"progressToken": 1, LEVEL: "debug"}));
    assert_eq!(text(&peer.ask("tools/call", params).await), "done");
    tokio::task::yield_now().await;
    peer.quiet().await;
}

async fn logged(peer: &mut Peer, params: Value) -> Vec<(String, Value)> {
    let id = peer.request("tools/call", params).await;
    let mut logged = Vec::new();
    loop {
        let message = peer.next().await;
        if message["id"] == id {
            return logged;
        }
        assert_eq!(message["method"], "notifications/message");
        let params = &message["params"];
        assert_eq!(params.get("logger").is_some(), params["level"] != "info");
        logged.push((params["level"].as_str().expect("level").to_owned(), params["data"].clone()));
    }
}

#[tokio::test]
async fn a_modern_client_chooses_the_log_level_with_each_request() {
    let mut peer = Peer::new(&server());
    let levels = |logged: Vec<(String, Value)>| logged.into_iter().map(|(level, _)| level).collect::<Vec<_>>();
    assert!(logged(&mut peer, with_meta("logs", json!({}))).await.is_empty());
    let all = logged(&mut peer, with_meta("logs", json!({LEVEL: "debug"}))).await;
    assert_eq!(all[1].1, json!({"n": 1}));
    assert_eq!(levels(all), ["debug", "info", "error"]);
    assert_eq!(levels(logged(&mut peer, with_meta("logs", json!({LEVEL: "warning"}))).await), ["error"]);
    assert!(logged(&mut peer, with_meta("logs", json!({LEVEL: "alert"}))).await.is_empty());
}

#[tokio::test]
async fn a_legacy_client_chooses_the_log_level_for_its_connection() {
    let mut peer = Peer::legacy(&server(), json!({})).await;
    let levels = |logged: Vec<(String, Value)>| logged.into_iter().map(|(level, _)| level).collect::<Vec<_>>();
    let call = json!({"name": "logs"});
    assert_eq!(levels(logged(&mut peer, call.clone()).await), ["info", "error"]);
    assert_eq!(peer.ask("logging/setLevel", json!({"level": "error"})).await["result"], json!({}));
    assert_eq!(levels(logged(&mut peer, call.clone()).await), ["error"]);
    assert_eq!(peer.ask("logging/setLevel", json!({"level": "debug"})).await["result"], json!({}));
    assert_eq!(logged(&mut peer, call.clone()).await.len(), 3);
    assert_eq!(code(&peer.ask("logging/setLevel", json!({"level": "loud"})).await), -32602);
    // The session's level says nothing for a modern request on the same connection.
    assert!(logged(&mut peer, with_meta("logs", json!({}))).await.is_empty());
}

#[tokio::test]
async fn a_legacy_client_hears_of_changes() {
    let server = server();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let mut stranger = Peer::new(&server);
    server.add_tool("more", Echo);
    let notice = peer.next().await;
    assert_eq!(notice, json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    assert_eq!(text(&peer.ask("tools/call", json!({"name": "more", "arguments": {"a": 1}})).await), r#"{"a":1}"#);
    assert!(server.remove_tool("more"));
    assert_eq!(peer.next().await["method"], "notifications/tools/list_changed");
    assert!(!server.remove_tool("more"));
    assert_eq!(code(&peer.ask("tools/call", json!({"name": "more"})).await), -32602);
    server.add_prompt(Prompt::new("p"), async |_: everywire::json::Json, _: RequestContext| {
        Ok(everywire::proto::GetPromptResult::new([]))
    });
    assert_eq!(peer.next().await["method"], "notifications/prompts/list_changed");
    server.resources_changed();
    assert_eq!(peer.next().await["method"], "notifications/resources/list_changed");

    // Updates only of what was subscribed to.
    server.resource_updated("r:1");
    assert_eq!(peer.ask("resources/subscribe", json!({"uri": "r:1"})).await["result"], json!({}));
    server.resource_updated("r:2");
    server.resource_updated("r:1");
    let notice = peer.next().await;
    assert_eq!(
        (&notice["method"], &notice["params"]),
        (&json!("notifications/resources/updated"), &json!({"uri": "r:1"}))
    );
    peer.ask("resources/unsubscribe", json!({"uri": "r:1"})).await;
    server.resource_updated("r:1");
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
    // Who has not said who it is hears nothing.
    stranger.quiet().await;
}

async fn listen(peer: &mut Peer, filter: Value) -> (i64, Value) {
    let id = peer.request("subscriptions/listen", modern(json!({"notifications": filter}))).await;
    let ack = peer.next().await;
    assert_eq!(ack["method"], "notifications/subscriptions/acknowledged", "{ack}");
    assert_eq!(ack["params"]["_meta"][ID], id);
    (id, ack["params"]["notifications"].clone())
}

#[tokio::test]
async fn a_modern_client_listens() {
    let server = server();
    let mut peer = Peer::new(&server);
    server.tools_changed();
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["r:1", "r:9"]});
    let (first, agreed) = listen(&mut peer, filter.clone()).await;
    assert_eq!(agreed, filter);
    // Prompts are not offered here.
    let (second, agreed) = listen(&mut peer, json!({"resourcesListChanged": true, "promptsListChanged": true})).await;
    assert_eq!(agreed, json!({"resourcesListChanged": true}));

    server.tools_changed();
    let notice = peer.next().await;
    assert_eq!(notice["method"], "notifications/tools/list_changed");
    assert_eq!(notice["params"], json!({"_meta": {ID: first}}));
    server.resource_updated("r:1");
    let notice = peer.next().await;
    assert_eq!(notice["params"], json!({"_meta": {ID: first}, "uri": "r:1"}));
    server.resource_updated("r:2");
    server.resources_changed();
    let notice = peer.next().await;
    assert_eq!(
        (&notice["method"], &notice["params"]["_meta"][ID]),
        (&json!("notifications/resources/list_changed"), &json!(second))
    );

    // Its id is taken while it is open.
    peer.send(json!({"jsonrpc": "2.0", "id": first, "method": "tools/list", "params": modern(json!({}))})).await;
    assert_eq!(code(&peer.next().await), -32600);

    peer.cancel(first).await;
    peer.quiet().await;
    server.tools_changed();
    server.resources_changed();
    assert_eq!(peer.next().await["params"]["_meta"][ID], second);
    peer.quiet().await;
}

#[tokio::test]
async fn a_bad_filter_is_refused() {
    let mut peer = Peer::new(&server());
    for filter in [
        json!([]),
        json!({"toolsListChanged": "yes"}),
        json!({"resourceSubscriptions": [1]}),
        json!({"resourceSubscriptions": "r:1"}),
    ] {
        let params = modern(json!({"notifications": filter}));
        assert_eq!(code(&peer.ask("subscriptions/listen", params).await), -32602, "{filter}");
    }
    assert_eq!(code(&peer.ask("subscriptions/listen", modern(json!({}))).await), -32602);
    for _ in 0..64 {
        listen(&mut peer, json!({"toolsListChanged": true})).await;
    }
    let params = modern(json!({"notifications": {"toolsListChanged": true}}));
    assert_eq!(code(&peer.ask("subscriptions/listen", params).await), -32603);
}

#[tokio::test]
async fn a_shutdown_ends_subscriptions_and_finishes_requests() {
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let door = gate.clone();
    let server = builder()
        .tool_fn("waits", schema(), move |_, _cx| {
            let door = door.clone();
            async move {
                door.acquire().await?.forget();
                Ok(CallToolResult::text("finished"))
            }
        })
        .build();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let mut peer = Peer::with_shutdown(&server, None, Box::pin(stopped));
    let (subscription, _) = listen(&mut peer, json!({"toolsListChanged": true})).await;
    let under_way = peer.request("tools/call", modern(json!({"name": "waits"}))).await;
    peer.quiet().await;
    stop.send(()).expect("it runs");
    let end = peer.next().await;
    assert_eq!((end["id"].as_i64(), &end["result"]["resultType"]), (Some(subscription), &json!("complete")));
    assert_eq!(end["result"]["_meta"][ID], subscription);
    let notice = peer.next().await;
    assert_eq!(
        (&notice["method"], &notice["params"]["requestId"]),
        (&json!("notifications/cancelled"), &json!(subscription))
    );
    assert_eq!(code(&peer.ask("tools/list", modern(json!({}))).await), -32603);
    gate.add_permits(1);
    let answer = peer.next().await;
    assert_eq!((answer["id"].as_i64(), text(&answer)), (Some(under_way), "finished"));
    assert!(peer.try_next().await.is_none());
    assert!(peer.task.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn a_slow_client_holds_its_handlers_back_and_loses_nothing() {
    const STEPS: usize = 2000;
    let server = builder()
        .tool_fn("many", schema(), async |_, cx: RequestContext| {
            for step in 1..=STEPS {
                cx.progress(step as f64, None, None).await;
            }
            Ok(CallToolResult::text("done"))
        })
        .build();
    let mut peer = Peer::new(&server);
    let id = peer.request("tools/call", with_meta("many", json!({"progressToken": 1}))).await;
    let mut last = 0;
    loop {
        let message = peer.next().await;
        if message["id"] == id {
            break;
        }
        last += 1;
        assert_eq!(message["params"]["progress"], last);
    }
    assert_eq!(last, STEPS);
}

#[tokio::test]
async fn a_cancelled_request_gives_its_room_to_others() {
    let (began, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("tells", schema(), move |arguments, cx: RequestContext| {
            let began = began.clone();
            async move {
                began.send(())?;
                for step in 1..=if arguments.get("forever").is_some() { u32::MAX } else { 1 } {
                    cx.progress(step.into(), None, None).await;
                }
                Ok(CallToolResult::text("done"))
            }
        })
        .build();
    let mut peer = Peer::new(&server);
    let call = |token: i64, arguments: Value| {
        let mut params = with_meta("tells", json!({"progressToken": token}));
        params["arguments"] = arguments;
        params
    };
    // One fills the way to a client that does not read; the other waits for room.
    let first = peer.request("tools/call", call(1, json!({"forever": true}))).await;
    beginnings.recv().await.expect("it begins");
    let second = peer.request("tools/call", call(2, json!({}))).await;
    beginnings.recv().await.expect("it begins");
    peer.cancel(first).await;
    loop {
        let message = peer.next().await;
        if message["id"] == second {
            break;
        }
        assert_eq!(message["method"], "notifications/progress");
    }
    peer.quiet().await;
}

#[tokio::test]
async fn changes_that_a_slow_client_has_not_read_are_told_once() {
    let server = server();
    let mut peer = Peer::legacy(&server, json!({})).await;
    peer.ask("ping", json!({})).await;
    for _ in 0..100_000 {
        server.tools_changed();
    }
    // The answer overtakes the notice, and there is one notice only.
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
    assert_eq!(peer.next().await["method"], "notifications/tools/list_changed");
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
}
