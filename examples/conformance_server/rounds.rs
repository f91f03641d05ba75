//! Tools whose answer needs input first: `input_required` in 2026-07-28 (basic/patterns/mrtr), questions on the channel before.

use everywire::json::Json;
use everywire::proto::{CallToolResult, CreateMessageRequest, ElicitRequest, ElicitResult, Root, SamplingMessage};
use everywire::server::{RequestContext, ServerBuilder, ToolError};
use serde_json::json;

use crate::{json as encode, tool};

pub fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool_fn("test_input_required_result_elicitation", tool("Asks for a name."), async |_, cx| {
            let name = text(&cx, "user_name", "What is your name?", "name").await?;
            Ok(CallToolResult::text(format!("Hello, {name}!")))
        })
        .tool_fn("test_input_required_result_sampling", tool("Asks the client's model."), async |_, cx| {
            let reply = sample(&cx, "capital_question", "What is the capital of France?").await?;
            Ok(CallToolResult::text(reply))
        })
        .tool_fn("test_input_required_result_list_roots", tool("Asks for the client's roots."), async |_, cx| {
            let roots = cx.roots("client_roots").await?;
            Ok(CallToolResult::text(listed(&roots)))
        })
        .tool_fn("test_input_required_result_request_state", tool("Asks and remembers that it did."), async |_, cx| {
            confirm(&cx).await?;
            // The run only comes here with the state that the first round sealed.
            Ok(CallToolResult::text("state-ok"))
        })
        .tool_fn("test_input_required_result_tampered_state", tool("Refuses altered state."), async |_, cx| {
            confirm(&cx).await?;
            Ok(CallToolResult::text("The state was the one that was issued."))
        })
        .tool_fn("test_input_required_result_multiple_inputs", tool("Asks three things at once."), async |_, cx| {
            let (name, greeting, roots) = tokio::join!(
                text(&cx, "user_name", "What is your name?", "name"),
                sample(&cx, "greeting", "Generate a greeting"),
                cx.roots("client_roots"),
            );
            Ok(CallToolResult::text(format!("{}: {} {}", name?, greeting?, listed(&roots?))))
        })
        .tool_fn("test_input_required_result_multi_round", tool("Asks twice, one after the other."), async |_, cx| {
            let name = text(&cx, "step1", "Step 1: What is your name?", "name").await?;
            let color = text(&cx, "step2", "Step 2: What is your favorite color?", "color").await?;
            Ok(CallToolResult::text(format!("{name} likes {color}.")))
        })
        .tool_fn("test_input_required_result_capabilities", tool("Asks what the client can answer."), async |_, cx| {
            let (name, greeting, roots) = tokio::join!(
                declared(&cx, "elicitation", text(&cx, "user_name", "What is your name?", "name")),
                declared(&cx, "sampling", sample(&cx, "greeting", "Generate a greeting")),
                declared(&cx, "roots", cx.roots("client_roots")),
            );
            let roots = roots?.map(|roots| listed(&roots));
            let answers: Vec<_> = [name?, greeting?, roots].into_iter().flatten().collect();
            Ok(CallToolResult::text(format!("{} answers: {}", answers.len(), answers.join(", "))))
        })
}

/// Asks for one text by a form.
pub async fn text(cx: &RequestContext, key: &str, message: &str, field: &str) -> Result<String, ToolError> {
    let schema = json!({"type": "object", "properties": {field: {"type": "string"}}, "required": [field]});
    let answer = cx.elicit(key, ElicitRequest::form(message, encode(schema))).await?;
    let given = accepted(answer, key)?.get_str(field);
    given.ok_or_else(|| ToolError::message(format!("the answer to {key} has no text {field:?}")))
}

async fn confirm(cx: &RequestContext) -> Result<(), ToolError> {
    let schema = json!({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]});
    let answer = cx.elicit("confirm", ElicitRequest::form("Please confirm", encode(schema))).await?;
    match accepted(answer, "confirm")?.get("ok").and_then(|ok| ok.as_bool()) {
        Some(true) => Ok(()),
        _ => Err(ToolError::message("it was not confirmed")),
    }
}

fn accepted(answer: ElicitResult, key: &str) -> Result<Json, ToolError> {
    let action = answer.action;
    answer.content.ok_or_else(|| ToolError::message(format!("{key} was not given: {}", action.as_str())))
}

async fn sample(cx: &RequestContext, key: &str, prompt: &str) -> Result<String, ToolError> {
    let answer = cx.sample(key, CreateMessageRequest::new([SamplingMessage::user(prompt)], 100)).await?;
    Ok(answer.content.iter().filter_map(|content| content.as_text()).collect())
}

fn listed(roots: &[Root]) -> String {
    let uris: Vec<_> = roots.iter().map(|root| root.uri.as_str()).collect();
    format!("{} roots: {}", roots.len(), uris.join(", "))
}

/// Asks only where the client said that it can answer.
async fn declared<T>(
    cx: &RequestContext,
    capability: &str,
    question: impl Future<Output = Result<T, ToolError>>,
) -> Result<Option<T>, ToolError> {
    if cx.client_capabilities().get(capability).is_none() {
        return Ok(None);
    }
    question.await.map(Some)
}
