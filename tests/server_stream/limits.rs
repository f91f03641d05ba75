//! What bad clients cannot do, and what happens to those that leave.
//!
//! Where the clock is paused it moves only when nobody has anything left to do, and by itself.

use std::time::Duration;

use everywire::proto::{CallToolResult, ReadResourceResult, Resource, ResourceContents};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::server_support::code;
use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

fn seconds(since: Instant) -> u64 {
    since.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_let_go() {
    for carrier in BOTH {
        let site = Site::new(&builder().build(), carrier).await;
        let begun = Instant::now();
        site.connect().await.ended().await;
        assert_eq!(seconds(begun), 10, "the handshake timeout");
        // A blank line is nothing said.
        let begun = Instant::now();
        let mut blank = site.connect().await;
        blank.write(b"\r\n\n \n").await.expect("open");
        blank.ended().await;
        assert!(seconds(begun) <= 10);
    }
}

#[tokio::test(start_paused = true)]
async fn one_byte_per_second_does_not_hold_a_connection() {
    for carrier in BOTH {
        let site = Site::new(&builder().build(), carrier).await;
        let begun = Instant::now();
        let mut slow = site.connect().await;
        let request = br#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#;
        let mut sent = 0;
        for byte in request {
            if slow.write(&[*byte]).await.is_err() {
                break;
            }
            sent += 1;
            if let Ok(next) = tokio::time::timeout(SECOND, slow.try_next()).await {
                assert_eq!(next, None);
                break;
            }
        }
        assert!((9..=11).contains(&sent), "{sent} bytes were taken");
        assert_eq!(seconds(begun), 10);
        // In time, it is served, and may then take its time.
        let mut soon = site.connect().await;
        for byte in br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.chunks(10).chain([&b"\n"[..]]) {
            soon.write(byte).await.expect("open");
            tokio::time::sleep(SECOND).await;
        }
        assert!(soon.next().await["id"] == 1);
        tokio::time::sleep(3600 * SECOND).await;
        assert_eq!(soon.echo(json!({"still": "there"})).await, json!({"still": "there"}));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_idle_is_let_go_where_that_is_wanted() {
    for carrier in BOTH {
        let (finish, mut finished) = (std::sync::Arc::new(tokio::sync::Notify::new()), mpsc::unbounded_channel());
        let (door, told) = (finish.clone(), finished.0);
        let server = builder()
            .tool_fn("hold", schema(), move |_, _| {
                let (door, told) = (door.clone(), told.clone());
                async move {
                    told.send(())?;
                    door.notified().await;
                    Ok(CallToolResult::text("held"))
                }
            })
            .resource(Resource::new("note:one", "one"), async |_, _| {
                Ok(ReadResourceResult::new([ResourceContents::text("note:one", "x")]))
            })
            .build();
        let site = Site::with(&server, carrier, |bind| bind.idle_timeout(Some(60 * SECOND))).await;
        // Busy with a request, subscribed, and subscribed as clients did before 2026-07-28.
        let mut busy = site.connect().await;
        busy.request("tools/call", modern(json!({"name": "hold"}))).await;
        finished.1.recv().await.expect("it begins");
        let mut listening = site.connect().await;
        let filter = json!({"notifications": {"toolsListChanged": true}});
        listening.request("subscriptions/listen", modern(filter)).await;
        listening.next().await;
        let mut subscribed = site.connect().await;
        subscribed.initialize().await;
        assert!(subscribed.ask("resources/subscribe", json!({"uri": "note:one"})).await["result"].is_object());
        let mut idle = site.connect().await;
        idle.echo(json!({})).await;
        let begun = Instant::now();
        for _ in 0..3 {
            tokio::time::sleep(50 * SECOND).await;
            idle.echo(json!({})).await;
        }
        idle.ended().await;
        assert!((210..=230).contains(&seconds(begun)), "{} seconds", seconds(begun));
        tokio::time::sleep(600 * SECOND).await;
        server.tools_changed();
        assert_eq!(listening.next().await["method"], "notifications/tools/list_changed");
        assert_eq!(subscribed.next().await["method"], "notifications/tools/list_changed");
        finish.notify_one();
        assert_eq!(text(&busy.next().await), "held");
        // From then on it has nothing under way.
        let begun = Instant::now();
        busy.ended().await;
        assert!((60..=80).contains(&seconds(begun)), "{} seconds", seconds(begun));
        let mut ended = subscribed;
        ended.ask("resources/unsubscribe", json!({"uri": "note:one"})).await;
        ended.ended().await;
    }
}

/// A page's form, as a browser sends it to a port that is no web server's.
const POST: &str = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n";

#[tokio::test]
async fn a_page_cannot_smuggle_messages_in() {
    for carrier in BOTH {
        let (called, mut calls) = mpsc::unbounded_channel();
        let server = builder()
            .tool_fn("effect", schema(), move |_, _| {
                let called = called.clone();
                async move {
                    called.send(())?;
                    Ok(CallToolResult::text("done"))
                }
            })
            .build();
        let site = Site::new(&server, carrier).await;
        let params = modern(json!({"name": "effect", "arguments": {}}));
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
        for first in [POST, "GET / HTTP/1.1\r\n", "\r\nPOST / HTTP/1.1\r\n", "hello\n", "\u{16}\u{3}\u{1}\n"] {
            let mut page = site.connect().await;
            page.write(format!("{first}{call}\n{call}\n").as_bytes()).await.expect("sent");
            let told = page.next().await;
            assert_eq!((code(&told), &told["id"]), (-32700, &json!(null)), "{told}");
            page.ended().await;
        }
        // Nothing of it was carried out; who speaks MCP is served.
        let mut client = site.connect().await;
        client.write(format!("{call}\n").as_bytes()).await.expect("sent");
        assert_eq!(text(&client.next().await), "done");
        calls.recv().await.expect("one call");
        site.stopped().await;
        assert!(calls.try_recv().is_err(), "a line behind an HTTP head was carried out");
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    for carrier in BOTH {
        let site = Site::with(&builder().build(), carrier, |bind| bind.max_connections(2)).await;
        let (mut one, mut two) = (site.connect().await, site.connect().await);
        assert_eq!(one.echo(json!({"n": 1})).await, json!({"n": 1}));
        assert_eq!(two.echo(json!({"n": 2})).await, json!({"n": 2}));
        let mut three = site.connect().await;
        let told = three.next().await;
        assert_eq!((code(&told), &told["id"]), (-32603, &json!(null)));
        assert!(told["error"]["message"].as_str().is_some_and(|why| why.contains("try again later")), "{told}");
        three.ended().await;
        // A place that is free again is given away.
        one.finish().await;
        one.ended().await;
        let mut served = None;
        while served.is_none() {
            let mut next = site.connect().await;
            let id = next.request("ping", json!({})).await;
            served = next.try_next().await.filter(|answer| answer["id"] == id);
        }
        assert_eq!(two.echo(json!({"n": 2})).await, json!({"n": 2}));
    }
}

#[tokio::test]
async fn a_peer_that_vanishes_leaves_nothing_behind() {
    struct Dropped(mpsc::UnboundedSender<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (told, mut heard) = mpsc::unbounded_channel();
    let server = builder()
        .tool_fn("hold", schema(), move |_, _| {
            let told = told.clone();
            async move {
                let _dropped = Dropped(told.clone());
                told.send("begun")?;
                std::future::pending().await
            }
        })
        .build();
    let site = Site::new(&server, Carrier::Tcp).await;
    let mut others = site.connect().await;
    let gone = TcpStream::connect(site.address.expect("an address")).await.expect("connected");
    // A reset: the machine or the process is gone.
    socket2::SockRef::from(&gone).set_linger(Some(Duration::ZERO)).expect("an option");
    let mut gone = Lines::over(gone);
    gone.request("tools/call", modern(json!({"name": "hold"}))).await;
    assert_eq!(heard.recv().await, Some("begun"));
    drop(gone);
    let dropped = tokio::time::timeout(PATIENCE, heard.recv()).await.expect("in time");
    assert_eq!(dropped, Some("dropped"));
    assert_eq!(others.echo(json!({})).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn who_ends_its_side_gets_its_answers_and_no_more_than_so_long() {
    for carrier in BOTH {
        let (told, mut begun) = mpsc::unbounded_channel();
        let server = builder()
            .finish_timeout(30 * SECOND)
            .tool_fn("slow", schema(), async |_, _| {
                tokio::time::sleep(29 * SECOND).await;
                Ok(CallToolResult::text("done"))
            })
            .tool_fn("never", schema(), move |_, _| {
                let told = told.clone();
                async move {
                    told.send(())?;
                    std::future::pending().await
                }
            })
            .build();
        let site = Site::new(&server, carrier).await;
        let mut client = site.connect().await;
        client.request("tools/call", modern(json!({"name": "slow"}))).await;
        client.request("ping", modern(json!({}))).await;
        client.finish().await;
        assert_eq!(client.next().await["id"], 2);
        assert_eq!(text(&client.next().await), "done");
        client.ended().await;
        let mut client = site.connect().await;
        client.request("tools/call", modern(json!({"name": "never"}))).await;
        client.finish().await;
        begun.recv().await.expect("it begins");
        let since = Instant::now();
        client.ended().await;
        assert_eq!(seconds(since), 30);
    }
}

#[tokio::test]
async fn a_question_to_who_has_said_its_last_word_fails() {
    let server = builder()
        .tool_fn("ask", schema(), async |_, cx: everywire::server::RequestContext| {
            let form = everywire::proto::ElicitRequest::form("?", schema());
            Ok(CallToolResult::text(cx.elicit("k", form).await.map(|_| "answered").unwrap_or("nobody answers")))
        })
        .build();
    let site = Site::new(&server, Carrier::Tcp).await;
    let mut client = site.connect().await;
    client.initialize().await;
    client.request("tools/call", json!({"name": "ask"})).await;
    assert_eq!(client.next().await["method"], "elicitation/create");
    client.finish().await;
    assert_eq!(text(&client.next().await), "nobody answers");
    client.ended().await;
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way() {
    for carrier in BOTH {
        let (told, mut begun) = mpsc::unbounded_channel();
        let door = std::sync::Arc::new(tokio::sync::Notify::new());
        let opened = door.clone();
        let server = builder()
            .tool_fn("hold", schema(), move |_, _| {
                let (told, door) = (told.clone(), door.clone());
                async move {
                    told.send(())?;
                    door.notified().await;
                    Ok(CallToolResult::text("held"))
                }
            })
            .build();
        let mut site = Site::new(&server, carrier).await;
        let mut client = site.connect().await;
        client.request("tools/call", modern(json!({"name": "hold"}))).await;
        begun.recv().await.expect("it begins");
        let mut idle = site.connect().await;
        idle.echo(json!({})).await;
        site.stop();
        // Who has nothing under way is let go at once, and nobody else is let in.
        idle.ended().await;
        assert_eq!(code(&client.ask("tools/list", modern(json!({}))).await), -32603);
        opened.notify_one();
        assert_eq!(text(&client.next().await), "held");
        client.ended().await;
        site.stopped().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_no_longer_than_it_should() {
    let server = builder().tool_fn("never", schema(), async |_, _| std::future::pending().await).build();
    let site = Site::with(&server, Carrier::Unix, |bind| bind.drain_timeout(7 * SECOND)).await;
    let mut client = site.connect().await;
    client.request("tools/call", modern(json!({"name": "never"}))).await;
    client.ask("ping", modern(json!({}))).await;
    let begun = Instant::now();
    site.stopped().await;
    assert_eq!(seconds(begun), 7);
    client.ended().await;
}

#[tokio::test]
async fn what_is_too_large_or_no_text_ends_its_connection_only() {
    for carrier in BOTH {
        let site = Site::with(&builder().build(), carrier, |bind| bind.max_message(4096)).await;
        let mut others = site.connect().await;
        others.echo(json!({})).await;
        for begin in [false, true] {
            for bad in [vec![b'x'; 8192], b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n".to_vec()] {
                let mut client = site.connect().await;
                if begin {
                    client.echo(json!({})).await;
                }
                client.write(&bad).await.expect("sent");
                if !begin {
                    assert_eq!(code(&client.next().await), -32700);
                }
                let mut rest = Vec::new();
                let read = tokio::time::timeout(PATIENCE, client.stream.read_to_end(&mut rest)).await;
                let read = read.expect("the server ends the connection");
                if begin {
                    read.expect("no reset");
                    let answer: serde_json::Value = serde_json::from_slice(&rest).expect("one line");
                    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(null), &json!(-32700)));
                }
            }
        }
        assert_eq!(others.echo(json!({"a": "x".repeat(3000)})).await["a"], "x".repeat(3000));
    }
}
