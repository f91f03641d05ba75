use super::exchanges::Exchanges;
use crate::frame::{Body, Failure, Inbound, Outbound, Post, Resume};
use crate::json::Text;
use crate::transport::{TransportError, TransportErrorKind};

fn text(text: &str) -> Text {
    Text::from_utf8(text.to_owned().into()).expect("UTF-8")
}

fn posted(exchanges: &mut Exchanges) -> Post {
    match exchanges.out.pop_front() {
        Some(Outbound::Post(post)) => *post,
        other => panic!("{other:?}"),
    }
}

fn told(exchanges: &mut Exchanges) -> serde_json::Value {
    serde_json::from_str(exchanges.inbound.pop_front().expect("a message").as_str()).expect("JSON")
}

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;

fn modern(id: &str, method: &str, params: &str) -> Text {
    text(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{{params}{META}}}}}"#))
}

#[test]
fn a_modern_request_has_its_head_and_its_answer_passes_as_it_is() {
    let mut it = Exchanges::default();
    it.sent(modern("\"a\"", "tools/call", r#""name":"echo","arguments":{},"#));
    let post = posted(&mut it);
    assert_eq!((post.id, post.method.as_deref(), post.name.as_deref()), (Some(1), Some("tools/call"), Some("echo")));
    assert_eq!((post.version, post.modern), (Some("2026-07-28"), true));
    let answer = r#"{ "id":"a", "result" : {},"jsonrpc":"2.0"}"#;
    it.came(Inbound::Reply(1, 200, text(answer)));
    assert_eq!(it.inbound.pop_front(), Some(text(answer)));
    assert!(it.inbound.is_empty() && it.out.is_empty());
}

#[test]
fn a_session_speaks_the_revision_that_it_agreed_on_and_listens() {
    let mut it = Exchanges::default();
    it.sent(text(r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#));
    assert_eq!(posted(&mut it).version, None);
    it.came(Inbound::On(1, text(r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}"#)));
    assert!(matches!(it.out.pop_front(), Some(Outbound::Answered(1))));
    it.sent(text(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#));
    let post = posted(&mut it);
    assert_eq!((post.id, post.version, post.modern), (None, Some("2025-06-18"), false));
    assert!(matches!(it.out.pop_front(), Some(Outbound::Listen)));
    // An answer to the server's own question.
    it.sent(text(r#"{"jsonrpc":"2.0","id":9,"result":{}}"#));
    let post = posted(&mut it);
    assert_eq!((post.id, post.method, post.version), (None, None, Some("2025-06-18")));
}

#[test]
fn arguments_are_mirrored_once_the_list_of_tools_has_passed() {
    let mut it = Exchanges::default();
    let call = || modern("7", "tools/call", r#""name":"sql","arguments":{"region":"eu","n":3},"#);
    it.sent(call());
    assert!(posted(&mut it).mirrored.is_empty());
    it.came(Inbound::Reply(1, 200, text(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#)));
    it.sent(modern("8", "tools/list", ""));
    posted(&mut it);
    it.came(Inbound::Reply(
        2,
        200,
        text(r#"{"jsonrpc":"2.0","id":8,"result":{"tools":[{"name":"sql","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer"}}}}]}}"#),
    ));
    it.sent(call());
    assert_eq!(posted(&mut it).mirrored, [("Region".to_owned(), "eu".to_owned())]);
}

#[test]
fn whoever_waits_is_answered_once_whatever_becomes_of_the_exchange() {
    let error = || TransportError::new(TransportErrorKind::Lost, "reset by peer");
    let failure = Failure {
        error: error(),
        status: None,
        body: Body::Empty,
        credential_sent: false,
        retry_after: None,
        unprocessed: false,
    };
    let endings = [
        (Inbound::Failed(1, Box::new(failure)), -32603, "reset by peer"),
        (Inbound::Ended(1, None, Some(error())), -32603, "reset by peer"),
        (Inbound::Ended(1, None, None), -32603, "without an answer"),
        (Inbound::Reply(1, 200, text(r#"{"jsonrpc":"2.0","id":99,"result":{}}"#)), -32603, "another request"),
        (
            Inbound::Reply(
                1,
                400,
                text(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}"#),
            ),
            -32000,
            "no session",
        ),
    ];
    for (ending, code, words) in endings {
        let mut it = Exchanges::default();
        it.sent(modern("\"x\"", "ping", ""));
        posted(&mut it);
        it.came(ending.clone());
        let answer = told(&mut it);
        assert!(answer["id"] == "x" && answer["error"]["code"] == code, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{answer}");
        it.came(ending);
        assert!(it.inbound.is_empty(), "answered twice");
    }
}

#[test]
fn a_stream_that_can_be_taken_up_again_is() {
    let mut it = Exchanges::default();
    it.sent(modern("1", "ping", ""));
    posted(&mut it);
    let resume = Resume { last_event_id: "e".into(), retry: None, attempt: 0 };
    it.came(Inbound::Ended(1, Some(Box::new(resume.clone())), None));
    assert!(matches!(it.out.pop_front(), Some(Outbound::Resume(1, given)) if *given == resume));
    it.came(Inbound::On(1, text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)));
    assert_eq!(told(&mut it)["id"], 1);
}

#[test]
fn a_cancelled_request_closes_its_stream() {
    let cancel = |meta: &str| {
        text(&format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":1{meta}}}}}"#))
    };
    let mut it = Exchanges::default();
    it.sent(modern("1", "ping", ""));
    posted(&mut it);
    it.sent(cancel(&format!(",{META}")));
    assert!(matches!(it.out.pop_front(), Some(Outbound::Abort(1))), "and nothing is posted");
    it.sent(text(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#));
    posted(&mut it);
    it.sent(cancel(""));
    assert_eq!(posted(&mut it).method.as_deref(), Some("notifications/cancelled"));
    assert!(matches!(it.out.pop_front(), Some(Outbound::Abort(2))));
}

#[test]
fn what_is_no_message_is_refused_here() {
    let mut it = Exchanges::default();
    for (line, code) in [("nonsense", -32700), ("[]", -32600), ("{}", -32600), (r#"{"id":1.5,"method":"x"}"#, -32600)] {
        it.sent(text(line));
        assert_eq!(told(&mut it)["error"]["code"], code, "{line}");
    }
    it.sent(modern("1", "ping", ""));
    it.sent(modern("1", "ping", ""));
    assert_eq!(told(&mut it)["error"]["code"], -32600, "an id that is in use");
    assert_eq!(it.out.len(), 1);
}
