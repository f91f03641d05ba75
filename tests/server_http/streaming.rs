//! Answers that take a while as revision 2026-07-28 has them: streams, signs of life, cancellation, subscriptions, questions
//! (basic/transports/streamable-http, basic/patterns).

use std::sync::Arc;
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitRequest, LogLevel, ReadResourceResult, Resource};
use everywire::server::{HttpOptions, ReadRequest, RequestContext, Server};
use http::Method;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use crate::support::*;

/// A tool that says something, and waits in between to be told to go on.
fn talking(go: &Arc<Notify>) -> Server {
    let go = go.clone();
    builder()
        .tool_fn("talk", schema(), move |_, cx: RequestContext| {
            let go = go.clone();
            async move {
                cx.progress(1.0, Some(2.0), Some("half")).await;
                cx.log(LogLevel::Info, "talk", "heard").await;
                go.notified().await;
                cx.progress(2.0, Some(2.0), None).await;
                Ok(CallToolResult::text("done"))
            }
        })
        .build()
}

#[tokio::test]
async fn who_speaks_before_the_answer_streams() {
    let go = Arc::new(Notify::new());
    let site = Site::new(&talking(&go)).await;
    let mut meta = meta(json!({}));
    meta["progressToken"] = json!("t");
    let mut answer = site.modern("tools/call", json!({"name": "talk", "_meta": meta})).await;
    assert_eq!(answer.status, 200);
    assert!(answer.is_stream());
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    assert!(answer.header("cache-control").is_some_and(|cache| cache.contains("no-transform")));
    let event = answer.event().await.expect("an event");
    assert_eq!((event.id.as_deref(), event.retry), (None, None), "nothing to take up again");
    let progress = event.json();
    assert_eq!(progress["params"], json!({"progressToken": "t", "progress": 1, "total": 2, "message": "half"}));
    go.notify_one();
    // No log level was asked for.
    assert_eq!(answer.message().await.1["params"]["progress"], 2);
    let (_, last) = answer.message().await;
    assert_eq!(text(&last), "done");
    assert_eq!(answer.event().await, None);
}

#[tokio::test]
async fn a_request_sets_its_own_log_level() {
    let go = Arc::new(Notify::new());
    go.notify_one();
    let site = Site::new(&talking(&go)).await;
    let mut meta = meta(json!({}));
    meta["io.modelcontextprotocol/logLevel"] = json!("info");
    let mut answer = site.modern("tools/call", json!({"name": "talk", "_meta": meta})).await;
    let (_, log) = answer.message().await;
    assert_eq!(log["params"], json!({"level": "info", "logger": "talk", "data": "heard"}));
    assert_eq!(text(&answer.message().await.1), "done");
}

#[tokio::test]
async fn a_quiet_stream_shows_signs_of_life() {
    let go = Arc::new(Notify::new());
    let options = HttpOptions::new().keep_alive(Some(Duration::from_millis(20)));
    let server = talking(&go);
    let site = Site::with(&server, |bind| bind.http(options)).await;
    // Without a progress token and a level the tool says nothing at all.
    let mut answer = site.call("talk", json!({})).await;
    assert!(answer.is_stream());
    answer.comment().await;
    go.notify_one();
    assert_eq!(text(&answer.message().await.1), "done");
    assert!(answer.comments > 0);

    let filter = json!({"notifications": {"toolsListChanged": true}});
    let mut listening = site.modern("subscriptions/listen", filter).await;
    listening.message().await;
    listening.comment().await;
}

