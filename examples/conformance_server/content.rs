//! Tools that show each kind of content, and how schemas and errors travel.

use everywire::proto::{CallToolResult, Content, ResourceContents};
use everywire::server::{ServerBuilder, ToolError};
use serde_json::{Value, json};

use crate::{tool, tool_of};

/// A red pixel.
pub const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

/// 8 kHz, 8 bit, mono, two samples.
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQIAAACAgA==";

pub fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool_fn("test_simple_text", tool("Answers with a text."), async |_, _| {
            Ok(CallToolResult::text("This is a simple text response for testing."))
        })
        .tool_fn("test_image_content", tool("Answers with an image."), async |_, _| {
            Ok(CallToolResult::new([Content::image(PNG, "image/png")]))
        })
        .tool_fn("test_audio_content", tool("Answers with a sound."), async |_, _| {
            Ok(CallToolResult::new([Content::audio(WAV, "audio/wav")]))
        })
        .tool_fn("test_embedded_resource", tool("Answers with a resource."), async |_, _| {
            let resource = ResourceContents::text("test://embedded-resource", "This is an embedded resource content.");
            Ok(CallToolResult::new([Content::resource(resource.mime_type("text/plain"))]))
        })
        .tool_fn("test_multiple_content_types", tool("Answers with a text, an image and a resource."), async |_, _| {
            let resource = ResourceContents::text("test://mixed-content-resource", r#"{"test":"data","value":123}"#);
            Ok(CallToolResult::text("Multiple content types test:")
                .with(Content::image(PNG, "image/png"))
                .with(Content::resource(resource.mime_type("application/json"))))
        })
        .tool_fn("test_error_handling", tool("Fails."), async |_, _| {
            Err(ToolError::message("This tool intentionally returns an error for testing"))
        })
        .tool_fn("json_schema_2020_12_tool", tool_of("Has a schema of many keywords.", keywords()), async |given, _| {
            Ok(CallToolResult::text(given.to_text()))
        })
        .tool_fn(
            "test_custom_headers",
            tool_of("Has arguments that HTTP headers repeat.", headers()),
            async |given, _| Ok(CallToolResult::text(given.to_text())),
        )
}

/// Keywords of JSON Schema 2020-12 that must come through as they are.
fn keywords() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

/// Arguments of each kind that a header can repeat (2026-07-28 basic/transports/streamable-http, custom headers).
fn headers() -> Value {
    json!({
        "type": "object",
        "properties": {
            "region": {"type": "string", "description": "Where to run.", "x-mcp-header": "Region"},
            "priority": {"type": "integer", "description": "How urgent it is.", "x-mcp-header": "Priority"},
            "dryRun": {"type": "boolean", "description": "Whether to only pretend.", "x-mcp-header": "Dry-Run"},
            "query": {"type": "string", "description": "What to run; no header repeats it."},
        },
    })
}
