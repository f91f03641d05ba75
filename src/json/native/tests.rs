//! The writer and the scanner against serde_json.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::value::read_members;
use super::write::{push_str, to_string};
use super::{Json, Text, read, scan};

#[derive(Serialize, Clone, Debug)]
struct Unit;

#[derive(Serialize, Clone, Debug)]
struct Newtype(Box<Shape>);

#[derive(Serialize, Clone, Debug)]
struct Pair(i8, Option<String>);

/// Every kind of value that serde knows.
#[derive(Serialize, Clone, Debug)]
enum Shape {
    Plain,
    Wrapped(Box<Shape>),
    Two(u64, String),
    Named {
        first: i64,
        second: Option<Box<Shape>>,
        r#third: char,
    },
    Text(String),
    Letter(char),
    Flag(bool),
    Whole(i128),
    Large(u128),
    Small((u8, i8, u16, i16, u32, i32)),
    Single(f32),
    Double(f64),
    Nothing(()),
    Unit(Unit),
    Newtype(Newtype),
    Pair(Pair),
    Bytes(#[serde(serialize_with = "bytes")] Vec<u8>),
    List(Vec<Shape>),
    Map(BTreeMap<String, Shape>),
    Numbered(BTreeMap<i64, Shape>),
    Lettered(BTreeMap<char, u8>),
    Flagged(BTreeMap<bool, ()>),
    Maybe(BTreeMap<Option<u8>, ()>),
    #[serde(untagged)]
    Bare(Option<String>),
}

fn bytes<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_bytes(bytes)
}

/// Text of all lengths, so that what needs an escape stands everywhere in a block, and of all planes.
fn text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        8 => any::<char>(),
        16 => proptest::char::range('a', 'z'),
        1 => proptest::char::range('\0', '\x1F'),
        1 => prop_oneof![Just('"'), Just('\\'), Just('/'), Just('\x7F'), Just('\u{2028}')],
    ];
    proptest::collection::vec(letter, 0..150).prop_map(String::from_iter)
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Plain),
        (any::<u64>(), text()).prop_map(|(number, text)| Shape::Two(number, text)),
        text().prop_map(Shape::Text),
        any::<char>().prop_map(Shape::Letter),
        any::<bool>().prop_map(Shape::Flag),
        any::<i128>().prop_map(Shape::Whole),
        any::<u128>().prop_map(Shape::Large),
        any::<(u8, i8, u16, i16, u32, i32)>().prop_map(Shape::Small),
        proptest::num::f32::ANY.prop_map(Shape::Single),
        proptest::num::f64::ANY.prop_map(Shape::Double),
        Just(Shape::Nothing(())),
        Just(Shape::Unit(Unit)),
        (any::<i8>(), proptest::option::of(text())).prop_map(|(number, text)| Shape::Pair(Pair(number, text))),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Shape::Bytes),
        proptest::collection::btree_map(any::<char>(), any::<u8>(), 0..4).prop_map(Shape::Lettered),
        proptest::collection::btree_map(any::<bool>(), Just(()), 0..3).prop_map(Shape::Flagged),
        proptest::collection::btree_map(proptest::option::of(any::<u8>()), Just(()), 0..3).prop_map(Shape::Maybe),
        proptest::option::of(text()).prop_map(Shape::Bare),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| Shape::Wrapped(Box::new(shape))),
            inner.clone().prop_map(|shape| Shape::Newtype(Newtype(Box::new(shape)))),
            (any::<i64>(), proptest::option::of(inner.clone().prop_map(Box::new)), any::<char>())
                .prop_map(|(first, second, third)| Shape::Named { first, second, third }),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Shape::List),
            proptest::collection::btree_map(text(), inner.clone(), 0..5).prop_map(Shape::Map),
            proptest::collection::btree_map(any::<i64>(), inner, 0..5).prop_map(Shape::Numbered),
        ]
    })
}

/// Both, errors by their text.
fn both(value: &impl Serialize) -> [Result<String, String>; 2] {
    [to_string(value).map_err(|e| e.to_string()), serde_json::to_string(value).map_err(|e| e.to_string())]
}

