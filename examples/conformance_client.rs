//! The client that the official conformance suite tests. The suite runs it once per scenario, with the server's URL as the last
//! argument and the scenario's name in the environment: `scripts/conformance`.
//!
//! Which era the server speaks is found out here as everywhere: the client asks it.

use std::env;

use everywire::json::Json;
use everywire::proto::{CreateMessageResult, ElicitRequest, ElicitResult, Tool};
use everywire::{Builder, Client, Error, InputContext};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[tokio::main]
async fn main() {
    if let Err(problem) = run().await {
        eprintln!("{problem}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), String> {
    let url = env::args().next_back().ok_or("the last argument is the server's URL")?;
    let scenario = env::var("MCP_CONFORMANCE_SCENARIO").map_err(|_| "MCP_CONFORMANCE_SCENARIO names the scenario")?;
    let client = configured(&scenario, Client::builder(&url)).connect().await.map_err(said)?;
    play(&scenario, &client).await?;
    client.close().await;
    Ok(())
}

/// What the client can do for the server follows from its handlers.
fn configured(scenario: &str, builder: Builder) -> Builder {
    let builder = builder.name("everywire-conformance", env!("CARGO_PKG_VERSION"));
    match scenario {
        "elicitation-sep1034-client-defaults" => builder.on_elicit(accept_defaults),
        "sep-2322-client-request-state" => builder.on_elicit(confirm),
        // Every capability, so that the suite looks at the form of each.
        "request-metadata" => builder
            .on_elicit(async |_, _| ElicitResult::decline())
            .on_sample(async |_, _| CreateMessageResult::text("none", "There is no model here."))
            .roots(Vec::new()),
        _ => builder,
    }
}

async fn play(scenario: &str, client: &Client) -> Result<(), String> {
    match scenario {
        // Servers that have nothing to offer.
        "initialize" | "request-metadata" => client.ping().await.map_err(said),
        "tools_call" => call_listed(client, "add_numbers", json!({"a": 5, "b": 3})).await,
        "elicitation-sep1034-client-defaults" => {
            call_listed(client, "test_client_elicitation_defaults", json!({})).await
        }
        "sse-retry" => call_listed(client, "test_reconnection", json!({})).await,
        "json-schema-ref-no-deref" => client.tools_all().await.map(drop).map_err(said),
        "sep-2322-client-request-state" => {
            // The second one runs while the first has its question open: they have nothing to do with each other.
            let (asked, other) = tokio::join!(
                call(client, "test_mrtr_echo_state", json!({})),
                call(client, "test_mrtr_unrelated", json!({}))
            );
            asked.and(other)?;
            call(client, "test_mrtr_no_state", json!({})).await?;
            call(client, "test_mrtr_no_result_type", json!({})).await
        }
        "http-standard-headers" => every_kind_of_request(client).await,
        "http-custom-headers" => calls_of_the_context(client).await,
        "http-invalid-tool-headers" => every_tool_that_is_left(client).await,
        "json-schema-2020-12-preservation" => echo_schema(client).await,
        other => Err(format!("there is no scenario {other:?} here")),
    }
}

async fn call(client: &Client, name: &str, arguments: Value) -> Result<(), String> {
    let result = client.call_tool(name, arguments).await.map_err(said)?;
    println!("{name}: {}", result.all_text());
    if result.is_error { Err(format!("{name} failed: {}", result.all_text())) } else { Ok(()) }
}

/// Calls a tool as a model would: it is listed first.
async fn call_listed(client: &Client, name: &str, arguments: Value) -> Result<(), String> {
    let tools = client.tools_all().await.map_err(said)?;
    if !tools.iter().any(|tool| tool.name == name) {
        return Err(format!("the server does not list {name}"));
    }
    call(client, name, arguments).await
}

async fn every_kind_of_request(client: &Client) -> Result<(), String> {
    for tool in client.tools_all().await.map_err(said)? {
        call(client, &tool.name, json!({})).await?;
    }
    for resource in client.resources_all().await.map_err(said)? {
        client.read_resource(&resource.uri).await.map_err(said)?;
    }
    for prompt in client.prompts_all().await.map_err(said)? {
        client.get_prompt(&prompt.name, ()).await.map_err(said)?;
    }
    Ok(())
}

/// The calls that the scenario asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    tool_calls: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    name: String,
    arguments: Value,
}

async fn calls_of_the_context(client: &Client) -> Result<(), String> {
    let context = env::var("MCP_CONFORMANCE_CONTEXT").map_err(|_| "MCP_CONFORMANCE_CONTEXT says what to call")?;
    let context: Context = serde_json::from_str(&context).map_err(|error| format!("the context: {error}"))?;
    client.tools_all().await.map_err(said)?;
    for Asked { name, arguments } in context.tool_calls {
        call(client, &name, arguments).await?;
    }
    Ok(())
}

async fn every_tool_that_is_left(client: &Client) -> Result<(), String> {
    for tool in client.tools_all().await.map_err(said)? {
        call(client, &tool.name, required_arguments(&tool)).await?;
    }
    Ok(())
}

/// A value for each argument that the tool's schema requires.
fn required_arguments(tool: &Tool) -> Value {
    let schema: Value = tool.input_schema.parse().unwrap_or_default();
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let value = |name: &str| match schema["properties"][name]["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => json!("us-west1"),
    };
    required.map(|name| (name.to_owned(), value(name))).collect::<Map<_, _>>().into()
}

async fn echo_schema(client: &Client) -> Result<(), String> {
    let tools = client.tools_all().await.map_err(said)?;
    let tool = tools.into_iter().find(|tool| tool.name == "json_schema_2020_12_tool");
    let schema = tool.ok_or("the server does not list json_schema_2020_12_tool")?.input_schema;
    let result = client.call_tool("json_schema_echo", [("schema", schema)].into_iter().collect::<Object>());
    result.await.map(drop).map_err(said)
}

/// An object whose members are JSON as it came.
type Object = std::collections::BTreeMap<&'static str, Json>;

/// Accepts a form as it is: each field has the default that its schema names.
async fn accept_defaults(_: InputContext, request: ElicitRequest) -> ElicitResult {
    let ElicitRequest::Form { requested_schema, .. } = request else { return ElicitResult::decline() };
    let schema: Value = requested_schema.parse().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let defaults = properties.filter_map(|(name, field)| Some((name.clone(), field.get("default")?.clone())));
    accept(&Value::Object(defaults.collect()))
}

async fn confirm(_: InputContext, _: ElicitRequest) -> ElicitResult {
    accept(&json!({"confirmed": true}))
}

fn accept(content: &Value) -> ElicitResult {
    Json::encode(content).map_or_else(|_| ElicitResult::cancel(), ElicitResult::accept)
}

fn said(error: Error) -> String {
    format!("{error}")
}
