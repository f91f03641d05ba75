//! Tools that say something while they run: progress, log messages, changed lists; and one whose stream ends before it.

use std::time::Duration;

use everywire::proto::{CallToolResult, LogLevel, Prompt};
use everywire::server::{Server, ServerBuilder};
use everywire::sleep;

use crate::{prompts, tool};

/// Far enough apart that they do not arrive together.
const PAUSE: Duration = Duration::from_millis(50);

pub fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool_fn("test_tool_with_progress", tool("Reports progress: 0, 50, 100 of 100."), async |_, cx| {
            for (step, progress) in [0.0, 50.0, 100.0].into_iter().enumerate() {
                if step > 0 {
                    sleep(PAUSE).await;
                }
                cx.progress(progress, Some(100.0), None).await;
            }
            Ok(CallToolResult::text("Reported 100 of 100."))
        })
        .tool_fn("test_tool_with_logging", tool("Sends three log messages."), async |_, cx| {
            let messages = ["Tool execution started", "Tool processing data", "Tool execution completed"];
            for (step, message) in messages.into_iter().enumerate() {
                if step > 0 {
                    sleep(PAUSE).await;
                }
                cx.log(LogLevel::Info, "", message).await;
            }
            Ok(CallToolResult::text("Logged three messages."))
        })
        .tool_fn("test_logging_tool", tool("Sends a log message to who asked for it."), async |_, cx| {
            // At once: the suite waits half a second for the answer, and a busy machine takes its share.
            cx.log(LogLevel::Info, "", "For who asked for it").await;
            Ok(CallToolResult::text("Logged what was asked for."))
        })
        .tool_fn("test_reconnection", tool("Ends its stream before its answer."), async |_, cx| {
            cx.close_stream(Duration::from_millis(500));
            sleep(PAUSE * 2).await;
            Ok(CallToolResult::text("Reconnection test completed: the answer came over another stream."))
        })
        .tool_fn("test_trigger_tool_change", tool("Adds a tool, or takes it away again."), async |_, cx| {
            let said = change_tools(&cx.server());
            Ok(CallToolResult::text(said))
        })
        .tool_fn("test_trigger_prompt_change", tool("Adds a prompt, or takes it away again."), async |_, cx| {
            let said = change_prompts(&cx.server());
            Ok(CallToolResult::text(said))
        })
}

fn change_tools(server: &Server) -> &'static str {
    const NAME: &str = "test_dynamic_tool";
    if server.remove_tool(NAME) {
        return "There is a tool less.";
    }
    server.add_tool_fn(NAME, tool("Comes and goes."), async |_, _| Ok(CallToolResult::text("I am here now.")));
    "There is a tool more."
}

fn change_prompts(server: &Server) -> &'static str {
    const NAME: &str = "test_dynamic_prompt";
    if server.remove_prompt(NAME) {
        return "There is a prompt less.";
    }
    server
        .add_prompt(Prompt::new(NAME).description("Comes and goes."), async |_, _| Ok(prompts::said("I am here now.")));
    "There is a prompt more."
}
