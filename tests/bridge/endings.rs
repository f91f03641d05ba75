//! Backends that end, and what their clients are told.

use everywire::frame::{Inbound, Outbound};
use everywire::json::{Json, Text};
use everywire::proto::ElicitResult;
use everywire::transport::{Link, Transport as _, TransportError, TransportErrorKind};
use futures_util::{SinkExt as _, StreamExt as _};

use crate::support::{Bridge, PATIENCE, backend, call, call_after_loss};

/// How a link ends, after whatever still comes.
async fn end(link: &mut Link) -> TransportError {
    let ended = async {
        loop {
            match link.rx.next().await {
                Some(Ok(Inbound::Message(_) | Inbound::Alive)) => {}
                Some(Err(error)) => return error,
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends")
}

#[tokio::test]
async fn a_backend_that_exits_is_told_with_its_status_and_without_its_standard_error() {
    let mut bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--", &backend(), "--exit", "7"]).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::Closed { code: 1011 });
    assert!(error.to_string().contains("exit status: 7") && !error.to_string().contains("hunter2"), "{error}");
    assert!(error.is_transient(), "a client connects again");
    bridge.says("lost its backend: the server process ended (exit status: 7)").await;
    bridge.says("backend 1 | stack trace with key hunter2").await;
}

#[tokio::test]
async fn a_backend_that_cannot_be_started_is_told_at_once() {
    let mut bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--", "/does/not/exist"]).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::Closed { code: 1011 });
    assert!(error.to_string().contains("no backend: ") && error.to_string().contains("/does/not/exist"), "{error}");
    bridge.says("warning: there is no program /does/not/exist to start").await;
    bridge.says("is sent away, as there is no backend").await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_too() {
    let mut bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "tcp://127.0.0.1:9"]).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    assert!(end(&mut link).await.to_string().contains("no backend: "));
    bridge.says("is sent away").await;
}

#[tokio::test]
async fn every_client_has_a_backend_of_its_own_and_a_new_one_after_a_crash() {
    let mut bridge = Bridge::usual(&[]).await;
    let (one, other) = (bridge.client().await, bridge.client().await);
    let (first, second) = (call(&one, "pid", "").await, call(&other, "pid", "").await);
    assert_ne!(first, second);
    let error = one.call_tool("crash", serde_json::json!({})).await.expect_err("it crashes");
    assert!(error.maybe_executed() && error.to_string().contains("exit status: 3"), "{error}");
    // The client connects again by itself.
    let after = call(&one, "pid", "").await;
    assert!(after != first && after != second);
    bridge.says("has a backend that was started again").await;
    assert_eq!(call(&other, "pid", "").await, second, "the other one's lives on");
}

#[tokio::test]
async fn clients_that_share_a_backend_get_their_own_answers_and_a_new_one_after_a_crash() {
    let bridge = Bridge::usual(&["--shared"]).await;
    let (one, other) = (bridge.client().await, bridge.client().await);
    let first = call(&one, "pid", "").await;
    assert_eq!(call(&other, "pid", "").await, first);
    let (left, right) = tokio::join!(
        async {
            for number in 0..200 {
                assert_eq!(call(&one, "echo", &format!("left {number}")).await, format!("left {number}"));
            }
        },
        async {
            for number in 0..200 {
                assert_eq!(call(&other, "echo", &format!("right {number}")).await, format!("right {number}"));
            }
        },
    );
    let ((), ()) = (left, right);
    let error = one.call_tool("crash", serde_json::json!({})).await.expect_err("it crashes");
    assert!(error.to_string().contains("exit status: 3"), "{error}");
    let again = call_after_loss(&other, "pid").await;
    assert_ne!(again, first);
    assert_eq!(call(&one, "pid", "").await, again);
}

#[tokio::test]
async fn a_backends_own_close_code_reaches_the_client() {
    // The one in front has the wrong token: 1011 would have its client try for ever.
    let behind = Bridge::usual(&[]).await;
    let front = Bridge::start(&["--listen", "ws://127.0.0.1:0", &behind.url]).await;
    let mut link = front.transport().connect().await.expect("connected");
    let error = end(&mut link).await;
    assert!(error.to_string().contains("401"), "{error}");
}

#[tokio::test]
async fn a_question_from_the_server_is_answered_through_the_bridge() {
    for options in [&[][..], &["--shared"]] {
        let bridge = Bridge::usual(options).await;
        let client = everywire::Client::over(bridge.transport())
            .on_elicit(|_, _| async {
                ElicitResult::accept(Json::encode(&serde_json::json!({ "name": "Ada" })).expect("JSON"))
            })
            .connect()
            .await
            .expect("connected");
        assert_eq!(call(&client, "ask", "").await, "hello Ada");
    }
}

/// A line that is no message at all still passes: what it means is for the two ends to say.
#[tokio::test]
async fn nonsense_passes_too() {
    let bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--", "cat"]).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    let text = Text::from_utf8("nonsense".to_owned().into()).expect("UTF-8");
    link.tx.send(Outbound::Message(text)).await.expect("sent");
    match tokio::time::timeout(PATIENCE, link.rx.next()).await {
        Ok(Some(Ok(Inbound::Message(text)))) => assert_eq!(text.as_str(), "nonsense"),
        other => panic!("{other:?}"),
    }
}
