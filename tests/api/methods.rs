use std::collections::HashMap;

use everywire::Event;
use everywire::proto::{CompletionReference, Content, LogLevel, Role};
use serde_json::{Value, json};

use crate::host::test;
use crate::peer::{Answer, BOTH, LEGACY, MODERN, connect, event};

fn nothing_expected(method: &str, _: &Value) -> Answer {
    panic!("{method} should not have been sent")
}

#[test]
async fn what_the_server_does_not_offer_is_not_sent() {
    for version in BOTH {
        let peer = connect(version, json!({"tools": null}), nothing_expected).await;
        let client = &peer.client;
        let before = peer.seen.count();
        let reference = CompletionReference::prompt("p");
        let refused = [
            ("tools", client.list_tools(None).await.err()),
            ("tools", client.tools_all().await.err()),
            ("resources", client.list_resources(None).await.err()),
            ("resources", client.resources_all().await.err()),
            ("resources", client.list_resource_templates(None).await.err()),
            ("resources", client.resource_templates_all().await.err()),
            ("resources", client.read_resource("test:1").await.err()),
            ("resources", client.subscribe("test:1").await.err()),
            ("prompts", client.list_prompts(None).await.err()),
            ("prompts", client.prompts_all().await.err()),
            ("prompts", client.get_prompt("p", ()).await.err()),
            ("completions", client.complete(&reference, "a", "").await.err()),
            ("logging", client.set_log_level(LogLevel::Info).await.err()),
        ];
        for (capability, error) in refused {
            let error = error.unwrap_or_else(|| panic!("{capability} is not offered"));
            assert!(error.is_unsupported() && error.code() == "unsupported" && !error.maybe_executed());
            assert!(error.to_string().contains(capability), "{error}");
        }
        assert_eq!(peer.seen.count(), before, "nothing was sent");
    }
}

#[test]
async fn subscriptions_need_their_own_capability() {
    let peer = connect(LEGACY, json!({"resources": {"listChanged": true}}), nothing_expected).await;
    let error = peer.client.subscribe("test:1").await.unwrap_err();
    assert!(error.is_unsupported() && error.to_string().contains("subscription"), "{error}");
}

#[test]
async fn the_oldest_revision_completes_without_declaring_it() {
    let script = |_: &str, _: &Value| Answer::Result(json!({"completion": {"values": ["x"]}}));
    let peer = connect("2024-11-05", json!({"prompts": {}}), script).await;
    let result = peer.client.complete(&CompletionReference::prompt("p"), "a", "").await.unwrap();
    assert_eq!(result.completion.values, ["x"]);
    assert_eq!((result.completion.total, result.completion.has_more), (None, false));
}

#[test]
async fn reading_a_resource() {
    for version in BOTH {
        let peer = connect(version, json!({"resources": {}}), |_, message| match message["params"]["uri"].as_str() {
            Some("test:dir") => Answer::Result(json!({"resultType": "complete", "contents": [
                {"uri": "test:a", "mimeType": "text/plain", "text": "a"},
                {"uri": "test:b", "blob": "AA=="},
            ]})),
            _ => Answer::Error(-32002, "no such resource"),
        })
        .await;
        let read = peer.client.read_resource("test:dir").await.unwrap();
        assert_eq!(peer.seen.params("resources/read"), json!({"uri": "test:dir"}));
        assert_eq!(read.contents[0].text.as_deref(), Some("a"));
        assert_eq!((read.contents[1].blob.as_deref(), &read.contents[1].text), (Some("AA=="), &None));
        let error = peer.client.read_resource("test:other").await.unwrap_err();
        assert_eq!(error.rpc().unwrap().code, everywire::proto::code::RESOURCE_NOT_FOUND);
        assert_eq!(error.rpc().unwrap().message, "no such resource");
    }
}

#[test]
async fn rendering_a_prompt() {
    for version in BOTH {
        let peer = connect(version, json!({"prompts": {}}), |_, _| {
            Answer::Result(json!({"description": "d", "messages": [
                {"role": "user", "content": {"type": "text", "text": "hello"}},
                {"role": "assistant", "content": {"type": "resource", "resource": {"uri": "test:1", "text": "r"}}},
            ]}))
        })
        .await;
        let prompt = peer.client.get_prompt("greet", HashMap::from([("name", "Ada")])).await.unwrap();
        assert_eq!(peer.seen.params("prompts/get"), json!({"name": "greet", "arguments": {"name": "Ada"}}));
        assert_eq!(prompt.description.as_deref(), Some("d"));
        assert_eq!((prompt.messages[0].role, prompt.messages[0].content.as_text()), (Role::User, Some("hello")));
        assert!(
            matches!(&prompt.messages[1].content, Content::Resource(embedded) if embedded.resource.uri == "test:1")
        );

        peer.client.get_prompt("greet", ()).await.unwrap();
        let bare = &peer.seen.of("prompts/get")[1]["params"];
        assert!(bare.get("arguments").is_none(), "no arguments are left out: {bare}");
    }
}

