//! Our client over HTTP, and the servers of others.

use std::process::Command;

use everywire::proto::SubscriptionFilter;
use everywire::{Client, Era, Event};
use futures_util::StreamExt;
use futures_util::future::{join, select};
use serde_json::json;

use crate::peers::{node, python, python2, serve};
use crate::{PATIENCE, ada, echoes, fails, steps, text};

/// What can be expected of a peer over one of its ways.
struct Way {
    path: &'static str,
    era: Era,
    /// Whether a tool can ask the client. In the legacy era it needs a stream to ask on, and a session to be answered in.
    asks: bool,
    /// Whether a tool's progress arrives. A reply in JSON has no room for it.
    reports: bool,
    /// Whether changes of lists arrive. In the legacy era they need a session.
    tells: bool,
    /// Whether a tool can ask on the stream of what nobody asked for, as the legacy SDKs do unless told otherwise. They drop
    /// a question for a stream that does not stand yet.
    asks_aside: bool,
}

impl Way {
    /// A session and streams.
    const fn legacy(path: &'static str) -> Self {
        Self { path, era: Era::Legacy, asks: true, reports: true, tells: true, asks_aside: true }
    }

    const fn modern(path: &'static str) -> Self {
        Self { era: Era::Modern, asks_aside: false, ..Self::legacy(path) }
    }
}

async fn meets(mut command: Command, mode: &str, way: Way) {
    command.arg(mode);
    let (_peer, port) = serve(command);
    let url = format!("http://127.0.0.1:{port}{}", way.path);
    let client = Client::builder(&url).on_elicit(ada).connect().await.expect("connects");
    let server = client.server().expect("said who it is");
    let version = if way.era == Era::Modern { "2026-07-28" } else { "2025-11-25" };
    assert_eq!((server.era, server.protocol_version), (way.era, version));
    assert!(server.info.expect("has a name").name.ends_with("-peer"));

    // The first call of all: whatever it needs has to stand by now.
    if way.asks_aside {
        assert_eq!(text(&client.call_tool("ask_aside", json!({})).await.expect("asks aside")), "accept: Ada");
    }
    let mut tools: Vec<_> = client.tools_all().await.expect("lists").into_iter().map(|tool| tool.name).collect();
    tools.retain(|name| name != "ask_aside");
    tools.sort();
    assert_eq!(tools, ["ask", "change", "echo", "fail", "never", "steps"]);
    echoes(&client).await;
    join(echoes(&client), echoes(&client)).await;
    fails(&client).await;
    let reported = steps(&client).await;
    if way.reports {
        assert_eq!(reported, [1.0, 2.0, 3.0]);
    }
    if way.asks {
        assert_eq!(text(&client.call_tool("ask", json!({})).await.expect("asks")), "accept: Ada");
    }
    if way.tells {
        tokio::time::timeout(PATIENCE, changes(&client)).await.expect("is told of a change");
    }
    client.ping().await.expect("answers a ping");
    client.close().await;
}

/// Has the peer say that its tools changed until it is heard: a legacy client's stream for that opens when it does.
pub async fn changes(client: &Client) {
    let mut events = client.events();
    let _subscription = client.listen(SubscriptionFilter::new().tools()).await.expect("listens");
    let heard = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::ToolsChanged) {
                return;
            }
        }
        panic!("the client closed");
    };
    let asked = async {
        loop {
            assert_eq!(text(&client.call_tool("change", json!({})).await.expect("changes")), "told");
        }
    };
    select(std::pin::pin!(heard), std::pin::pin!(asked)).await;
}

#[tokio::test]
async fn python_1_with_sessions() {
    meets(python("server.py"), "stateful", Way::legacy("/mcp/")).await;
}

/// `/mcp` is answered with a redirect to `/mcp/`.
#[tokio::test]
async fn python_1_behind_a_redirect() {
    meets(python("server.py"), "stateful", Way::legacy("/mcp")).await;
}

#[tokio::test]
async fn python_1_without_sessions() {
    meets(
        python("server.py"),
        "stateless",
        Way { asks: false, tells: false, asks_aside: false, ..Way::legacy("/mcp/") },
    )
    .await;
}

#[tokio::test]
async fn python_1_with_json_replies() {
    meets(python("server.py"), "json", Way { asks: false, reports: false, ..Way::legacy("/mcp/") }).await;
}

#[tokio::test]
async fn python_1_over_http_with_sse() {
    meets(python("server.py"), "sse", Way::legacy("/sse")).await;
}

#[tokio::test]
async fn python_2_with_sessions() {
    meets(python2("server2.py"), "stateful", Way::modern("/mcp")).await;
}

#[tokio::test]
async fn python_2_without_sessions() {
    meets(python2("server2.py"), "stateless", Way::modern("/mcp")).await;
}

#[tokio::test]
async fn python_2_with_json_replies() {
    meets(python2("server2.py"), "json", Way { reports: false, ..Way::modern("/mcp") }).await;
}

#[tokio::test]
async fn python_2_over_http_with_sse() {
    meets(python2("server2.py"), "sse", Way { asks_aside: false, ..Way::legacy("/sse") }).await;
}

#[tokio::test]
async fn typescript_1_with_sessions() {
    meets(node("server.mjs"), "stateful", Way::legacy("/mcp")).await;
}

#[tokio::test]
async fn typescript_1_without_sessions() {
    meets(node("server.mjs"), "stateless", Way { asks: false, tells: false, asks_aside: false, ..Way::legacy("/mcp") })
        .await;
}

#[tokio::test]
async fn typescript_1_with_json_replies() {
    meets(node("server.mjs"), "json", Way { asks: false, reports: false, ..Way::legacy("/mcp") }).await;
}

#[tokio::test]
async fn typescript_1_over_http_with_sse() {
    meets(node("server.mjs"), "sse", Way::legacy("/sse")).await;
}

#[tokio::test]
async fn typescript_2_with_streams_where_needed() {
    meets(node("server2.mjs"), "auto", Way::modern("/mcp")).await;
}

#[tokio::test]
async fn typescript_2_with_json_replies() {
    meets(node("server2.mjs"), "json", Way { reports: false, ..Way::modern("/mcp") }).await;
}

#[tokio::test]
async fn typescript_2_with_streams() {
    meets(node("server2.mjs"), "sse", Way::modern("/mcp")).await;
}
