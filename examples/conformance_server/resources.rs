//! Resources: text, bytes, a template, one to watch.

use everywire::proto::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use everywire::server::{ReadRequest, ServerBuilder, ToolError};
use serde_json::json;

use crate::content::PNG;

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const WATCHED: &str = "test://watched-resource";

pub fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .resource(
            Resource::new(TEXT, "static-text").description("A text that never changes.").mime_type("text/plain"),
            async |request: ReadRequest, _| {
                let text = "This is the content of the static text resource.";
                Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), text).mime_type("text/plain")]))
            },
        )
        .resource(
            Resource::new(BINARY, "static-binary").description("A picture that never changes.").mime_type("image/png"),
            async |request: ReadRequest, _| {
                Ok(ReadResourceResult::new([ResourceContents::blob(request.uri(), PNG).mime_type("image/png")]))
            },
        )
        .resource(
            Resource::new(WATCHED, "watched-resource").description("A text to subscribe to.").mime_type("text/plain"),
            async |request: ReadRequest, _| {
                let text = "Watched resource content";
                Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), text).mime_type("text/plain")]))
            },
        )
        .resource_template(
            ResourceTemplate::new("test://template/{id}/data", "template")
                .description("The data of an id.")
                .mime_type("application/json"),
            async |request: ReadRequest, _| {
                let id = request.variable("id").ok_or_else(|| ToolError::not_found(request.uri()))?;
                let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                let contents = ResourceContents::text(request.uri(), data.to_string()).mime_type("application/json");
                Ok(ReadResourceResult::new([contents]))
            },
        )
}