#[test]
async fn completing_an_argument() {
    for version in BOTH {
        let peer = connect(version, json!({"completions": {}}), |_, _| {
            Answer::Result(json!({"completion": {"values": ["python", "pytorch"], "total": 10, "hasMore": true}}))
        })
        .await;
        let reference = CompletionReference::prompt("review");
        let result = peer.client.complete(&reference, "language", "py").await.unwrap();
        assert_eq!(
            peer.seen.params("completion/complete"),
            json!({"ref": {"type": "ref/prompt", "name": "review"}, "argument": {"name": "language", "value": "py"}})
        );
        assert_eq!(result.completion.values, ["python", "pytorch"]);
        assert_eq!((result.completion.total, result.completion.has_more), (Some(10), true));

        let reference = CompletionReference::resource("test:{lang}/{lib}");
        peer.client.complete_with(&reference, "lib", "t", json!({"lang": "python"})).await.unwrap();
        let params = &peer.seen.of("completion/complete")[1]["params"];
        assert_eq!(params["ref"], json!({"type": "ref/resource", "uri": "test:{lang}/{lib}"}));
        assert_eq!(params["context"], json!({"arguments": {"lang": "python"}}));
    }
}

#[test]
async fn a_ping_asks_what_the_era_has() {
    for (version, method) in [(MODERN, "server/discover"), (LEGACY, "ping")] {
        let peer = connect(version, json!({}), |_, _| Answer::Result(json!({}))).await;
        let before = peer.seen.of(method).len();
        peer.client.ping().await.unwrap();
        assert_eq!(peer.seen.of(method).len(), before + 1);
    }
}

#[test]
async fn the_log_level_travels_as_the_era_has_it() {
    let logging = |_: &str, _: &Value| {
        let log = json!({"level": "error", "logger": "db", "data": {"x": 1}});
        let before = vec![json!({"jsonrpc": "2.0", "method": "notifications/message", "params": log})];
        Answer::After(before, Box::new(Answer::Result(json!({"content": []}))))
    };
    for version in BOTH {
        let peer = connect(version, json!({"logging": {}, "tools": {}}), logging).await;
        let mut events = peer.client.events();
        peer.client.set_log_level(LogLevel::Warning).await.unwrap();
        peer.client.call_tool("t", json!({})).await.unwrap();
        let meta = &peer.seen.of("tools/call")[0]["params"]["_meta"];
        if version == MODERN {
            assert_eq!(meta["io.modelcontextprotocol/logLevel"], "warning");
            assert!(peer.seen.of("logging/setLevel").is_empty());
        } else {
            assert_eq!(peer.seen.params("logging/setLevel"), json!({"level": "warning"}));
            assert!(meta.is_null());
        }
        let (level, logger) = event(&mut events, |event| match event {
            Event::Log { level, logger, .. } => Some((level.clone(), logger.clone())),
            _ => None,
        })
        .await;
        assert_eq!((level.as_str(), logger.as_deref()), ("error", Some("db")));
    }
}

#[test]
async fn calling_a_tool() {
    for version in BOTH {
        let peer = connect(version, json!({"tools": {}}), |_, message| match message["params"]["name"].as_str() {
            Some("echo") => Answer::Result(json!({
                "resultType": "complete", "content": [{"type": "text", "text": message["params"]["arguments"]["x"]}],
                "structuredContent": {"y": 2},
            })),
            Some("fails") => Answer::Result(json!({"content": [{"type": "text", "text": "no"}], "isError": true})),
            Some("odd") => Answer::Result(json!({"content": [{"type": "text"}]})),
            Some("future") => Answer::Result(json!({"content": [{"type": "hologram", "data": 1}]})),
            _ => Answer::Error(-32602, "unknown tool"),
        })
        .await;
        let client = &peer.client;
        let result = client.call_tool("echo", json!({"x": "hi"})).await.unwrap();
        assert_eq!((result.all_text().as_str(), result.is_error), ("hi", false));
        assert_eq!(result.structured_content.unwrap().get("y").unwrap().as_f64(), Some(2.0));
        assert_eq!(peer.seen.params("tools/call"), json!({"name": "echo", "arguments": {"x": "hi"}}));
        assert!(client.call_tool("fails", ()).await.unwrap().is_error, "a tool that failed is a result");
        assert!(peer.seen.of("tools/call")[1]["params"].get("arguments").is_none(), "no arguments are left out");
        assert_eq!(client.call_tool("odd", ()).await.unwrap_err().code(), "decode");
        let future = client.call_tool("future", ()).await.unwrap();
        assert!(matches!(&future.content[0], Content::Unknown(kept) if kept.get("data").is_some()));
        assert_eq!(client.call_tool("missing", ()).await.unwrap_err().rpc().unwrap().message, "unknown tool");
    }
}
