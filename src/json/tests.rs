//! One table of awkward values, run on both twins: what they make of a text must be the same.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Draft, Json, Message, MessageId, Meta, Object, Text, error_text, result_text};
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

#[test]
fn objects() {
    let object = Object::new()
        .str("s", "quote \" and \u{2028}")
        .num("whole", 50.0)
        .num("part", 0.5)
        .num("huge", 1e300)
        .num("none", f64::NAN)
        .bool("b", true)
        .json("j", &json_of("[1]"))
        .id("number", &RequestId::Number(-3))
        .id("text", &RequestId::Text("é".into()))
        .str("__proto__", "p")
        .build();
    let expected = r#"{"s":"quote \" and \u2028","whole":50,"part":0.5,"huge":1e300,"none":null,"b":true,"j":[1],"number":-3,"text":"é","__proto__":"p"}"#;
    assert_eq!(value(&object.to_text()), value(expected));
    assert!(object.to_text().contains(r#""whole":50,"#), "a whole number is written as one: {object}");
    assert_eq!(Object::new().build().to_text(), "{}");
}

fn base() -> Json {
    json_of(
        r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#,
    )
}

const ID: RequestId = RequestId::Number(4);

#[test]
fn requests() {
    #[derive(serde::Serialize)]
    struct Params {
        name: &'static str,
    }
    #[derive(serde::Serialize)]
    struct Nothing {}
    let none = Meta::default();
    let base = base();
    let modern = Meta { base: Some(&base), ..none };
    let with = |draft: Draft, meta| parsed(draft.finish(Some(&ID), meta).unwrap().text());
    let expected = |params: Value| plain(json!({"jsonrpc": "2.0", "id": 4, "method": "m", "params": params}));
    let protocol = plain(serde_json::from_str(&base.to_text()).unwrap());

    assert_eq!(with(Draft::new("m"), none), value(r#"{"jsonrpc":"2.0","id":4,"method":"m"}"#));
    assert_eq!(
        parsed(Draft::new("n\"").finish(None, none).unwrap().text()),
        value(r#"{"jsonrpc":"2.0","method":"n\""}"#)
    );
    assert_eq!(with(Draft::new("m"), modern), expected(json!({"_meta": protocol})));
    assert_eq!(with(Draft::encode("m", Params { name: "}}" }).unwrap(), none), expected(json!({"name": "}}"})));
    assert_eq!(with(Draft::encode("m", Nothing {}).unwrap(), none), expected(json!({})));
    assert_eq!(with(Draft::encode("m", Nothing {}).unwrap(), modern), expected(json!({"_meta": protocol})));
    let map = HashMap::from([("k", 1)]);
    assert_eq!(with(Draft::encode("m", &map).unwrap(), modern), expected(json!({"k": 1.0, "_meta": protocol})));
    for empty in ["{}", "{ }", "{\n}"] {
        let draft = Draft::with_params("m", &json_of(empty)).unwrap();
        assert_eq!(with(draft.clone(), none), expected(json!({})), "{empty:?}");
        assert_eq!(with(draft, modern), expected(json!({"_meta": protocol})), "{empty:?}");
    }
    let params = json_of(r#"{"__proto__":1,"a":{"_meta":2}}"#);
    assert_eq!(
        with(Draft::with_params("m", &params).unwrap(), modern),
        expected(
            serde_json::from_str::<Value>(&format!(r#"{{"__proto__":1.0,"a":{{"_meta":2.0}},"_meta":{base}}}"#))
                .unwrap()
        )
    );
    for wrong in ["[]", "1", "null", r#""{}""#] {
        assert!(Draft::with_params("m", &json_of(wrong)).is_err(), "{wrong}");
        assert!(Draft::encode("m", json_of(wrong)).is_err(), "{wrong}");
    }
    assert!(Draft::encode("m", "text}}").is_err());
    assert!(Draft::encode("m", [HashMap::from([("a", 1)])]).is_err());

    let mut draft = Draft::new("m");
    draft.set("x", &json_of("[]"));
    draft.set("__proto__", &json_of("{}"));
    assert_eq!(with(draft, none), value(r#"{"jsonrpc":"2.0","id":4,"method":"m","params":{"x":[],"__proto__":{}}}"#));
}

#[test]
fn metadata() {
    let base = base();
    let meta_of = |draft: Draft, meta| parsed(draft.finish(Some(&ID), meta).unwrap().text())["params"]["_meta"].clone();
    let protocol = plain(serde_json::from_str(&base.to_text()).unwrap());
    let both = |extra: Value| {
        let mut all = protocol.clone();
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        plain(all)
    };
    let own = json_of(
        r#"{"a":1,"_meta":{"mine":{"x":1},"progressToken":"mine","io.modelcontextprotocol/protocolVersion":"1900","__proto__":2}}"#,
    );
    let draft = || Draft::with_params("m", &own).unwrap();
    let extra = serde_json::from_str::<Value>(r#"{"mine":{"x":1},"__proto__":2}"#).unwrap();

    let all = Meta { base: Some(&base), progress_token: Some(9), user: None };
    let mut expected = both(extra.clone());
    expected["progressToken"] = json!(9.0);
    assert_eq!(meta_of(draft(), all), expected, "the caller's entries stay, the protocol's win");
    assert_eq!(
        meta_of(draft(), Meta::default()),
        value(
            r#"{"mine":{"x":1},"progressToken":"mine","io.modelcontextprotocol/protocolVersion":"1900","__proto__":2}"#
        ),
        "nothing of ours, nothing changed"
    );
    let token = Meta { progress_token: Some(9), ..Meta::default() };
    assert_eq!(meta_of(draft(), token)["progressToken"], json!(9.0));
    assert_eq!(meta_of(draft(), token)["mine"], json!({"x": 1.0}));
    assert_eq!(meta_of(Draft::new("m"), token), json!({"progressToken": 9.0}));

    let user = json_of(r#"{"theirs":true}"#);
    let given = Meta { base: Some(&base), progress_token: None, user: Some(&user) };
    assert_eq!(meta_of(Draft::new("m"), given), both(json!({"theirs": true})));
    assert_eq!(
        meta_of(Draft::new("m").user_meta(Some(user.clone())), Meta { user: None, ..given }),
        both(json!({"theirs": true}))
    );
    let empty = json_of("{}");
    assert_eq!(meta_of(Draft::new("m"), Meta { user: Some(&empty), ..given }), protocol);
    for alien in [r#"{"_meta":5}"#, r#"{"_meta":null}"#, r#"{"_meta":[]}"#] {
        let draft = Draft::with_params("m", &json_of(alien)).unwrap();
        assert_eq!(meta_of(draft, Meta { user: None, ..given }), protocol, "{alien}");
    }
    assert_eq!(value(&own.to_text())["_meta"]["progressToken"], json!("mine"), "the caller's own value is not touched");
}

#[test]
fn sending_once_more() {
    let base = base();
    let meta = |token| Meta { base: Some(&base), progress_token: Some(token), user: None };
    let params = json_of(r#"{"name":"t","arguments":{"x":[1]},"_meta":{"mine":1}}"#);
    for (draft, own) in [
        (Draft::with_params("tools/call", &params).unwrap(), r#""name":"t","arguments":{"x":[1]},"#),
        (Draft::new("tools/call").user_meta(Some(json_of(r#"{"mine":1}"#))), ""),
    ] {
        let expected = |id: i64, token: i64, added: &str| {
            let meta = base.to_text().replacen('{', &format!(r#"{{"mine":1,"progressToken":{token},"#), 1);
            value(&format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{{own}{added}"_meta":{meta}}}}}"#
            ))
        };
        let first = draft.freeze().unwrap().finish(Some(&RequestId::Number(1)), meta(11)).unwrap();
        assert_eq!(parsed(first.text()), expected(1, 11, ""));

        let again = first.reopen().finish(Some(&RequestId::Number(2)), meta(12)).unwrap();
        assert_eq!(parsed(again.text()), expected(2, 12, ""), "a new id and token, nothing else");

        let mut round = again.original();
        round.set("inputResponses", &json_of(r#"{"k":{"action":"accept"}}"#));
        round.set("requestState", &json_of(r#""s1""#));
        let round = round.finish(Some(&RequestId::Number(3)), meta(13)).unwrap();
        let added = r#""inputResponses":{"k":{"action":"accept"}},"requestState":"s1","#;
        assert_eq!(parsed(round.text()), expected(3, 13, added));

        let resent = round.reopen().finish(Some(&RequestId::Number(4)), meta(14)).unwrap();
        assert_eq!(parsed(resent.text()), expected(4, 14, added), "a round sent once more keeps its answers");

        let mut next = resent.original();
        next.set("requestState", &json_of(r#""s2""#));
        let next = next.finish(Some(&RequestId::Number(5)), meta(15)).unwrap();
        assert_eq!(
            parsed(next.text()),
            expected(5, 15, r#""requestState":"s2","#),
            "a new round has only its own answers"
        );
        assert_eq!(
            parsed(next.original().finish(Some(&RequestId::Number(6)), meta(16)).unwrap().text()),
            expected(6, 16, "")
        );
    }
    let bare = Draft::new("ping").finish(Some(&ID), Meta::default()).unwrap();
    assert_eq!(parsed(bare.original().finish(Some(&ID), Meta::default()).unwrap().text()), parsed(bare.text()));
    assert_eq!(parsed(bare.reopen().finish(Some(&ID), Meta::default()).unwrap().text()), parsed(bare.text()));
}

#[test]
fn responses() {
    let odd = json_of(r#"{"__proto__":{"a":1},"n":null,"s":"\u2028\ud83d\ude00"}"#);
    for id in [RequestId::Number(0), RequestId::Number(RequestId::MAX_SAFE), RequestId::Text("a\"b".into())] {
        let text = result_text(&id, &odd);
        let message = text.read().unwrap();
        assert_eq!(message.id, MessageId::Id(id.clone()));
        assert_eq!(value(&message.result.unwrap().to_text()), value(&odd.to_text()));
        let text = error_text(Some(&id), &json_of(r#"{"code":-32601,"message":"no"}"#));
        let message = text.read().unwrap();
        assert_eq!(message.id, MessageId::Id(id));
        assert_eq!(message.error.unwrap().get("code").and_then(|code| code.as_f64()), Some(-32601.0));
    }
    assert_eq!(parsed(&result_text(&ID, &Json::null())), value(r#"{"jsonrpc":"2.0","id":4,"result":null}"#));
    assert_eq!(parsed(&error_text(None, &json_of("{}"))), value(r#"{"jsonrpc":"2.0","id":null,"error":{}}"#));
}
