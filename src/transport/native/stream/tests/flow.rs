//! Full pipes.

use std::future::poll_fn;

use futures_util::SinkExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::*;

/// Sends these messages and takes as many, as one task with both halves does. The sizes of what came.
async fn exchange(link: &mut Link, sizes: &[usize]) -> Vec<usize> {
    let (mut sent, mut got, mut flushed) = (0, Vec::new(), false);
    poll_fn(|cx| {
        while sent < sizes.len()
            && let Poll::Ready(ready) = link.tx.as_mut().poll_ready(cx)
        {
            ready.expect("open");
            link.tx.as_mut().start_send(message(&"x".repeat(sizes[sent]))).expect("open");
            sent += 1;
        }
        flushed = link.tx.as_mut().poll_flush(cx).map(|flushed| flushed.expect("open")).is_ready();
        while got.len() < sizes.len()
            && let Poll::Ready(item) = link.rx.as_mut().poll_next(cx)
        {
            match item {
                Some(Ok(Inbound::Message(text))) => got.push(text.len()),
                other => panic!("{other:?}"),
            }
        }
        if got.len() == sizes.len() && sent == sizes.len() && flushed { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    got
}

#[tokio::test]
async fn two_ends_that_send_megabytes_through_tiny_pipes_do_not_wait_for_each_other() {
    let (ours, theirs) = tokio::io::duplex(512);
    let ends = [ours, theirs].map(|end| {
        let (reader, writer) = tokio::io::split(end);
        over(reader, writer, 4 << 20)
    });
    let [mut one, mut other] = ends;
    let sizes: Vec<usize> = (0..100).map(|n| if n % 40 == 7 { 500_000 } else { n * 50 }).filter(|n| *n > 0).collect();
    let (left, right) = tokio::join!(exchange(&mut one, &sizes), exchange(&mut other, &sizes));
    assert_eq!(left, sizes);
    assert_eq!(right, sizes);
}

/// Sends until the link holds its sender back; how many bytes it took.
fn fill(link: &mut Link) -> usize {
    let text = "x".repeat(999);
    let mut taken = 0;
    while poll(|cx| link.tx.as_mut().poll_ready(cx)).map(|ready| ready.expect("open")).is_ready() {
        link.tx.as_mut().start_send(message(&text)).expect("open");
        taken += text.len() + 1;
        assert!(taken < 10 << 20, "nothing holds the sender back");
    }
    taken
}

#[tokio::test]
async fn a_sender_is_held_back_where_nobody_reads_and_goes_on_when_somebody_does() {
    let (mut link, mut peer) = link(4_096, 1 << 10);
    let taken = fill(&mut link);
    assert!((64 * 1024..80 * 1024).contains(&taken), "{taken}");
    let mut read = vec![0; taken];
    let (sent, count) = tokio::join!(link.tx.send(message("[]")), peer.read_exact(&mut read));
    sent.expect("sent");
    assert_eq!(count.expect("read"), taken);
    assert!(read.chunks(1_000).all(|line| line.len() == 1_000 && line[999] == b'\n'));
}

#[tokio::test]
async fn a_writer_that_is_blocked_does_not_stop_the_reader() {
    let (mut link, mut peer) = link(4_096, 1 << 10);
    fill(&mut link);
    for n in 0..1_000 {
        let text = format!("[{n}]");
        peer.write_all(format!("{text}\n").as_bytes()).await.expect("written");
        assert_eq!(next(&mut link).await, text);
        assert!(poll(|cx| link.tx.as_mut().poll_ready(cx)).is_pending());
    }
}

#[tokio::test]
async fn a_reader_that_waits_does_not_stop_the_writer() {
    let (mut link, peer) = link(64, 1 << 10);
    assert!(poll(|cx| link.rx.as_mut().poll_next(cx)).is_pending());
    let mut peer = BufReader::new(peer);
    for n in 0..100 {
        let text = format!("[{n}]");
        link.tx.send(message(&text)).await.expect("sent");
        let mut line = String::new();
        peer.read_line(&mut line).await.expect("read");
        assert_eq!(line.trim_end(), text);
    }
}
