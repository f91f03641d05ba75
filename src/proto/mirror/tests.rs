use serde_json::{Value, json};

use super::{Mirror, annotations};
use crate::json::Json;
use crate::platform::test;

fn json_of(value: &Value) -> Json {
    Json::from_text(&value.to_string()).expect("JSON")
}

/// The annotations of a schema as `header=path`, or why there are none.
fn found(schema: &Value) -> Result<Vec<String>, String> {
    let all = annotations(&json_of(schema))?;
    Ok(all.into_iter().map(|Mirror { header, path }| format!("{header}={}", path.join("."))).collect())
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

#[test]
fn annotations_are_found_on_arguments_and_in_objects_of_arguments() {
    let region = json!({ "type": "string", "description": "The region", "x-mcp-header": "Region" });
    for (schema, expected) in [
        (object(json!({ "region": region, "query": { "type": "string" } })), vec!["Region=region"]),
        (
            object(
                json!({ "a": { "type": "integer", "x-mcp-header": "A" }, "b": { "type": "boolean", "x-mcp-header": "B" } }),
            ),
            vec!["A=a", "B=b"],
        ),
        (
            object(json!({ "where": object(json!({ "place": object(json!({ "region": region })) })) })),
            vec!["Region=where.place.region"],
        ),
        (
            object(json!({ "a": { "type": ["string", "null"], "x-mcp-header": "!#$%&'*+-.^_`|~09azAZ" } })),
            vec!["!#$%&'*+-.^_`|~09azAZ=a"],
        ),
        // The same name in two objects, and names that are keywords.
        (
            object(
                json!({ "x-mcp-header": { "type": "string", "x-mcp-header": "X" }, "items": { "type": "string", "x-mcp-header": "I" } }),
            ),
            vec!["X=x-mcp-header", "I=items"],
        ),
        (
            object(json!({ "properties": object(json!({ "properties": region })) })),
            vec!["Region=properties.properties"],
        ),
        // No annotations at all.
        (object(json!({})), vec![]),
        (json!({}), vec![]),
        (json!(true), vec![]),
        (json!(null), vec![]),
        (object(json!({ "x-mcp-header": { "type": "number" } })), vec![]),
        (
            object(
                json!({ "a": { "type": "object", "default": { "x-mcp-header": "A" }, "examples": [{ "x-mcp-header": "" }] } }),
            ),
            vec![],
        ),
        (object(json!({ "a": { "enum": [{ "x-mcp-header": 1 }], "const": { "x-mcp-header": 2 } } })), vec![]),
        (json!({ "$defs": { "x-mcp-header": { "type": "string" } }, "title": "x-mcp-header" }), vec![]),
    ] {
        let mut found = found(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        let mut expected = expected;
        // serde_json sorts members by name.
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{schema}");
    }
    let ordered =
        r#"{"properties":{"b":{"type":"string","x-mcp-header":"B"},"a":{"x-mcp-header":"A","type":"string"}}}"#;
    let all = annotations(&Json::from_text(ordered).expect("JSON")).expect("valid");
    assert_eq!(all.iter().map(|mirror| mirror.header.as_str()).collect::<Vec<_>>(), ["B", "A"]);
    let escaped = r#"{"properties":{"a":{"type":"string","x-mcp-\u0068eader":"A"}}}"#;
    assert_eq!(annotations(&Json::from_text(escaped).expect("JSON")).expect("valid").len(), 1);
}

#[test]
fn an_annotation_against_the_rules_is_refused_with_its_place() {
    let named = |header: Value| object(json!({ "a": { "type": "string", "x-mcp-header": header } }));
    let of_type = |kind: Value| object(json!({ "a": { "type": kind, "x-mcp-header": "A" } }));
    let leaf = json!({ "type": "string", "x-mcp-header": "A" });
    let mut deep = leaf.clone();
    for _ in 0..70 {
        deep = object(json!({ "o": deep }));
    }
    let characters = "has characters";
    let kind = "whose type is not";
    let chain = "a chain of `properties`";
    for (schema, why) in [
        (named(json!("")), "is empty"),
        (named(json!(null)), "no string"),
        (named(json!(1)), "no string"),
        (named(json!(["A"])), "no string"),
        (named(json!("My Region")), characters),
        (named(json!("Region:Primary")), characters),
        (named(json!("R\u{e9}gion")), characters),
        (named(json!("Region\r\nX: 1")), characters),
        (named(json!("Region\u{0}")), characters),
        (named(json!("a\tb")), characters),
        (named(json!("(A)")), characters),
        (named(json!("a/b")), characters),
        (of_type(json!("number")), kind),
        (of_type(json!("object")), kind),
        (of_type(json!("array")), kind),
        (of_type(json!("null")), kind),
        (of_type(json!(["null"])), kind),
        (of_type(json!([])), kind),
        (of_type(json!(["string", "number"])), kind),
        (of_type(json!(["integer", "object"])), kind),
        (object(json!({ "a": { "x-mcp-header": "A" } })), kind),
        (object(json!({ "a": leaf, "b": leaf })), "another argument"),
        (object(json!({ "a": leaf, "b": { "type": "string", "x-mcp-header": "a" } })), "another argument"),
        (object(json!({ "a": leaf, "b": object(json!({ "c": leaf })) })), "another argument"),
        // Only a chain of `properties` leads to an argument for certain.
        (leaf.clone(), chain),
        (json!({ "type": "object", "x-mcp-header": "A" }), chain),
        (json!({ "properties": leaf.clone(), "x-mcp-header": "A", "type": "string" }), chain),
        (object(json!({ "a": { "type": "array", "items": leaf } })), chain),
        (object(json!({ "a": { "type": "array", "prefixItems": [leaf] } })), chain),
        (object(json!({ "a": { "type": "array", "items": object(json!({ "b": leaf })) } })), chain),
        (object(json!({ "a": { "type": "array", "contains": leaf } })), chain),
        (json!({ "oneOf": [object(json!({ "a": leaf }))] }), chain),
        (json!({ "anyOf": [object(json!({ "a": leaf }))] }), chain),
        (json!({ "allOf": [object(json!({ "a": leaf }))] }), chain),
        (json!({ "not": object(json!({ "a": leaf })) }), chain),
        (json!({ "if": object(json!({ "a": leaf })) }), chain),
        (json!({ "then": object(json!({ "a": leaf })) }), chain),
        (json!({ "else": object(json!({ "a": leaf })) }), chain),
        (json!({ "$defs": { "a": leaf } }), chain),
        (json!({ "definitions": { "a": object(json!({ "b": leaf })) } }), chain),
        (json!({ "patternProperties": { "^a": leaf } }), chain),
        (json!({ "dependentSchemas": { "a": object(json!({ "b": leaf })) } }), chain),
        (json!({ "additionalProperties": leaf.clone() }), chain),
        (json!({ "propertyNames": leaf.clone() }), chain),
        (object(json!({ "a": { "anyOf": [leaf, { "type": "null" }] } })), chain),
        (deep, "too deep"),
    ] {
        let error = found(&schema).expect_err(&schema.to_string());
        assert!(error.contains(why), "{schema}: {error}");
        assert!(error.starts_with("x-mcp-header at /"), "{error}");
    }
    let inside = object(json!({ "a": object(json!({ "b": { "type": "number", "x-mcp-header": "B" } })) }));
    assert!(found(&inside).expect_err("a number").starts_with("x-mcp-header at /a/b is on an argument"));
}

#[test]
fn a_schema_nested_without_end_is_refused_and_not_climbed() {
    let levels = 10_000;
    let text = [r#"{"not":"#.repeat(levels).as_str(), r#"{"x-mcp-header":"A"}"#, &"}".repeat(levels)].concat();
    let schema = Json::from_text(&text).expect("JSON");
    assert!(annotations(&schema).expect_err("too deep").contains("too deep"));
}

#[test]
fn values_are_converted_by_their_type() {
    let mirror =
        |path: &[&str]| Mirror { header: "H".into(), path: path.iter().map(|name| (*name).to_owned()).collect() };
    for (arguments, value) in [
        (r#"{"a":"us-west1"}"#, Some("us-west1")),
        (r#"{"a":""}"#, Some("")),
        (r#"{"a":" caf\u00e9\n"}"#, Some(" café\n")),
        (r#"{"a":"42"}"#, Some("42")),
        (r#"{"a":42}"#, Some("42")),
        (r#"{"a":42.0}"#, Some("42")),
        (r#"{"a":4.2e1}"#, Some("42")),
        (r#"{"a":-7}"#, Some("-7")),
        (r#"{"a":0}"#, Some("0")),
        (r#"{"a":-0}"#, Some("0")),
        (r#"{"a":9007199254740991}"#, Some("9007199254740991")),
        (r#"{"a":-9007199254740991}"#, Some("-9007199254740991")),
        (r#"{"a":true}"#, Some("true")),
        (r#"{"a":false}"#, Some("false")),
        // "Client MUST omit the header".
        (r#"{"a":null}"#, None),
        (r"{}", None),
        (r#"{"b":1}"#, None),
        (r"null", None),
        (r"[]", None),
        (r#""a""#, None),
        // Nothing that a header can say.
        (r#"{"a":9007199254740992}"#, None),
        (r#"{"a":-9007199254740992}"#, None),
        (r#"{"a":1.5}"#, None),
        (r#"{"a":1e300}"#, None),
        (r#"{"a":[1]}"#, None),
        (r#"{"a":{"b":1}}"#, None),
    ] {
        let json = Json::from_text(arguments).expect("JSON");
        assert_eq!(mirror(&["a"]).value(&json).as_deref(), value, "{arguments}");
        if value.is_some() {
            let nested = Json::from_text(&format!(r#"{{"o":{{"p":{arguments}}}}}"#)).expect("JSON");
            assert_eq!(mirror(&["o", "p", "a"]).value(&nested).as_deref(), value, "{nested}");
            assert_eq!(mirror(&["o", "a"]).value(&nested), None, "{nested}");
            assert_eq!(mirror(&["a", "length"]).value(&json), None, "{arguments}");
        }
    }
}
