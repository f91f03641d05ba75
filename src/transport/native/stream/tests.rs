use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::{LineOptions, lines};
use crate::frame::{Close, Inbound, Liveness, Outbound, Profile};
use crate::transport::Link;

fn link(capacity: usize, max_message: usize) -> (Link, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(capacity);
    let (reader, writer) = tokio::io::split(ours);
    let profile = Profile::SharedChannel { reopen: false, liveness: Liveness::Channel };
    (lines(reader, writer, LineOptions { transport: "stream", profile, max_message }), theirs)
}

fn message(text: &str) -> Outbound {
    Outbound::Message(text.to_owned().into())
}

#[tokio::test]
async fn lines_go_both_ways() {
    let (mut link, mut peer) = link(1 << 16, 1 << 10);
    peer.write_all(b"{\"a\":1}\r\n\n  \n[2]\n").await.expect("written");
    for expected in ["{\"a\":1}", "[2]"] {
        match link.rx.next().await {
            Some(Ok(Inbound::Message(text))) => assert_eq!(text.as_str(), expected),
            other => panic!("{other:?}"),
        }
    }
    link.tx.feed(message("{\n  \"a\": [1,\r\n 2]\n}")).await.expect("queued");
    link.tx.send(message("3")).await.expect("sent");
    let mut read = vec![0; 100];
    let count = peer.read(&mut read).await.expect("read");
    assert_eq!(std::str::from_utf8(&read[..count]), Ok("{\"a\": [1,2]}\n3\n"));
}

#[tokio::test(start_paused = true)]
async fn closing_flushes_and_waits_for_the_peers_end_for_two_seconds() {
    let (mut link, mut peer) = link(4, 1 << 10);
    link.tx.feed(message("1234567890")).await.expect("queued");
    link.tx.feed(Outbound::Close(Close::NORMAL)).await.expect("taken");
    let start = tokio::time::Instant::now();
    let mut read = Vec::new();
    let (closed, _) = tokio::join!(link.tx.close(), peer.read_to_end(&mut read));
    closed.expect("closed");
    assert_eq!(read, b"1234567890\n");
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert!(link.rx.next().await.is_none());
}
