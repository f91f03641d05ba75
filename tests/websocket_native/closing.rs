//! How links end.

use everywire::frame::{Close, Outbound};
use everywire::transport::TransportErrorKind;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use crate::support::*;

#[tokio::test]
async fn the_peers_close_code_is_reported_and_answered() {
    for code in [1000u16, 1001, 1008, 1011, 4403, 4409] {
        let (report, answer) = oneshot::channel();
        let report = std::sync::Mutex::new(Some(report));
        let server = Server::start(move |stream| {
            let report = report.lock().expect("no panic").take();
            async move {
                let mut stream = raw(stream).await;
                let mut frame = vec![0x88, 5];
                frame.extend_from_slice(&code.to_be_bytes());
                frame.extend_from_slice(b"why");
                stream.write_all(&frame).await.expect("sent");
                let answer = close_code(&mut stream).await;
                report.map(|report| report.send(answer));
            }
        })
        .await;
        let mut link = open(&server).await;
        let error = end(&mut link).await;
        assert_eq!(*error.kind(), TransportErrorKind::Closed { code });
        assert!(error.to_string().ends_with(&format!("[close code {code}]: why")), "{error}");
        assert_eq!(error.is_auth(), matches!(code, 1008 | 4403));
        assert_eq!(answer.await.expect("reported"), Some(code));
    }
}

#[tokio::test]
async fn a_close_frame_without_a_code_is_1005() {
    let server = Server::start(|stream| async move {
        let mut stream = raw(stream).await;
        stream.write_all(&[0x88, 0]).await.expect("sent");
        let _ = frame(&mut stream).await;
    })
    .await;
    assert_eq!(*end(&mut open(&server).await).await.kind(), TransportErrorKind::Closed { code: 1005 });
}

#[tokio::test]
async fn a_peer_that_vanishes_is_1006() {
    let server = Server::start(|stream| async move {
        drop(raw(stream).await);
    })
    .await;
    let error = end(&mut open(&server).await).await;
    assert_eq!(*error.kind(), TransportErrorKind::Closed { code: 1006 });
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_peer_that_vanishes_in_the_middle_of_a_message_is_noticed() {
    let server = Server::start(|stream| async move {
        let mut stream = raw(stream).await;
        stream.write_all(&[0x81, 100, b'{']).await.expect("sent");
    })
    .await;
    assert_eq!(*end(&mut open(&server).await).await.kind(), TransportErrorKind::Closed { code: 1006 });
}

#[tokio::test]
async fn a_reset_is_a_lost_link() {
    let server = Server::start(|stream| async move {
        let stream = raw(stream).await;
        stream.set_zero_linger().expect("set");
    })
    .await;
    assert_eq!(*end(&mut open(&server).await).await.kind(), TransportErrorKind::Lost);
}

#[tokio::test]
async fn our_close_reaches_the_peer_and_ends_in_order() {
    let (report, code) = oneshot::channel();
    let report = std::sync::Mutex::new(Some(report));
    let server = Server::start(move |stream| {
        let report = report.lock().expect("no panic").take();
        async move {
            let mut socket = accept(stream).await;
            let seen = loop {
                match socket.next().await {
                    Some(Ok(frame)) if frame.is_close() => break format!("{frame:?}"),
                    Some(Ok(_)) => {}
                    other => break format!("{other:?}"),
                }
            };
            report.map(|report| report.send(seen));
            let _ = socket.close(None).await;
        }
    })
    .await;
    let mut link = open(&server).await;
    link.tx.send(Outbound::Close(Close::new(4409, "replaced"))).await.expect("sent");
    link.tx.close().await.expect("closed");
    assert!(link.rx.next().await.is_none(), "an end without an error is an orderly close");
    let seen = code.await.expect("reported");
    assert!(seen.contains("4409") && seen.contains("replaced"), "{seen}");
    link.tx.send(message("{}")).await.expect_err("closed");
}

#[tokio::test]
async fn messages_on_the_way_arrive_before_the_end() {
    let server = Server::start(|stream| async move {
        let mut stream = raw(stream).await;
        assert_eq!(close_code(&mut stream).await, Some(1000));
        stream.write_all(&[0x81, 2, b'{', b'}', 0x88, 2, 3, 0xe8]).await.expect("sent");
        let _ = stream.read_u8().await;
    })
    .await;
    let mut link = open(&server).await;
    link.tx.send(Outbound::Close(Close::NORMAL)).await.expect("sent");
    assert_eq!(next_text(&mut link).await, "{}");
    assert!(link.rx.next().await.is_none());
    link.tx.close().await.expect("closed");
}

#[tokio::test]
async fn a_peer_that_does_not_answer_our_close_is_left_after_two_seconds() {
    let server = Server::start(|stream| async move {
        let _open = raw(stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut link = open(&server).await;
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    link.tx.close().await.expect("closed");
    let waited = before.elapsed();
    assert!((2000..2100).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test]
async fn dropping_the_link_ends_the_connection() {
    let (report, ended) = oneshot::channel();
    let report = std::sync::Mutex::new(Some(report));
    let server = Server::start(move |stream| {
        let report = report.lock().expect("no panic").take();
        async move {
            let mut stream = raw(stream).await;
            let read = stream.read(&mut [0; 8]).await;
            report.map(|report| report.send(matches!(read, Ok(0) | Err(_))));
        }
    })
    .await;
    drop(open(&server).await);
    assert!(ended.await.expect("reported"));
}

#[tokio::test]
async fn a_failed_write_reports_the_close_frame_that_was_not_read_yet() {
    let (report, gone) = oneshot::channel();
    let report = std::sync::Mutex::new(Some(report));
    let server = Server::start(move |stream| {
        let report = report.lock().expect("no panic").take();
        async move {
            let mut stream = raw(stream).await;
            stream.write_all(&[0x81, 2, b'{', b'}', 0x88, 2, 0x03, 0xf0]).await.expect("sent");
            drop(stream);
            report.map(|report| report.send(()));
        }
    })
    .await;
    let mut link = open(&server).await;
    gone.await.expect("reported");
    // The first write is answered with a reset; one after it fails.
    let error = loop {
        if let Err(error) = link.tx.send(message("{}")).await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(*error.kind(), TransportErrorKind::Closed { code: 1008 });
    assert_eq!(next_text(&mut link).await, "{}");
    assert_eq!(*end(&mut link).await.kind(), TransportErrorKind::Closed { code: 1008 });
}
