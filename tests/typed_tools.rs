//! Tools from Rust types: derived schemas, arguments that do not fit, structured results, in both eras
//! (2026-07-28 and 2025-11-25 server/tools).
#![cfg(feature = "schemars")]

mod server_support;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Content, ToolAnnotations};
use everywire::server::schemars::{self, JsonSchema};
use everywire::server::{Server, Structured, ToolError, ToolHandler, ToolOutput, TypedTool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server_support::*;

/// Books a table.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Booking {
    /// Who for.
    guest: Guest,
    #[schemars(range(min = 1))]
    seats: u8,
    children: Option<u32>,
    #[serde(default)]
    wishes: Vec<Wish>,
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
    terrace_side: Option<Side>,
    deposit: f64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Guest {
    name: String,
    initial: char,
    companion: Option<Box<Guest>>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Side {
    North,
    South,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Wish {
    Chair { height: i32 },
    Window,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NothingElse {}

#[derive(Serialize, JsonSchema)]
struct Receipt {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn schema_of<A: serde::de::DeserializeOwned + JsonSchema + Send + 'static>() -> Value {
    let tool = TypedTool::new("", async |_: A, _cx| Ok(())).tool();
    tool.input_schema.parse().expect("JSON")
}

fn output_of<O: ToolOutput>() -> Value {
    O::output_schema().expect("has one").parse().expect("JSON")
}

#[test]
fn input_schemas_are_what_serde_reads() {
    let guest = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "initial": {"type": "string", "minLength": 1, "maxLength": 1},
            "companion": {"anyOf": [{"$ref": "#/$defs/Guest"}, {"type": "null"}]},
        },
        "required": ["name", "initial"],
    });
    let wish = json!({"oneOf": [
        {
            "type": "object",
            "properties": {
                "kind": {"type": "string", "const": "chair"},
                "height": {"type": "integer", "minimum": -2_147_483_648_i64, "maximum": 2_147_483_647},
            },
            "required": ["kind", "height"],
        },
        {"type": "object", "properties": {"kind": {"type": "string", "const": "window"}}, "required": ["kind"]},
    ]});
    let expected = json!({
        "type": "object",
        "description": "Books a table.",
        "properties": {
            "guest": {"description": "Who for.", "$ref": "#/$defs/Guest"},
            "seats": {"type": "integer", "minimum": 1, "maximum": 255},
            "children": {"type": ["integer", "null"], "minimum": 0, "maximum": 4_294_967_295_u32},
            "wishes": {"type": "array", "items": {"$ref": "#/$defs/Wish"}, "default": []},
            "region": {"type": ["string", "null"], "x-mcp-header": "Region"},
            "terraceSide": {"anyOf": [{"$ref": "#/$defs/Side"}, {"type": "null"}]},
            "deposit": {"type": "number"},
        },
        "required": ["guest", "seats", "deposit"],
        "$defs": {"Guest": guest, "Wish": wish, "Side": {"type": "string", "enum": ["north", "south"]}},
    });
    assert_eq!(schema_of::<Booking>(), expected);
    assert_eq!(schema_of::<Nothing>(), json!({"type": "object"}));
    assert_eq!(schema_of::<NothingElse>(), json!({"type": "object", "additionalProperties": false}));
}

#[test]
fn whatever_is_an_object_has_its_type_at_the_root() {
    let tagged = schema_of::<Wish>();
    assert_eq!(tagged["type"], "object", "{tagged}");
    assert_eq!(tagged["oneOf"].as_array().map(Vec::len), Some(2), "{tagged}");
    let optional = schema_of::<Option<Guest>>();
    assert_eq!(optional["type"], "object", "{optional}");
    assert_eq!(optional["anyOf"][0]["$ref"], "#/$defs/Guest", "{optional}");
    let any = schema_of::<std::collections::HashMap<String, bool>>();
    assert_eq!(any, json!({"type": "object", "additionalProperties": {"type": "boolean"}}));
}

#[test]
fn output_schemas_are_what_serde_writes() {
    let integer = json!({"type": "integer", "minimum": 0});
    assert_eq!(
        output_of::<Structured<Receipt>>(),
        json!({
            "type": "object",
            "properties": {"number": integer, "note": {"type": ["string", "null"]}},
            "required": ["number"],
        })
    );
    // Always written, so always there, although reading does not ask for it.
    let written = output_of::<Structured<Booking>>();
    assert!(written["required"].as_array().is_some_and(|names| names.contains(&json!("children"))), "{written}");
    assert_eq!(output_of::<Structured<Wish>>()["type"], "object");
    assert_eq!(output_of::<Structured<Vec<u64>>>(), json!({"type": "array", "items": integer}));
    // What may be no object does not claim to be one.
    assert_eq!(output_of::<Structured<Option<Guest>>>().get("type"), None);
    assert!(String::output_schema().is_none() && CallToolResult::output_schema().is_none());
}

#[test]
#[should_panic(expected = "cannot be the arguments of a tool")]
fn arguments_that_are_no_object_are_refused_at_once() {
    let _ = TypedTool::new("", async |_: (u8, u8), _cx| Ok(()));
}

#[test]
#[should_panic(expected = "Side cannot be the arguments of a tool")]
fn an_enum_of_strings_is_no_object() {
    let _ = TypedTool::new("", async |_: Side, _cx| Ok(()));
}

fn server() -> Server {
    let book = async |booking: Booking, _cx| {
        if booking.guest.name.is_empty() {
            return Err(ToolError::message("say a name"));
        }
        Ok(Structured(Receipt { number: u64::from(booking.seats), note: None }))
    };
    let book =
        TypedTool::new("Books a table.", book).title("Book").annotations(ToolAnnotations::new().read_only(false));
    builder()
        .tool("book", book)
        .typed_tool("seats", "The free seats.", async |_: Nothing, _cx| Ok(Structured(vec![1_u64, 2, 3])))
        .typed_tool("text", "Says a text.", async |guest: Guest, _cx| Ok(format!("hello {}", guest.name)))
        .typed_tool("parts", "Says two.", async |_: Nothing, _cx| Ok(vec![Content::text("a"), Content::text("b")]))
        .build()
}

const VERSIONS: [&str; 3] = ["2026-07-28", "2025-11-25", "2025-06-18"];

/// A connection in this revision, and what makes params of its requests.
async fn peer_of(server: &Server, version: &str) -> (Peer, fn(Value) -> Value) {
    let mut peer = Peer::new(server);
    if version == "2026-07-28" {
        return (peer, modern);
    }
    let client = json!({"name": "raw", "version": "0"});
    let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
    assert_eq!(peer.ask("initialize", params).await["result"]["protocolVersion"], version);
    peer.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    (peer, |params| params)
}

#[tokio::test]
async fn arguments_that_do_not_fit_say_where_as_each_revision_wants_it() {
    let server = server();
    let good = json!({"guest": {"name": "Ada", "initial": "A"}, "seats": 2, "deposit": 1});
    let mut deep = good.clone();
    deep["guest"]["companion"] = json!({"name": 7, "initial": "B"});
    let mut listed = good.clone();
    listed["wishes"] = json!([{"kind": "window"}, {"kind": "chair", "height": "tall"}]);
    let mut range = good.clone();
    range["seats"] = json!(256);
    let mut lacking = good.clone();
    lacking["guest"] = json!({"initial": "A"});
    let wrong = [
        (deep, &["`guest.companion.name`", "integer `7`", "a string"][..]),
        (listed, &["`wishes[1]", "tall"]),
        (range, &["`seats`", "256"]),
        (lacking, &["`guest`", "missing field `name`"]),
        (json!({"guest": {"name": "Ada", "initial": "A"}}), &["\"seats\"", "missing"]),
    ];
    for version in VERSIONS {
        let (mut peer, params) = peer_of(&server, version).await;
        for (arguments, said) in &wrong {
            let answer = peer.ask("tools/call", params(json!({"name": "book", "arguments": arguments}))).await;
            let text = if version == "2025-06-18" {
                assert_eq!(answer["error"]["code"], -32602, "{version}: {answer}");
                &answer["error"]["message"]
            } else {
                assert_eq!(answer["result"]["isError"], true, "{version}: {answer}");
                assert!(answer["result"].get("structuredContent").is_none(), "{version}: {answer}");
                &answer["result"]["content"][0]["text"]
            };
            let text = text.as_str().expect("a text");
            assert!(said.iter().all(|said| text.contains(said)), "{version}: {text}");
            // Where it stands in the message's text helps nobody who wrote no text.
            assert!(!text.contains("column"), "{version}: {text}");
        }
        // The tool's own refusal is a result in every revision.
        let mut refused = good.clone();
        refused["guest"]["name"] = json!("");
        let answer = peer.ask("tools/call", params(json!({"name": "book", "arguments": refused}))).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert_eq!(answer["result"]["content"][0]["text"], "say a name");
    }
}

#[tokio::test]
async fn results_are_structured_and_legacy_clients_see_objects_only() {
    let server = server();
    for version in VERSIONS {
        let modern = version == "2026-07-28";
        let (mut peer, params) = peer_of(&server, version).await;
        let listed = peer.ask("tools/list", params(json!({}))).await;
        let tool = |name: &str| {
            let tools = listed["result"]["tools"].as_array().expect("tools");
            tools.iter().find(|tool| tool["name"] == name).cloned().expect("listed")
        };
        assert_eq!((&tool("book")["title"], &tool("book")["description"]), (&json!("Book"), &json!("Books a table.")));
        assert_eq!(tool("book")["annotations"], json!({"readOnlyHint": false}));
        assert_eq!(tool("book")["outputSchema"]["type"], "object");
        assert_eq!(tool("seats")["outputSchema"]["type"], if modern { json!("array") } else { Value::Null });
        assert_eq!(tool("text").get("outputSchema"), None);

        let book = json!({"guest": {"name": "Ada", "initial": "A", "companion": null}, "seats": 2, "deposit": 1.5});
        let answer = peer.ask("tools/call", params(json!({"name": "book", "arguments": book}))).await;
        assert_eq!(answer["result"]["structuredContent"], json!({"number": 2}), "{answer}");
        assert_eq!(answer["result"]["content"], json!([{"type": "text", "text": "{\"number\":2}"}]));
        let answer = peer.ask("tools/call", params(json!({"name": "seats"}))).await;
        let structured = answer["result"].get("structuredContent");
        assert_eq!(structured, modern.then_some(&json!([1, 2, 3])), "{answer}");
        assert_eq!(answer["result"]["content"], json!([{"type": "text", "text": "[1,2,3]"}]));
        let text = json!({"name": "text", "arguments": {"name": "Łódź", "initial": "Ł"}});
        let answer = peer.ask("tools/call", params(text)).await;
        assert_eq!(answer["result"]["content"][0]["text"], "hello Łódź", "{answer}");
        let answer = peer.ask("tools/call", params(json!({"name": "parts"}))).await;
        assert_eq!(answer["result"]["content"].as_array().map(Vec::len), Some(2), "{answer}");
    }
}

#[tokio::test]
async fn a_typed_tool_may_come_later_and_use_its_context() {
    let server = builder().build();
    let (mut peer, params) = peer_of(&server, "2025-11-25").await;
    server.add_typed_tool("who", "Says who asks.", async |_: Nothing, cx: everywire::server::RequestContext| {
        Ok(cx.client_info().map(|info| info.name).unwrap_or_default())
    });
    assert_eq!(peer.next().await["method"], "notifications/tools/list_changed");
    let answer = peer.ask("tools/call", params(json!({"name": "who"}))).await;
    assert_eq!(answer["result"]["content"][0]["text"], "raw", "{answer}");
}

/// A plain handler with a list as its result is shown to legacy clients in the same way.
struct Plain;

impl ToolHandler for Plain {
    fn tool(&self) -> everywire::proto::Tool {
        everywire::proto::Tool::new("", schema()).output_schema(encode(&json!({"type": "array"})))
    }

    async fn call(&self, _: Json, _: everywire::server::RequestContext) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::structured(&[7])?)
    }
}

#[tokio::test]
async fn a_plain_tool_whose_result_is_a_list_does_not_upset_legacy_clients() {
    let server = Server::builder("plain", "1").tool("plain", Plain).build();
    let (mut peer, params) = peer_of(&server, "2025-11-25").await;
    assert!(peer.ask("tools/list", params(json!({}))).await["result"]["tools"][0].get("outputSchema").is_none());
    let result = peer.ask("tools/call", params(json!({"name": "plain"}))).await["result"].clone();
    assert_eq!(result, json!({"content": [{"type": "text", "text": "[7]"}]}));
}