/// Says when it begins and when it is dropped.
struct Watched(mpsc::UnboundedSender<&'static str>);

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[tokio::test]
async fn who_closes_the_connection_cancels() {
    let (say, mut said) = mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("hang", schema(), move |arguments: Json, cx: RequestContext| {
            let say = say.clone();
            async move {
                let _watched = Watched(say.clone());
                if arguments.get("talk").is_some() {
                    cx.progress(1.0, None, None).await;
                }
                let _ = say.send("begun");
                std::future::pending::<()>().await;
                Ok(CallToolResult::text("never"))
            }
        })
        .build();
    let site = Site::new(&server).await;
    // Before the head of the answer, and after it.
    {
        let mut asking = Box::pin(site.call("hang", json!({})));
        tokio::select! {
            _ = &mut asking => panic!("no answer"),
            begun = said.recv() => assert_eq!(begun, Some("begun")),
        }
    }
    assert_eq!(soon(said.recv()).await, Some("dropped"));
    let mut meta = meta(json!({}));
    meta["progressToken"] = json!(1);
    let mut answer = site.modern("tools/call", json!({"name": "hang", "arguments": {"talk": 1}, "_meta": meta})).await;
    answer.message().await;
    assert_eq!(soon(said.recv()).await, Some("begun"));
    drop(answer);
    assert_eq!(soon(said.recv()).await, Some("dropped"));
}

#[tokio::test]
async fn who_resets_a_stream_of_http_2_cancels_its_request_only() {
    let (say, mut said) = mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("hang", schema(), move |_, _: RequestContext| {
            let say = say.clone();
            async move {
                let _watched = Watched(say.clone());
                let _ = say.send("begun");
                std::future::pending::<()>().await;
                Ok(CallToolResult::text("never"))
            }
        })
        .build();
    let site = Site::new(&server).await;
    let stream = soon(TcpStream::connect(site.address)).await.expect("connected");
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        soon(hyper::client::conn::http2::handshake(executor, TokioIo::new(stream))).await.expect("HTTP/2");
    tokio::spawn(connection);
    let call = |tool: &str| {
        let body = request(1, "tools/call", modern(json!({"name": tool}))).to_string();
        http::Request::post(format!("http://{}/mcp", site.address))
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
            .header("content-type", "application/json")
            .header("accept", BOTH)
            .body(http_body_util::Full::new(bytes::Bytes::from(body)))
            .expect("a request")
    };
    let hanging = tokio::spawn(sender.send_request(call("hang")));
    assert_eq!(soon(said.recv()).await, Some("begun"));
    hanging.abort();
    assert_eq!(soon(said.recv()).await, Some("dropped"));
    let answer = soon(sender.send_request(call("echo"))).await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_call_only() {
    let server = builder()
        .tool_fn("panic", schema(), async |_, _| -> Result<CallToolResult, _> { panic!("as the test wants") })
        .build();
    let site = Site::new(&server).await;
    let mut connection = site.connect().await;
    for (tool, failed) in [("panic", true), ("echo", false)] {
        let body = request(1, "tools/call", modern(json!({"name": tool})));
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
            ("content-type", "application/json"),
            ("accept", BOTH),
        ];
        let answer = connection.send(Method::POST, &headers, body.to_string()).await.json().await;
        assert_eq!(answer.get("error").is_some(), failed, "{answer}");
    }
}

#[tokio::test]
async fn a_subscription_tells_of_what_it_asked_for() {
    let server = builder()
        .resource(Resource::new("a:b", "ab"), async |_: ReadRequest, _: RequestContext| Ok(ReadResourceResult::new([])))
        .build();
    let mut site = Site::new(&server).await;
    let filter = json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions": ["a:b"]}});
    let mut stream = site.modern("subscriptions/listen", filter).await;
    assert!(stream.is_stream());
    let of = |message: &Value| message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].clone();
    let (_, acknowledged) = stream.message().await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(of(&acknowledged), 1);
    server.resources_changed();
    server.resource_updated("a:c");
    server.tools_changed();
    let (_, told) = stream.message().await;
    assert_eq!((&told["method"], of(&told)), (&json!("notifications/tools/list_changed"), json!(1)));
    server.resource_updated("a:b");
    let (_, told) = stream.message().await;
    assert_eq!((&told["method"], &told["params"]["uri"]), (&json!("notifications/resources/updated"), &json!("a:b")));
    // The server ends it with its result.
    site.stop();
    let (_, ended) = stream.message().await;
    assert_eq!((&ended["id"], &ended["result"]["resultType"]), (&json!(1), &json!("complete")));
    assert_eq!(stream.event().await, None);
    drop(stream);
    site.stopped().await;
}

#[tokio::test]
async fn a_question_is_answered_with_the_request_sent_again() {
    let form = || ElicitRequest::form("Your name?", schema());
    let server = builder()
        .tool_fn("greet", schema(), move |_, cx: RequestContext| async move {
            let answer = cx.elicit("name", form()).await?;
            let name = answer.content.and_then(|content| content.get_str("name")).unwrap_or_default();
            Ok(CallToolResult::text(format!("Hello, {name}!")))
        })
        .build();
    let site = Site::new(&server).await;
    let able = meta(json!({"elicitation": {}}));
    let asked = site.modern("tools/call", json!({"name": "greet", "_meta": able})).await.json().await;
    assert_eq!(asked["result"]["resultType"], "input_required");
    assert_eq!(asked["result"]["inputRequests"]["name"]["method"], "elicitation/create");
    let state = asked["result"]["requestState"].as_str().expect("a state").to_owned();
    let responses = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let again = |state: &str, meta: &Value| json!({"name": "greet", "_meta": meta, "requestState": state, "inputResponses": responses});
    let answer = site.modern("tools/call", again(&state, &able)).await.json().await;
    assert_eq!(text(&answer), "Hello, Ada!");
    let mut tampered = state.clone();
    tampered.replace_range(10..11, if &state[10..11] == "A" { "B" } else { "A" });
    assert_eq!(code(&site.modern("tools/call", again(&tampered, &able)).await.json().await), -32602);
    // A client that cannot ask.
    let answer = site.modern("tools/call", json!({"name": "greet"})).await;
    assert_eq!(answer.status, 400);
    let answer = answer.json().await;
    assert_eq!(code(&answer), -32021);
    assert!(answer["error"]["data"]["requiredCapabilities"]["elicitation"].is_object(), "{answer}");
}