proptest! {
    #[test]
    fn any_shape_is_written_as_serde_json_writes_it(shape in shape()) {
        let [ours, theirs] = both(&shape);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn any_text_is_escaped_as_serde_json_escapes_it(text in text(), before in text()) {
        let mut out = before.clone();
        push_str(&mut out, &text);
        prop_assert_eq!(out, before + &serde_json::to_string(&text)?);
    }
}

/// Broken JSON that is nearly none: valid text with bytes exchanged, dropped or put in.
fn damaged() -> impl Strategy<Value = String> {
    let byte = prop_oneof![
        Just(""),
        Just(" "),
        Just("\""),
        Just("\\"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("0"),
        Just("1"),
        Just("-"),
        Just("."),
        Just("e"),
        Just("+"),
        Just("\n"),
        Just("\u{1}"),
        Just("null"),
        Just("tru"),
        Just("\\u12"),
        Just("\\uD800"),
        Just("ä"),
        Just("\u{FEFF}"),
    ];
    (shape(), proptest::collection::vec((any::<proptest::sample::Index>(), 0..2_usize, byte), 0..3)).prop_map(
        |(shape, edits)| {
            let text = serde_json::to_string(&BTreeMap::from([("a", &shape), ("b", &shape)])).unwrap_or("{}".into());
            let mut all: Vec<String> = text.chars().map(String::from).collect();
            for (at, drop, put) in edits {
                let at = at.index(all.len());
                if drop == 1 {
                    all[at].clear();
                }
                all[at].push_str(put);
            }
            all.concat()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_is_passed_over_is_json_and_has_the_members_that_serde_json_sees(text in damaged()) {
        let mut ours = Vec::new();
        let passed = scan::members(&text, |key, value| ours.push((Cow::Borrowed(key), value)));
        match (passed, read_members(&text)) {
            (Some(()), theirs) => prop_assert_eq!(ours, theirs?),
            (None, Ok(members)) => {
                let deep = text.matches(['[', '{']).count() > 64;
                let escaped = members.iter().any(|(key, _)| matches!(key, Cow::Owned(_)));
                prop_assert!(deep || escaped, "left to serde_json without need: {}", text);
            }
            (None, Err(_)) => {}
        }
    }
}

/// Read one way and the other; what serde_json cannot read is not read here.
fn same_as_serde_json<T: DeserializeOwned + Serialize>(text: &str) -> Result<bool, TestCaseError> {
    let shown = |value: T| serde_json::to_string(&value).map_err(|error| error.to_string());
    let ours = read::from_text::<T>(text).map(shown);
    let theirs = serde_json::from_str::<T>(text).map(shown);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
        (Ok(ours), Err(theirs)) => return Err(TestCaseError::fail(format!("{text} read as {ours:?}, not {theirs}"))),
        (Err(_), _) => return Ok(false),
    }
    Ok(true)
}

/// As awkward as types of callers may be.
#[derive(Serialize, Deserialize)]
struct Typed {
    a: Option<Tagged>,
    b: Json,
    #[serde(default)]
    c: BTreeMap<i64, (u8, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Tagged {
    Object(BTreeMap<String, Value>),
    Text(String),
    List(Vec<Box<RawValue>>),
    Other(Value),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallResult {
    content: Vec<Content>,
    structured_content: Option<Json>,
    is_error: bool,
    #[serde(rename = "_meta")]
    meta: Json,
}

#[derive(Serialize, Deserialize)]
struct Content {
    r#type: String,
    text: Option<String>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_is_read_is_what_serde_json_reads(text in damaged()) {
        same_as_serde_json::<Value>(&text)?;
        same_as_serde_json::<Typed>(&text)?;
        same_as_serde_json::<Box<RawValue>>(&text)?;
        same_as_serde_json::<BTreeMap<String, Tagged>>(&text)?;
    }
}

#[test]
fn the_shapes_of_messages_are_not_left_to_serde_json() -> Result<(), TestCaseError> {
    for text in [
        r#"{"a":null,"b":[{"x":1.5},true,""]}"#,
        r#" { "a" : {"k\u00e9y":1,"\n":"\n"} , "b" : "\ud83d\ude00", "d": [] } "#,
    ] {
        prop_assert!(same_as_serde_json::<Typed>(text)? || text.contains("k\\u"), "{}", text);
    }
    let result = r#"{"content":[{"type":"text","text":"a \"b\""},{"type":"image","data":"","mimeType":"image/png"}],
        "structuredContent":{"a":[1,2]},"isError":false,"resultType":"complete","_meta":{"x":{"name":"n"}}}"#;
    prop_assert!(same_as_serde_json::<CallResult>(result)?);
    Ok(())
}

#[test]
fn an_escape_is_found_at_every_place_of_a_block() {
    for length in 1..=100 {
        for at in 0..length {
            for dirty in ['"', '\\', '\n', '\0', '\x1F', '\u{8}', '\u{C}', 'ä'] {
                let text: String = (0..length).map(|i| if i == at { dirty } else { 'x' }).collect();
                let [ours, theirs] = both(&text);
                assert_eq!(ours, theirs);
            }
        }
    }
}

#[test]
fn keys_that_json_cannot_have_are_refused() {
    fn map<K: Serialize>(key: K) -> impl Serialize {
        struct Map<K>(K);
        impl<K: Serialize> Serialize for Map<K> {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_map([(&self.0, 1)])
            }
        }
        Map(key)
    }
    for [ours, theirs] in [
        both(&map([1])),
        both(&map(())),
        both(&map(None::<u8>)),
        both(&map(Unit)),
        both(&map(f64::NAN)),
        both(&map(Pair(1, None))),
        both(&map(Shape::Text(String::new()))),
        both(&map(BTreeMap::from([(1, 2)]))),
    ] {
        assert!(ours.is_err());
        assert_eq!(ours, theirs);
    }
    for [ours, theirs] in [both(&map(1.5)), both(&map(-3_i128)), both(&map(Some('"'))), both(&map(Shape::Plain))] {
        assert!(ours.is_ok());
        assert_eq!(ours, theirs);
    }
}

#[test]
fn json_text_inside_of_a_value_is_written_as_it_stands() -> Result<(), serde_json::Error> {
    let raw = RawValue::from_string(r#"{"a" : [1.50, 1e400]}"#.into())?;
    let json = serde_json::from_str::<Json>(raw.get())?;
    let value: Value = serde_json::from_str(r#"{"b":[null,true,{"c":"\u0001"}],"d":18446744073709551615,"e":-0.0}"#)?;
    let [ours, theirs] = both(&(&raw, &json, &value));
    assert_eq!(ours, theirs);
    assert_eq!(to_string(&json)?, raw.get());
    // Serializers that know nothing of it still see the value.
    assert_eq!(serde_json::to_value(Json::encode(&value).map_err(serde::ser::Error::custom)?)?, value);
    Ok(())
}

#[test]
fn of_a_name_that_stands_often_the_last_value_counts_however_many_names_there_are() {
    for names in [2, 32, 33, 50_000] {
        let members: Vec<String> = (0..names * 3).map(|at| format!("\"k{}\":{at}", at % names)).collect();
        let all = Json::from_text(&format!("{{{}}}", members.join(","))).unwrap().entries().unwrap();
        assert_eq!(all.len(), names);
        for (at, (name, value)) in all.iter().enumerate() {
            assert_eq!(*name, format!("k{at}"));
            assert_eq!(value.as_f64(), Some((names * 2 + at) as f64));
        }
    }
}

#[test]
fn what_is_passed_on_keeps_its_bytes() {
    let text = "{ \"id\" : 1 ,\t\"method\":\"m\", \"params\" : {\"n\": 12345678901234567890123, \"f\":1.0e+2, \"_meta\" : { \"progressToken\" :\"t\" } } } ";
    let relayed = Text::from(text.to_owned()).relay().expect("a message");
    let id = crate::frame::RequestId::Number(77);
    let passed = relayed.with(&[(&["id"], &id), (&["params", "_meta", "progressToken"], &id)]).expect("written");
    assert_eq!(passed.as_str(), text.replace("\"id\" : 1 ", "\"id\" : 77 ").replace("\"t\"", "77"));
}
