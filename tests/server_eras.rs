//! Both protocol eras on one connection (2026-07-28 basic/versioning, server/discover; 2025-11-25 basic/lifecycle).
#![cfg(feature = "server")]

mod server_support;

use everywire::proto::{
    CompleteResult, GetPromptResult, Prompt, PromptArgument, PromptMessage, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate, Tool,
};
use everywire::server::{CompleteRequest, ReadRequest, RequestContext, Server, ToolError};
use serde_json::{Value, json};
use server_support::*;

fn full() -> Server {
    builder()
        .title("Test server")
        .instructions("Ask it anything.")
        .tool_fn(
            "greet",
            Tool::new("ignored", encode(&json!({"type": "object", "required": ["name"]}))).description("Greets"),
            async |arguments, _cx| {
                Ok(everywire::proto::CallToolResult::text(format!(
                    "hi {}",
                    arguments.get_str("name").unwrap_or_default()
                )))
            },
        )
        .tool_fn("fails", schema(), async |_, _| Err(ToolError::message("no luck today")))
        .tool_fn("refuses", schema(), async |_, _| Err(ToolError::rpc(-32602, "not like this").data(encode(&json!(7)))))
        .resource(Resource::new("note:one", "one"), async |request: ReadRequest, _cx: RequestContext| {
            Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), "first")]))
        })
        .resource_template(
            ResourceTemplate::new("user://{id}/profile", "users"),
            async |request: ReadRequest, _cx: RequestContext| match request.variable("id") {
                Some("7") => Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), "seven")])),
                _ => Err(ToolError::not_found(request.uri())),
            },
        )
        .prompt(
            Prompt::new("ask").argument(PromptArgument::required("topic")),
            async |arguments: everywire::json::Json, _cx: RequestContext| {
                let topic = arguments.get_str("topic").unwrap_or_default();
                Ok(GetPromptResult::new([PromptMessage::user(format!("about {topic}"))]))
            },
        )
        .completion(async |request: CompleteRequest, _cx: RequestContext| {
            Ok(CompleteResult::new((0..150).map(|n| format!("{}{n}", request.value))))
        })
        .build()
}

