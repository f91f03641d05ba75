//! Handlers of input that do not do their duty.

#![cfg(all(feature = "server", not(target_arch = "wasm32")))]

use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitRequest, ElicitResult};
use everywire::server::{RequestContext, Server};
use everywire::transport::memory::Memory;
use everywire::{Client, EraChoice, Error};
use futures_util::StreamExt;
use serde_json::json;

/// What a call of a tool that asks comes to, with a handler that panics.
async fn asked(era: EraChoice) -> Result<CallToolResult, Error> {
    let schema = || Json::encode(&json!({"type": "object"})).expect("JSON");
    let server = Server::builder("asking", "1")
        .tool_fn("ask", schema(), move |_: Json, cx: RequestContext| async move {
            cx.elicit("name", ElicitRequest::form("Your name?", schema())).await?;
            Ok(CallToolResult::text("asked"))
        })
        .build();
    let (transport, mut links) = Memory::new();
    let serving = tokio::spawn(async move {
        while let Some(link) = links.next().await {
            let _ = server.serve_link(link).await;
        }
    });
    let builder =
        Client::over(transport).era(era).on_elicit(async |_, _| -> ElicitResult { panic!("as the test wants") });
    let client = builder.connect().await.expect("connected");
    let call = client.call_tool("ask", json!({}));
    let result = tokio::time::timeout(Duration::from_secs(10), async { call.await }).await;
    serving.abort();
    result.expect("a panic is answered at once, not by the handler's timeout")
}

#[tokio::test]
async fn a_handler_that_panics_fails_the_call_in_the_modern_era() {
    let error = asked(EraChoice::Modern).await.expect_err("no answer, no result");
    assert_eq!(error.code(), "input_failed");
    assert!(error.request_state().is_some(), "the call can be resumed by hand");
}

#[tokio::test]
async fn a_handler_that_panics_is_told_to_an_older_server() {
    // The server hears an error in place of an answer, and its tool says what it makes of that.
    let result = asked(EraChoice::Legacy).await;
    assert!(result.as_ref().map_or(true, |result| result.is_error), "{result:?}");
}
