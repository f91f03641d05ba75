use everywire::Error;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::host::test;
use crate::peer::{Answer, BOTH, LEGACY, MODERN, connect};

fn everything() -> Value {
    json!({"tools": {}, "resources": {}, "prompts": {}})
}

/// Three pages; the second begins at an empty cursor, which is a cursor like any other.
fn three_pages(method: &str, message: &Value) -> Answer {
    if method == "ping" {
        return Answer::Result(json!({}));
    }
    let (at, next) = match message["params"]["cursor"].as_str() {
        None => (0, Some("")),
        Some("") => (1, Some("last")),
        Some("last") => (2, None),
        Some(other) => panic!("unknown cursor {other}"),
    };
    let items: Vec<Value> = (0..2).map(|n| item(method, at * 2 + n)).collect();
    let key = match method {
        "tools/list" => "tools",
        "resources/list" => "resources",
        "resources/templates/list" => "resourceTemplates",
        "prompts/list" => "prompts",
        other => panic!("unexpected {other}"),
    };
    let mut page = json!({"resultType": "complete", key: items, "ttlMs": 5, "cacheScope": "public"});
    if let Some(next) = next {
        page["nextCursor"] = json!(next);
    }
    Answer::Result(page)
}

fn item(method: &str, n: usize) -> Value {
    let name = format!("item {n}");
    match method {
        "tools/list" => json!({"name": name, "inputSchema": {"type": "object"}}),
        "resources/list" => json!({"name": name, "uri": format!("test:{n}")}),
        "resources/templates/list" => json!({"name": name, "uriTemplate": "test:{n}"}),
        _ => json!({"name": name}),
    }
}

#[test]
async fn one_page_at_a_time() {
    for version in BOTH {
        let peer = connect(version, everything(), three_pages).await;
        let first = peer.client.list_tools(None).await.unwrap();
        assert_eq!(first.tools.len(), 2);
        assert_eq!(first.next_cursor.as_deref(), Some(""));
        assert_eq!((first.ttl_ms, first.cache_scope), (Some(5), Some(everywire::proto::CacheScope::Public)));
        assert_eq!(peer.seen.params("tools/list"), json!({}), "no cursor is written for the first page");
        let last = peer.client.list_tools(Some("last")).await.unwrap();
        assert_eq!((last.tools[1].name.as_str(), last.next_cursor), ("item 5", None));
        assert_eq!(peer.seen.of("tools/list")[1]["params"]["cursor"], "last");

        let identity = &peer.seen.of("tools/list")[0]["params"]["_meta"];
        if version == MODERN {
            assert_eq!(identity["io.modelcontextprotocol/protocolVersion"], MODERN);
            assert_eq!(identity["io.modelcontextprotocol/clientInfo"]["name"], "tests");
            assert!(identity["io.modelcontextprotocol/clientCapabilities"].is_object());
        } else {
            assert!(identity.is_null());
        }
    }
}

#[test]
async fn all_pages_in_order() {
    for version in BOTH {
        let peer = connect(version, everything(), three_pages).await;
        let expected: Vec<String> = (0..6).map(|n| format!("item {n}")).collect();
        let client = &peer.client;
        let tools: Vec<_> = client.tools_all().await.unwrap().into_iter().map(|tool| tool.name).collect();
        assert_eq!(tools, expected);
        let resources: Vec<_> = client.resources_all().await.unwrap().into_iter().map(|r| r.name).collect();
        assert_eq!(resources, expected);
        let templates: Vec<_> = client.resource_templates_all().await.unwrap().into_iter().map(|t| t.name).collect();
        assert_eq!(templates, expected);
        let prompts: Vec<_> = client.prompts_all().await.unwrap().into_iter().map(|prompt| prompt.name).collect();
        assert_eq!(prompts, expected);
        let streamed: Vec<_> = client.resources().map_ok(|resource| resource.uri).try_collect().await.unwrap();
        assert_eq!(streamed[5], "test:5");
        assert_eq!(client.prompts().count().await, 6);
        assert_eq!(client.resource_templates().count().await, 6);
        for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
            let cursors: Vec<_> = peer.seen.of(method).iter().take(3).map(|m| m["params"]["cursor"].clone()).collect();
            assert_eq!(cursors, [Value::Null, json!(""), json!("last")], "{method}");
        }
    }
}

