//! Messages that are passed on under other ids.

use super::super::{Edit, MessageId, Text};
use super::{read, value};
use crate::frame::RequestId;
use crate::platform::test;

const ID: &[&str] = &["id"];
const TOKEN: &[&str] = &["params", "_meta", "progressToken"];
const OF: &[&str] = &["params", "requestId"];
const END: &[&str] = &["result", "_meta", "io.modelcontextprotocol/subscriptionId"];

fn passed(text: &str, edits: &[Edit<'_>]) -> String {
    let relayed = Text::from(text.to_owned()).relay().unwrap_or_else(|why| panic!("{text}: {why:?}"));
    relayed.with(edits).expect("it can be written").to_string()
}

#[test]
fn ids_are_put_in_their_places_and_nothing_else_changes() {
    let (n, s) = (RequestId::Number(-12), RequestId::Text("a\"b".into()));
    let table: &[(&str, &[Edit<'_>], &str)] = &[
        (r#"{"id":1,"method":"m"}"#, &[(ID, &n)], r#"{"id":-12,"method":"m"}"#),
        (r#"{"id":"x","result":{"id":"x"}}"#, &[(ID, &s)], r#"{"id":"a\"b","result":{"id":"x"}}"#),
        (
            r#"{"method":"m","params":{"progressToken":1,"_meta":{"a":[1,{"progressToken":3}],"progressToken":"t"}},"id":7}"#,
            &[(ID, &n), (TOKEN, &s)],
            r#"{"method":"m","params":{"progressToken":1,"_meta":{"a":[1,{"progressToken":3}],"progressToken":"a\"b"}},"id":-12}"#,
        ),
        // A place that is not there is passed over.
        (
            r#"{"method":"m","params":{"a":1}}"#,
            &[(ID, &n), (TOKEN, &n), (OF, &n)],
            r#"{"method":"m","params":{"a":1}}"#,
        ),
        (r#"{"method":"m","params":[1]}"#, &[(TOKEN, &n)], r#"{"method":"m","params":[1]}"#),
        (
            r#"{"id":2,"method":"m","params":{"_meta":null}}"#,
            &[(TOKEN, &n)],
            r#"{"id":2,"method":"m","params":{"_meta":null}}"#,
        ),
        (
            r#"{"id":2,"method":"m","params":{"_meta":[1]}}"#,
            &[(TOKEN, &n)],
            r#"{"id":2,"method":"m","params":{"_meta":[1]}}"#,
        ),
        (r#"{"id":2,"result":"text"}"#, &[(END, &n)], r#"{"id":2,"result":"text"}"#),
        (
            r#"{"id":2,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":2}}}"#,
            &[(ID, &s), (END, &s)],
            r#"{"id":"a\"b","result":{"_meta":{"io.modelcontextprotocol/subscriptionId":"a\"b"}}}"#,
        ),
        // Names with escapes, and names that mean something to the host.
        (
            r#"{"\u0069d":1,"method":"m","par\u0061ms":{"requ\u0065stId":1}}"#,
            &[(ID, &n), (OF, &n)],
            r#"{"id":-12,"method":"m","params":{"requestId":-12}}"#,
        ),
        (
            r#"{"__proto__":{"id":5},"id":1,"method":"m","params":{"__proto__":{"requestId":5},"requestId":1}}"#,
            &[(ID, &n), (OF, &n)],
            r#"{"__proto__":{"id":5},"id":-12,"method":"m","params":{"__proto__":{"requestId":5},"requestId":-12}}"#,
        ),
        (
            r#"{"method":"m","params":{"__proto__":{"requestId":5}}}"#,
            &[(OF, &n)],
            r#"{"method":"m","params":{"__proto__":{"requestId":5}}}"#,
        ),
    ];
    for (text, edits, expected) in table {
        assert_eq!(value(&passed(text, edits)), value(expected), "{text}");
    }
}

#[test]
fn a_member_that_stands_twice_hides_no_id() {
    let n = RequestId::Number(9);
    // Whichever of them the peer goes by.
    let text = passed(
        r#"{"id":1,"method":"a","params":{"requestId":1},"id":2,"method":"b","params":{"requestId":3,"requestId":4}}"#,
        &[(ID, &n), (OF, &n)],
    );
    assert_eq!(read(&text), r#"9 "b" params {"requestId":9.0}"#);
    assert_eq!(text.matches(r#""id""#).count(), 1, "{text}");
    assert_eq!(text.matches(r#""method""#).count(), 1, "{text}");
    assert!(!text.contains('3') && !text.contains('4') && !text.contains('1'), "{text}");
}

#[test]
fn what_is_read_of_it_is_what_is_read_of_any_message() {
    let relayed = Text::from(r#"{"id":"x","method":"m","params":{"a":1}}"#.to_owned()).relay().expect("a message");
    assert_eq!(relayed.message.id, MessageId::Id(RequestId::from("x")));
    assert_eq!(relayed.message.method.as_deref(), Some("m"));
    for text in ["", "[]", r#"[{"id":1,"result":{}}]"#, "{}", "1", r#"{"id":1"#] {
        let text = Text::from(text.to_owned());
        assert_eq!(text.relay().map(drop).err(), text.read().map(drop).err(), "{text}");
    }
}
