//! Tools that run as tasks only: begun, asked after, and their result fetched (2025-11-25 basic/utilities/tasks).

use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Progress, Tool};
use everywire::{Client, Error};
use serde_json::json;

use crate::failure::Failure;
use crate::screen::Screen;

/// How long the server is to keep the task.
const KEPT: Duration = Duration::from_secs(600);
/// How long the server may take to give up a task that nobody wants any more.
const CANCELLING: Duration = Duration::from_secs(2);

/// Whether the tool cannot be called in any other way.
pub(crate) fn is_needed(tool: &Tool) -> bool {
    let support = tool.execution.as_ref().and_then(|execution| execution.get_str("taskSupport"));
    support.as_deref() == Some("required")
}

/// Runs the tool as a task. Dropping the future cancels the task.
pub(crate) async fn run(
    client: &Client,
    tool: &str,
    arguments: &Json,
    screen: &Screen,
) -> Result<CallToolResult, Failure> {
    let params = json!({ "name": tool, "arguments": arguments, "task": { "ttl": KEPT.as_millis() as u64 } });
    let made = client.request("tools/call", &params).await?;
    let Some(mut task) = made.get("task") else { return Err(unclear("the server began no task")) };
    let Some(id) = task.get_str("taskId") else { return Err(unclear("the server's task has no taskId")) };
    let mut running = Running { client, id: Some(id.clone()) };
    let named = json!({ "taskId": id });
    for polls in 1.. {
        match task.get_str("status").as_deref() {
            Some("working") => {}
            // What the server needs it asks for while the result is waited for.
            Some("input_required" | "completed" | "failed") => break,
            _ => {
                running.id = None;
                let why = task.get_str("statusMessage").unwrap_or_else(|| "it was cancelled".to_owned());
                return Err(unclear(&format!("the task has no result: {why}")));
            }
        }
        let progress = Progress::new(f64::from(polls));
        screen.progress(&match task.get_str("statusMessage") {
            Some(message) => progress.message(message),
            None => progress,
        });
        tokio::time::sleep(pause(&task)).await;
        task = client.request("tasks/get", &named).await?;
    }
    let result = client.request("tasks/result", &named).timeout(KEPT).await?;
    running.id = None;
    result.parse().map_err(|error| unclear(&format!("the task's result is no result of a tool: {error}")))
}

/// As often as the server likes to be asked, within reason.
fn pause(task: &Json) -> Duration {
    let millis = task.get("pollInterval").and_then(|interval| interval.as_f64()).unwrap_or(1000.0);
    Duration::from_millis(millis.clamp(100.0, 10_000.0) as u64)
}

fn unclear(why: &str) -> Failure {
    Failure::Refused(why.to_owned())
}

/// A task that somebody waits for.
struct Running<'a> {
    client: &'a Client,
    /// `None` once it has ended.
    id: Option<String>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let client = self.client.clone();
        // The client stays open until the server has answered.
        tokio::spawn(async move {
            let cancelled: Result<Json, Error> =
                client.request("tasks/cancel", &json!({ "taskId": id })).timeout(CANCELLING).await;
            drop(cancelled);
        });
    }
}
