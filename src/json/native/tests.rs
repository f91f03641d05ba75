//! The writer against serde_json, byte for byte.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Json;
use super::write::{push_str, to_string};

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
