//! Bodies: whole or in chunks, compressed, too long, cut short.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_compression::Level;
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use super::support::*;
use crate::transport::http::{Content, Fact, Fetch, Reading};
use crate::transport::{TransportError, TransportErrorKind};

/// A peer that answers the first request of each connection with these bytes, and then hangs up if told to.
async fn saying(bytes: impl Into<Vec<u8>>, hang_up: bool) -> Peer {
    let bytes: Arc<[u8]> = bytes.into().into();
    Peer::start(move |mut wire| {
        let bytes = bytes.clone();
        async move {
            wire.asked().await;
            wire.say(&*bytes).await;
            if hang_up {
                wire.hang_up().await;
            }
            wire.gone().await;
        }
    })
    .await
}

async fn text(bytes: impl Into<Vec<u8>>, hang_up: bool, limit: usize) -> Result<String, TransportError> {
    let peer = saying(bytes, hang_up).await;
    let mut fetcher = fetcher();
    fetcher.start(1, post(&peer.url("/?ticket=secret"), "{}"));
    head(&mut fetcher).await;
    fetcher.read(1, Reading::Text { limit });
    match next(&mut fetcher).await {
        (1, Fact::Text(text)) => Ok(text.to_string()),
        (1, Fact::Failed(error)) => Err(error),
        other => panic!("neither text nor failure: {other:?}"),
    }
}

/// All chunks, and what came after them.
async fn chunks(bytes: impl Into<Vec<u8>>, hang_up: bool) -> (Vec<u8>, Fact) {
    let peer = saying(bytes, hang_up).await;
    let mut fetcher = fetcher();
    fetcher.start(1, post(&peer.url("/?ticket=secret"), "{}"));
    head(&mut fetcher).await;
    fetcher.read(1, Reading::Chunks);
    let mut all = Vec::new();
    loop {
        match next(&mut fetcher).await.1 {
            Fact::Chunk(chunk) => all.extend_from_slice(&chunk),
            other => return (all, other),
        }
    }
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(text).await.expect("written");
    encoder.shutdown().await.expect("finished");
    encoder.into_inner()
}

async fn brotli(text: &[u8]) -> Vec<u8> {
    let mut encoder = BrotliEncoder::new(Vec::new());
    encoder.write_all(text).await.expect("written");
    encoder.shutdown().await.expect("finished");
    encoder.into_inner()
}

#[tokio::test]
async fn a_body_is_read_however_it_comes() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (answer, whole) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_owned(), "abc"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(), ""),
        ("HTTP/1.1 202 Accepted\r\n\r\n".to_owned(), ""),
        (format!("{chunked}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), "abc"),
        (format!("{chunked}3\r\nabc\r\n0\r\ntrailer: x\r\n\r\n"), "abc"),
        (format!("{chunked}0\r\n\r\n"), ""),
        ("HTTP/1.0 200 OK\r\n\r\nabc".to_owned(), "abc"),
    ] {
        let ends = answer.contains("1.0") || answer.contains("202");
        assert_eq!(text(answer.clone(), ends, 3).await.expect("a text"), whole, "{answer}");
        let (all, last) = chunks(answer.clone(), ends).await;
        assert_eq!((all.as_slice(), matches!(last, Fact::End)), (whole.as_bytes(), true), "{answer}");
    }
}

#[tokio::test]
async fn a_character_may_be_cut_in_two() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n".to_vec();
    bytes.extend_from_slice(b"\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n");
    assert_eq!(text(bytes, false, 10).await.expect("a text"), "\u{e9}");
}

