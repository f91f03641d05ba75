//! What a peer may not send, and which close code tells it so.

use everywire::transport::{Link, Transport, TransportErrorKind};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use crate::support::*;

/// A server that sends `bytes` after the handshake and reports the close code it gets back.
async fn sending(bytes: Vec<u8>, max_message: usize) -> (Server, Link, oneshot::Receiver<Option<u16>>) {
    let (report, code) = oneshot::channel();
    let job = std::sync::Mutex::new(Some((bytes, report)));
    let server = Server::start(move |stream| {
        let job = job.lock().expect("no panic").take();
        async move {
            let Some((bytes, report)) = job else { return };
            let mut stream = raw(stream).await;
            stream.write_all(&bytes).await.expect("sent");
            let _ = report.send(close_code(&mut stream).await);
        }
    })
    .await;
    let link = server.socket().max_message(max_message).connect().await.expect("a link");
    (server, link, code)
}

fn text_frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn a_gigabyte_is_refused_when_it_is_announced() {
    // Only the head of the frame is ever sent.
    let mut head = vec![0x81, 127];
    head.extend_from_slice(&(1u64 << 30).to_be_bytes());
    let (_server, mut link, code) = sending(head, 16 << 20).await;
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::TooLarge { size: 1 << 30, limit: 16 << 20 });
    assert!(error.to_string().contains("1073741824") && error.to_string().contains("max_message"), "{error}");
    assert_eq!(code.await.expect("reported"), Some(1009));
}

#[tokio::test]
async fn the_limit_holds_for_a_message_in_fragments_too() {
    let mut bytes = text_frame(0x01, &[b'a'; 60]);
    bytes.extend(text_frame(0x80, &[b'a'; 60]));
    let (_server, mut link, code) = sending(bytes, 100).await;
    assert_eq!(*end(&mut link).await.kind(), TransportErrorKind::TooLarge { size: 120, limit: 100 });
    assert_eq!(code.await.expect("reported"), Some(1009));
}

#[tokio::test]
async fn a_message_of_just_the_limit_passes_whole_or_in_fragments() {
    let mut bytes = text_frame(0x81, &[b'a'; 100]);
    bytes.extend(text_frame(0x01, &[b'b'; 50]));
    bytes.extend(text_frame(0x80, &[b'b'; 50]));
    let (_server, mut link, _code) = sending(bytes, 100).await;
    assert_eq!(next_text(&mut link).await, "a".repeat(100));
    assert_eq!(next_text(&mut link).await, "b".repeat(100));
}

#[tokio::test]
async fn a_binary_frame_ends_the_link_with_1003() {
    let (_server, mut link, code) = sending(vec![0x82, 2, 0, 1], 100).await;
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::Protocol);
    assert!(error.to_string().contains("binary"), "{error}");
    assert_eq!(code.await.expect("reported"), Some(1003));
}

#[tokio::test]
async fn text_that_is_not_utf8_ends_the_link_with_1007() {
    let (_server, mut link, code) = sending(text_frame(0x81, &[b'"', 0xff, b'"']), 100).await;
    let error = end(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::Protocol);
    assert!(error.to_string().contains("UTF-8"), "{error}");
    assert_eq!(code.await.expect("reported"), Some(1007));
}

#[tokio::test]
async fn broken_framing_ends_the_link_with_1002() {
    // Reserved bit 1 without an extension.
    let (_server, mut link, code) = sending(text_frame(0xc1, b"x"), 100).await;
    assert_eq!(*end(&mut link).await.kind(), TransportErrorKind::Protocol);
    assert_eq!(code.await.expect("reported"), Some(1002));
}

#[tokio::test]
async fn nothing_can_be_sent_after_the_end_and_the_error_says_why() {
    use futures_util::SinkExt;
    let (_server, mut link, _code) = sending(vec![0x82, 2, 0, 1], 100).await;
    let error = end(&mut link).await;
    let later = link.tx.send(message("{}")).await.expect_err("the link has ended");
    assert_eq!(later.to_string(), error.to_string());
}
