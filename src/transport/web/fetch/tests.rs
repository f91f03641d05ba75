use std::future::poll_fn;
use std::task::{Context, Waker};

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rejected::rejected;
use super::*;
use crate::json::Text;
use crate::text::join;
use crate::transport::http::Content;

#[wasm_bindgen(module = "/tests/fetch_web/fake.js")]
extern "C" {
    fn fake() -> Function;
    fn deaf() -> Function;
    fn broken() -> Function;
    fn calls(fetch: &Function) -> usize;
    fn sent(fetch: &Function) -> String;
    #[wasm_bindgen(js_name = isText)]
    fn is_text(fetch: &Function, text: &JsValue) -> bool;
    fn answer(fetch: &Function, status: u16, headers: &str);
    #[wasm_bindgen(js_name = answerWith)]
    fn answer_with(fetch: &Function, value: &JsValue);
    fn opaque(fetch: &Function, kind: &str);
    fn locked(fetch: &Function);
    fn push(fetch: &Function, bytes: &JsValue);
    fn finish(fetch: &Function);
    #[wasm_bindgen(js_name = breakOff)]
    fn break_off(fetch: &Function, message: &str);
    fn refuse(fetch: &Function, message: &str);
    fn thrown(message: &str, code: Option<&str>) -> JsValue;
    fn pulls(fetch: &Function) -> usize;
    fn aborted(fetch: &Function) -> bool;
    fn cancelled(fetch: &Function) -> bool;
    fn page() -> Option<String>;
    fn pretend(origin: Option<&str>);
    fn complaints() -> String;
    fn turn() -> Promise;
}

const URL: &str = "https://mcp.test/mcp?ticket=hush";
const JSON: &str = r#"{"content-type":"application/json; charset=utf-8"}"#;

fn request(method: Method) -> Request {
    Request { method, url: URL.into(), headers: Vec::new(), body: None, farewell: false }
}

fn over(fetch: &Function) -> Fetcher {
    Fetcher::new(&HttpOptions { fetch: Some(fetch.clone()), credentials: None }).expect("a fetcher")
}

async fn next(fetcher: &mut Fetcher) -> (ExchangeId, Fact) {
    poll_fn(|cx| fetcher.poll(cx)).await
}

fn silent(fetcher: &mut Fetcher) -> bool {
    fetcher.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// Everything that promises had to tell was told.
async fn settle() {
    JsFuture::from(turn()).await.expect("a turn");
}

/// Begins an exchange, and waits for its `fetch`.
async fn start(fetcher: &mut Fetcher, id: ExchangeId, request: Request) {
    fetcher.start(id, request);
    settle().await;
}

/// A fetcher whose only exchange has its head.
async fn begun(fetch: &Function, status: u16, headers: &str) -> Fetcher {
    let mut fetcher = over(fetch);
    start(&mut fetcher, 1, request(Method::Post)).await;
    answer(fetch, status, headers);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Head { .. })));
    fetcher
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

