//! A handler asks its client: pushed in the legacy era, by rounds with sealed state in the modern one
//! (2026-07-28 basic/patterns/mrtr, client/elicitation).
#![cfg(feature = "server")]

mod server_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{
    CallToolResult, CreateMessageRequest, ElicitRequest, GetPromptResult, Prompt, PromptMessage, ReadResourceResult,
    Resource, ResourceContents, SamplingMessage,
};
use everywire::server::{ReadRequest, RequestContext, Server, ServerBuilder, ToolError};
use serde_json::{Value, json};
use server_support::*;

fn form(message: &str) -> ElicitRequest {
    let schema = json!({"type": "object", "properties": {"v": {"type": "string"}}, "required": ["v"]});
    ElicitRequest::form(message, encode(&schema))
}

async fn value(cx: &RequestContext, key: &str) -> Result<String, ToolError> {
    let answer = cx.elicit(key, form(key)).await?;
    Ok(answer.content.and_then(|content| content.get_str("v")).unwrap_or_else(|| answer.action.to_string()))
}

/// `order`: asks twice, with work in between that must run once.
fn asking(ran: &Arc<AtomicUsize>) -> ServerBuilder {
    let ran = ran.clone();
    builder()
        .state_key([9; 32])
        .tool_fn("order", schema(), move |_arguments, cx: RequestContext| {
            let ran = ran.clone();
            async move {
                let first = value(&cx, "first").await?;
                let number: usize = cx.once("work", async || Ok(ran.fetch_add(1, Ordering::SeqCst) + 1)).await?;
                let second = value(&cx, "second").await?;
                Ok(CallToolResult::text(format!("{first} {number} {second}")))
            }
        })
        .tool_fn("both", schema(), async |_, cx: RequestContext| {
            let (a, b) = tokio::join!(value(&cx, "a"), value(&cx, "b"));
            Ok(CallToolResult::text(format!("{} {}", a?, b?)))
        })
        .tool_fn("url", schema(), async |_, cx: RequestContext| {
            let answer = cx.elicit("u", ElicitRequest::url("Sign in", "https://a.example/login")).await?;
            Ok(CallToolResult::text(answer.action.as_str()))
        })
        .tool_fn("without", schema(), async |_, cx: RequestContext| {
            let answer = cx.elicit("k", form("k")).await;
            Ok(CallToolResult::text(if answer.is_ok() { "asked" } else { "did without" }))
        })
        .tool_fn("model", schema(), async |_, cx: RequestContext| {
            let request = CreateMessageRequest::new([SamplingMessage::user("2+2?")], 10);
            let answer = cx.sample("m", request).await?;
            Ok(CallToolResult::text(answer.content[0].as_text().unwrap_or_default()))
        })
        .tool_fn("where", schema(), async |_, cx: RequestContext| {
            let roots = cx.roots("r").await?;
            Ok(CallToolResult::text(roots.iter().map(|root| root.uri.as_str()).collect::<Vec<_>>().join(",")))
        })
}

fn server() -> (Server, Arc<AtomicUsize>) {
    let ran = Arc::new(AtomicUsize::new(0));
    (asking(&ran).build(), ran)
}

fn accept(v: &str) -> Value {
    json!({"action": "accept", "content": {"v": v}})
}

/// The client's answer to a pushed question.
async fn reply(peer: &mut Peer, question: &Value, result: Value) {
    peer.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": result})).await;
}

#[tokio::test]
async fn a_legacy_client_is_asked_on_its_connection() {
    let (server, ran) = server();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    let id = peer.call("order", json!({})).await;
    let question = peer.next().await;
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(question["params"]["message"], "first");
    assert_eq!(question["params"]["requestedSchema"]["required"], json!(["v"]));
    reply(&mut peer, &question, accept("x")).await;
    let question = peer.next().await;
    assert_eq!(question["params"]["message"], "second");
    // Others are served while the handler waits.
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
    reply(&mut peer, &question, json!({"action": "decline"})).await;
    let answer = peer.next().await;
    assert_eq!((answer["id"].as_i64(), text(&answer)), (Some(id), "x 1 decline"));
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_legacy_clients_refusals_reach_the_handler() {
    let (server, _) = server();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    peer.call("without", json!({})).await;
    let question = peer.next().await;
    let error = json!({"code": -32603, "message": "the dialog broke"});
    peer.send(json!({"jsonrpc": "2.0", "id": question["id"], "error": error})).await;
    assert_eq!(text(&peer.next().await), "did without");

    peer.call("order", json!({})).await;
    let question = peer.next().await;
    reply(&mut peer, &question, json!({"action": "perhaps"})).await;
    let answer = peer.next().await;
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).contains("malformed"), "{answer}");

    // Modes and capabilities that were not declared are never asked for.
    for (tool, said) in [("url", "elicitation"), ("model", "sampling"), ("where", "roots")] {
        peer.call(tool, json!({})).await;
        let answer = peer.next().await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(text(&answer).contains(said), "{answer}");
    }
}

