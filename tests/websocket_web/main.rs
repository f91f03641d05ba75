//! The web WebSocket carrier over scripted classes: what a server on the network cannot be made to do.
#![cfg(all(feature = "websocket", target_arch = "wasm32"))]

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use everywire::frame::{Close, Inbound, Liveness, Outbound, Profile};
use everywire::json::Text;
use everywire::transport::{Link, Subprotocols, Transport, TransportError, TransportErrorKind, WebSocket};
use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "/tests/websocket_web/fake.js")]
extern "C" {
    fn fake(script: &str) -> Function;
    fn made(class: &Function) -> usize;
    fn at(class: &Function, index: usize) -> JsValue;
    fn protocols(socket: &JsValue) -> String;
    fn sent(socket: &JsValue) -> String;
    fn closed(socket: &JsValue) -> String;
    fn hooked(socket: &JsValue) -> bool;
    fn buffered(socket: &JsValue, amount: f64);
    fn message(socket: &JsValue, data: &JsValue);
    fn shut(socket: &JsValue, code: u16, reason: &str);
}

fn over(class: &Function) -> WebSocket {
    WebSocket::new("ws://example.test/mcp?ticket=hush").expect("valid").constructor(class.clone())
}

async fn opened() -> (JsValue, Link) {
    let class = fake("open");
    let link = over(&class).max_message(100).connect().await.expect("a link");
    (at(&class, 0), link)
}

fn text(text: &str) -> Outbound {
    Outbound::Message(Text::from(text.to_owned()))
}

async fn next_text(link: &mut Link) -> String {
    match link.rx.next().await {
        Some(Ok(Inbound::Message(text))) => text.to_string(),
        other => panic!("not a message: {other:?}"),
    }
}

async fn end(link: &mut Link) -> TransportError {
    let error = match link.rx.next().await {
        Some(Err(error)) => error,
        other => panic!("not an error: {other:?}"),
    };
    assert!(link.rx.next().await.is_none(), "the first error is the last item");
    error
}

#[wasm_bindgen_test]
async fn messages_pass_in_order_both_ways() {
    let class = fake("open");
    let mut link = over(&class).connect().await.expect("a link");
    let socket = at(&class, 0);
    assert_eq!(link.profile, Profile::SharedChannel { reopen: true, liveness: Liveness::Request });
    assert_eq!(protocols(&socket), "mcp");
    link.tx.send(text("a")).await.expect("sent");
    link.tx.send(text("b")).await.expect("sent");
    assert_eq!(sent(&socket), "a|b");
    message(&socket, &"1".into());
    message(&socket, &"2".into());
    assert_eq!(next_text(&mut link).await, "1");
    assert_eq!(next_text(&mut link).await, "2");
}

#[wasm_bindgen_test]
async fn an_offer_not_taken_is_withdrawn_once_and_for_all() {
    let class = fake("picky");
    let mut transport = over(&class);
    transport.connect().await.expect("a link on the second attempt");
    assert_eq!([protocols(&at(&class, 0)), protocols(&at(&class, 1))], ["mcp", ""]);
    transport.connect().await.expect("a link on the first attempt");
    assert_eq!(protocols(&at(&class, 2)), "");
    assert_eq!(made(&class), 3);
}

#[wasm_bindgen_test]
async fn a_socket_that_does_not_open_names_the_possible_causes() {
    let class = fake("fail");
    let mut transport = over(&class);
    for round in 0..2 {
        let error = transport.connect().await.expect_err("no link");
        assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
        for cause in ["server down", "token", "origin", "subprotocol", "certificate"] {
            assert!(error.to_string().contains(cause), "{error}");
        }
        assert_eq!(protocols(&at(&class, 2 * round)), "mcp", "an offer that was not the reason stands the next time");
    }
    assert_eq!(made(&class), 4);
    let listed = over(&class).subprotocols(Subprotocols::List(vec!["a".into(), "b".into()])).expect("valid");
    { listed }.connect().await.expect_err("no link");
    assert_eq!((made(&class), protocols(&at(&class, 4))), (5, "a,b".into()));
    over(&class).subprotocols(Subprotocols::None).expect("valid").connect().await.expect_err("no link");
    assert_eq!((made(&class), protocols(&at(&class, 5))), (6, String::new()));
}