async fn failure(fetcher: &mut Fetcher) -> TransportError {
    match next(fetcher).await {
        (1, Fact::Failed(error)) => error,
        other => panic!("no failure: {other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_request_is_sent_as_it_is_and_nothing_is_added() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    let body = Text::from("{\"a\":1}".to_owned());
    let headers = vec![("content-type".into(), "application/json".into()), ("mcp-name".into(), "x \"\\y\t".into())];
    start(&mut fetcher, 7, Request { headers, body: Some(body.clone()), ..request(Method::Post) }).await;
    assert_eq!(
        sent(&fetch),
        format!(
            r#"{{"url":"{URL}","method":"POST","redirect":"manual","headers":{{"content-type":"application/json","mcp-name":"x \"\\y\t"}},"body":"{{\"a\":1}}","signal":"false"}}"#
        )
    );
    assert!(is_text(&fetch, body.as_js()));
    start(&mut fetcher, 8, request(Method::Get)).await;
    assert_eq!(
        sent(&fetch),
        format!(
            r#"{{"url":"{URL}","method":"GET","cache":"no-store","redirect":"manual","headers":{{}},"signal":"false"}}"#
        )
    );
    fetcher.start(9, request(Method::Get));
    fetcher.abort(9);
    settle().await;
    assert!(sent(&fetch).contains(r#""signal":"true""#), "aborted before it was sent");
    assert!(silent(&mut fetcher));
}

#[wasm_bindgen_test]
async fn credentials_are_only_spoken_of_where_they_were_chosen() {
    for (credentials, word) in
        [(Credentials::Omit, "omit"), (Credentials::SameOrigin, "same-origin"), (Credentials::Include, "include")]
    {
        let fetch = fake();
        let options = HttpOptions { fetch: Some(fetch.clone()), credentials: Some(credentials) };
        let mut fetcher = Fetcher::new(&options).expect("a fetcher");
        start(&mut fetcher, 1, request(Method::Post)).await;
        assert!(sent(&fetch).contains(&format!(r#""credentials":"{word}""#)), "{}", sent(&fetch));
    }
}

#[wasm_bindgen_test]
async fn a_farewell_outlives_its_page_and_its_fetcher() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, Request { farewell: true, ..request(Method::Delete) }).await;
    let keepalive = page().is_some();
    let sent = sent(&fetch);
    assert_eq!(sent.contains(r#""keepalive":true"#), keepalive, "{sent}");
    assert!(!sent.contains("signal"), "{sent}");
    drop(fetcher);
    answer(&fetch, 200, "{}");
    settle().await;
    assert!(!aborted(&fetch));
    assert!(cancelled(&fetch), "what nobody reads is let go");
}

#[wasm_bindgen_test]
async fn an_answer_is_one_head_and_one_text() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, request(Method::Post)).await;
    answer(&fetch, 404, r#"{"content-type":"application/problem+json","mcp-session-id":"s"}"#);
    let (id, head) = next(&mut fetcher).await;
    assert!(matches!((id, head), (1, Fact::Head { status: 404, content: Content::Json })));
    assert_eq!(fetcher.header(1, "mcp-session-id").as_deref(), Some("s"));
    assert_eq!((fetcher.header(1, "retry-after"), fetcher.header(2, "mcp-session-id")), (None, None));
    assert_eq!(pulls(&fetch), 0, "nothing is read before it is said how");
    fetcher.read(1, Reading::Text { limit: 6 });
    // One character in three parts, and none of them at the end.
    for part in [&b"ab\xE2"[..], b"", b"\x82", b"\xACc"] {
        push(&fetch, &bytes(part));
    }
    finish(&fetch);
    match next(&mut fetcher).await {
        (1, Fact::Text(text)) => assert_eq!(text.to_string(), "ab€c"),
        other => panic!("no text: {other:?}"),
    }
    settle().await;
    assert!(silent(&mut fetcher));
    assert!(!aborted(&fetch) && !cancelled(&fetch));
    assert_eq!(fetcher.header(1, "mcp-session-id"), None, "forgotten after the last fact");
}

#[wasm_bindgen_test]
async fn exchanges_interleave() {
    let (fetch, mut fetcher) = {
        let fetch = fake();
        (fetch.clone(), over(&fetch))
    };
    start(&mut fetcher, 1, request(Method::Post)).await;
    let first = fetch.clone();
    start(&mut fetcher, 2, request(Method::Post)).await;
    answer(&fetch, 200, JSON);
    assert!(matches!(next(&mut fetcher).await, (2, Fact::Head { status: 200, content: Content::Json })));
    fetcher.read(2, Reading::Text { limit: 10 });
    fetcher.abort(1);
    finish(&fetch);
    assert!(matches!(next(&mut fetcher).await, (2, Fact::Text(text)) if text.is_empty()));
    settle().await;
    assert!(silent(&mut fetcher));
    assert_eq!(calls(&first), 2);
}

#[wasm_bindgen_test]
async fn an_answer_over_the_limit_is_not_read_to_its_end() {
    let fetch = fake();
    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.read(1, Reading::Text { limit: 4 });
    push(&fetch, &bytes(b"abcd"));
    settle().await;
    assert!(silent(&mut fetcher));
    push(&fetch, &bytes(b"e"));
    let error = failure(&mut fetcher).await;
    assert_eq!(*error.kind(), TransportErrorKind::TooLarge { size: 5, limit: 4 });
    assert!(error.to_string().contains("raise max_message"), "{error}");
    assert!(cancelled(&fetch) && aborted(&fetch));
}

#[wasm_bindgen_test]
async fn bytes_that_are_no_text_are_an_error() {
    for (parts, ended) in [
        (&[&b"a\xFF"[..]][..], true),
        (&[b"a\xE2\x82"], true),
        (&[b"a", b"\xFF"], false),
        (&[b"a", b"b", b"\xFF"], false),
        (&[b"a", b"\xE2\x82"], true),
    ] {
        let fetch = fake();
        let mut fetcher = begun(&fetch, 200, JSON).await;
        fetcher.read(1, Reading::Text { limit: 99 });
        for part in parts {
            push(&fetch, &bytes(part));
        }
        if ended {
            finish(&fetch);
        }
        let error = failure(&mut fetcher).await;
        assert_eq!(*error.kind(), TransportErrorKind::Protocol, "{error}");
        assert_eq!(cancelled(&fetch), !ended);
    }
}

#[wasm_bindgen_test]
async fn chunks_come_one_at_a_time_as_they_are_taken() {
    let fetch = fake();
    let mut fetcher = begun(&fetch, 200, r#"{"content-type":"text/event-stream"}"#).await;
    fetcher.read(1, Reading::Chunks);
    for part in [&b"one"[..], b"", b"\xFF"] {
        push(&fetch, &bytes(part));
    }
    settle().await;
    assert!(
        fetcher.state.borrow().exchanges.iter().all(Exchange::is_ready),
        "the next is read when the last was taken"
    );
    for wanted in [&b"one"[..], b"\xFF"] {
        assert!(matches!(next(&mut fetcher).await, (1, Fact::Chunk(chunk)) if chunk == wanted));
    }
    finish(&fetch);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::End)));
    assert!(!aborted(&fetch));
}

#[wasm_bindgen_test]
async fn a_body_that_breaks_off_is_lost_whatever_came_before() {
    let fetch = fake();
    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.read(1, Reading::Chunks);
    push(&fetch, &bytes(b"part"));
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Chunk(_))));
    break_off(&fetch, "terminated");
    let error = failure(&mut fetcher).await;
    assert_eq!(*error.kind(), TransportErrorKind::Lost);
    assert!(error.to_string().ends_with("broke off: terminated"), "{error}");
    settle().await;
    assert!(silent(&mut fetcher));

    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.read(1, Reading::Text { limit: 99 });
    push(&fetch, &bytes(b"part"));
    break_off(&fetch, "terminated");
    assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Lost);
}