#[tokio::test]
async fn what_is_not_utf_8_is_refused() {
    let error = text(*b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff", false, 10).await.expect_err("no text");
    assert_eq!(*error.kind(), TransportErrorKind::Protocol);
    assert!(error.to_string().contains("UTF-8"), "{error}");
}

#[tokio::test]
async fn headers_are_there_from_the_head_to_the_end() {
    let peer = saying("HTTP/1.1 200 OK\r\nContent-Type: text/EVENT-stream; x=y\r\nX-One: 1\r\n\r\nabc", true).await;
    let mut fetcher = fetcher();
    fetcher.start(1, get(&peer.url("/")));
    assert_eq!(fetcher.header(1, "x-one"), None);
    assert_eq!(head(&mut fetcher).await, (200, Content::Events));
    assert_eq!(fetcher.header(1, "x-one").as_deref(), Some("1"));
    assert_eq!(fetcher.header(1, "x-two"), None);
    fetcher.read(1, Reading::Text { limit: 10 });
    assert!(matches!(next(&mut fetcher).await, (1, Fact::Text(_))));
    assert_eq!(fetcher.header(1, "x-one"), None);
}

#[tokio::test]
async fn a_body_cut_short_is_lost() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabc",
    ] {
        let error = text(answer, true, 10).await.expect_err("no text");
        assert_eq!(*error.kind(), TransportErrorKind::Lost, "{answer}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let (all, last) = chunks(answer, true).await;
        assert_eq!(all, b"abc", "what came is told first");
        assert!(matches!(last, Fact::Failed(error) if *error.kind() == TransportErrorKind::Lost), "{answer}");
    }
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_the_body() {
    // Which never comes.
    let error = text("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n", false, 10).await.expect_err("too large");
    assert_eq!(*error.kind(), TransportErrorKind::TooLarge { size: 11, limit: 10 });
    assert!(error.to_string().contains("max_message"), "{error}");
}

#[tokio::test]
async fn bytes_are_counted_where_no_length_is_said() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nghijk\r\n";
    let error = text(chunked, false, 10).await.expect_err("too large");
    assert_eq!(*error.kind(), TransportErrorKind::TooLarge { size: 11, limit: 10 });
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let long = "The quick brown fox. ".repeat(5_000);
    for whole in [long.as_str(), "a"] {
        let bytes = whole.as_bytes();
        for answer in [
            packed("gzip", &gzip(bytes).await),
            packed("X-GZIP", &gzip(bytes).await),
            packed("br", &brotli(bytes).await),
        ] {
            assert_eq!(text(answer.clone(), false, whole.len()).await.expect("a text"), whole);
            let (all, last) = chunks(answer, false).await;
            assert!(all == bytes && matches!(last, Fact::End));
        }
    }
    assert_eq!(text(packed("gzip", b""), false, 1).await.expect("nothing"), "");
    assert_eq!(text(packed("identity", b"a"), false, 1).await.expect("a text"), "a");
    let members = [gzip(b"one ").await, gzip(b"two").await].concat();
    assert_eq!(text(packed("gzip", &members), false, 10).await.expect("a text"), "one two");
}

#[tokio::test]
async fn a_compressed_bomb_meets_the_limit() {
    let (long, limit) = (vec![b' '; 4 << 20], 1 << 16);
    let mut gzip = GzipEncoder::with_quality(Vec::new(), Level::Fastest);
    let mut brotli = BrotliEncoder::with_quality(Vec::new(), Level::Fastest);
    gzip.write_all(&long).await.expect("written");
    brotli.write_all(&long).await.expect("written");
    gzip.shutdown().await.expect("finished");
    brotli.shutdown().await.expect("finished");
    for answer in [packed("gzip", &gzip.into_inner()), packed("br", &brotli.into_inner())] {
        assert!(answer.len() < limit, "the announced length is within the limit");
        let error = text(answer.clone(), false, limit).await.expect_err("too large");
        let TransportErrorKind::TooLarge { size, limit: told } = *error.kind() else { panic!("{error:?}") };
        assert!(told == limit && size <= limit + (16 << 10), "no more was decompressed than it takes: {size}");
        // In chunks it is the reader who counts: none is large.
        let peer = saying(answer, false).await;
        let mut fetcher = fetcher();
        fetcher.start(1, get(&peer.url("/")));
        head(&mut fetcher).await;
        fetcher.read(1, Reading::Chunks);
        for _ in 0..100 {
            let fact = next(&mut fetcher).await.1;
            assert!(matches!(&fact, Fact::Chunk(chunk) if (1..=16 << 10).contains(&chunk.len())), "{fact:?}");
        }
        fetcher.abort(1);
    }
}

