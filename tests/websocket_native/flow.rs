//! Back-pressure, gathering of writes, pings.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use everywire::frame::{Inbound, Outbound};
use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

/// A server that hands its connections over to the test.
async fn handing() -> (Server, mpsc::UnboundedReceiver<tokio::net::TcpStream>) {
    let (give, take) = mpsc::unbounded_channel();
    let server = Server::start(move |stream| {
        let give = give.clone();
        async move {
            let _ = give.send(raw(stream).await);
        }
    })
    .await;
    (server, take)
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_sender_back_and_nothing_is_lost() {
    const SIZE: usize = 16 * 1024;
    let (resume, resumed) = oneshot::channel::<()>();
    let (report, count) = oneshot::channel();
    let job = std::sync::Mutex::new(Some((resumed, report)));
    let server = Server::start(move |stream| {
        let job = job.lock().expect("no panic").take();
        async move {
            let Some((resumed, report)) = job else { return };
            let mut socket = accept(stream).await;
            socket.send(Message::text("\"still heard\"")).await.expect("sent");
            resumed.await.expect("resumed");
            let mut count = 0usize;
            while let Some(Ok(Message::Text(text))) = socket.next().await {
                assert_eq!(text.len(), SIZE);
                count += 1;
            }
            let _ = report.send(count);
        }
    })
    .await;
    let mut link = open(&server).await;
    let text = "x".repeat(SIZE);
    let mut sent = 0usize;
    // The kernel takes a few megabytes; then the sender is told to wait.
    while let Some(ready) = poll_fn(|cx| link.tx.as_mut().poll_ready(cx)).now_or_never() {
        ready.expect("no error");
        Pin::new(&mut link.tx).start_send(message(&text)).expect("taken");
        sent += 1;
        let _ = poll_fn(|cx| link.tx.as_mut().poll_flush(cx)).now_or_never();
        assert!(sent * SIZE < 256 << 20, "a sender that is never held back fills the memory");
        tokio::task::yield_now().await;
    }
    // A blocked write does not stop reading.
    assert_eq!(next_text(&mut link).await, "\"still heard\"");
    resume.send(()).expect("the server runs");
    poll_fn(|cx| link.tx.as_mut().poll_ready(cx)).await.expect("there is room again");
    link.tx.send(message(&text)).await.expect("sent");
    link.tx.close().await.expect("closed");
    assert_eq!(count.await.expect("reported"), sent + 1);
}

#[tokio::test]
async fn many_messages_are_gathered_into_one_write() {
    let (server, mut streams) = handing().await;
    let mut link = open(&server).await;
    let stream = streams.recv().await.expect("a connection");
    for _ in 0..500 {
        link.tx.feed(message("{\"jsonrpc\":\"2.0\"}")).await.expect("taken");
    }
    // Loopback delivers at once: had anything been written, it would be here.
    let mut buffer = vec![0; 1 << 20];
    let early = stream.try_read(&mut buffer).expect_err("nothing is written before the flush");
    assert_eq!(early.kind(), std::io::ErrorKind::WouldBlock);
    link.tx.flush().await.expect("flushed");
    // Each frame is a head of 2, a mask of 4 and 17 bytes of text.
    let (mut read, mut reads) = (0, 0);
    while read < 500 * 23 {
        stream.readable().await.expect("readable");
        match stream.try_read(&mut buffer) {
            Ok(size) => {
                read += size;
                reads += 1;
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    }
    assert_eq!(read, 500 * 23);
    assert!(reads <= 3, "{reads} reads for one write");
}

#[tokio::test]
async fn a_message_larger_than_every_buffer_arrives_whole() {
    let server = Server::start(|stream| async move {
        let mut socket = accept(stream).await;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                socket.send(message).await.expect("sent");
            }
        }
    })
    .await;
    let mut link = open(&server).await;
    let text = format!("\"{}\"", "é".repeat(2 << 20));
    link.tx.feed(message(&text)).await.expect("taken");
    // Both directions are larger than the kernel's buffers: the halves have to run together.
    let mut echoed = None;
    poll_fn(|cx| {
        let _ = link.tx.as_mut().poll_flush(cx);
        link.rx.poll_next_unpin(cx).map(|item| echoed = item)
    })
    .await;
    match echoed {
        Some(Ok(Inbound::Message(echo))) => assert!(echo.as_str() == text),
        other => panic!("{:?}", other.map(|item| item.map(|_| ()))),
    }
}

#[tokio::test]
async fn the_halves_may_live_in_two_tasks() {
    let server = Server::start(|stream| async move {
        let mut socket = accept(stream).await;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                socket.send(message).await.expect("sent");
            }
        }
    })
    .await;
    let mut link = open(&server).await;
    let text = "y".repeat(256 * 1024);
    let expected = text.clone();
    let reader = tokio::spawn(async move {
        for _ in 0..100 {
            match link.rx.next().await {
                Some(Ok(Inbound::Message(echo))) => assert!(echo.as_str() == expected),
                other => panic!("{:?}", other.map(|item| item.map(|_| ()))),
            }
        }
    });
    for _ in 0..100 {
        link.tx.send(message(&text)).await.expect("sent");
    }
    reader.await.expect("all echoed");
}

#[tokio::test]
async fn a_ping_of_the_peer_is_answered_by_reading_alone() {
    let (report, pong) = oneshot::channel();
    let report = std::sync::Mutex::new(Some(report));
    let server = Server::start(move |stream| {
        let report = report.lock().expect("no panic").take();
        async move {
            let mut socket = accept(stream).await;
            socket.send(Message::Ping("beat".into())).await.expect("sent");
            let answer = socket.next().await;
            report.map(|report| report.send(answer));
            std::future::pending::<()>().await;
        }
    })
    .await;
    let mut link = open(&server).await;
    assert!(matches!(link.rx.next().await, Some(Ok(Inbound::Alive))));
    // One item was read and nothing is polled any more: the pong must be on its way already.
    match pong.await.expect("reported") {
        Some(Ok(Message::Pong(payload))) => assert_eq!(&payload[..], b"beat"),
        other => panic!("no pong: {other:?}"),
    }
}

#[tokio::test]
async fn our_ping_is_answered_with_a_sign_of_life() {
    let server = Server::start(|stream| async move {
        let mut socket = accept(stream).await;
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let mut link = open(&server).await;
    link.tx.send(Outbound::Ping).await.expect("sent");
    assert!(matches!(link.rx.next().await, Some(Ok(Inbound::Alive))));
}

#[tokio::test]
async fn waiting_to_read_does_not_take_the_senders_turn() {
    let (server, mut streams) = handing().await;
    let mut link = open(&server).await;
    let mut stream = streams.recv().await.expect("a connection");
    let pending = poll_fn(|cx| Poll::Ready(link.rx.poll_next_unpin(cx).is_pending())).await;
    assert!(pending);
    link.tx.send(message("{}")).await.expect("sent");
    assert_eq!(frame(&mut stream).await, Some((1, b"{}".to_vec())));
}