#[wasm_bindgen_test]
async fn an_unwanted_body_is_read_to_its_end_only_if_that_is_near() {
    let fetch = fake();
    let mut fetcher = begun(&fetch, 202, "{}").await;
    fetcher.read(1, Reading::Discard);
    push(&fetch, &bytes(&[0xFF; 64 * 1024]));
    settle().await;
    assert!(silent(&mut fetcher));
    finish(&fetch);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::End)));
    assert!(!cancelled(&fetch) && !aborted(&fetch));

    let mut fetcher = begun(&fetch, 500, "{}").await;
    fetcher.read(1, Reading::Discard);
    push(&fetch, &bytes(&[b'x'; 64 * 1024 + 1]));
    assert!(matches!(next(&mut fetcher).await, (1, Fact::End)));
    assert!(cancelled(&fetch) && aborted(&fetch));

    let mut fetcher = begun(&fetch, 500, "{}").await;
    fetcher.read(1, Reading::Discard);
    break_off(&fetch, "terminated");
    assert!(matches!(next(&mut fetcher).await, (1, Fact::End)));

    for (reading, text) in [(Reading::Discard, false), (Reading::Chunks, false), (Reading::Text { limit: 0 }, true)] {
        let mut fetcher = begun(&fetch, 204, "{}").await;
        fetcher.read(1, reading);
        let (_, last) = next(&mut fetcher).await;
        assert_eq!(matches!(last, Fact::Text(_)), text, "{last:?}");
        assert!(text || matches!(last, Fact::End), "{last:?}");
    }
}

#[wasm_bindgen_test]
async fn what_is_dropped_is_aborted_and_heard_of_no_more() {
    // Before the head.
    let fetch = fake();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, request(Method::Post)).await;
    fetcher.abort(1);
    assert!(aborted(&fetch));
    settle().await;
    assert!(silent(&mut fetcher));
    // With the head told, and with it waiting to be told.
    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.abort(1);
    assert!(aborted(&fetch) && cancelled(&fetch));
    start(&mut fetcher, 1, request(Method::Post)).await;
    answer(&fetch, 200, JSON);
    settle().await;
    fetcher.abort(1);
    assert!(silent(&mut fetcher), "a fact that nobody took is withdrawn");
    // While it is read, with a chunk that waits.
    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.read(1, Reading::Chunks);
    push(&fetch, &bytes(b"x"));
    settle().await;
    let number = fetcher.number;
    drop(fetcher);
    assert!(aborted(&fetch) && cancelled(&fetch));
    assert!(OPEN.with_borrow(|all| all.iter().all(|(other, _)| *other != number)));
    // A fetch that does not look at its signal.
    let fetch = deaf();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, request(Method::Post)).await;
    drop(fetcher);
    answer(&fetch, 200, JSON);
    settle().await;
    assert!(aborted(&fetch) && cancelled(&fetch));
    assert_eq!(complaints(), "", "nothing is left to be handled");
}

#[wasm_bindgen_test]
async fn a_redirect_has_its_status_or_says_that_it_is_hidden() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, request(Method::Post)).await;
    answer(&fetch, 307, r#"{"location":"/elsewhere"}"#);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Head { status: 307, .. })));
    assert_eq!(fetcher.header(1, "location").as_deref(), Some("/elsewhere"));
    fetcher.abort(1);
    start(&mut fetcher, 1, request(Method::Post)).await;
    opaque(&fetch, "opaqueredirect");
    let error = failure(&mut fetcher).await;
    assert_eq!(*error.kind(), TransportErrorKind::Refused { status: 302 });
    assert!(error.to_string().contains("use that address"), "{error}");
    start(&mut fetcher, 1, request(Method::Post)).await;
    opaque(&fetch, "opaque");
    assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Protocol);
}

