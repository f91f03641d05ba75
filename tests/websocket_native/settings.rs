//! Settings that cannot work are refused when they are given, and secrets stay secret.

use everywire::transport::{Subprotocols, TransportError, TransportErrorKind, WebSocket};

fn refused(result: Result<WebSocket, TransportError>) -> String {
    let error = result.expect_err("refused");
    assert_eq!(*error.kind(), TransportErrorKind::Config);
    error.to_string()
}

fn socket() -> WebSocket {
    WebSocket::new("ws://localhost/").expect("valid")
}

#[test]
fn addresses() {
    for bad in
        ["", "http://x/", "ws://", "ws://u:p@x/", "ws://x/#f", "ws://x:99999/", "ws://x:/", "ws://[::1/", "ws://a<b/"]
    {
        refused(WebSocket::new(bad));
    }
    for good in ["ws://x", "WS://x:1/p?q", "wss://example.org/mcp", "ws://[::1]:9001/", "ws://127.0.0.1:9001"] {
        WebSocket::new(good).expect(good);
    }
}

#[test]
fn headers() {
    assert!(refused(socket().header("a b", "x")).contains("name"));
    assert!(refused(socket().header("X-A", "line\nX-B: y")).contains("control character"));
    assert!(refused(socket().header("Host", "x")).contains("handshake itself"));
    assert!(refused(socket().header("Sec-WebSocket-Protocol", "x")).contains("subprotocols"));
    assert!(refused(socket().header("Sec-WebSocket-Extensions", "x")).contains("extensions"));
}

#[test]
fn a_token_beside_an_authorization_header() {
    let header = || socket().header("Authorization", "Basic eA==").expect("valid");
    assert!(refused(header().token("t")).contains("keep one"));
    assert!(refused(header().token_provider(|| Box::pin(async { Ok("t".into()) }))).contains("keep one"));
    assert!(refused(socket().token("t").expect("valid").header("authorization", "x")).contains("keep one"));
}

#[test]
fn tokens_and_subprotocols() {
    assert!(refused(socket().token("")).contains("empty"));
    assert!(refused(socket().token("a\r\nb")).contains("visible ASCII"));
    assert!(refused(socket().subprotocols(Subprotocols::List(vec!["a b".into()]))).contains("subprotocol"));
}

#[test]
fn compression_is_refused_rather_than_ignored() {
    assert!(refused(socket().compression(true)).contains("compress"));
    socket().compression(false).expect("off is what it is");
}

#[test]
fn a_root_that_is_none() {
    assert!(refused(socket().extra_root("not PEM")).contains("no PEM certificate"));
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refused(socket().extra_root(empty)).contains("root"));
}

#[test]
fn debug_shows_no_secret() {
    let socket = WebSocket::new("ws://localhost/p?ticket=hush")
        .and_then(|socket| socket.header("X-Api-Key", "hush"))
        .and_then(|socket| socket.token("hush"))
        .expect("valid");
    let text = format!("{socket:?}");
    assert!(text.contains("localhost/p") && text.contains("x-api-key"), "{text}");
    assert!(!text.contains("hush"), "{text}");
}
