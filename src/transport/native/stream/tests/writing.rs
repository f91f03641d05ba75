//! What goes out, and in how many pieces.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::SinkExt;
use tokio::io::AsyncWrite;

use super::*;
use crate::json::Text;
use crate::transport::native::stream::outgoing::Outgoing;

/// What a writer was given: the pieces of each write, by place and length, and all the bytes.
#[derive(Default)]
struct Written {
    writes: Vec<Vec<(usize, usize)>>,
    bytes: Vec<u8>,
    flushes: usize,
}

/// Takes up to so many bytes at once, and none every other time if it is a slow one.
struct Recorder {
    written: Arc<Mutex<Written>>,
    most: usize,
    slow: bool,
    asked: usize,
}

fn recorder(most: usize, slow: bool) -> (Recorder, Arc<Mutex<Written>>) {
    let written = Arc::<Mutex<Written>>::default();
    (Recorder { written: written.clone(), most, slow, asked: 0 }, written)
}

impl AsyncWrite for Recorder {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.asked += 1;
        if self.slow && self.asked.is_multiple_of(2) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut written = self.written.lock().expect("not poisoned");
        written.writes.push(pieces.iter().map(|piece| (piece.as_ptr() as usize, piece.len())).collect());
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter()).take(self.most).copied().collect();
        written.bytes.extend_from_slice(&bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.written.lock().expect("not poisoned").flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn messages_that_come_together_are_one_write_and_one_alone_does_not_wait() {
    let (writer, written) = recorder(usize::MAX, false);
    let mut link = over(tokio::io::empty(), writer, 100);
    let mut expected = String::new();
    for n in 0..64 {
        let text = format!("{{\"id\":{n}}}");
        expected.extend([text.as_str(), "\n"]);
        link.tx.feed(message(&text)).await.expect("queued");
    }
    assert!(written.lock().expect("not poisoned").writes.is_empty());
    link.tx.flush().await.expect("flushed");
    link.tx.send(message("[]")).await.expect("sent");
    let written = written.lock().expect("not poisoned");
    assert_eq!((written.writes.len(), written.flushes), (2, 2));
    assert_eq!(String::from_utf8_lossy(&written.bytes), format!("{expected}[]\n"));
}

#[test]
fn a_large_message_is_written_from_where_it_is_with_its_neighbours() {
    let (writer, written) = recorder(usize::MAX, false);
    let mut out = Outgoing::new(writer);
    let large = Text::from("x".repeat(1 << 20));
    let place = large.as_str().as_ptr() as usize;
    out.push("[1]".to_owned().into());
    out.push(large);
    out.push("[2]".to_owned().into());
    assert_eq!(out.waiting(), (1 << 20) + 9);
    assert!(poll(|cx| out.poll_drain(cx)).is_ready());
    let written = written.lock().expect("not poisoned");
    assert_eq!(written.writes.len(), 1);
    assert_eq!(written.writes[0][1], (place, 1 << 20));
    assert!(written.bytes.starts_with(b"[1]\nx") && written.bytes.ends_with(b"x\n[2]\n"));
    assert_eq!(out.waiting(), 0);
}

#[tokio::test]
async fn a_writer_that_takes_little_at_a_time_is_given_everything_once() {
    for most in [3, 501, 4_096, 100_000] {
        let (writer, written) = recorder(most, true);
        let mut out = Outgoing::new(writer);
        let mut expected = String::new();
        for round in 0..if most < 10 { 1 } else { 3 } {
            for len in [0, 3, 20_000, 40_000, 1, 16_384, 16_383, 2] {
                let text: String = ('a'..='z').cycle().skip(round).take(len).collect();
                expected.extend([text.as_str(), "\n"]);
                out.push(text.into());
                // Some of it goes out in between.
                let _ = poll(|cx| out.poll_drain(cx));
            }
        }
        std::future::poll_fn(|cx| out.poll_drain(cx)).await.expect("written");
        assert!(written.lock().expect("not poisoned").bytes == expected.as_bytes(), "{most} at a time");
        assert_eq!(out.waiting(), 0);
    }
}

#[tokio::test]
async fn no_message_is_written_as_two_lines() {
    let (writer, written) = recorder(usize::MAX, false);
    let mut link = over(tokio::io::empty(), writer, 100);
    let pretty = "{\n  \"method\": \"a\",\r\n  \"params\": [\n1,\r2\n]\n}\n";
    link.tx.send(message(pretty)).await.expect("sent");
    link.tx.send(message("\"no\nJSON\"")).await.expect("sent");
    let written = written.lock().expect("not poisoned");
    let text = String::from_utf8_lossy(&written.bytes);
    assert_eq!(text, "{\"method\": \"a\",\"params\": [1,2]}\n\"no\tJSON\"\n");
}

#[tokio::test]
async fn memory_of_a_burst_is_given_back() {
    let (writer, _written) = recorder(usize::MAX, false);
    let mut out = Outgoing::new(writer);
    for _ in 0..100 {
        out.push("x".repeat(1_000).into());
    }
    assert!(out.held() >= 100_000);
    assert!(poll(|cx| out.poll_drain(cx)).is_ready());
    assert!(out.held() <= 16 * 1024, "{}", out.held());
}
