//! The server of this crate with a few tools, for the tests that need one in a process of its own: `test_server --port N
//! [--generation N] [--carrier tcp | --carrier unix --path P]`. Without a carrier it is WebSocket and HTTP at one port.
//!
//! It prints `listening PORT`, then a line for each thing that a test may want to wait for, and ends with its standard input.

use std::env;

use everywire::json::Json;
use everywire::proto::{
    CallToolResult, ElicitAction, ElicitRequest, GetPromptResult, LogLevel, Prompt, PromptMessage, ReadResourceResult,
    Resource, ResourceContents,
};
use everywire::server::{HttpOptions, ReadRequest, RequestContext, Server, ToolError};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

type Answer = Result<CallToolResult, ToolError>;

fn given(name: &str) -> Option<String> {
    env::args().skip_while(|given| given != name).nth(1)
}

fn number(name: &str) -> u64 {
    given(name).and_then(|given| given.parse().ok()).unwrap_or_default()
}

fn json_of(value: Value) -> Json {
    Json::encode(&value).expect("JSON is JSON")
}

fn schema() -> Json {
    json_of(json!({ "type": "object", "properties": { "text": { "type": "string" } } }))
}

fn text_of(arguments: &Json) -> String {
    arguments.get_str("text").unwrap_or_default().to_string()
}

async fn echo(arguments: Json, _: RequestContext) -> Answer {
    Ok(CallToolResult::text(text_of(&arguments)))
}

/// Runs at once; the first start of the process keeps the answer to itself.
async fn count(arguments: Json, _: RequestContext) -> Answer {
    println!("run count {}", text_of(&arguments));
    match number("--generation") {
        0 => std::future::pending().await,
        generation => Ok(CallToolResult::text(format!("generation {generation}"))),
    }
}

/// A handler whose caller cancelled is dropped.
struct Cancelled(String);

impl Drop for Cancelled {
    fn drop(&mut self) {
        println!("cancelled {}", self.0);
    }
}

async fn never(arguments: Json, _: RequestContext) -> Answer {
    println!("run never {}", text_of(&arguments));
    let _noted = Cancelled(text_of(&arguments));
    std::future::pending().await
}

async fn steps(_: Json, cx: RequestContext) -> Answer {
    for step in 1..=3 {
        cx.progress(f64::from(step), Some(3.0), Some(&format!("step {step}"))).await;
    }
    cx.log(LogLevel::Info, "test", "three steps").await;
    Ok(CallToolResult::text("done"))
}

async fn ask(_: Json, cx: RequestContext) -> Answer {
    let form = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
    let answer = cx.elicit("who", ElicitRequest::form("What is your name?", json_of(form))).await?;
    Ok(CallToolResult::text(match answer.action {
        ElicitAction::Accept => {
            let content = answer.content.as_ref();
            format!("hello {}", content.and_then(|content| content.get_str("name")).unwrap_or_default())
        }
        other => format!("{other:?}").to_lowercase(),
    }))
}

async fn fail(_: Json, _: RequestContext) -> Answer {
    Ok(CallToolResult::error("it broke"))
}

async fn read(request: ReadRequest, _: RequestContext) -> Result<ReadResourceResult, ToolError> {
    Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), "a note")]))
}

async fn greet(arguments: Json, _: RequestContext) -> Result<GetPromptResult, ToolError> {
    let text = format!("Greet {}.", arguments.get_str("name").unwrap_or_default());
    Ok(GetPromptResult::new([PromptMessage::user(text)]))
}

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let server = Server::builder("test-server", "1.0.0")
        .tool_fn("echo", schema(), echo)
        .tool_fn("count", schema(), count)
        .tool_fn("never", schema(), never)
        .tool_fn("steps", schema(), steps)
        .tool_fn("ask", schema(), ask)
        .tool_fn("fail", schema(), fail)
        .resource(Resource::new("note:one", "one"), read)
        .prompt(Prompt::new("greet"), greet)
        .build();
    let address = format!("127.0.0.1:{}", number("--port"));
    let bind = match given("--carrier").as_deref() {
        Some("tcp") => server.bind_tcp(address),
        Some("unix") => server.bind_unix(given("--path").unwrap_or_default()),
        _ => server.bind_websocket(address).http(HttpOptions::new().cors(true)),
    };
    let listener = bind.await?;
    println!("listening {}", listener.local_addr().map_or(0, |address| address.port()));
    listener
        .run(async {
            let _ = tokio::io::stdin().read(&mut [0]).await;
        })
        .await
}
