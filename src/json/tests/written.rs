//! What is written: objects, requests with their `_meta`, the same request once more, responses.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::{Draft, Json, MessageId, Meta, Object, error_text, result_text, result_text_with};
use super::{json_of, parsed, plain, value};
use crate::frame::RequestId;
use crate::platform::test;

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
    let extra = json_of(r#" {"resultType":"complete","__proto__":1} "#);
    for (result, expected) in [
        ("{}", r#"{"resultType":"complete","__proto__":1}"#),
        (" { } ", r#"{"resultType":"complete","__proto__":1}"#),
        (r#"{"a":{"b":[]}}"#, r#"{"a":{"b":[]},"resultType":"complete","__proto__":1}"#),
        (r#"{"constructor":"}"}"#, r#"{"constructor":"}","resultType":"complete","__proto__":1}"#),
    ] {
        let text = result_text_with(&ID, &json_of(result), &extra);
        assert_eq!(parsed(&text)["result"], value(expected), "{result}");
    }
    assert_eq!(parsed(&result_text(&ID, &Json::null())), value(r#"{"jsonrpc":"2.0","id":4,"result":null}"#));
    assert_eq!(parsed(&error_text(None, &json_of("{}"))), value(r#"{"jsonrpc":"2.0","id":null,"error":{}}"#));
}
