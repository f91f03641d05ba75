//! Streamable HTTP as revision 2026-07-28 has it (basic/transports/streamable-http).

use everywire::json::Json;
use everywire::proto::{CallToolResult, GetPromptResult, Prompt, ReadResourceResult, Resource, ResourceContents};
use everywire::server::{ReadRequest, RequestContext};
use http::Method;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_call_is_answered_with_json() {
    let site = Site::new(&builder().build()).await;
    let answer = site.call("echo", json!({"a": "ü\n"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("mcp-session-id"), None);
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let answer = answer.json().await;
    assert_eq!(answer["id"], 1);
    assert_eq!(text(&answer), r#"{"a":"ü\n"}"#);
    assert_eq!(answer["result"]["resultType"], "complete");
}

#[tokio::test]
async fn without_a_session_there_is_only_post() {
    let site = Site::new(&builder().build()).await;
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS] {
        let answer = site.send(method.clone(), &[("accept", BOTH)], "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{method}");
    }
}

#[tokio::test]
async fn a_client_finds_out_what_is_spoken_here() {
    let site = Site::new(&builder().build()).await;
    let answer = site.modern("server/discover", json!({})).await.json().await;
    let versions = answer["result"]["supportedVersions"].as_array().expect("versions");
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")), "{answer}");
    assert_eq!(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test");
}

fn call(params: Value) -> Value {
    request(7, "tools/call", params)
}

fn echo(version: &str) -> Value {
    let mut meta = meta(json!({}));
    meta["io.modelcontextprotocol/protocolVersion"] = json!(version);
    call(json!({"name": "echo", "arguments": {}, "_meta": meta}))
}

/// Status and error code of a POST; the id has to be the request's.
async fn refused(site: &Site, headers: &[(&str, &str)], body: &Value) -> (u16, i64) {
    let answer = site.post(headers, body).await;
    let status = answer.status;
    let answer = answer.json().await;
    assert_eq!(answer["id"], 7, "{answer}");
    (status, code(&answer))
}

const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");
const METHOD: (&str, &str) = ("mcp-method", "tools/call");
const NAME: (&str, &str) = ("mcp-name", "echo");

#[tokio::test]
async fn headers_have_to_say_what_the_body_says() {
    let site = Site::new(&builder().build()).await;
    let body = echo("2026-07-28");
    let table: &[(&[(&str, &str)], u16)] = &[
        (&[VERSION, METHOD, NAME], 200),
        (&[VERSION, METHOD, ("mcp-name", "=?base64?ZWNobw==?=")], 200),
        (&[VERSION, METHOD, ("mcp-name", "=?base64?ZWNo!?=")], 400),
        (&[VERSION, METHOD, ("mcp-name", "Echo")], 400),
        (&[VERSION, METHOD, NAME, NAME], 400),
        (&[VERSION, METHOD], 400),
        (&[VERSION, NAME], 400),
        (&[VERSION, ("mcp-method", "tools/Call"), NAME], 400),
        (&[METHOD, NAME], 400),
        (&[("mcp-protocol-version", "2025-11-25"), METHOD, NAME], 400),
        (&[("mcp-protocol-version", "1999-01-01"), METHOD, NAME], 400),
        (&[VERSION, VERSION, METHOD, NAME], 400),
    ];
    for (headers, status) in table {
        let answer = site.post(headers, &body).await;
        assert_eq!(answer.status, *status, "{headers:?}");
        let answer = answer.json().await;
        assert_eq!(answer["id"], 7, "{answer}");
        if *status == 400 {
            assert_eq!(code(&answer), -32020, "{headers:?}");
        }
    }
    // The two say different things, though neither is spoken here.
    let unknown = [("mcp-protocol-version", "1999-01-01"), METHOD, NAME];
    assert_eq!(refused(&site, &unknown, &echo("1999-01-02")).await, (400, -32020));
}

#[tokio::test]
async fn an_unknown_version_is_told_which_are_known() {
    let site = Site::new(&builder().build()).await;
    for body in [echo("2099-01-01"), call(json!({"name": "echo"}))] {
        let answer = site.post(&[("mcp-protocol-version", "2099-01-01"), METHOD, NAME], &body).await;
        assert_eq!(answer.status, 400);
        let answer = answer.json().await;
        assert_eq!((code(&answer), &answer["id"]), (-32022, &json!(7)));
        assert_eq!(answer["error"]["data"]["requested"], "2099-01-01");
        assert_eq!(answer["error"]["data"]["supported"][0], "2026-07-28");
    }
}

#[tokio::test]
async fn meta_has_to_be_whole() {
    let site = Site::new(&builder().build()).await;
    let whole = meta(json!({}));
    let without = |name: &str| {
        let mut meta = whole.clone();
        meta.as_object_mut().expect("an object").remove(name);
        meta
    };
    let metas = [
        Value::Null,
        json!({}),
        json!("x"),
        without("io.modelcontextprotocol/protocolVersion"),
        without("io.modelcontextprotocol/clientCapabilities"),
    ];
    for meta in metas {
        let body = call(json!({"name": "echo", "_meta": meta}));
        assert_eq!(refused(&site, &[VERSION, METHOD, NAME], &body).await, (400, -32602), "{body}");
    }
    assert_eq!(
        refused(&site, &[VERSION, METHOD, NAME], &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call"})).await,
        (400, -32602)
    );
    let body = call(json!({"name": "echo", "_meta": without("io.modelcontextprotocol/clientInfo")}));
    assert_eq!(site.post(&[VERSION, METHOD, NAME], &body).await.status, 200);
}

#[tokio::test]
async fn methods_that_are_not_there_are_not_found() {
    let site = Site::new(&builder().build()).await;
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "prompts/list", "no/such"] {
        let answer = site.modern(method, json!({"uri": "a:b", "level": "info"})).await;
        assert_eq!(answer.status, 404, "{method}");
        assert_eq!(answer.header("mcp-session-id"), None);
        let answer = answer.json().await;
        assert_eq!((code(&answer), &answer["id"]), (-32601, &json!(1)), "{method}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let site = Site::new(&builder().build()).await;
    for (body, expected) in [
        ("{", -32700),
        ("", -32700),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        (r#"{"jsonrpc":"2.0"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
    ] {
        let headers = [("content-type", "application/json"), ("accept", BOTH), VERSION];
        let answer = site.send(Method::POST, &headers, body).await;
        assert_eq!(answer.status, 400, "{body}");
        let answer = answer.json().await;
        assert_eq!((code(&answer), &answer["id"]), (expected, &Value::Null), "{body}");
    }
    let invalid =
        site.send(Method::POST, &[("content-type", "application/json"), ("accept", BOTH)], &b"\xff"[..]).await;
    assert_eq!(invalid.status, 400);
}

#[tokio::test]
async fn media_types_have_to_fit() {
    let site = Site::new(&builder().build()).await;
    let body = echo("2026-07-28").to_string();
    for (kind, accept, status) in [
        ("application/json; charset=utf-8", BOTH, 200),
        ("application/json", "*/*", 200),
        ("text/plain", BOTH, 415),
        ("", BOTH, 415),
        ("application/json", "application/json", 406),
        ("application/json", "text/event-stream", 406),
        ("application/json", "", 406),
    ] {
        let mut headers = vec![VERSION, METHOD, NAME];
        headers.extend([("content-type", kind), ("accept", accept)].iter().filter(|(_, value)| !value.is_empty()));
        assert_eq!(site.send(Method::POST, &headers, body.clone()).await.status, status, "{kind:?} {accept:?}");
    }
}

#[tokio::test]
async fn notifications_are_accepted() {
    let site = Site::new(&builder().build()).await;
    let mut answer = site.post(&[VERSION], &json!({"jsonrpc": "2.0", "method": "notifications/any"})).await;
    assert_eq!((answer.status, answer.text().await.as_str()), (202, ""));
}

#[tokio::test]
async fn arguments_are_compared_with_their_headers() {
    let schema = json!({"type": "object", "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "Count"}}},
        "on": {"type": "boolean", "x-mcp-header": "On"},
    }});
    let schema = Json::encode(&schema).expect("JSON");
    let server = builder().tool_fn("sql", schema, async |_, _| Ok(CallToolResult::text("ran"))).build();
    let site = Site::new(&server).await;
    let whole = json!({"region": "us", "deep": {"n": 42}, "on": true});
    let (region, count, on) = (("Mcp-Param-Region", "us"), ("mcp-param-count", "42"), ("mcp-param-on", "true"));
    type Row<'a> = (&'a Value, &'a [(&'a str, &'a str)], u16);
    let table: &[Row<'_>] = &[
        (&whole, &[region, count, on], 200),
        (&whole, &[region, ("mcp-param-count", "42.0"), on], 200),
        (&whole, &[("mcp-param-region", "=?base64?dXM=?="), count, on], 200),
        (&whole, &[region, count, on, ("mcp-param-other", "x")], 200),
        (&whole, &[region, count], 400),
        (&whole, &[count, on], 400),
        (&whole, &[("mcp-param-region", "eu"), count, on], 400),
        (&whole, &[region, ("mcp-param-count", "43"), on], 400),
        (&whole, &[region, ("mcp-param-count", "forty-two"), on], 400),
        (&whole, &[region, count, ("mcp-param-on", "True")], 400),
        (&whole, &[region, region, count, on], 400),
        (&json!({}), &[], 200),
        (&json!({"region": null}), &[], 200),
        (&json!({"region": null}), &[region], 400),
        (&json!({"region": "ü"}), &[("mcp-param-region", "=?base64?w7w=?=")], 200),
        (&json!({"region": "ü"}), &[("mcp-param-region", "=?base64?w7w?=")], 400),
        (&json!({"region": "042"}), &[("mcp-param-region", "42")], 400),
        (&json!({"region": ""}), &[("mcp-param-region", "")], 200),
    ];
    for (arguments, headers, status) in table {
        let params = json!({"name": "sql", "arguments": arguments});
        let answer = site.modern_with(headers, "tools/call", params).await;
        assert_eq!(answer.status, *status, "{arguments} {headers:?}");
        let answer = answer.json().await;
        match status {
            200 => assert_eq!(text(&answer), "ran", "{arguments} {headers:?}"),
            _ => assert_eq!(code(&answer), -32020, "{arguments} {headers:?}"),
        }
    }
}

#[tokio::test]
async fn resources_and_prompts_are_named_too() {
    let server = builder()
        .resource(Resource::new("note://ü", "note"), async |request: ReadRequest, _: RequestContext| {
            Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), "hello")]))
        })
        .prompt(Prompt::new("ask"), async |_: Json, _: RequestContext| Ok(GetPromptResult::new([])))
        .build();
    let site = Site::new(&server).await;
    let uri = "=?base64?bm90ZTovL8O8?=";
    for (method, params, name, status) in [
        ("resources/read", json!({"uri": "note://ü"}), uri, 200),
        ("resources/read", json!({"uri": "note://ü"}), "note://u", 400),
        ("prompts/get", json!({"name": "ask"}), "ask", 200),
        ("prompts/get", json!({"name": "ask"}), "tell", 400),
    ] {
        let headers = [VERSION, ("mcp-method", method), ("mcp-name", name)];
        let answer = site.post(&headers, &request(1, method, modern(params))).await;
        assert_eq!(answer.status, status, "{method} {name}");
    }
    // What the request comes to is no matter of HTTP.
    let answer = site.modern("resources/read", json!({"uri": "note://none"})).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json().await;
    assert_eq!((code(&answer), &answer["error"]["data"]["uri"]), (-32602, &json!("note://none")));
}