#[tokio::test]
async fn a_compressed_body_that_is_none_is_refused() {
    let whole = gzip(b"some text that is long enough to be cut").await;
    let cut = &whole[..whole.len() - 12];
    let mut wrong = whole.clone();
    wrong[whole.len() - 6] ^= 1;
    for (answer, kind) in [
        (packed("gzip", cut), TransportErrorKind::Lost),
        (packed("br", &brotli(b"some text").await[..5]), TransportErrorKind::Lost),
        (packed("gzip", b"no gzip at all"), TransportErrorKind::Protocol),
        (packed("gzip", &wrong), TransportErrorKind::Protocol),
        (packed("br", &[brotli(b"a").await, b"more".to_vec()].concat()), TransportErrorKind::Protocol),
        (packed("zstd", b"whatever"), TransportErrorKind::Protocol),
        (packed("gzip, br", b"whatever"), TransportErrorKind::Protocol),
    ] {
        let error = text(answer, false, 1_000).await.expect_err("no text");
        assert_eq!(*error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn a_compressed_stream_is_read_as_it_comes() {
    let more = Arc::new(Notify::new());
    for encoding in ["gzip", "br"] {
        let wanted = more.clone();
        let peer = Peer::start(move |mut wire| {
            let wanted = wanted.clone();
            async move {
                wire.asked().await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: ";
                wire.say(format!("{head}{encoding}\r\n\r\n")).await;
                let mut encoder: Box<dyn Packer> = match encoding {
                    "gzip" => Box::new(GzipEncoder::new(Vec::new())),
                    _ => Box::new(BrotliEncoder::new(Vec::new())),
                };
                for event in ["data: one\n\n", "data: two\n\n"] {
                    encoder.write_all(event.as_bytes()).await.expect("written");
                    encoder.flush().await.expect("flushed");
                    wire.say(encoder.taken()).await;
                    // The next is not written before this one was read.
                    wanted.notified().await;
                }
                wire.gone().await;
            }
        })
        .await;
        let mut fetcher = fetcher();
        fetcher.start(1, get(&peer.url("/")));
        head(&mut fetcher).await;
        fetcher.read(1, Reading::Chunks);
        for event in ["data: one\n\n", "data: two\n\n"] {
            let mut all = Vec::new();
            while all.len() < event.len() {
                match next(&mut fetcher).await.1 {
                    Fact::Chunk(chunk) => all.extend_from_slice(&chunk),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(all, event.as_bytes());
            more.notify_one();
        }
    }
}

/// An encoder into memory.
trait Packer: tokio::io::AsyncWrite + Unpin + Send {
    /// What was written since.
    fn taken(&mut self) -> Vec<u8>;
}

impl Packer for GzipEncoder<Vec<u8>> {
    fn taken(&mut self) -> Vec<u8> {
        std::mem::take(self.get_mut())
    }
}

impl Packer for BrotliEncoder<Vec<u8>> {
    fn taken(&mut self) -> Vec<u8> {
        std::mem::take(self.get_mut())
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_takes_holds_its_server_back() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let peer = Peer::start(move |mut wire| {
        let count = count.clone();
        async move {
            wire.asked().await;
            wire.say("HTTP/1.1 200 OK\r\n\r\n").await;
            let piece = vec![b'x'; 64 << 10];
            while wire.0.write_all(&piece).await.is_ok() {
                count.fetch_add(piece.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let mut fetcher = fetcher();
    fetcher.start(1, get(&peer.url("/")));
    head(&mut fetcher).await;
    fetcher.read(1, Reading::Chunks);
    let mut taken = 0;
    for _ in 0..3 {
        settled().await;
        let before = written.load(Ordering::SeqCst);
        assert!(before < 32 << 20, "the server wrote {before} bytes that nobody took");
        while taken < before {
            match next(&mut fetcher).await.1 {
                Fact::Chunk(chunk) => taken += chunk.len(),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(taken > 0, "and what is taken makes room");
}
