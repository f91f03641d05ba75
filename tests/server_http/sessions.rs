//! Streamable HTTP as the revisions 2025-03-26 to 2025-11-25 have it (2025-11-25 basic/transports): sessions.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::ReadResourceResult;
use everywire::proto::{CallToolResult, ElicitRequest, Resource};
use everywire::server::{HttpBody, HttpOptions, HttpService, ReadRequest, RequestContext, Server, ToolError};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tower_service::Service;

use crate::support::*;

const LATEST: &str = "2025-11-25";

#[tokio::test]
async fn a_session_is_begun_used_and_ended() {
    let site = Site::new(&builder().build()).await;
    for version in [LATEST, "2025-06-18", "2025-03-26"] {
        let client = site.session(version, json!({})).await;
        let answer = client.request(1, "tools/call", json!({"name": "echo", "arguments": {"a": 1}})).await;
        assert_eq!(answer.status, 200);
        let answer = answer.json().await;
        assert_eq!((&answer["id"], text(&answer)), (&json!(1), r#"{"a":1}"#));
        assert!(answer["result"].get("resultType").is_none(), "{answer}");
        assert_eq!(client.request(2, "ping", json!({})).await.json().await["result"], json!({}));
        // Errors of the protocol are no errors of HTTP.
        let unknown = client.request(3, "no/such", json!({})).await;
        assert_eq!(unknown.status, 200);
        assert_eq!(code(&unknown.json().await), -32601);

        assert_eq!(client.delete().await.status, 204);
        assert_eq!(client.request(4, "ping", json!({})).await.status, 404);
        assert_eq!(client.get(None).await.status, 404);
        assert_eq!(client.delete().await.status, 404);
    }
}

#[tokio::test]
async fn ids_of_sessions_cannot_be_guessed() {
    let site = Site::new(&builder().build()).await;
    let mut ids = HashSet::new();
    for _ in 0..20 {
        let client = site.session(LATEST, json!({})).await;
        // 256 bits, visible ASCII.
        assert_eq!(client.id.len(), 43);
        assert!(client.id.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(ids.insert(client.id.clone()));
    }
}

#[tokio::test]
async fn a_request_without_its_session_is_told_what_to_do() {
    let site = Site::new(&builder().build()).await;
    let list = request(1, "tools/list", json!({}));
    assert_eq!(site.post(&[], &list).await.status, 400);
    assert_eq!(site.post(&[("mcp-session-id", "made-up")], &list).await.status, 404);
    assert_eq!(site.post(&[("mcp-session-id", "a"), ("mcp-session-id", "b")], &list).await.status, 400);
    let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(site.post(&[], &notice).await.status, 400);
    assert_eq!(site.post(&[("mcp-session-id", "made-up")], &notice).await.status, 404);
    let reply = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(site.post(&[], &reply).await.status, 400);
    // The probe of a later client.
    assert_eq!(site.post(&[], &request(1, "server/discover", json!({}))).await.status, 400);
}

#[tokio::test]
async fn versions_are_checked() {
    let site = Site::new(&builder().build()).await;
    let client = site.session(LATEST, json!({})).await;
    let list = request(1, "tools/list", json!({}));
    let id = ("mcp-session-id", client.id.as_str());
    for (version, status) in [(LATEST, 200), ("2025-03-26", 200), ("1999-01-01", 400), ("x", 400)] {
        let headers = [id, ("mcp-protocol-version", version)];
        assert_eq!(site.post(&headers, &list).await.status, status, "{version}");
        let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(site.post(&headers, &notice).await.status, if status == 200 { 202 } else { 400 }, "{version}");
    }
    assert_eq!(site.post(&[id], &list).await.status, 200);
    for method in [Method::GET, Method::DELETE] {
        let headers = [id, ("mcp-protocol-version", "1999-01-01"), ("accept", "text/event-stream")];
        assert_eq!(site.send(method, &headers, "").await.status, 400);
    }
    // A version that is not known is answered with the latest.
    let params =
        json!({"protocolVersion": "2019-01-01", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let answer = site.post(&[], &request(0, "initialize", params)).await.json().await;
    assert_eq!(answer["result"]["protocolVersion"], LATEST);
}

#[tokio::test]
async fn both_eras_are_served_at_one_address() {
    let site = Site::new(&builder().build()).await;
    let client = site.session(LATEST, json!({})).await;
    assert_eq!(site.call("echo", json!({})).await.json().await["result"]["resultType"], "complete");
    assert!(client.call(1, "echo").await.json().await["result"].get("resultType").is_none());
}

/// Asks twice.
fn asking() -> Server {
    builder()
        .tool_fn("ask", schema(), async |_, cx: RequestContext| {
            let mut said = Vec::new();
            for key in ["first", "second"] {
                let answer = cx.elicit(key, ElicitRequest::form(key, schema())).await?;
                said.push(answer.content.and_then(|content| content.get_str("v")).unwrap_or_default());
            }
            Ok(CallToolResult::text(said.join(" ")))
        })
        .build()
}

fn accept(question: &Value, v: &str) -> Value {
    let result = json!({"action": "accept", "content": {"v": v}});
    json!({"jsonrpc": "2.0", "id": question["id"], "result": result})
}

#[tokio::test]
async fn questions_travel_on_the_stream_of_the_call_that_asks() {
    let site = Site::new(&asking()).await;
    let client = site.session(LATEST, json!({"elicitation": {}})).await;
    let (mut a, mut b) = (client.call(1, "ask").await, client.call(2, "ask").await);
    let (_, first_a) = a.message().await;
    let (_, first_b) = b.message().await;
    assert_eq!(first_a["method"], "elicitation/create");
    assert_ne!(first_a["id"], first_b["id"]);
    for (question, v) in [(&first_b, "b1"), (&first_a, "a1")] {
        let answer = client.post(&accept(question, v)).await;
        assert_eq!(answer.status, 202);
    }
    let (_, second_a) = a.message().await;
    client.post(&accept(&second_a, "a2")).await;
    assert_eq!(text(&a.message().await.1), "a1 a2");
    assert_eq!(a.event().await, None);
    let (_, second_b) = b.message().await;
    client.post(&accept(&second_b, "b2")).await;
    assert_eq!(text(&b.outcome(2).await), "b1 b2");
}

#[tokio::test]
async fn nobody_answers_for_another_session() {
    let site = Site::new(&asking()).await;
    let client = site.session(LATEST, json!({"elicitation": {}})).await;
    let other = site.session(LATEST, json!({"elicitation": {}})).await;
    let mut call = client.call(1, "ask").await;
    let (_, question) = call.message().await;
    assert_eq!(other.post(&accept(&question, "theirs")).await.status, 202);
    client.post(&accept(&question, "mine")).await;
    let (_, question) = call.message().await;
    client.post(&accept(&question, "too")).await;
    assert_eq!(text(&call.outcome(1).await), "mine too");
}

#[tokio::test]
async fn what_concerns_no_call_comes_on_the_sessions_own_stream() {
    let server = builder()
        .resource(Resource::new("a:b", "ab"), async |_: ReadRequest, _: RequestContext| Ok(ReadResourceResult::new([])))
        .build();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    // Told before there is a stream: it waits.
    server.tools_changed();
    let mut stream = client.get(None).await;
    assert_eq!(stream.status, 200);
    assert!(stream.is_stream());
    assert_eq!(stream.message().await.1["method"], "notifications/tools/list_changed");
    client.request(1, "resources/subscribe", json!({"uri": "a:b"})).await.json().await;
    server.resource_updated("a:b");
    let (_, told) = stream.message().await;
    assert_eq!((&told["method"], &told["params"]["uri"]), (&json!("notifications/resources/updated"), &json!("a:b")));
    client.request(2, "resources/unsubscribe", json!({"uri": "a:b"})).await.json().await;
    server.resource_updated("a:b");
    server.prompts_changed();
    assert_eq!(stream.message().await.1["method"], "notifications/prompts/list_changed");
    assert_eq!(client.delete().await.status, 204);
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_newer_stream_takes_the_place_of_the_older() {
    let server = builder().build();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut older = client.get(None).await;
    older.event().await.expect("a first event");
    let mut newer = client.get(None).await;
    assert_eq!(older.event().await, None);
    server.tools_changed();
    assert_eq!(newer.message().await.1["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn get_wants_a_stream() {
    let site = Site::new(&builder().build()).await;
    let client = site.session(LATEST, json!({})).await;
    let mut headers = client.headers();
    headers.push(("accept", "application/json"));
    assert_eq!(site.send(Method::GET, &headers, "").await.status, 406);
}

/// A tool that says when it begins and when it is dropped, and waits.
fn hanging() -> (Server, mpsc::UnboundedReceiver<&'static str>, Arc<Notify>) {
    struct Watched(mpsc::UnboundedSender<&'static str>);
    impl Drop for Watched {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (say, said) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let waiting = go.clone();
    let server = builder()
        .max_in_flight(2)
        .tool_fn("hang", schema(), move |_: Json, cx: RequestContext| {
            let (say, go) = (say.clone(), waiting.clone());
            async move {
                let _watched = Watched(say.clone());
                cx.progress(1.0, None, None).await;
                let _ = say.send("begun");
                go.notified().await;
                Ok(CallToolResult::text("done"))
            }
        })
        .build();
    (server, said, go)
}

fn hang(id: i64) -> Value {
    request(id, "tools/call", json!({"name": "hang", "_meta": {"progressToken": "t"}}))
}

#[tokio::test]
async fn a_cancelled_call_is_dropped_and_not_answered() {
    let (server, mut said, _go) = hanging();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut call = client.post(&hang(5)).await;
    call.message().await;
    assert_eq!(soon(said.recv()).await, Some("begun"));
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}});
    // Somebody else's id means nothing.
    let other = site.session(LATEST, json!({})).await;
    assert_eq!(other.post(&cancel).await.status, 202);
    assert_eq!(client.request(6, "ping", json!({})).await.status, 200);
    assert!(said.try_recv().is_err());
    assert_eq!(client.post(&cancel).await.status, 202);
    assert_eq!(soon(said.recv()).await, Some("dropped"));
    assert_eq!(call.event().await, None);
}

#[tokio::test]
async fn the_end_of_a_session_drops_what_runs_for_it() {
    let (server, mut said, _go) = hanging();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut call = client.post(&hang(5)).await;
    call.message().await;
    assert_eq!(soon(said.recv()).await, Some("begun"));
    assert_eq!(client.delete().await.status, 204);
    assert_eq!(soon(said.recv()).await, Some("dropped"));
    assert_eq!(call.event().await, None);
}

#[tokio::test]
async fn a_session_has_its_limits() {
    let (server, mut said, go) = hanging();
    let site = Site::new(&server).await;
    let client = site.session(LATEST, json!({})).await;
    let mut calls = Vec::new();
    for id in [1, 2] {
        calls.push(client.post(&hang(id)).await);
        assert_eq!(soon(said.recv()).await, Some("begun"));
    }
    let again = client.post(&hang(2)).await;
    assert_eq!(again.status, 400);
    assert_eq!(code(&again.json().await), -32600);
    let more = client.post(&hang(3)).await;
    assert_eq!(more.status, 429);
    assert!(more.header("retry-after").is_some());
    // Another session has its own.
    let other = site.session(LATEST, json!({})).await;
    assert!(other.post(&hang(1)).await.is_stream());
    go.notify_waiters();
    for (call, id) in calls.into_iter().zip([1, 2]) {
        assert_eq!(text(&call.outcome(id).await), "done");
    }
    assert_eq!(client.post(&hang(2)).await.status, 200);
}

#[tokio::test]
async fn the_idlest_session_makes_room() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.http(HttpOptions::new().max_sessions(2))).await;
    let first = site.session(LATEST, json!({})).await;
    let second = site.session(LATEST, json!({})).await;
    let mut stream = first.get(None).await;
    stream.event().await.expect("a first event");
    // The first is in use, the second is not.
    let third = site.session(LATEST, json!({})).await;
    assert_eq!(second.request(1, "ping", json!({})).await.status, 404);
    let mut last = third.get(None).await;
    last.event().await.expect("a first event");
    let params = json!({"protocolVersion": LATEST, "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let full = site.post(&[], &request(0, "initialize", params)).await;
    assert_eq!(full.status, 503);
    assert!(full.header("retry-after").is_some());
    assert_eq!(first.request(1, "ping", json!({})).await.status, 200);
    assert_eq!(third.request(1, "ping", json!({})).await.status, 200);
}

/// Asks the service itself, without a socket: a virtual clock and real sockets do not go together.
async fn ask(service: &HttpService, session: Option<&str>, body: &Value) -> http::Response<HttpBody> {
    let mut request = http::Request::post("http://localhost/mcp")
        .header("content-type", "application/json")
        .header("accept", BOTH)
        .header("host", "localhost");
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    let body = http_body_util::Full::new(bytes::Bytes::from(body.to_string()));
    let Ok(response) = service.clone().call(request.body(body).expect("a request")).await;
    response
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_ends() {
    let (server, mut said, _go) = hanging();
    let idle = Duration::from_secs(600);
    let options = HttpOptions::new().session_idle(idle).keep_alive(None);
    let service = server.http_service().options(options).build().expect("a service");
    let params = json!({"protocolVersion": LATEST, "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let begun = ask(&service, None, &request(0, "initialize", params)).await;
    let id = begun.headers()["mcp-session-id"].to_str().expect("text").to_owned();
    let ping = request(2, "ping", json!({}));
    // Every sign of life counts.
    for _ in 0..3 {
        tokio::time::sleep(idle * 3 / 4).await;
        assert_eq!(ask(&service, Some(&id), &ping).await.status(), 200);
    }
    let call = ask(&service, Some(&id), &hang(1)).await;
    assert_eq!(said.recv().await, Some("begun"));
    // It is in use as long as a stream is open.
    tokio::time::sleep(idle * 5).await;
    assert_eq!(ask(&service, Some(&id), &ping).await.status(), 200);
    // Then the call goes on by itself, until the session is over.
    drop(call);
    let dropped = tokio::time::Instant::now();
    assert_eq!(said.recv().await, Some("dropped"));
    assert!(dropped.elapsed() >= idle * 9 / 10, "{:?}", dropped.elapsed());
    assert_eq!(ask(&service, Some(&id), &ping).await.status(), 404);
}

#[tokio::test]
async fn without_sessions_every_request_stands_for_itself() {
    let server = asking();
    server.add_tool_fn("fail", schema(), async |_, _| -> Result<CallToolResult, _> {
        tokio::task::yield_now().await;
        Err(ToolError::rpc(-32600, "as the test wants"))
    });
    let site = Site::with(&server, |bind| bind.http(HttpOptions::new().sessions(false))).await;
    let params = json!({"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "x", "version": "0"}});
    let answer = site.post(&[], &request(0, "initialize", params)).await;
    assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None));
    assert_eq!(answer.json().await["result"]["protocolVersion"], "2025-06-18");
    let version = ("mcp-protocol-version", "2025-06-18");
    let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(site.post(&[version], &notice).await.status, 202);
    let call = |tool: &str| request(1, "tools/call", json!({"name": tool, "arguments": {}}));
    let answer = site.post(&[version], &call("echo")).await.json().await;
    assert_eq!(text(&answer), "{}");
    // Errors of the protocol are no errors of HTTP.
    let answer = site.post(&[version], &call("fail")).await;
    assert_eq!((answer.status, code(&answer.json().await)), (200, -32600));
    // There is no way back for an answer, so the tool is told that it cannot ask.
    let answer = site.post(&[version], &call("ask")).await.json().await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    for method in [Method::GET, Method::DELETE] {
        let answer = site.send(method, &[version, ("accept", BOTH), ("mcp-session-id", "x")], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    }
}
