//! Connections: kept, shared out, closed.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::support::*;
use crate::transport::http::{Content, Fact, Fetch, Method, Reading, Request};

#[tokio::test]
async fn a_request_is_sent_as_given_and_a_connection_is_kept() {
    let (tx, mut asked) = mpsc::unbounded_channel();
    let peer = Peer::answering(move |request| {
        tx.send(request.clone()).expect("wanted");
        json(&request.body)
    })
    .await;
    let mut fetcher = fetcher();
    for turn in 0..5 {
        let mut request = post(&peer.url("/mcp?key=1"), &format!("{turn}"));
        request.headers.push(("mcp-session-id".into(), "s".into()));
        request.headers.push(("x-two".into(), "a".into()));
        request.headers.push(("x-two".into(), "b".into()));
        assert_eq!(exchange(&mut fetcher, request).await.expect("an answer"), (200, turn.to_string()));
        let asked = asked.recv().await.expect("asked");
        assert_eq!(asked.line(), "POST /mcp?key=1 HTTP/1.1");
        assert_eq!(asked.header("host"), Some(peer.address.to_string().as_str()));
        assert_eq!(asked.header("user-agent"), Some(concat!("everywire/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(asked.header("accept-encoding"), Some("gzip, br"));
        assert_eq!(asked.header("mcp-session-id"), Some("s"));
        assert_eq!(asked.head.matches("x-two: ").count(), 2);
        assert_eq!(asked.body, turn.to_string());
    }
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn the_users_agent_stands() {
    let peer = Peer::answering(|asked| json(asked.header("user-agent").unwrap_or_default())).await;
    let mut request = get(&peer.url("/"));
    request.headers.push(("user-agent".into(), "mine".into()));
    assert_eq!(exchange(&mut fetcher(), request).await.expect("an answer").1, "mine");
}

#[tokio::test]
async fn every_method_is_itself() {
    let peer = Peer::answering(|asked| json(asked.line())).await;
    for (method, line) in
        [(Method::Get, "GET / HTTP/1.1"), (Method::Post, "POST / HTTP/1.1"), (Method::Delete, "DELETE / HTTP/1.1")]
    {
        let request = Request { method, ..get(&peer.url("")) };
        assert_eq!(exchange(&mut fetcher(), request).await.expect("an answer").1, line);
    }
}

#[tokio::test(start_paused = true)]
async fn many_exchanges_run_at_once() {
    let all = Arc::new(tokio::sync::Barrier::new(64));
    let peer = Peer::start(move |mut wire| {
        let all = all.clone();
        async move {
            while let Some(asked) = wire.asked().await {
                // Nobody is answered before all have asked.
                all.wait().await;
                wire.say(json(&asked.body)).await;
            }
        }
    })
    .await;
    let mut fetcher = fetcher();
    for _ in 0..3 {
        for id in 0..64 {
            fetcher.start(id, post(&peer.url("/"), &format!("body {id}")));
        }
        let mut waiting: HashSet<_> = (0..64).collect();
        while !waiting.is_empty() {
            match next(&mut fetcher).await {
                (id, Fact::Head { status: 200, content: Content::Json }) => {
                    fetcher.read(id, Reading::Text { limit: 100 });
                }
                (id, Fact::Text(text)) => {
                    assert_eq!(text.as_str(), format!("body {id}"));
                    assert!(waiting.remove(&id));
                }
                other => panic!("{other:?}"),
            }
        }
        settled().await;
    }
    assert_eq!(peer.accepted(), 64, "connections are kept");
}

#[tokio::test]
async fn abort_closes_the_connection() {
    for answered in [false, true] {
        let (gone, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, seen) = (gone.clone(), asked.clone());
        let peer = Peer::start(move |mut wire| {
            let (told, seen) = (told.clone(), seen.clone());
            async move {
                wire.asked().await.expect("a request");
                if answered {
                    wire.say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n").await;
                }
                seen.notify_one();
                wire.gone().await;
                told.notify_one();
            }
        })
        .await;
        let mut fetcher = fetcher();
        fetcher.start(1, post(&peer.url("/"), "{}"));
        if answered {
            assert_eq!(head(&mut fetcher).await, (200, Content::Events));
            fetcher.read(1, Reading::Chunks);
        }
        tokio::select! {
            biased;
            () = asked.notified() => {}
            other = next(&mut fetcher) => assert!(matches!(other.1, Fact::Chunk(_)), "{other:?}"),
        }
        fetcher.abort(1);
        assert_eq!(fetcher.header(1, "content-type"), None);
        tokio::select! {
            () = gone.notified() => {}
            other = next(&mut fetcher) => panic!("a fact of an aborted exchange: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_dropped_fetcher_closes_everything() {
    let gone = Arc::new(Notify::new());
    let told = gone.clone();
    let peer = Peer::start(move |mut wire| {
        let told = told.clone();
        async move {
            wire.asked().await.expect("a request");
            wire.say(json("{}")).await;
            wire.gone().await;
            told.notify_one();
        }
    })
    .await;
    let mut fetcher = fetcher();
    exchange(&mut fetcher, post(&peer.url("/"), "{}")).await.expect("an answer");
    drop(fetcher);
    gone.notified().await;
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let closed = Arc::new(Notify::new());
    let told = closed.clone();
    let peer = Peer::start(move |mut wire| {
        let told = told.clone();
        async move {
            let asked = wire.asked().await.expect("a request");
            wire.say(json(&asked.body)).await;
            wire.hang_up().await;
            // The client has seen it once it hangs up as well.
            wire.gone().await;
            told.notify_one();
        }
    })
    .await;
    let mut fetcher = fetcher();
    for turn in 1..4 {
        exchange(&mut fetcher, post(&peer.url("/"), "{}")).await.expect("an answer");
        closed.notified().await;
        assert_eq!(peer.accepted(), turn);
    }
}

#[tokio::test(start_paused = true)]
async fn a_discarded_body_leaves_its_connection_usable_if_it_is_short() {
    let peer = Peer::answering(|asked| answer(404, "", &"x".repeat(asked.body.parse().expect("a number")))).await;
    let mut fetcher = fetcher();
    for (length, connections) in [("10", 1), ("60000", 1), ("10000000", 1), ("10", 2), ("10", 2)] {
        fetcher.start(1, post(&peer.url("/"), length));
        assert_eq!(head(&mut fetcher).await, (404, Content::Other));
        fetcher.read(1, Reading::Discard);
        assert!(matches!(next(&mut fetcher).await, (1, Fact::End)));
        settled().await;
        assert_eq!(peer.accepted(), connections, "{length}");
    }
}
