//! How a link ends.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

use super::*;
use crate::frame::Close;
use crate::transport::{StreamTransport, Transport};

#[tokio::test]
async fn an_end_between_messages_is_orderly() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"{}\n\r\n").await.expect("written");
    drop(peer);
    assert_eq!(next(&mut link).await, "{}");
    assert!(link.rx.next().await.is_none());
    assert!(link.rx.next().await.is_none());
}

#[tokio::test]
async fn a_last_message_without_its_end_of_line_is_taken() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"[1]\n{\"id\":2}").await.expect("written");
    drop(peer);
    assert_eq!([next(&mut link).await, next(&mut link).await], ["[1]", "{\"id\":2}"]);
    assert!(link.rx.next().await.is_none());
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_message_is_a_loss_and_says_so() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"{}\n{\"half\"").await.expect("written");
    drop(peer);
    assert_eq!(next(&mut link).await, "{}");
    let error = error(&mut link).await;
    assert_eq!(*error.kind(), TransportErrorKind::Lost);
    assert!(error.detail().contains("in the middle of a message"), "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_peer_that_is_gone_is_noticed_by_writing() {
    let (mut link, peer) = link(1 << 10, 100);
    drop(peer);
    let error = link.tx.send(message("{}")).await.expect_err("nobody is there");
    assert_eq!(*error.kind(), TransportErrorKind::Lost);
    let again = link.tx.send(message("{}")).await.expect_err("nobody is there");
    assert_eq!(again.detail(), error.detail());
    link.tx.close().await.expect("closed");
}

#[tokio::test]
async fn a_peer_that_ended_its_side_is_still_sent_answers() {
    let (mut link, mut peer) = link(1 << 10, 100);
    peer.write_all(b"{\"id\":1}\n").await.expect("written");
    peer.shutdown().await.expect("shut down");
    assert_eq!(next(&mut link).await, "{\"id\":1}");
    assert!(link.rx.next().await.is_none());
    link.tx.send(message("{\"id\":1,\"result\":{}}")).await.expect("sent");
    link.tx.close().await.expect("closed");
    let mut read = String::new();
    peer.read_to_string(&mut read).await.expect("read");
    assert_eq!(read, "{\"id\":1,\"result\":{}}\n");
}

#[tokio::test(start_paused = true)]
async fn closing_writes_what_waits_and_gives_the_peer_two_seconds() {
    let (mut link, mut peer) = link(4, 100);
    link.tx.feed(message("1234567890")).await.expect("queued");
    link.tx.feed(Outbound::Close(Close::NORMAL)).await.expect("taken");
    let refused = link.tx.feed(message("too late")).await.expect_err("closed");
    assert!(matches!(refused.kind(), TransportErrorKind::Closed { code: 1000 }));
    let start = Instant::now();
    let mut read = Vec::new();
    let (closed, _) = tokio::join!(link.tx.close(), peer.read_to_end(&mut read));
    closed.expect("closed");
    assert_eq!(read, b"1234567890\n");
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert!(link.rx.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn closing_is_over_when_the_peer_ends_its_side_however_much_it_still_says() {
    let (mut link, mut peer) = link(64, 100);
    let start = Instant::now();
    let peer = async move {
        let mut read = Vec::new();
        peer.read_to_end(&mut read).await.expect("our end");
        // More than the pipe holds and than a message may have: it is thrown away.
        peer.write_all(&[b'x'; 100_000]).await.expect("written");
        drop(peer);
    };
    let (closed, ()) = tokio::join!(link.tx.close(), peer);
    closed.expect("closed");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_ever_for_a_peer_that_does_not_read() {
    let (mut link, _peer) = link(4, 100);
    link.tx.feed(message("1234567890")).await.expect("queued");
    let start = Instant::now();
    link.tx.close().await.expect("closed");
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn a_receiver_in_another_task_sees_the_end_of_closing() {
    let (mut link, mut peer) = link(64, 100);
    let rx = tokio::spawn(async move { link.rx.next().await });
    // It waits for the peer before the sender takes over.
    tokio::task::yield_now().await;
    let peer = async move {
        peer.read_to_end(&mut Vec::new()).await.expect("our end");
        drop(peer);
    };
    let (closed, ()) = tokio::join!(link.tx.close(), peer);
    closed.expect("closed");
    assert!(rx.await.expect("no panic").is_none());
}

#[tokio::test]
async fn a_close_that_is_given_up_releases_the_receiver() {
    let (mut link, _peer) = link(64, 100);
    assert!(poll(|cx| link.tx.as_mut().poll_close(cx)).is_pending());
    let rx = tokio::spawn(async move { link.rx.next().await });
    tokio::task::yield_now().await;
    drop(link.tx);
    assert!(rx.await.expect("no panic").is_none());
}

/// A stream on which nothing happens.
struct Idle(#[expect(dead_code, reason = "counted by whoever made it")] Arc<()>);

impl AsyncRead for Idle {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Idle {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn dropping_a_link_drops_both_its_streams_at_once() {
    let (reader, writer) = (Arc::new(()), Arc::new(()));
    let alive = [Arc::downgrade(&reader), Arc::downgrade(&writer)];
    let mut link = over(Idle(reader), Idle(writer), 100);
    link.tx.feed(message("never sent")).await.expect("queued");
    assert!(poll(|cx| link.tx.as_mut().poll_flush(cx)).is_pending());
    assert!(alive.iter().all(|stream| stream.strong_count() == 1));
    drop(link);
    assert!(alive.iter().all(|stream| stream.strong_count() == 0));
}

#[tokio::test]
async fn streams_are_opened_once() {
    let (ours, _theirs) = tokio::io::duplex(64);
    let (reader, writer) = tokio::io::split(ours);
    let mut transport = StreamTransport::new(reader, writer).max_message(100);
    assert_eq!(transport.address(), None);
    let link = transport.connect().await.expect("opened");
    assert_eq!((link.transport, link.profile.reopens()), ("stream", false));
    let error = transport.connect().await.expect_err("the streams are used");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
}