#[wasm_bindgen_test]
async fn a_token_travels_as_a_subprotocol_and_is_never_left_out() {
    let class = fake("fail");
    over(&class).token("abc.DEF-1_2").expect("valid").connect().await.expect_err("no link");
    assert_eq!((made(&class), protocols(&at(&class, 0))), (1, "mcp,mcp.auth.abc.DEF-1_2".into()));
    let provided = over(&class).token_provider(|| Box::pin(async { Ok("a/b+c=".into()) })).expect("valid");
    { provided }.connect().await.expect_err("no link");
    assert_eq!(protocols(&at(&class, 1)), "mcp,mcp.auth.YS9iK2M9");
    let failing = over(&class)
        .token_provider(|| Box::pin(async { Err(TransportError::new(TransportErrorKind::Config, "signed out")) }));
    let error = { failing.expect("valid") }.connect().await.expect_err("no link");
    assert_eq!((error.to_string(), made(&class)), ("signed out".into(), 2));
    // A host would fail the socket if the token alone were offered, as no server selects it.
    let bare = over(&class).subprotocols(Subprotocols::None).expect("valid").token("abc").expect("valid");
    { bare }.connect().await.expect_err("no link");
    assert_eq!((made(&class), protocols(&at(&class, 2))), (3, "mcp,mcp.auth.abc".into()));
}

#[wasm_bindgen_test]
async fn a_silent_host_is_given_up_in_time_and_let_go() {
    let class = fake("silent");
    let error = over(&class).connect_timeout(Duration::from_millis(10)).connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("in time"), "{error}");
    assert_eq!(made(&class), 1, "silence does not speak of the offer");
    assert!(!hooked(&at(&class, 0)));
    assert_eq!(closed(&at(&class, 0)), "1000 ");
}

#[wasm_bindgen_test]
async fn an_attempt_that_is_dropped_lets_its_socket_go() {
    let class = fake("silent");
    let mut transport = over(&class);
    assert!(transport.connect().now_or_never().is_none());
    assert!(!hooked(&at(&class, 0)));
    assert_eq!(closed(&at(&class, 0)), "1000 ");
}

#[wasm_bindgen_test]
async fn a_link_that_is_dropped_lets_its_socket_go() {
    let (socket, link) = opened().await;
    assert!(hooked(&socket));
    drop(link);
    assert!(!hooked(&socket));
    assert_eq!(closed(&socket), "1000 ");
}

#[wasm_bindgen_test]
async fn what_a_peer_may_not_send_ends_the_link() {
    let (socket, mut link) = opened().await;
    message(&socket, &"before".into());
    message(&socket, &js_sys::Uint8Array::new_with_length(2));
    message(&socket, &"after".into());
    assert_eq!(next_text(&mut link).await, "before");
    assert_eq!(*end(&mut link).await.kind(), TransportErrorKind::Protocol);
    assert_eq!(closed(&socket), "4003 ");

    let (socket, mut link) = opened().await;
    message(&socket, &"a".repeat(100).into());
    message(&socket, &"a".repeat(101).into());
    assert_eq!(next_text(&mut link).await.len(), 100);
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::TooLarge { size: 101, limit: 100 });
    assert!(error.to_string().contains("max_message"), "{error}");
    assert_eq!(closed(&socket), "4009 ");
    assert_eq!(link.tx.send(text("x")).await.expect_err("ended").to_string(), error.to_string());
}

#[wasm_bindgen_test]
async fn messages_that_nobody_takes_are_bounded() {
    let (socket, mut link) = opened().await;
    for _ in 0..1024 {
        message(&socket, &"x".into());
    }
    assert_eq!(closed(&socket), "");
    message(&socket, &"x".into());
    assert_eq!(closed(&socket), "4008 ");
    for _ in 0..1024 {
        next_text(&mut link).await;
    }
    assert_eq!(*end(&mut link).await.kind(), TransportErrorKind::Overloaded);
}