#[wasm_bindgen_test]
async fn a_fetch_that_is_none_is_an_error_and_no_panic() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    for value in [JsValue::UNDEFINED, JsValue::from_f64(200.0), js_sys::Object::new().into()] {
        start(&mut fetcher, 1, request(Method::Post)).await;
        answer_with(&fetch, &value);
        assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Protocol);
    }
    start(&mut fetcher, 1, request(Method::Post)).await;
    locked(&fetch);
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Head { .. })));
    fetcher.read(1, Reading::Chunks);
    assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Lost);
    let mut fetcher = begun(&fetch, 200, JSON).await;
    fetcher.read(1, Reading::Chunks);
    push(&fetch, &"a text".into());
    assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Protocol);
    let mut fetcher = over(&broken());
    start(&mut fetcher, 1, request(Method::Post)).await;
    assert!(failure(&mut fetcher).await.to_string().contains("broken"));
}

#[wasm_bindgen_test]
async fn a_request_that_was_refused_has_failed() {
    let fetch = fake();
    let mut fetcher = over(&fetch);
    start(&mut fetcher, 1, Request { headers: vec![("mcp-name".into(), "x".into())], ..request(Method::Post) }).await;
    refuse(&fetch, "Failed to fetch");
    let error = failure(&mut fetcher).await;
    let kind = if page().is_some() { TransportErrorKind::Opaque } else { TransportErrorKind::Lost };
    assert_eq!(*error.kind(), kind, "{error}");
    assert_eq!(error.to_string().ends_with("headers mcp-name"), page().is_some(), "{error}");
    assert!(!aborted(&fetch), "there is nothing to abort");
}

#[wasm_bindgen_test]
fn across_origins_a_failure_names_what_the_server_may_not_allow() {
    // Nothing waits in here, so that no other test sees the page that is put up where there is none.
    let real = page();
    if real.is_none() {
        pretend(Some("https://page.test"));
    }
    let here = page().expect("a page");
    let names = ["accept", "content-type", "mcp-param-region"].map(|name| (name.into(), "secret".into()));
    let error = rejected(&thrown(&format!("Failed to fetch {URL}"), None), URL, &names);
    assert_eq!(*error.kind(), TransportErrorKind::Opaque);
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(text.ends_with("one of the request's headers content-type, mcp-param-region"), "{text}");
    assert!(text.contains("Failed to fetch https://mcp.test/mcp)") && text.contains(&here), "{text}");
    assert!(!text.contains("hush") && !text.contains("secret"), "{text}");

    // The page's own server: there is no CORS between them. It may have acted all the same.
    let error = rejected(&thrown("Failed to fetch", None), &join(&[&here, "/mcp"]), &names);
    assert_eq!(*error.kind(), TransportErrorKind::Lost);
    if real.is_none() {
        for (url, same) in
            [("HTTPS://Page.test:443?x", true), ("http://page.test/", false), ("https://page.test:80/", false)]
        {
            let error = rejected(&thrown("Failed to fetch", None), url, &names);
            assert_eq!(*error.kind() == TransportErrorKind::Lost, same, "{url}");
        }
        pretend(None);
    }
}

#[wasm_bindgen_test]
fn outside_of_a_page_the_cause_is_told() {
    if page().is_some() {
        return;
    }
    for (message, code, kind, part) in [
        ("fetch failed", Some("ECONNREFUSED"), TransportErrorKind::ConnectFailed, "ECONNREFUSED; check the address"),
        ("fetch failed", Some("ENOTFOUND"), TransportErrorKind::ConnectFailed, "ENOTFOUND"),
        ("fetch failed", Some("DEPTH_ZERO_SELF_SIGNED_CERT"), TransportErrorKind::Tls, "certificate"),
        ("fetch failed", Some("ERR_TLS_CERT_ALTNAME_INVALID"), TransportErrorKind::Tls, "ALTNAME"),
        ("fetch failed", Some("UND_ERR_SOCKET"), TransportErrorKind::Lost, "UND_ERR_SOCKET"),
        ("error sending: client error (Connect): refused", None, TransportErrorKind::ConnectFailed, "client error"),
        ("fetch failed", None, TransportErrorKind::Lost, "fetch failed"),
    ] {
        let error = rejected(&thrown(message, code), URL, &[]);
        assert_eq!(*error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(rejected(&JsValue::UNDEFINED, URL, &[]).to_string().contains("no reason given"));
}