#[tokio::test]
async fn a_handler_that_is_cancelled_withdraws_its_question() {
    let (server, _) = server();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    let id = peer.call("order", json!({})).await;
    let question = peer.next().await;
    peer.cancel(id).await;
    let notice = peer.next().await;
    assert_eq!(notice["method"], "notifications/cancelled");
    assert_eq!(notice["params"]["requestId"], question["id"]);
    // An answer that comes too late is nobody's.
    reply(&mut peer, &question, accept("late")).await;
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_lost_connection_answers_who_waits() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("ask", schema(), move |_, cx: RequestContext| {
            let told = told.clone();
            async move {
                // The handler itself is dropped; what it started elsewhere is answered.
                tokio::spawn(async move {
                    let answer = cx.elicit("k", form("k")).await;
                    let _ = told.send(answer.is_err());
                });
                std::future::pending().await
            }
        })
        .build();
    let mut peer = Peer::legacy(&server, json!({"elicitation": {}})).await;
    peer.call("ask", json!({})).await;
    peer.next().await;
    peer.close().await;
    assert_eq!(tokio::time::timeout(PATIENCE, heard.recv()).await.expect("in time"), Some(true));
}

#[tokio::test]
async fn a_modern_client_answers_in_rounds() {
    let (server, ran) = server();
    let mut peer = Peer::new(&server);
    let first = peer.call_modern("order", json!({})).await;
    let result = &first["result"];
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test");
    assert!(result.get("ttlMs").is_none());
    assert_eq!(result["inputRequests"]["first"]["method"], "elicitation/create");
    assert_eq!(result["inputRequests"]["first"]["params"]["message"], "first");
    assert_eq!(result["inputRequests"]["first"]["params"]["mode"], "form");
    let state = result["requestState"].as_str().expect("a state");

    let extra = json!({"inputResponses": {"first": accept("x"), "unknown": 3}, "requestState": state});
    let second = peer.call_modern("order", extra).await;
    let requests = second["result"]["inputRequests"].as_object().expect("questions");
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["second"]);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    let state = second["result"]["requestState"].as_str().expect("a state").to_owned();
    assert!(!state.contains("first"));

    // The same question again where its answer is missing.
    let again = peer.call_modern("order", json!({"requestState": state, "inputResponses": {}})).await;
    assert!(again["result"]["inputRequests"]["second"].is_object(), "{again}");

    // Another connection, even another process with the same key, goes on where this one stopped.
    let elsewhere = asking(&ran).build();
    let mut peer = Peer::new(&elsewhere);
    let extra = json!({"inputResponses": {"second": accept("y")}, "requestState": state});
    let last = peer.call_modern("order", extra).await;
    assert_eq!((last["result"]["resultType"].as_str(), text(&last)), (Some("complete"), "x 1 y"));
    assert_eq!(ran.load(Ordering::SeqCst), 1, "work kept by once() must not run again");
}

#[tokio::test]
async fn an_answer_that_was_given_stands() {
    let (server, _) = server();
    let mut peer = Peer::new(&server);
    let first = peer.call_modern("order", json!({})).await;
    let extra = json!({"inputResponses": {"first": accept("x")}, "requestState": first["result"]["requestState"]});
    let second = peer.call_modern("order", extra).await;
    let extra = json!({
        "inputResponses": {"first": accept("changed"), "second": accept("y")},
        "requestState": second["result"]["requestState"],
    });
    assert_eq!(text(&peer.call_modern("order", extra).await), "x 1 y");
}

