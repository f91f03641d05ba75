//! Resources: one that changes every second, and notes behind a template.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use everywire::proto::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use everywire::server::{ReadRequest, RequestContext, Server, ServerBuilder, ToolError};

use super::media;

const COUNTDOWN: &str = "demo://countdown";

/// The notes, by name.
pub(super) const NOTES: [(&str, &str); 4] = [
    ("welcome", "# Welcome\n\nThis note was read through the template `note:///{name}`.\n"),
    (
        "eras",
        "# Two eras\n\nUp to 2025-11-25 a connection begins with `initialize`; since 2026-07-28 every request stands for itself.\n",
    ),
    ("elicitation", "# Elicitation\n\nA server asks a person through the client. Try the tool `book_table`.\n"),
    ("plug", "# The plug\n\nEnd the server while `slow` runs, start it again, and see what the client says.\n"),
];

/// Counts down from a minute, again and again.
#[derive(Debug, Clone)]
pub(super) struct Countdown {
    left: Arc<AtomicU32>,
}

impl Default for Countdown {
    fn default() -> Self {
        Self { left: Arc::new(AtomicU32::new(60)) }
    }
}

impl Countdown {
    /// Ticks until the future is dropped, and tells those who subscribed.
    pub(super) async fn run(self, server: Server) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            let left = self.left.load(Ordering::Relaxed);
            self.left.store(left.checked_sub(1).unwrap_or(60), Ordering::Relaxed);
            server.resource_updated(COUNTDOWN);
        }
    }
}

pub(super) fn add(builder: ServerBuilder, countdown: &Countdown) -> ServerBuilder {
    let countdown = countdown.clone();
    let counting = Resource::new(COUNTDOWN, "countdown")
        .title("Countdown")
        .description("Changes every second: subscribe to it.")
        .mime_type("text/plain");
    let logo = Resource::new("demo://picture", "picture")
        .title("A picture")
        .description("A resource of bytes.")
        .mime_type("image/png");
    let template = ResourceTemplate::new("note:///{name}", "note")
        .title("Notes")
        .description("A note by its name; names can be completed.")
        .mime_type("text/markdown");
    let builder = builder
        .resource(counting, move |_: ReadRequest, _: RequestContext| {
            let left = countdown.left.load(Ordering::Relaxed);
            async move {
                let text = ResourceContents::text(COUNTDOWN, format!("{left} seconds left"));
                Ok(ReadResourceResult::new([text.mime_type("text/plain")]))
            }
        })
        .resource(logo, picture)
        .resource_template(template, note);
    NOTES.iter().fold(builder, |builder, (name, _)| {
        let uri = format!("note:///{name}");
        builder.resource(Resource::new(uri, *name).mime_type("text/markdown"), note)
    })
}

async fn picture(request: ReadRequest, _cx: RequestContext) -> Result<ReadResourceResult, ToolError> {
    let picture = ResourceContents::blob(request.uri(), media::picture("mandelbrot", 192, [122, 63, 190])?);
    Ok(ReadResourceResult::new([picture.mime_type("image/png")]))
}

async fn note(request: ReadRequest, _cx: RequestContext) -> Result<ReadResourceResult, ToolError> {
    let name = request.uri().strip_prefix("note:///").unwrap_or_default();
    let Some((_, text)) = NOTES.iter().find(|(known, _)| *known == name) else {
        return Err(ToolError::not_found(request.uri()));
    };
    Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), *text).mime_type("text/markdown")]))
}
