//! Tools that ask the client: a person, a model.

use everywire::json::Json;
use everywire::proto::{CallToolResult, CreateMessageRequest, ElicitRequest, ElicitResult, SamplingMessage};
use everywire::server::{RequestContext, ServerBuilder, ToolError};
use serde_json::{Value, json};

use crate::{json as encode, tool, tool_of};

pub fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool_fn("test_sampling", one_text("prompt", "Asks the client's model."), async |given: Json, cx| {
            let reply = sample(&cx, &given.get_str("prompt").unwrap_or_default()).await?;
            Ok(CallToolResult::text(format!("LLM response: {reply}")))
        })
        .tool_fn("test_missing_capability", tool("Needs a client with a model."), async |_, cx| {
            let reply = sample(&cx, "Say something.").await?;
            Ok(CallToolResult::text(reply))
        })
        .tool_fn("test_elicitation", one_text("message", "Asks a person."), async |given: Json, cx| {
            let message = given.get_str("message").unwrap_or_default();
            let schema = json!({
                "type": "object",
                "properties": {
                    "username": {"type": "string", "description": "User's response"},
                    "email": {"type": "string", "description": "User's email address"},
                },
                "required": ["username", "email"],
            });
            let answer = cx.elicit("user", ElicitRequest::form(message, encode(schema))).await?;
            Ok(CallToolResult::text(format!("User response: {}", told(&answer))))
        })
        .tool_fn("test_streaming_elicitation", tool("Reports progress, then asks a person."), async |_, cx| {
            cx.progress(1.0, Some(2.0), Some("asking")).await;
            form(&cx, "Shall it go on?", json!({"type": "object", "properties": {"go": {"type": "boolean"}}})).await
        })
        .tool_fn("test_elicitation_sep1034_defaults", tool("Asks with defaults of each type."), async |_, cx| {
            form(&cx, "Please review and update the form fields with defaults", defaults()).await
        })
        .tool_fn("test_elicitation_sep1330_enums", tool("Asks for choices of each form."), async |_, cx| {
            form(&cx, "Please select options from the enum fields", choices()).await
        })
}

fn one_text(argument: &str, description: &str) -> everywire::proto::Tool {
    let schema = json!({"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]});
    tool_of(description, schema)
}

async fn sample(cx: &RequestContext, prompt: &str) -> Result<String, ToolError> {
    let request = CreateMessageRequest::new([SamplingMessage::user(prompt)], 100);
    let answer = cx.sample("reply", request).await?;
    Ok(answer.content.iter().filter_map(|content| content.as_text()).collect())
}

async fn form(cx: &RequestContext, message: &str, schema: Value) -> Result<CallToolResult, ToolError> {
    let answer = cx.elicit("form", ElicitRequest::form(message, encode(schema))).await?;
    Ok(CallToolResult::text(format!("Elicitation completed: {}", told(&answer))))
}

fn told(answer: &ElicitResult) -> String {
    let content = answer.content.as_ref().map_or_else(|| "{}".to_owned(), |content| content.to_text().to_string());
    format!("action={}, content={content}", answer.action.as_str())
}

fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "User name", "default": "John Doe"},
            "age": {"type": "integer", "description": "User age", "default": 30},
            "score": {"type": "number", "description": "User score", "default": 95.5},
            "status": {
                "type": "string",
                "description": "User status",
                "enum": ["active", "inactive", "pending"],
                "default": "active",
            },
            "verified": {"type": "boolean", "description": "Verification status", "default": true},
        },
        "required": [],
    })
}

fn choices() -> Value {
    let titled = |word: &str| {
        let option = |n: usize, which: &str| json!({"const": format!("value{n}"), "title": format!("{which} {word}")});
        [option(1, "First"), option(2, "Second"), option(3, "Third")]
    };
    let untitled = ["option1", "option2", "option3"];
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": {"type": "string", "enum": untitled},
            "titledSingle": {"type": "string", "oneOf": titled("Option")},
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": untitled}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
        },
        "required": [],
    })
}
