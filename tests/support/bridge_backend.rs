//! A server over standard input and output for the tests of the bridge: `bridge_backend [--exit CODE]`, which ends at once with
//! that code.

use std::io::Write as _;

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitAction, ElicitRequest};
use everywire::server::{RequestContext, Server, ToolError};
use everywire::transport::{StdioTransport, Transport as _};
use serde_json::json;

type Answer = Result<CallToolResult, ToolError>;

fn schema() -> Json {
    Json::encode(&json!({ "type": "object", "properties": { "text": { "type": "string" } } })).expect("JSON")
}

async fn echo(arguments: Json, _: RequestContext) -> Answer {
    Ok(CallToolResult::text(arguments.get_str("text").unwrap_or_default()))
}

/// Which process this is.
async fn pid(_: Json, _: RequestContext) -> Answer {
    Ok(CallToolResult::text(std::process::id().to_string()))
}

/// Whether a variable of this name is there.
async fn variable(arguments: Json, _: RequestContext) -> Answer {
    let name = arguments.get_str("text").unwrap_or_default();
    Ok(CallToolResult::text(if std::env::var_os(name).is_some() { "there" } else { "not there" }))
}

/// Ends the process, with something on standard error that is nobody's business but the terminal's.
async fn crash(_: Json, _: RequestContext) -> Answer {
    end(3)
}

async fn ask(_: Json, cx: RequestContext) -> Answer {
    let form = json!({ "type": "object", "properties": { "name": { "type": "string", "title": "Name" } }, "required": ["name"] });
    let form = Json::encode(&form).expect("JSON");
    let answer = cx.elicit("who", ElicitRequest::form("What is your name?", form)).await?;
    let name = answer.content.as_ref().and_then(|content| content.get_str("name")).unwrap_or_default();
    let accepted = matches!(answer.action, ElicitAction::Accept);
    Ok(CallToolResult::text(if accepted { format!("hello {name}") } else { "no name".to_owned() }))
}

fn end(code: i32) -> ! {
    let _ = writeln!(std::io::stderr(), "stack trace with key hunter2");
    std::process::exit(code)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), everywire::transport::TransportError> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, code] = arguments.as_slice()
        && flag == "--exit"
    {
        end(code.parse().unwrap_or(1));
    }
    let server = Server::builder("bridge-backend", "1.0.0")
        .title("Backend")
        .tool_fn("echo", schema(), echo)
        .tool_fn("pid", schema(), pid)
        .tool_fn("variable", schema(), variable)
        .tool_fn("crash", schema(), crash)
        .tool_fn("ask", schema(), ask)
        .build();
    server.serve_link(StdioTransport::new().connect().await?).await
}