#[wasm_bindgen_test]
async fn close_codes_are_reported() {
    for code in [1000, 1001, 1006, 1008, 4403, 4409] {
        let (socket, mut link) = opened().await;
        message(&socket, &"last".into());
        shut(&socket, code, "why");
        assert_eq!(next_text(&mut link).await, "last");
        let error = end(&mut link).await;
        assert_eq!(*error.kind(), TransportErrorKind::Closed { code });
        assert!(error.to_string().contains("why"), "{error}");
        assert_eq!(error.is_auth(), matches!(code, 1008 | 4403));
    }
}

#[wasm_bindgen_test]
async fn a_host_that_cannot_send_fast_enough_holds_the_sender_back() {
    let (socket, mut link) = opened().await;
    buffered(&socket, f64::from(2 << 20));
    let chunk = "x".repeat(64 * 1024);
    link.tx.send(text(&chunk)).await.expect("sent");
    let waker = Waker::noop();
    let cx = &mut Context::from_waker(waker);
    assert!(link.tx.as_mut().poll_ready(cx).is_pending());
    message(&socket, &"still heard".into());
    assert_eq!(next_text(&mut link).await, "still heard");
    buffered(&socket, 0.0);
    poll_fn(|cx| link.tx.as_mut().poll_ready(cx)).await.expect("there is room again");
}

#[wasm_bindgen_test]
async fn a_sender_that_waits_is_told_of_the_end() {
    let (socket, mut link) = opened().await;
    buffered(&socket, f64::from(2 << 20));
    link.tx.send(text(&"x".repeat(64 * 1024))).await.expect("sent");
    let wait = poll_fn(|cx| link.tx.as_mut().poll_ready(cx));
    let end = async { shut(&socket, 1006, "") };
    let (waited, ()) = futures_util::future::join(wait, end).await;
    assert_eq!(*waited.expect_err("ended").kind(), TransportErrorKind::Closed { code: 1006 });
}

#[wasm_bindgen_test]
async fn our_close_uses_a_code_that_scripts_may_and_ends_in_order() {
    for (code, used) in [(1000, "1000 bye"), (1003, "1000 bye"), (4409, "4409 bye")] {
        let (socket, mut link) = opened().await;
        link.tx.send(Outbound::Close(Close::new(code, "bye"))).await.expect("sent");
        assert_eq!(closed(&socket), used);
        let close = link.tx.close();
        let (done, ()) = futures_util::future::join(close, async { shut(&socket, code, "") }).await;
        done.expect("closed");
        assert!(link.rx.next().await.is_none(), "an end without an error is an orderly close");
    }
}

#[wasm_bindgen_test]
fn what_cannot_work_is_refused_and_no_secret_is_repeated() {
    let class = fake("throw");
    let error = over(&class).connect().now_or_never().expect("at once").expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::Config);
    assert_eq!(error.to_string(), "the host refused to make the WebSocket: the URL ws://example.test/mcp is invalid");
    assert!(WebSocket::new("http://x/").is_err());
    assert!(over(&class).compression(true).is_err());
    assert!(over(&class).token("a b").is_err());
    assert!(!format!("{:?}", over(&class).token("hush").expect("valid")).contains("hush"));
}

thread_local! {
    static HELD: RefCell<Option<Link>> = const { RefCell::new(None) };
}

struct DropsTheLink;

impl Wake for DropsTheLink {
    fn wake(self: Arc<Self>) {
        HELD.with(|held| held.borrow_mut().take());
    }
}

#[wasm_bindgen_test]
async fn a_link_may_be_dropped_from_within_its_own_event() {
    let (socket, link) = opened().await;
    HELD.with(|held| *held.borrow_mut() = Some(link));
    let waker = Waker::from(Arc::new(DropsTheLink));
    let cx = &mut Context::from_waker(&waker);
    let polled = HELD.with(|held| {
        let mut held = held.borrow_mut();
        let link = held.as_mut().expect("held");
        Pin::new(&mut link.tx).poll_ready(cx).is_ready() && link.rx.poll_next_unpin(cx).is_pending()
    });
    assert!(polled);
    message(&socket, &"x".into());
    assert!(HELD.with(|held| held.borrow().is_none()));
    assert!(!hooked(&socket));
}
