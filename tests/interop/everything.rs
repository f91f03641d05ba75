//! Our client and the reference server. Here over both of its ways of HTTP.

use everywire::proto::{CallToolResult, Content, CreateMessageResult, Root};
use everywire::{Builder, Client, Era};
use serde_json::json;

use crate::peers::{node, serve_at_port};
use crate::{PATIENCE, ada, text};

async fn meets(way: &str, path: &str) {
    let mut command = node("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    command.arg(way);
    let (_peer, port) = serve_at_port(command);
    let client = dressed(Client::builder(&format!("http://127.0.0.1:{port}{path}"))).connect().await.expect("connects");
    exercise(&client).await;
    client.close().await;
}

/// Can all that the server asks for.
pub fn dressed(builder: Builder) -> Builder {
    builder
        .on_elicit(ada)
        .on_sample(async |_, _| CreateMessageResult::text("model-of-ada", "I am a model"))
        .roots(vec![Root::new("file:///home/ada")])
}

pub async fn exercise(client: &Client) {
    let server = client.server().expect("said who it is");
    assert_eq!((server.era, server.protocol_version), (Era::Legacy, "2025-11-25"));

    let call = async |name: &str, arguments| client.call_tool(name, arguments).await.expect(name);
    assert_eq!(text(&call("echo", json!({"message": "żółw"})).await), "Echo: żółw");
    let picture = call("get-tiny-image", json!({})).await;
    assert!(picture.content.iter().any(|content| matches!(content, Content::Image(_))), "{picture:?}");
    let sum = call("get-sum", json!({"a": 2, "b": "three"})).await;
    assert!(sum.is_error, "{sum:?}");

    let (seen, steps) = tokio::sync::mpsc::unbounded_channel();
    let long = client.call_tool("trigger-long-running-operation", json!({"duration": 0.2, "steps": 4}));
    long.progress(move |step| _ = seen.send(step.progress)).await.expect("runs long");
    let mut steps = steps;
    let mut all = Vec::new();
    steps.recv_many(&mut all, 10).await;
    assert_eq!(all, [1.0, 2.0, 3.0, 4.0]);

    // What asks the client is there once the server has seen that the client is initialized.
    let there = async {
        let asks = |name: &str| name.starts_with("trigger-elicitation") || name.starts_with("trigger-sampling");
        while !client.tools_all().await.expect("lists").iter().any(|tool| asks(&tool.name)) {}
    };
    tokio::time::timeout(PATIENCE, there).await.expect("the tools that ask");
    let all_text = |result: CallToolResult| result.all_text();
    let asked = all_text(call("trigger-elicitation-request", json!({})).await);
    assert!(asked.contains("Ada"), "{asked}");
    let sampled = all_text(call("trigger-sampling-request", json!({"prompt": "Who are you?", "maxTokens": 10})).await);
    assert!(sampled.contains("I am a model"), "{sampled}");

    assert!(!client.resources_all().await.expect("lists resources").is_empty());
    assert!(!client.prompts_all().await.expect("lists prompts").is_empty());
    let prompt = client.get_prompt("args-prompt", json!({"city": "Łódź"})).await.expect("renders");
    assert!(format!("{prompt:?}").contains("Łódź"), "{prompt:?}");
}

#[tokio::test]
async fn over_streamable_http() {
    meets("streamableHttp", "/mcp").await;
}

#[tokio::test]
async fn over_http_with_sse() {
    meets("sse", "/sse").await;
}
