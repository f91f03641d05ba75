//! Every example of the specification, read and written again; and what reading forgives.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::json::{Json, Text};
use crate::platform::test;

/// The examples of schema/2026-07-28, by type and name.
const EXAMPLES: &str = include_str!("../../tests/fixtures/examples-2026-07-28.json");

/// Numbers compare by what they are worth, and a flag that is `false` is an absent one.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => members
            .into_iter()
            .filter(|(key, value)| !(matches!(key.as_str(), "isError" | "hasMore") && value == &json!(false)))
            .map(|(key, value)| (key, plain(value)))
            .collect(),
        other => other,
    }
}

fn value_of(json: &Json) -> Value {
    plain(serde_json::from_str(&json.to_text()).unwrap())
}

fn json_of(text: &str) -> Json {
    Json::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    json_of(text).parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Reads a value as `T` and writes it again.
fn again<T: DeserializeOwned + Serialize>(json: &Json) -> Json {
    let value: T = json.parse().unwrap_or_else(|error| panic!("{json}: {error}"));
    Json::encode(&value).unwrap()
}

fn same<T: DeserializeOwned + Serialize>(json: &Json) {
    assert_eq!(value_of(&again::<T>(json)), value_of(json));
}

/// The members that `T` does not have are the session's business.
fn same_but<T: DeserializeOwned + Serialize>(json: &Json, others: &[&str]) {
    let mut expected = value_of(json);
    for other in others {
        expected.as_object_mut().unwrap().remove(*other).unwrap_or_else(|| panic!("{json} has no {other}"));
    }
    assert_eq!(value_of(&again::<T>(json)), expected);
}

fn result<T: DeserializeOwned + Serialize>(json: &Json) {
    same::<T>(&Text::from(json.to_text()).read().unwrap().result.unwrap());
}

fn method(json: &Json, expected: &str) -> Option<Json> {
    let message = Text::from(json.to_text()).read().unwrap();
    assert_eq!(message.method.as_deref(), Some(expected));
    message.params
}

fn code(json: &Json, expected: i64) -> Json {
    let error = Text::from(json.to_text()).read().unwrap().error.unwrap();
    assert_eq!(error.get("code").unwrap().as_f64(), Some(expected as f64));
    error
}

fn check(kind: &str, json: &Json) {
    match kind {
        "TextContent" | "ImageContent" | "AudioContent" | "ResourceLink" | "EmbeddedResource" | "ToolUseContent"
        | "ToolResultContent" => {
            assert!(!matches!(json.parse().unwrap(), Content::Unknown(_)), "{kind} is known");
            same::<Content>(json);
            // The same with `type` at the end.
            let mut members = json.entries().unwrap();
            members.sort_by_key(|(key, _)| key == "type");
            let turned =
                members.iter().fold(crate::json::Object::new(), |all, (key, value)| all.json(key, value)).build();
            assert!(!matches!(turned.parse().unwrap(), Content::Unknown(_)), "{kind} is known");
            same::<Content>(&turned);
        }
        "TextResourceContents" | "BlobResourceContents" => same::<ResourceContents>(json),
        "Resource" => same::<Resource>(json),
        "Root" => same::<Root>(json),
        "Tool" => same::<Tool>(json),
        "SamplingMessage" => same::<SamplingMessage>(json),
        "ModelPreferences" => same::<ModelPreferences>(json),
        "ClientCapabilities" => same::<ClientCapabilities>(json),
        "ServerCapabilities" => same::<ServerCapabilities>(json),
        "CallToolResult" => same::<CallToolResult>(json),
        "CompleteResult" => same::<CompleteResult>(json),
        "CreateMessageResult" => same::<CreateMessageResult>(json),
        "DiscoverResult" => same::<DiscoverResult>(json),
        "ElicitResult" => same::<ElicitResult>(json),
        "GetPromptResult" => same::<GetPromptResult>(json),
        "InputRequiredResult" => same::<InputRequired>(json),
        "ListPromptsResult" => same::<ListPromptsResult>(json),
        "ListResourceTemplatesResult" => same::<ListResourceTemplatesResult>(json),
        "ListResourcesResult" => same::<ListResourcesResult>(json),
        "ListRootsResult" => same::<ListRootsResult>(json),
        "ListToolsResult" => same::<ListToolsResult>(json),
        "ReadResourceResult" => same::<ReadResourceResult>(json),
        "SubscriptionsListenResult" => {
            assert_eq!(json.get("_meta").unwrap().get_str(meta::SUBSCRIPTION_ID).as_deref(), Some("listen-1"));
        }
        "CallToolResultResponse" => result::<CallToolResult>(json),
        "CompleteResultResponse" => result::<CompleteResult>(json),
        "DiscoverResultResponse" => result::<DiscoverResult>(json),
        "GetPromptResultResponse" => result::<GetPromptResult>(json),
        "ListPromptsResultResponse" => result::<ListPromptsResult>(json),
        "ListResourceTemplatesResultResponse" => result::<ListResourceTemplatesResult>(json),
        "ListResourcesResultResponse" => result::<ListResourcesResult>(json),
        "ListToolsResultResponse" => result::<ListToolsResult>(json),
        "ReadResourceResultResponse" => result::<ReadResourceResult>(json),
        "SubscriptionsListenResultResponse" => {
            check("SubscriptionsListenResult", &Text::from(json.to_text()).read().unwrap().result.unwrap());
        }
        "CreateMessageRequestParams" => same::<CreateMessageRequest>(json),
        "ElicitRequestFormParams" | "ElicitRequestURLParams" => same::<ElicitRequest>(json),
        "LoggingMessageNotificationParams" => same::<LogMessage>(json),
        "ProgressNotificationParams" => same_but::<Progress>(json, &["progressToken"]),
        "CompleteRequestParams" => same::<CompletionReference>(&json.get("ref").unwrap()),
        "InputRequests" => {
            for (_, request) in json.parse::<BTreeMap<String, InputRequest>>().unwrap() {
                check_input(&request);
            }
            same::<BTreeMap<String, InputRequest>>(json);
        }
        "InputResponses" => {
            same::<ElicitResult>(&json.get("github_login").unwrap());
            same::<CreateMessageResult>(&json.get("capital_of_france").unwrap());
        }
        "ElicitRequest" | "CreateMessageRequest" => check_input(&json.parse().unwrap()),
        "ListRootsRequest" => _ = method(json, method::ROOTS_LIST),
        "CallToolRequest" => _ = method(json, method::TOOLS_CALL),
        "CompleteRequest" => check("CompleteRequestParams", &method(json, method::COMPLETION_COMPLETE).unwrap()),
        "DiscoverRequest" => _ = method(json, method::DISCOVER),
        "GetPromptRequest" => _ = method(json, method::PROMPTS_GET),
        "ListPromptsRequest" => _ = method(json, method::PROMPTS_LIST),
        "ListResourceTemplatesRequest" => _ = method(json, method::RESOURCES_TEMPLATES_LIST),
        "ListResourcesRequest" => _ = method(json, method::RESOURCES_LIST),
        "ListToolsRequest" => _ = method(json, method::TOOLS_LIST),
        "ReadResourceRequest" => _ = method(json, method::RESOURCES_READ),
        "SubscriptionsListenRequest" => {
            same::<SubscriptionFilter>(
                &method(json, method::SUBSCRIPTIONS_LISTEN).unwrap().get("notifications").unwrap(),
            );
        }
        "SubscriptionsAcknowledgedNotification" => same::<SubscriptionFilter>(
            &method(json, method::SUBSCRIPTIONS_ACKNOWLEDGED).unwrap().get("notifications").unwrap(),
        ),
        "CancelledNotification" => _ = method(json, method::CANCELLED),
        "LoggingMessageNotification" => same::<LogMessage>(&method(json, method::MESSAGE).unwrap()),
        "ProgressNotification" => check("ProgressNotificationParams", &method(json, method::PROGRESS).unwrap()),
        "PromptListChangedNotification" => _ = method(json, method::PROMPTS_LIST_CHANGED),
        "ResourceListChangedNotification" => _ = method(json, method::RESOURCES_LIST_CHANGED),
        "ResourceUpdatedNotification" => _ = method(json, method::RESOURCES_UPDATED),
        "ToolListChangedNotification" => _ = method(json, method::TOOLS_LIST_CHANGED),
        "MethodNotFoundError" => {
            _ = json.get("code").map_or_else(|| code(json, code::METHOD_NOT_FOUND), |_| json.clone())
        }
        "UnsupportedProtocolVersionError" => {
            let data = code(json, code::UNSUPPORTED_PROTOCOL_VERSION).get("data").unwrap();
            assert_eq!(data.get("supported").unwrap().as_strings().unwrap()[0], versions::MODERN[0]);
        }
        "MissingRequiredClientCapabilityError" => {
            let data = code(json, code::MISSING_REQUIRED_CLIENT_CAPABILITY).get("data").unwrap();
            let needed: ClientCapabilities = data.get("requiredCapabilities").unwrap().parse().unwrap();
            assert!(needed.can_elicit_form() && !needed.can_elicit_url());
        }
        "HeaderMismatchError" => _ = code(json, code::HEADER_MISMATCH),
        // Bare error objects: a code and a message.
        "ParseError" => assert_eq!(json.get("code").unwrap().as_f64(), Some(code::PARSE_ERROR as f64)),
        "InternalError" => assert_eq!(json.get("code").unwrap().as_f64(), Some(code::INTERNAL_ERROR as f64)),
        "InvalidParamsError" => assert_eq!(json.get("code").unwrap().as_f64(), Some(code::INVALID_PARAMS as f64)),
        // Params whose members are the session's business.
        "CallToolRequestParams"
        | "CancelledNotificationParams"
        | "GetPromptRequestParams"
        | "PaginatedRequestParams"
        | "ResourceUpdatedNotificationParams" => assert!(json.is_object()),
        other => panic!("no test for the examples of {other}"),
    }
}

fn check_input(request: &InputRequest) {
    let params = request.params.as_ref().unwrap();
    match request.method.as_str() {
        method::ELICITATION_CREATE => same::<ElicitRequest>(params),
        method::SAMPLING_CREATE_MESSAGE => same::<CreateMessageRequest>(params),
        other => panic!("{other} asks for no input"),
    }
}

#[test]
fn every_example_of_the_specification() {
    let mut count = 0;
    for (kind, examples) in json_of(EXAMPLES).entries().unwrap() {
        for (_, example) in examples.entries().unwrap() {
            check(&kind, &example);
            count += 1;
        }
    }
    assert_eq!(count, 122, "all examples were met");
}

#[test]
fn shapes_of_the_earlier_revisions() {
    same::<InitializeResult>(&json_of(
        r#"{"protocolVersion":"2025-11-25","capabilities":{"logging":{},"completions":{},"prompts":{"listChanged":true},
        "resources":{"subscribe":true},"tools":{},"tasks":{"list":{},"requests":{"tools":{"call":{}}}},"experimental":{"x":{"y":1}}},
        "serverInfo":{"name":"s","version":"1","title":"S","description":"d","websiteUrl":"https://s.example","icons":
        [{"src":"data:,","mimeType":"image/png","sizes":["any"],"theme":"dark"}]},"instructions":"i","_meta":{"a":1}}"#,
    ));
    same::<ClientCapabilities>(&json_of(
        r#"{"roots":{"listChanged":true},"sampling":{"context":{},"tools":{}},"elicitation":{"form":{},"url":{}},"tasks":{},"experimental":{}}"#,
    ));
    same::<ElicitRequest>(&json_of(
        r#"{"mode":"url","message":"m","url":"https://s.example/?q=1","elicitationId":"e1"}"#,
    ));
    same::<Tool>(&json_of(
        r#"{"name":"t","inputSchema":{"type":"object"},"execution":{"taskSupport":"optional"},"annotations":{"title":"T","readOnlyHint":true,
        "destructiveHint":false,"idempotentHint":true,"openWorldHint":false},"icons":[{"src":"https://s.example/i.png"}],"_meta":{"k":"v"}}"#,
    ));
    // A list of one, as 2025-11-25 may write it, means the same as the one alone.
    let one: SamplingMessage = read(r#"{"role":"user","content":[{"type":"text","text":"x"}],"_meta":{}}"#);
    assert_eq!(one.content[0].as_text(), Some("x"));
    assert!(Json::encode(&one).unwrap().get("content").unwrap().is_object());
}

