//! One table of awkward values, run on both twins: what they make of a text must be the same.

mod relay;
mod written;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Json, Message, MessageId, Text, result_text};
use crate::frame::RequestId;
use crate::platform::test;

/// A value whose numbers compare by what they are worth: `1` is `1.0`.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        other => other,
    }
}

fn value(text: &str) -> Value {
    plain(serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn parsed(text: &Text) -> Value {
    value(&text.to_string())
}

fn json_of(text: &str) -> Json {
    Json::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What was read, on one line.
fn read(text: &str) -> String {
    let Message { id, method, params, result, error } = match Text::from(text.to_owned()).read() {
        Ok(message) => message,
        Err(malformed) => return format!("{malformed:?}"),
    };
    let id = match id {
        MessageId::Absent => "-".to_owned(),
        MessageId::Id(id) => id.to_string(),
        MessageId::Alien => "alien".to_owned(),
    };
    let shown = |part: &str, json: Option<Json>| {
        json.map_or(String::new(), |json| {
            format!(
                " {part} {}",
                serde_json::from_str::<Value>(&json.to_text()).map_or(json.to_text(), |v| plain(v).to_string())
            )
        })
    };
    let method = method.map_or(String::new(), |method| format!(" {method:?}"));
    format!("{id}{method}{}{}{}", shown("params", params), shown("result", result), shown("error", error))
}

#[test]
fn envelopes() {
    const TABLE: &[(&str, &str)] = &[
        // Ids.
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "1 result {}"),
        (r#"{"jsonrpc":"2.0","id":"1","result":{}}"#, r#""1" result {}"#),
        (r#"{"id":1.0,"result":{}}"#, "1 result {}"),
        (r#"{"id":1e2,"result":{}}"#, "100 result {}"),
        (r#"{"id":-7,"result":{}}"#, "-7 result {}"),
        (r#"{"id":-0,"result":{}}"#, "0 result {}"),
        (r#"{"id":1.5,"result":{}}"#, "alien result {}"),
        (r#"{"id":null,"result":{}}"#, "alien result {}"),
        (r#"{"id":true,"result":{}}"#, "alien result {}"),
        (r#"{"id":9007199254740991,"result":{}}"#, "9007199254740991 result {}"),
        (r#"{"id":9007199254740992,"result":{}}"#, "alien result {}"),
        (r#"{"id":9007199254740993,"result":{}}"#, "alien result {}"),
        (r#"{"id":-9007199254740992,"result":{}}"#, "alien result {}"),
        (r#"{"id":18446744073709551617,"result":{}}"#, "alien result {}"),
        (r#"{"id":1e400,"result":{}}"#, "alien result {}"),
        (r#"{"id":-1e400,"result":{}}"#, "alien result {}"),
        (r#"{"id":{},"result":{}}"#, "alien result {}"),
        (r#"{"id":[1],"result":{}}"#, "alien result {}"),
        (r#"{"id":"","result":{}}"#, r#""" result {}"#),
        (r#"{"id":"a\u0062\n","result":{}}"#, r#""ab\n" result {}"#),
        (r#"{"id":"\ud83d\ude00","result":{}}"#, r#""😀" result {}"#),
        (r#"{"id":"\ud800","result":{}}"#, "alien result {}"),
        (r#"{"id":"__proto__","result":{}}"#, r#""__proto__" result {}"#),
        (r#"{"result":{}}"#, "- result {}"),
        // Kinds.
        (r#"{"id":1,"method":"ping"}"#, r#"1 "ping""#),
        (r#"{"method":"ping"}"#, r#"- "ping""#),
        (r#"{"method":"ping","params":null}"#, r#"- "ping""#),
        (r#"{"method":"ping","params":{}}"#, r#"- "ping" params {}"#),
        (r#"{"method":"ping","params":[]}"#, r#"- "ping" params []"#),
        (r#"{"method":"p\u0069ng"}"#, r#"- "ping""#),
        (r#"{"method":""}"#, r#"- """#),
        (r#"{"method":1}"#, "NotMessage"),
        (r#"{"method":{}}"#, "NotMessage"),
        (r#"{"method":"\udc00"}"#, "NotMessage"),
        (r#"{"id":1,"method":null}"#, "NotMessage"),
        (r#"{"id":1,"method":null,"result":{}}"#, "1 result {}"),
        (r#"{"id":1,"result":null}"#, "1 result null"),
        (r#"{"id":1,"result":[]}"#, "1 result []"),
        (r#"{"id":1,"result":"x"}"#, r#"1 result "x""#),
        (r#"{"id":1,"error":{"code":-1,"message":"m"}}"#, r#"1 error {"code":-1.0,"message":"m"}"#),
        (r#"{"id":null,"error":{}}"#, "alien error {}"),
        (r#"{"id":1,"error":null}"#, "NotMessage"),
        (r#"{"id":1,"result":{},"error":null}"#, "1 result {}"),
        (r#"{"id":1,"result":{},"error":{}}"#, "1 result {}"),
        (r#"{"id":1,"error":{},"result":{}}"#, "1 result {}"),
        (r#"{"id":1,"result":null,"error":{}}"#, "1 error {}"),
        (r#"{"id":1,"error":{},"result":null}"#, "1 error {}"),
        (r#"{"id":1,"result":null,"error":null}"#, "1 result null"),
        // No message.
        (r#"{}"#, "NotMessage"),
        (r#"{"id":1}"#, "NotMessage"),
        (r#"{"id":1,"params":{}}"#, "NotMessage"),
        ("[]", "Batch"),
        (r#"[{"id":1,"result":{}}]"#, "Batch"),
        (r#" [{"id":1,"result":{}},{"id":2,"result":{}}]"#, "Batch"),
        (r#"[1,"method",{},{},null]"#, "Batch"),
        ("null", "NotMessage"),
        ("1", "NotMessage"),
        ("true", "NotMessage"),
        (r#""text""#, "NotMessage"),
        // No JSON.
        ("", "NotJson"),
        (" ", "NotJson"),
        ("{", "NotJson"),
        ("hello", "NotJson"),
        (r#"{"method":"ping"} x"#, "NotJson"),
        (r#"{"method":"ping"}{"method":"ping"}"#, "NotJson"),
        (r#"{"method":"ping",}"#, "NotJson"),
        (r#"{'method':"ping"}"#, "NotJson"),
        (r#"{"method":1"#, "NotJson"),
        (r#"{"id":01,"result":{}}"#, "NotJson"),
        (r#"{"id":NaN,"result":{}}"#, "NotJson"),
        ("{\"method\":\"a\nb\"}", "NotJson"),
        ("\u{feff}{\"method\":\"ping\"}", "NotJson"),
        ("\u{a0}{\"method\":\"ping\"}", "NotJson"),
        (" \t\r\n{ \"method\" :\n\"ping\" }\r\n ", r#"- "ping""#),
        // Names that mean something to a host, and names that stand twice.
        (r#"{"id":1,"id":2,"result":{}}"#, "2 result {}"),
        (r#"{"id":1,"result":{"a":1},"result":{"a":2}}"#, r#"1 result {"a":2.0}"#),
        (r#"{"method":"a","method":"b"}"#, r#"- "b""#),
        (r#"{"__proto__":{"method":"evil","id":5},"id":1,"result":{}}"#, "1 result {}"),
        (r#"{"__proto__":{"method":"evil"}}"#, "NotMessage"),
        (r#"{"constructor":{"prototype":{"id":1}},"method":"m"}"#, r#"- "m""#),
        (r#"{"toString":1,"valueOf":2,"toJSON":3,"method":"m"}"#, r#"- "m""#),
        (r#"{"i\u0064":3,"result":{}}"#, "3 result {}"),
        (
            r#"{"method":"m","params":{"__proto__":{"x":1},"constructor":2,"":3}}"#,
            r#"- "m" params {"":3.0,"__proto__":{"x":1.0},"constructor":2.0}"#,
        ),
    ];
    for (text, expected) in TABLE {
        assert_eq!(read(text), *expected, "reading {text}");
    }
}

#[test]
fn members() {
    let object = json_of(
        r#" {"a":1,"a":"two","n":null,"__proto__":{"b":true},"constructor":[],"":0,"t\u0065st":"\ud83d\ude00","10":1,"2":2} "#,
    );
    assert_eq!(object.get_str("a").as_deref(), Some("two"), "the last of two wins");
    assert!(object.get("n").is_some_and(|n| n.is_null()), "null is a value");
    assert_eq!(object.get("__proto__").and_then(|p| p.get("b")).and_then(|b| b.as_bool()), Some(true));
    assert!(object.get("constructor").is_some_and(|c| c.is_array() && c.items().is_some_and(|items| items.is_empty())));
    assert_eq!(object.get("").and_then(|zero| zero.as_f64()), Some(0.0));
    assert_eq!(object.get_str("test").as_deref(), Some("😀"));
    for inherited in ["toString", "hasOwnProperty", "valueOf", "b", "missing"] {
        assert!(object.get(inherited).is_none(), "{inherited} is no member");
    }
    let mut names: Vec<String> = object.entries().unwrap().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["", "10", "2", "__proto__", "a", "constructor", "n", "test"]);

    for text in ["[]", "1", "null", r#""x""#, "true"] {
        let other = json_of(text);
        assert!(other.get("length").is_none() && other.get("0").is_none() && other.entries().is_none(), "{text}");
        assert!(!other.is_object(), "{text}");
    }
    for text in ["{}", "1", "null", r#""x""#] {
        assert!(json_of(text).items().is_none() && !json_of(text).is_array(), "{text}");
    }
    assert!(json_of("{}").entries().is_some_and(|all| all.is_empty()) && json_of("{ }").is_object());
    assert_eq!(json_of(r#"["a","b"]"#).as_strings(), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(json_of("[]").as_strings(), Some(Vec::new()));
    assert_eq!(json_of(r#"["a",1]"#).as_strings(), None);
    for text in ["", "{", "[1,]", "undefined", "NaN", "{} {}", "\u{feff}{}"] {
        assert!(Json::from_text(text).is_err(), "{text:?} is no value");
    }
}

#[test]
fn several_members_at_once() {
    let object = json_of(r#" {"b":2,"a":1,"b":3,"__proto__":{"c":1},"n":null} "#);
    let [b, proto, c, n, inherited] = object.pick(["b", "__proto__", "c", "n", "toString"]).unwrap();
    assert_eq!(b.and_then(|b| b.as_f64()), Some(3.0), "the last of two wins");
    assert!(proto.is_some_and(|proto| proto.is_object()) && n.is_some_and(|n| n.is_null()));
    assert!(c.is_none() && inherited.is_none());
    assert!(json_of("{}").pick(["a"]).is_some_and(|[a]| a.is_none()));
    for other in ["[1]", "1", "null", r#""a""#] {
        assert!(json_of(other).pick(["length"]).is_none(), "{other} has no members");
    }
    assert_eq!(value(&Json::string("a\"\u{2028}\0😀").to_text()), json!("a\"\u{2028}\0😀"));
    assert_eq!(value(&Json::strings(&["a".into(), "\"".into()]).to_text()), json!(["a", "\""]));
    assert_eq!(Json::strings(&[]).to_text(), "[]");
}

#[test]
fn scalars() {
    assert_eq!(json_of("1.5").as_f64(), Some(1.5));
    assert_eq!(json_of("9007199254740993").as_f64(), Some(9007199254740992.0), "payload keeps what a double keeps");
    assert_eq!(json_of("1e400").as_f64(), None, "no finite number");
    assert_eq!(json_of("5e-324").as_f64(), Some(5e-324));
    assert_eq!(json_of(r#""1""#).as_f64(), None);
    assert_eq!(json_of("null").as_f64(), None);
    assert_eq!(json_of("1").as_str(), None);
    assert_eq!(json_of("null").as_str(), None);
    assert_eq!(json_of("1").as_bool(), None);
    assert_eq!(json_of("false").as_bool(), Some(false));
    assert_eq!(json_of(r#""\u0000\u2028\"\\\/""#).as_str().as_deref(), Some("\0\u{2028}\"\\/"));
    assert_eq!(json_of("7").as_id(), Some(RequestId::Number(7)));
    assert_eq!(json_of(r#""7""#).as_id(), Some(RequestId::Text("7".into())));
    assert_eq!(json_of("7.5").as_id(), None);
    assert_eq!(json_of(r#"{"a":7}"#).get_id("a"), Some(RequestId::Number(7)));
    assert!(Json::null().is_null() && !json_of("0").is_null() && !json_of(r#""null""#).is_null());
}

#[test]
fn surrogates_that_stand_alone() {
    const TABLE: &[(&str, &str)] = &[
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""cut \ud83d""#, "cut \u{fffd}"),
        (r#""\ude00x""#, "\u{fffd}x"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""\ud83d\n\ude00""#, "\u{fffd}\n\u{fffd}"),
        (r#""\\ud83d""#, r"\ud83d"),
        (r#""\\\ud83d""#, "\\\u{fffd}"),
        (r#""\uD83D\uDE00""#, "😀"),
    ];
    for (text, expected) in TABLE {
        assert_eq!(json_of(text).as_str().as_deref(), Some(*expected), "{text}");
        assert_eq!(json_of(text).parse::<String>().unwrap(), *expected, "{text}");
    }
    let nested: Vec<String> = json_of(r#"["a","\ud800","\ud83d\ude00"]"#).parse().unwrap();
    assert_eq!(nested, ["a", "\u{fffd}", "😀"]);
    assert!(json_of(r#"["\ud800"]"#).parse::<Vec<u8>>().is_err(), "a wrong type stays an error");
}

#[test]
fn deep_nesting() {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let text = format!(r#"{{"id":1,"result":{{"deep":{deep}}}}}"#);
    let message = Text::from(text).read().unwrap();
    let kept = message.result.unwrap().get("deep").unwrap();
    assert_eq!(kept.to_text(), deep, "payload is kept however deep it is");
    assert!(kept.items().is_some_and(|items| items.len() == 1));
    let again = result_text(&RequestId::Number(1), &kept).to_string();
    assert!(again.contains(&deep));
}

#[test]
fn rust_values() {
    let map: HashMap<String, Json> = HashMap::from([("constructor".to_owned(), json_of(r#"{"__proto__":[1,null]}"#))]);
    let encoded = Json::encode(&map).unwrap();
    assert!(encoded.is_object(), "a map becomes an object");
    assert_eq!(value(&encoded.to_text()), value(r#"{"constructor":{"__proto__":[1,null]}}"#));
    let back: HashMap<String, Json> = encoded.parse().unwrap();
    assert_eq!(value(&back["constructor"].to_text()), value(r#"{"__proto__":[1,null]}"#));

    let all = json!({"n": 1, "f": 1.5, "s": "x\u{2028}", "b": true, "o": {}, "a": [], "z": null, "big": 9007199254740991_i64});
    let encoded = Json::encode(&all).unwrap();
    assert_eq!(value(&encoded.to_text()), plain(all.clone()));
    assert_eq!(plain(encoded.parse::<Value>().unwrap()), plain(all));
    assert_eq!(Json::encode(&None::<u8>).unwrap().to_text(), "null");
    assert_eq!(Json::encode(&Some("x")).unwrap().as_str().as_deref(), Some("x"));
    assert!(json_of(r#"{"a":1}"#).parse::<String>().is_err());
    assert!(json_of("null").parse::<Option<String>>().unwrap().is_none());
}
