//! What the foreign clients meet; a program too, for those that start their server themselves.

use std::sync::Arc;

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitRequest};
use everywire::server::{RequestContext, Server, ToolError};
use serde_json::{Value, json};
use tokio::sync::Notify;

fn encode(value: Value) -> Json {
    Json::encode(&value).expect("JSON")
}

/// A server of this crate with tools that show what has to travel.
pub fn our_server() -> Server {
    let object = || encode(json!({"type": "object"}));
    let seen = Arc::new(Notify::new());
    let told = seen.clone();
    Server::builder("everywire-peer", "1.0.0")
        .tool_fn("echo", object(), |arguments: Json, _cx: RequestContext| async move {
            Ok(CallToolResult::text(arguments.get_str("text").ok_or_else(|| ToolError::message("text is missing"))?))
        })
        .tool_fn("ask", object(), |_: Json, cx: RequestContext| async move {
            let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
            let answer = cx.elicit("name", ElicitRequest::form("What is your name?", encode(schema))).await?;
            let name = answer.content.and_then(|content| content.get_str("name")).unwrap_or_default();
            Ok(CallToolResult::text(format!("hello {name}")))
        })
        .tool_fn("steps", object(), move |arguments: Json, cx: RequestContext| {
            let seen = seen.clone();
            async move {
                // Once, although in the modern era the answer to the question below begins the run again.
                let report = async || {
                    for step in [1.0, 2.0, 3.0] {
                        cx.progress(step, Some(3.0), None).await;
                    }
                    Ok(())
                };
                cx.once("reported", report).await?;
                // The TypeScript SDKs forget progress that arrives in one packet with the result: a question keeps them
                // apart, or, where in the modern era that is a result too, a call of the other tool.
                if arguments.get("until_seen").is_some() {
                    seen.notified().await;
                } else {
                    let schema = encode(json!({"type": "object", "properties": {}}));
                    cx.elicit("seen", ElicitRequest::form("Seen?", schema)).await?;
                }
                Ok(CallToolResult::text("done"))
            }
        })
        .tool_fn("seen", object(), move |_: Json, _cx: RequestContext| {
            told.notify_one();
            async { Ok(CallToolResult::text("good")) }
        })
        .tool_fn("fail", object(), |_: Json, _cx: RequestContext| async move { Err(ToolError::message("as asked")) })
        .build()
}

/// Says on stderr, which its client passes on, how it ends: with its standard input, if its client is tidy.
#[allow(dead_code, reason = "only where this file is a program")]
#[tokio::main]
async fn main() {
    let ended = our_server().run_stdio().await;
    eprintln!("our server ended: {ended:?}");
}