#[test]
fn content_by_its_type() {
    assert_eq!(read::<Content>(r#"{"type":"text","text":"a"}"#).as_text(), Some("a"));
    assert_eq!(read::<Content>(r#"{"text":"a","type":"text"}"#).as_text(), Some("a"));
    assert_eq!(read::<Content>(r#"{"x":{"type":"image"},"text":"a","type":"text"}"#).as_text(), Some("a"));
    assert_eq!(
        read::<Content>(r#"{"type":"text","text":"a","unknown":[{}],"annotations":null,"_meta":null}"#).as_text(),
        Some("a")
    );
    for unknown in [
        r#"{"type":"hologram","data":{"z":[1,null,"\u2028"]},"__proto__":{"a":1}}"#,
        r#"{"data":1,"type":"hologram","more":true}"#,
        r#"{"type":""}"#,
    ] {
        let content: Content = read(unknown);
        assert!(matches!(content, Content::Unknown(_)), "{unknown}");
        assert_eq!(value_of(&Json::encode(&content).unwrap()), value_of(&json_of(unknown)), "kept whole");
    }
    for wrong in [
        "{}",
        "[]",
        "null",
        r#""text""#,
        r#"{"text":"a"}"#,
        r#"{"type":1,"text":"a"}"#,
        r#"{"text":"a","type":null}"#,
        r#"{"type":"text"}"#,
        r#"{"type":"text","text":1}"#,
        r#"{"type":"image","data":"a"}"#,
        r#"{"type":"resource","resource":{}}"#,
    ] {
        assert!(json_of(wrong).parse::<Content>().is_err(), "{wrong} is no content");
    }
    let cut: CallToolResult = read(r#"{"content":[{"type":"text","text":"cut \ud83d"},{"type":"text","text":"ok"}]}"#);
    assert_eq!(cut.all_text(), "cut \u{fffd}\nok", "half a surrogate pair spoils no result");
}

#[test]
fn a_tool_result_holds_no_tool_result() {
    // As the schema has it, and so no peer can nest them until the stack ends.
    let deep = |levels| {
        let (open, close) = (r#"{"type":"tool_result","toolUseId":"1","content":["#, "]}");
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    let outer: Content = read(&deep(1_000));
    let Content::ToolResult(outer_result) = &outer else { panic!("{outer:?}") };
    assert!(matches!(outer_result.content[0], Content::Unknown(_)));
    assert_eq!(Json::encode(&outer).unwrap().to_text().matches("tool_result").count(), 1_000, "and loses nothing");
}

#[test]
fn what_reading_forgives() {
    let result: CallToolResult = read(r#"{"structuredContent":{"a":1}}"#);
    assert!(result.content.is_empty() && !result.is_error && result.structured_content.is_some());
    let result: CallToolResult = read(r#"{"content":null,"isError":null,"structuredContent":null,"_meta":null}"#);
    assert!(result.content.is_empty() && !result.is_error && result.structured_content.is_none());

    let page: ListToolsResult = read(r#"{"tools":[],"nextCursor":null,"ttlMs":-5,"cacheScope":"galactic"}"#);
    assert_eq!((page.next_cursor, page.ttl_ms, page.cache_scope), (None, Some(0), Some(CacheScope::Private)));
    assert_eq!(read::<ListToolsResult>(r#"{"tools":[],"ttlMs":1e3}"#).ttl_ms, Some(1_000));
    assert_eq!(
        read::<ListToolsResult>(r#"{"tools":[],"resultType":"x"}"#).result_type,
        Some(ResultType::Other("x".into()))
    );

    let tool: Tool = read(
        r#"{"name":"t","title":null,"inputSchema":{"type":"object"},"icons":null,"annotations":{"readOnlyHint":null},"description":null}"#,
    );
    assert!(tool.icons.is_empty() && tool.annotations.unwrap().read_only_hint.is_none());
    assert!(json_of(r#"{"tools":[{"title":"no name","inputSchema":{}}]}"#).parse::<ListToolsResult>().is_err());

    let resource: Resource =
        read(r#"{"uri":"u","name":"n","size":12.0,"annotations":{"audience":["user","robot"],"priority":1}}"#);
    let annotations = resource.annotations.unwrap();
    assert_eq!((resource.size, annotations.audience, annotations.priority), (Some(12), vec![Role::User], Some(1.0)));

    assert_eq!(read::<Implementation>(r#"{"name":"n","version":null}"#).version, "");
    assert!(read::<ServerCapabilities>(r#"{"tools":null,"resources":{"subscribe":null}}"#).tools.is_none());
    assert!(matches!(read(r#"{"message":"m","requestedSchema":{}}"#), ElicitRequest::Form { .. }), "no mode is a form");
    for wrong in
        [r#"{"message":"m"}"#, r#"{"message":"m","mode":"url"}"#, r#"{"message":"m","mode":"dance","url":"u"}"#]
    {
        assert!(json_of(wrong).parse::<ElicitRequest>().is_err(), "{wrong}");
    }
    assert!(read::<LogMessage>(r#"{"level":"info"}"#).data.is_null());
    assert!(json_of(r#"{"level":"loud","data":1}"#).parse::<LogMessage>().is_err());
    assert!(json_of(r#"{"type":"ref/prompt","uri":"u"}"#).parse::<CompletionReference>().is_err());
}

#[test]
fn what_is_written() {
    assert_eq!(
        Json::encode(&CallToolResult::text("x")).unwrap().to_text(),
        r#"{"content":[{"type":"text","text":"x"}]}"#
    );
    assert_eq!(
        value_of(&Json::encode(&CallToolResult::error("x")).unwrap()),
        json!({"content": [{"type": "text", "text": "x"}], "isError": true})
    );
    let structured = CallToolResult::structured(&BTreeMap::from([("a", 1)])).unwrap();
    assert_eq!(
        value_of(&Json::encode(&structured).unwrap()),
        json!({"content": [{"type": "text", "text": r#"{"a":1}"#}], "structuredContent": {"a": 1.0}})
    );
    assert_eq!(Json::encode(&Progress::new(50.0).total(100.0)).unwrap().to_text(), r#"{"progress":50,"total":100}"#);
    assert_eq!(Json::encode(&Progress::new(0.5)).unwrap().to_text(), r#"{"progress":0.5}"#);
    assert_eq!(Json::encode(&ElicitResult::decline()).unwrap().to_text(), r#"{"action":"decline"}"#);
    assert_eq!(Json::encode(&ElicitResult::cancel()).unwrap().to_text(), r#"{"action":"cancel"}"#);
    assert_eq!(Json::encode(&ElicitResult::accept_url()).unwrap().to_text(), r#"{"action":"accept"}"#);
    assert_eq!(
        value_of(&Json::encode(&ElicitResult::accept(json_of("{}"))).unwrap()),
        json!({"action": "accept", "content": {}})
    );
    assert_eq!(Json::encode(&SubscriptionFilter::new()).unwrap().to_text(), "{}");
    assert_eq!(
        value_of(&Json::encode(&SubscriptionFilter::new().tools().prompts().resources().resource("u")).unwrap()),
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true, "resourceSubscriptions": ["u"]})
    );
    assert_eq!(
        value_of(&Json::encode(&ClientCapabilities::new().elicit_form().elicit_url().sample().roots(true)).unwrap()),
        json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {"listChanged": true}})
    );
    assert_eq!(
        value_of(
            &Json::encode(
                &ServerCapabilities::new().tools(true).resources(true, false).prompts(false).completions().logging()
            )
            .unwrap()
        ),
        json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}, "prompts": {}, "completions": {}, "logging": {}})
    );
    let discover = DiscoverResult::new(["2026-07-28"], ServerCapabilities::new(), &Implementation::new("s", "1"));
    assert_eq!(discover.server_info(), Some(Implementation::new("s", "1")));
    assert_eq!(again::<DiscoverResult>(&Json::encode(&discover).unwrap()).get("ttlMs").unwrap().as_f64(), Some(0.0));

    let values = CompleteResult::new((0..150).map(|n| n.to_string()));
    assert_eq!(
        (values.completion.values.len(), values.completion.total, values.completion.has_more),
        (100, Some(150), true)
    );
    let few = CompleteResult::new(["a"]);
    assert_eq!((few.completion.total, few.completion.has_more), (Some(1), false));
    let ask = InputRequired::new().ask("k", InputRequest::new(method::ROOTS_LIST, None)).request_state("s");
    assert_eq!(
        value_of(&Json::encode(&ask).unwrap()),
        json!({"resultType": "input_required", "inputRequests": {"k": {"method": "roots/list"}}, "requestState": "s"})
    );
}

#[test]
fn log_levels_are_ordered() {
    assert!(LogLevel::Debug < LogLevel::Info && LogLevel::Error < LogLevel::Emergency);
    assert_eq!("warning".parse::<LogLevel>().unwrap(), LogLevel::Warning);
    assert!("loud".parse::<LogLevel>().unwrap_err().to_string().contains("emergency"));
    assert_eq!(LogLevel::Notice.to_string(), "notice");
}
