//! What a peer may send, and what it may not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use super::*;

#[tokio::test]
async fn many_messages_of_one_read_are_given_in_order() {
    let (mut link, mut peer) = link(1 << 16, 1 << 10);
    let sent: Vec<String> = (0..500).map(|n| format!("{{\"n\":{n}}}")).collect();
    peer.write_all(format!("{}\r\n", sent.join("\n\r\n")).as_bytes()).await.expect("written");
    for expected in sent {
        assert_eq!(next(&mut link).await, expected);
    }
    assert!(poll(|cx| link.rx.as_mut().poll_next(cx)).is_pending());
}

#[tokio::test]
async fn a_message_may_come_byte_by_byte() {
    let (mut link, mut peer) = link(1, 1 << 10);
    let text = "{\"grüße\":\"\u{1F600}\"}";
    let write = async {
        peer.write_all(format!("{text}\r\n{text}\n").as_bytes()).await.expect("written");
        peer
    };
    let read = async { [next(&mut link).await, next(&mut link).await] };
    let (_peer, read) = tokio::join!(write, read);
    assert_eq!(read, [text, text]);
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_link_before_it_is_whole() {
    let (mut link, mut peer) = link(1 << 20, 100);
    peer.write_all(format!("{{}}\n{}", "x".repeat(1_000)).as_bytes()).await.expect("written");
    assert_eq!(next(&mut link).await, "{}");
    let error = error(&mut link).await;
    assert!(matches!(error.kind(), TransportErrorKind::TooLarge { size: 101.., limit: 100 }), "{error:?}");
    assert!(error.detail().contains("max_message"));
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_the_peers_fault() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"{}\n\"\xc3\"\n{}\n").await.expect("written");
    assert_eq!(next(&mut link).await, "{}");
    assert_eq!(*error(&mut link).await.kind(), TransportErrorKind::Protocol);
}

#[tokio::test]
async fn zero_bytes_are_passed_on_for_the_protocol_to_refuse() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"\0{}\0\n").await.expect("written");
    assert_eq!(next(&mut link).await, "\0{}\0");
}

/// A reader that always has the same to give.
struct Endless(&'static [u8]);

impl AsyncRead for Endless {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while buf.remaining() >= self.0.len() {
            buf.put_slice(self.0);
        }
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn blank_lines_without_end_leave_others_their_turn() {
    let mut link = over(Endless(b"\r\n"), tokio::io::sink(), 100);
    let woken = Arc::new(Woken::default());
    let waker = Arc::clone(&woken).into();
    assert!(link.rx.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_failing_reader_ends_the_link_with_its_reason() {
    struct Broken;
    impl AsyncRead for Broken {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("the cable was pulled")))
        }
    }
    let mut link = over(Broken, tokio::io::sink(), 100);
    match poll(|cx| link.rx.as_mut().poll_next(cx)) {
        Poll::Ready(Some(Err(error))) => {
            assert_eq!(*error.kind(), TransportErrorKind::Lost);
            assert!(error.detail().contains("the cable was pulled"));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(poll(|cx| link.rx.as_mut().poll_next(cx)), Poll::Ready(None)));
}