#[test]
async fn a_stream_asks_for_a_page_when_it_is_read() {
    let peer = connect(LEGACY, everything(), three_pages).await;
    let mut tools = peer.client.tools();
    let before = peer.seen.count();
    assert!(peer.seen.of("tools/list").is_empty(), "nothing is sent before the first item is wanted");
    assert_eq!(tools.next().await.unwrap().unwrap().name, "item 0");
    assert_eq!(tools.next().await.unwrap().unwrap().name, "item 1");
    assert_eq!(peer.seen.of("tools/list").len(), 1, "one page holds both");
    assert_eq!(tools.next().await.unwrap().unwrap().name, "item 2");
    assert_eq!(peer.seen.of("tools/list").len(), 2);
    drop(tools);
    peer.client.ping().await.unwrap();
    assert_eq!(peer.seen.count(), before + 3, "a dropped stream asks no more");
}

async fn read_until_error(version: &'static str, script: fn(&str, &Value) -> Answer) -> (Vec<String>, Error) {
    let peer = connect(version, everything(), script).await;
    let mut names = Vec::new();
    let mut tools = peer.client.tools();
    let error = loop {
        match tools.next().await.expect("the list ends with an error") {
            Ok(tool) => names.push(tool.name),
            Err(error) => break error,
        }
    };
    assert!(tools.next().await.is_none(), "an error ends the stream");
    (names, error)
}

#[test]
async fn a_cursor_that_comes_twice_ends_the_list() {
    fn circle(_: &str, message: &Value) -> Answer {
        let next = match message["params"]["cursor"].as_str() {
            None => "a",
            Some("a") => "b",
            Some(_) => "a",
        };
        Answer::Result(json!({"tools": [item("tools/list", 0)], "nextCursor": next}))
    }
    for version in BOTH {
        let (names, error) = read_until_error(version, circle).await;
        assert_eq!(names.len(), 3, "what came before the circle closed is given");
        assert_eq!(error.code(), "protocol");
        assert!(error.to_string().contains("same cursor twice"), "{error}");
        let peer = connect(version, everything(), circle).await;
        assert_eq!(peer.client.tools_all().await.unwrap_err().code(), "protocol");
        assert_eq!(peer.seen.of("tools/list").len(), 3);
    }
}

#[test]
async fn a_list_without_end_is_ended() {
    let mut page = 0;
    let endless = move |_: &str, _: &Value| {
        page += 1;
        Answer::Result(json!({"tools": [], "nextCursor": page.to_string()}))
    };
    let peer = connect(LEGACY, everything(), endless).await;
    let error = peer.client.tools_all().await.unwrap_err();
    assert_eq!(error.code(), "protocol");
    assert!(error.to_string().contains("10000 pages"), "{error}");
    assert_eq!(peer.seen.of("tools/list").len(), 10_000);
}

#[test]
async fn an_error_on_a_later_page_ends_the_list() {
    fn expired(_: &str, message: &Value) -> Answer {
        match message["params"]["cursor"].as_str() {
            None => Answer::Result(json!({"tools": [item("tools/list", 0)], "nextCursor": "x"})),
            Some(_) => Answer::Error(-32602, "the cursor has expired"),
        }
    }
    for version in BOTH {
        let (names, error) = read_until_error(version, expired).await;
        assert_eq!(names, ["item 0"]);
        assert_eq!(error.rpc().unwrap().code, -32602);
        let peer = connect(version, everything(), expired).await;
        assert!(peer.client.tools_all().await.is_err(), "half a list is no list");
    }
}

#[test]
async fn a_page_of_another_shape_says_so() {
    let peer = connect(LEGACY, everything(), |_, _| Answer::Result(json!({"tools": "none"}))).await;
    let error = peer.client.tools_all().await.unwrap_err();
    assert_eq!(error.code(), "decode");
    assert!(error.to_string().contains("tools/list"), "{error}");
}