/// The same questions in both eras, and what differs.
async fn everything(peer: &mut Peer, is_modern: bool) {
    let wrap = |params: Value| if is_modern { modern(params) } else { params };
    let check = |answer: &Value| {
        let result = &answer["result"];
        assert!(result.is_object(), "{answer}");
        if is_modern {
            assert_eq!(result["resultType"], "complete", "{answer}");
            assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test", "{answer}");
        } else {
            assert!(result.get("resultType").is_none() && result.get("_meta").is_none(), "{answer}");
        }
    };
    let cacheable = |answer: &Value| {
        let result = &answer["result"];
        assert_eq!(result.get("ttlMs").is_some_and(Value::is_u64), is_modern, "{answer}");
        assert_eq!(result.get("cacheScope").is_some(), is_modern, "{answer}");
    };

    let answer = peer.ask("tools/list", wrap(json!({}))).await;
    check(&answer);
    cacheable(&answer);
    let names: Vec<_> = answer["result"]["tools"].as_array().expect("tools").iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["echo", "greet", "fails", "refuses"]);
    assert_eq!(answer["result"]["tools"][1]["description"], "Greets");
    assert_eq!(answer["result"]["tools"][0]["inputSchema"]["type"], "object");

    let answer = peer.ask("tools/call", wrap(json!({"name": "greet", "arguments": {"name": "Ada"}}))).await;
    check(&answer);
    assert_eq!(text(&answer), "hi Ada");
    let answer = peer.ask("tools/call", wrap(json!({"name": "echo"}))).await;
    assert_eq!(text(&answer), "{}");

    let answer = peer.ask("tools/call", wrap(json!({"name": "greet", "arguments": {}}))).await;
    check(&answer);
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).contains("\"name\""), "{answer}");
    let answer = peer.ask("tools/call", wrap(json!({"name": "fails"}))).await;
    check(&answer);
    assert_eq!((answer["result"]["isError"].as_bool(), text(&answer)), (Some(true), "no luck today"));
    let answer = peer.ask("tools/call", wrap(json!({"name": "refuses"}))).await;
    assert_eq!(answer["error"], json!({"code": -32602, "message": "not like this", "data": 7}));
    assert_eq!(code(&peer.ask("tools/call", wrap(json!({"name": "nobody"}))).await), -32602);
    assert_eq!(code(&peer.ask("tools/call", wrap(json!({"name": "echo", "arguments": [1]}))).await), -32602);
    assert_eq!(code(&peer.ask("tools/call", wrap(json!({"arguments": {}}))).await), -32602);

    let answer = peer.ask("resources/list", wrap(json!({}))).await;
    check(&answer);
    cacheable(&answer);
    assert_eq!(answer["result"]["resources"][0]["uri"], "note:one");
    let answer = peer.ask("resources/templates/list", wrap(json!({}))).await;
    cacheable(&answer);
    assert_eq!(answer["result"]["resourceTemplates"][0]["uriTemplate"], "user://{id}/profile");
    let answer = peer.ask("resources/read", wrap(json!({"uri": "note:one"}))).await;
    check(&answer);
    cacheable(&answer);
    assert_eq!(answer["result"]["contents"][0]["text"], "first");
    let answer = peer.ask("resources/read", wrap(json!({"uri": "user://7/profile"}))).await;
    assert_eq!(answer["result"]["contents"][0]["text"], "seven");
    for unknown in ["note:none", "user://8/profile"] {
        let answer = peer.ask("resources/read", wrap(json!({"uri": unknown}))).await;
        assert_eq!(code(&answer), if is_modern { -32602 } else { -32002 });
        assert_eq!(answer["error"]["data"]["uri"], unknown);
    }

    let answer = peer.ask("prompts/list", wrap(json!({}))).await;
    cacheable(&answer);
    assert_eq!(answer["result"]["prompts"][0]["arguments"][0], json!({"name": "topic", "required": true}));
    let answer = peer.ask("prompts/get", wrap(json!({"name": "ask", "arguments": {"topic": "rust"}}))).await;
    check(&answer);
    assert_eq!(answer["result"]["messages"][0]["content"]["text"], "about rust");
    assert_eq!(code(&peer.ask("prompts/get", wrap(json!({"name": "ask"}))).await), -32602);
    assert_eq!(code(&peer.ask("prompts/get", wrap(json!({"name": "none"}))).await), -32602);

    let reference = json!({"type": "ref/prompt", "name": "ask"});
    let params = json!({"ref": reference, "argument": {"name": "topic", "value": "r"}});
    let answer = peer.ask("completion/complete", wrap(params)).await;
    check(&answer);
    let completion = &answer["result"]["completion"];
    assert_eq!(completion["values"].as_array().map(Vec::len), Some(100));
    assert_eq!((&completion["values"][0], &completion["hasMore"]), (&json!("r0"), &json!(true)));
    assert_eq!(code(&peer.ask("completion/complete", wrap(json!({"ref": reference}))).await), -32602);

    assert_eq!(code(&peer.ask("nonsense/method", wrap(json!({}))).await), -32601);
}

#[tokio::test]
async fn a_modern_client_needs_no_handshake() {
    let mut peer = Peer::new(&full());
    everything(&mut peer, true).await;
    for gone in ["ping", "logging/setLevel", "resources/subscribe"] {
        assert_eq!(code(&peer.ask(gone, modern(json!({"uri": "note:one", "level": "info"}))).await), -32601, "{gone}");
    }
}

#[tokio::test]
async fn a_legacy_client_initializes() {
    let mut peer = Peer::new(&full());
    let answer = peer.initialize(json!({})).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answer["result"]["serverInfo"], json!({"name": "test", "version": "1.0", "title": "Test server"}));
    assert_eq!(answer["result"]["instructions"], "Ask it anything.");
    let expected = json!({
        "tools": {"listChanged": true}, "prompts": {"listChanged": true}, "completions": {}, "logging": {},
        "resources": {"listChanged": true, "subscribe": true},
    });
    assert_eq!(answer["result"]["capabilities"], expected);
    everything(&mut peer, false).await;
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
    assert_eq!(code(&peer.ask("server/discover", json!({})).await), -32601);
    assert_eq!(code(&peer.ask("subscriptions/listen", json!({"notifications": {}})).await), -32601);
    let again =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    assert_eq!(code(&peer.ask("initialize", again).await), -32600);
}

#[tokio::test]
async fn both_eras_share_a_connection() {
    let mut peer = Peer::legacy(&full(), json!({})).await;
    everything(&mut peer, true).await;
    everything(&mut peer, false).await;
}