#[tokio::test]
async fn what_was_not_asked_is_not_carried_on() {
    let (server, _) = server();
    let mut peer = Peer::new(&server);
    let first = peer.call_modern("order", json!({})).await;
    let state = &first["result"]["requestState"];
    // More than a state may hold.
    let responses = json!({"first": accept("x"), "ballast": "y".repeat(300_000)});
    let second = peer.call_modern("order", json!({"inputResponses": responses, "requestState": state})).await;
    let state = second["result"]["requestState"].as_str().expect("a state");
    assert!(state.len() < 1000, "{}", state.len());
    // What a handler keeps itself is bounded, and told.
    let server = builder()
        .tool_fn("keeps", schema(), async |_, cx: RequestContext| {
            cx.once("much", async || Ok("z".repeat(300_000))).await?;
            value(&cx, "k").await.map(CallToolResult::text)
        })
        .build();
    let answer = Peer::new(&server).call_modern("keeps", json!({})).await;
    assert_eq!(code(&answer), -32603);
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("once()")), "{answer}");
}

#[tokio::test]
async fn questions_side_by_side_are_asked_together() {
    let (server, _) = server();
    let mut peer = Peer::new(&server);
    let first = peer.call_modern("both", json!({})).await;
    let requests = first["result"]["inputRequests"].as_object().expect("questions");
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["a", "b"]);
    let extra = json!({
        "inputResponses": {"a": accept("1"), "b": {"action": "cancel"}},
        "requestState": first["result"]["requestState"],
    });
    assert_eq!(text(&peer.call_modern("both", extra).await), "1 cancel");
}

#[tokio::test]
async fn sampling_roots_and_urls_go_the_same_way() {
    let (server, _) = server();
    let mut peer = Peer::new(&server);
    let message = json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "4"}});
    for (tool, key, method, response, expected) in [
        ("model", "m", "sampling/createMessage", message.clone(), "4"),
        (
            "where",
            "r",
            "roots/list",
            json!({"roots": [{"uri": "file:///a"}, {"uri": "file:///b"}]}),
            "file:///a,file:///b",
        ),
        ("url", "u", "elicitation/create", json!({"action": "accept"}), "accept"),
    ] {
        let first = peer.call_modern(tool, json!({})).await;
        assert_eq!(first["result"]["inputRequests"][key]["method"], method);
        assert!(first["result"]["inputRequests"][key]["params"].get("elicitationId").is_none());
        let extra = json!({"inputResponses": {key: response}, "requestState": first["result"]["requestState"]});
        assert_eq!(text(&peer.call_modern(tool, extra).await), expected);
    }
    let capabilities = json!({"sampling": {}, "roots": {}, "elicitation": {"url": {}}});
    let mut peer = Peer::legacy(&server, capabilities).await;
    for (tool, method, response, expected) in [
        ("model", "sampling/createMessage", message, "4"),
        ("where", "roots/list", json!({"roots": [{"uri": "file:///a"}]}), "file:///a"),
        ("url", "elicitation/create", json!({"action": "decline"}), "decline"),
    ] {
        peer.call(tool, json!({})).await;
        let question = peer.next().await;
        assert_eq!(question["method"], method);
        assert_eq!(question["params"]["elicitationId"].as_str().map(str::len), (tool == "url").then_some(32));
        reply(&mut peer, &question, response).await;
        assert_eq!(text(&peer.next().await), expected);
    }
}

#[tokio::test]
async fn prompts_and_resources_may_ask_too() {
    let server = builder()
        .prompt(Prompt::new("p"), async |_: Json, cx: RequestContext| {
            Ok(GetPromptResult::new([PromptMessage::user(value(&cx, "k").await?)]))
        })
        .resource(Resource::new("r:1", "r"), async |_: ReadRequest, cx: RequestContext| {
            Ok(ReadResourceResult::new([ResourceContents::text("r:1", value(&cx, "k").await?)]))
        })
        .build();
    let mut peer = Peer::new(&server);
    for (method, params, at) in [
        ("prompts/get", json!({"name": "p"}), "/result/messages/0/content/text"),
        ("resources/read", json!({"uri": "r:1"}), "/result/contents/0/text"),
    ] {
        let mut params = params;
        params["_meta"] = meta(json!({"elicitation": {}}));
        let first = peer.ask(method, params.clone()).await;
        assert_eq!(first["result"]["resultType"], "input_required", "{first}");
        params["requestState"] = first["result"]["requestState"].clone();
        params["inputResponses"] = json!({"k": accept("v")});
        let last = peer.ask(method, params).await;
        assert_eq!(last.pointer(at), Some(&json!("v")), "{last}");
    }
}

