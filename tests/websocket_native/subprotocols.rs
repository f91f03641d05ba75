//! Which subprotocols are offered, and what happens when the server does not take them.

use everywire::transport::{Subprotocols, Transport, TransportErrorKind};

use crate::support::*;

/// A server that answers each handshake with the header lines or status that `answer` gives for the offer.
async fn server(log: Log, answer: fn(Option<&str>) -> Answer) -> Server {
    Server::start(move |mut stream| {
        let log = log.clone();
        async move {
            let head = request(&mut stream).await;
            let offer = header(&head, "sec-websocket-protocol");
            log.push(offer.clone().unwrap_or_else(|| "-".into()));
            match answer(offer.as_deref()) {
                Answer::Select(name) => {
                    switch(&mut stream, &head, &format!("Sec-WebSocket-Protocol: {name}\r\n")).await;
                }
                Answer::SelectNone => switch(&mut stream, &head, "").await,
                Answer::Status(line) => {
                    use tokio::io::AsyncWriteExt;
                    let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.expect("an answer");
                }
            }
            // Stays open until the client goes.
            let _ = close_code(&mut stream).await;
        }
    })
    .await
}

enum Answer {
    Select(&'static str),
    SelectNone,
    Status(&'static str),
}

#[tokio::test]
async fn the_automatic_offer_is_mcp() {
    let log = Log::default();
    let server = server(log.clone(), |_| Answer::Select("mcp")).await;
    server.socket().connect().await.expect("a link");
    assert_eq!(log.take(), ["mcp"]);
}

#[tokio::test]
async fn an_offer_not_taken_is_withdrawn_once_and_for_all() {
    for answer in [(|_| Answer::SelectNone) as fn(Option<&str>) -> Answer, |offer| match offer {
        None => Answer::SelectNone,
        Some(_) => Answer::Status("400 Bad Request"),
    }] {
        let log = Log::default();
        let server = server(log.clone(), answer).await;
        let mut socket = server.socket();
        socket.connect().await.expect("a link on the second attempt");
        assert_eq!(log.take(), ["mcp", "-"]);
        socket.connect().await.expect("a link on the first attempt");
        assert_eq!(log.take(), ["-"]);
    }
}

#[tokio::test]
async fn an_offer_that_was_not_the_reason_stands_the_next_time() {
    let log = Log::default();
    let server = server(log.clone(), |_| Answer::Status("500 Internal Server Error")).await;
    let mut socket = server.socket();
    for _ in 0..2 {
        let error = socket.connect().await.expect_err("no link");
        assert_eq!(*error.kind(), TransportErrorKind::Refused { status: 500 });
        assert_eq!(log.take(), ["mcp", "-"]);
    }
}

#[tokio::test]
async fn an_answer_that_speaks_of_something_else_is_not_asked_for_twice() {
    let log = Log::default();
    for answer in [
        (|_| Answer::Status("401 Unauthorized")) as fn(Option<&str>) -> Answer,
        |_| Answer::Status("403 Forbidden"),
        |_| Answer::Status("404 Not Found"),
        |_| Answer::Status("302 Found"),
        |_| Answer::Status("429 Too Many Requests"),
        |_| Answer::Status("503 Service Unavailable"),
    ] {
        let server = server(log.clone(), answer).await;
        server.socket().connect().await.expect_err("no link");
        assert_eq!(log.take(), ["mcp"]);
    }
}

#[tokio::test]
async fn a_list_is_insisted_on() {
    let log = Log::default();
    let names = Subprotocols::List(vec!["mcp.version.2026-07-28".into(), "x".into()]);
    let none = server(log.clone(), |_| Answer::SelectNone).await;
    let error = none.socket().subprotocols(names.clone()).expect("a valid list").connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("none of the subprotocols offered"), "{error}");
    assert_eq!(log.take(), ["mcp.version.2026-07-28, x"]);

    let second = server(log.clone(), |_| Answer::Select("x")).await;
    second.socket().subprotocols(names).expect("a valid list").connect().await.expect("a link");
}

#[tokio::test]
async fn none_offers_none() {
    let log = Log::default();
    let server = server(log.clone(), |_| Answer::SelectNone).await;
    server.socket().subprotocols(Subprotocols::None).expect("valid").connect().await.expect("a link");
    assert_eq!(log.take(), ["-"]);
}

#[tokio::test]
async fn a_selection_that_was_not_offered_is_an_error_that_says_so() {
    let log = Log::default();
    let server = server(log.clone(), |_| Answer::Select("soap")).await;
    let error = server.socket().connect().await.expect_err("no link");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("although none was offered"), "{error}");
    assert_eq!(log.take(), ["mcp", "-"]);
}
