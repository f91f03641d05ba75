//! Our own client and our own server over HTTP, in both eras: what a handler does arrives alike.

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitRequest, ElicitResult, SubscriptionFilter};
use everywire::server::{RequestContext, Server};
use everywire::{Client, EraChoice, Event};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::*;

const ERAS: [EraChoice; 2] = [EraChoice::Modern, EraChoice::Legacy];

fn server() -> Server {
    builder()
        .tool_fn("greet", schema(), async |_, cx: RequestContext| {
            cx.progress(1.0, Some(2.0), None).await;
            let answer = cx.elicit("name", ElicitRequest::form("Your name?", schema())).await?;
            let name = answer.content.and_then(|content| content.get_str("name")).unwrap_or_default();
            Ok(CallToolResult::text(format!("Hello, {name}!")))
        })
        .build()
}

#[tokio::test]
async fn calls_questions_and_progress() {
    let site = Site::new(&server()).await;
    for era in ERAS {
        let (told, mut tells) = mpsc::unbounded_channel();
        let builder = Client::builder(&format!("http://{}/mcp", site.address)).era(era);
        let builder =
            builder.on_elicit(async |_, _| ElicitResult::accept(Json::encode(&json!({"name": "Ada"})).expect("JSON")));
        let client = soon(builder.connect()).await.expect("connected");
        let echo = soon(async { client.call_tool("echo", json!({"a": 1})).await }).await.expect("a result");
        assert_eq!(echo.all_text(), r#"{"a":1}"#);
        let call = client.call_tool("greet", ()).progress(move |progress| _ = told.send(progress.progress));
        let greeting = soon(async { call.await }).await.expect("a result");
        assert_eq!(greeting.all_text(), "Hello, Ada!");
        assert_eq!(tells.recv().await, Some(1.0));
        assert_eq!(
            client.call_tool("none", ()).await.expect_err("no such tool").rpc().expect("an answer").code,
            -32602
        );
        soon(client.close()).await;
    }
}

#[tokio::test]
async fn changes_are_heard_of() {
    let server = server();
    let site = Site::new(&server).await;
    for era in ERAS {
        let builder = Client::builder(&format!("http://{}/mcp", site.address)).era(era);
        let client = soon(builder.connect()).await.expect("connected");
        let mut events = client.events();
        let _subscription = soon(client.listen(SubscriptionFilter::new().tools())).await.expect("granted");
        server.tools_changed();
        soon(async {
            loop {
                if let Event::ToolsChanged = events.next().await.expect("an event") {
                    return;
                }
            }
        })
        .await;
    }
}