#[tokio::test]
async fn state_that_is_not_ours_is_refused() {
    let (server, ran) = server();
    let mut peer = Peer::principal(&server, "alice");
    let first = peer.call_modern("order", json!({})).await;
    let state = first["result"]["requestState"].as_str().expect("a state").to_owned();
    let with = |state: &str| json!({"requestState": state, "inputResponses": {"first": accept("x")}});

    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).expect("ASCII");
    for bad in [flipped.as_str(), "", "AAAA", "not base64!", &state[1..]] {
        let answer = peer.call_modern("order", with(bad)).await;
        assert_eq!(code(&answer), -32602);
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("requestState")), "{answer}");
    }
    // The same state for another tool, other arguments, another caller, another server.
    assert_eq!(code(&peer.call_modern("both", with(&state)).await), -32602);
    let mut other = with(&state);
    other["arguments"] = json!({"a": 2});
    assert_eq!(code(&peer.call_modern("order", other).await), -32602);
    assert_eq!(code(&Peer::principal(&server, "bob").call_modern("order", with(&state)).await), -32602);
    assert_eq!(code(&Peer::new(&server).call_modern("order", with(&state)).await), -32602);
    let stranger = asking(&ran).state_key([1; 32]).build();
    assert_eq!(code(&Peer::principal(&stranger, "alice").call_modern("order", with(&state)).await), -32602);

    assert_eq!(code(&peer.call_modern("order", json!({"requestState": 1})).await), -32602);
    assert_eq!(code(&peer.call_modern("order", json!({"inputResponses": []})).await), -32602);
    let wrong = json!({"requestState": state, "inputResponses": {"first": {"action": "perhaps"}}});
    let answer = peer.call_modern("order", wrong).await;
    assert_eq!(code(&answer), -32602);
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("first")), "{answer}");
    assert_eq!(ran.load(Ordering::SeqCst), 0);

    // It is still good for whom it was made.
    assert_eq!(peer.call_modern("order", with(&state)).await["result"]["resultType"], "input_required");
}

#[tokio::test]
async fn state_expires() {
    let ran = Arc::new(AtomicUsize::new(0));
    let server = asking(&ran).state_lifetime(Duration::ZERO).build();
    let mut peer = Peer::new(&server);
    let first = peer.call_modern("order", json!({})).await;
    let extra = json!({"requestState": first["result"]["requestState"], "inputResponses": {"first": accept("x")}});
    let answer = peer.call_modern("order", extra).await;
    assert_eq!(code(&answer), -32602);
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("expired")), "{answer}");
}

#[tokio::test]
async fn a_client_without_the_capability_is_told_which() {
    let (server, _) = server();
    let mut peer = Peer::new(&server);
    for (tool, capabilities, missing) in [
        ("order", json!({}), json!({"elicitation": {"form": {}}})),
        ("order", json!({"elicitation": {"url": {}}}), json!({"elicitation": {"form": {}}})),
        ("url", json!({"elicitation": {}}), json!({"elicitation": {"url": {}}})),
        ("model", json!({"elicitation": {}}), json!({"sampling": {}})),
        ("where", json!({"elicitation": {}}), json!({"roots": {}})),
    ] {
        let answer = peer.ask("tools/call", json!({"name": tool, "_meta": meta(capabilities)})).await;
        assert_eq!(code(&answer), -32021, "{answer}");
        assert_eq!(answer["error"]["data"]["requiredCapabilities"], missing);
    }
    // A handler may do without.
    let answer = peer.ask("tools/call", modern(json!({"name": "without"}))).await;
    assert_eq!(text(&answer), "did without");
}

#[tokio::test]
async fn work_that_runs_is_kept_before_the_run_ends() {
    let ran = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (counter, door) = (ran.clone(), gate.clone());
    let server = builder()
        .tool_fn("t", schema(), move |_, cx: RequestContext| {
            let (counter, door) = (counter.clone(), door.clone());
            async move {
                let work = cx.once("w", async || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    door.acquire().await?.forget();
                    Ok(5)
                });
                let (kept, asked): (Result<i32, _>, _) = tokio::join!(work, value(&cx, "k"));
                Ok(CallToolResult::text(format!("{} {}", kept?, asked?)))
            }
        })
        .build();
    let mut peer = Peer::new(&server);
    let id = peer.request("tools/call", interactive("t", json!({}))).await;
    // The question waits for the work.
    peer.quiet().await;
    gate.add_permits(1);
    let first = peer.next().await;
    assert_eq!(first["id"], id);
    let extra = json!({"requestState": first["result"]["requestState"], "inputResponses": {"k": accept("v")}});
    assert_eq!(text(&peer.call_modern("t", extra).await), "5 v");
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}