#[tokio::test]
async fn initialize_negotiates() {
    for (asked, agreed) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("1999-01-01", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
    ] {
        let mut peer = Peer::new(&full());
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
        let answer = peer.ask("initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], agreed, "{asked}");
    }
    let mut peer = Peer::new(&full());
    assert_eq!(code(&peer.ask("initialize", json!({})).await), -32602);
}

#[tokio::test]
async fn before_initialize_only_ping_is_answered() {
    let mut peer = Peer::new(&full());
    assert_eq!(peer.ask("ping", json!({})).await["result"], json!({}));
    for method in ["tools/list", "tools/call", "resources/read", "nonsense"] {
        let answer = peer.ask(method, json!({"name": "echo"})).await;
        assert_eq!(code(&answer), -32600, "{method}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("initialize")));
    }
    // It may still begin.
    assert!(peer.initialize(json!({})).await["result"].is_object());
}

#[tokio::test]
async fn discover_tells_versions_capabilities_and_identity() {
    let mut peer = Peer::new(&full());
    let answer = peer.ask("server/discover", modern(json!({}))).await;
    let result = &answer["result"];
    assert_eq!(result["supportedVersions"][0], "2026-07-28");
    assert_eq!(result["supportedVersions"][1], "2025-11-25");
    assert_eq!(result["capabilities"]["tools"], json!({"listChanged": true}));
    assert_eq!(result["instructions"], "Ask it anything.");
    assert_eq!(result["resultType"], "complete");
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(0), &json!("public")));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["title"], "Test server");
}

#[tokio::test]
async fn a_modern_request_has_to_be_whole() {
    let mut peer = Peer::new(&full());
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    for (meta, expected) in [
        (json!({version: "1900-01-01", capabilities: {}}), -32022),
        (json!({version: "2025-11-25", capabilities: {}}), -32022),
        (json!({version: "2026-07-28"}), -32602),
        (json!({capabilities: {}}), -32602),
        (json!({version: 2026, capabilities: {}}), -32602),
        (json!({version: "2026-07-28", capabilities: []}), -32602),
        (json!("meta"), -32602),
        (json!({version: "2026-07-28", capabilities: {}, "progressToken": {}}), -32602),
        (json!({version: "2026-07-28", capabilities: {}, "io.modelcontextprotocol/logLevel": "loud"}), -32602),
    ] {
        let answer = peer.ask("tools/list", json!({"_meta": meta})).await;
        assert_eq!(code(&answer), expected, "{meta}");
        if expected == -32022 {
            assert_eq!(answer["error"]["data"]["requested"], meta[version]);
            assert_eq!(answer["error"]["data"]["supported"][0], "2026-07-28");
            assert_eq!(answer["error"]["data"]["supported"][1], "2025-11-25");
        }
    }
    assert_eq!(code(&peer.ask("server/discover", json!({})).await), -32602);
}

#[tokio::test]
async fn a_method_without_its_capability_does_not_exist() {
    let mut peer = Peer::new(&Server::builder("bare", "1").build());
    for method in ["tools/list", "tools/call", "resources/list", "resources/read", "prompts/get", "completion/complete"]
    {
        assert_eq!(code(&peer.ask(method, modern(json!({"name": "x", "uri": "x:y"}))).await), -32601, "{method}");
    }
    let answer = peer.ask("server/discover", modern(json!({}))).await;
    assert_eq!(answer["result"]["capabilities"], json!({"logging": {}}));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let mut builder = Server::builder("pages", "1").page_size(3);
    for n in 0..8 {
        builder = builder.tool(format!("t{n}"), Echo);
    }
    let server = builder.build();
    let mut peer = Peer::new(&server);
    let mut names = Vec::new();
    let mut params = json!({});
    for page in 0.. {
        let answer = peer.ask("tools/list", modern(params.clone())).await;
        let tools = answer["result"]["tools"].as_array().expect("tools").clone();
        names.extend(tools.iter().map(|tool| tool["name"].as_str().expect("name").to_owned()));
        // What is removed behind the cursor, or before it, neither repeats nor hides the rest.
        if page == 0 {
            server.remove_tool("t0");
        }
        match answer["result"].get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => break,
        }
    }
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"]);
    for bad in [json!("nonsense"), json!(""), json!("YWZ0ZXI6OTk5"), json!(3)] {
        assert_eq!(code(&peer.ask("tools/list", modern(json!({"cursor": bad}))).await), -32602, "{bad}");
    }
}

#[tokio::test]
async fn a_result_keeps_its_own_meta() {
    let server = Server::builder("meta", "1")
        .tool_fn("t", schema(), async |_, _| {
            Ok(everywire::proto::CallToolResult::text("x").meta(encode(&json!({"mine": [1]}))))
        })
        .build();
    let mut peer = Peer::new(&server);
    let answer = peer.ask("tools/call", modern(json!({"name": "t"}))).await;
    assert_eq!(answer["result"]["_meta"]["mine"], json!([1]));
    assert_eq!(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "meta");
    assert_eq!(answer["result"]["resultType"], "complete");
}
