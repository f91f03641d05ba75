//! Three clients over one connection: each gets its own and only that, in both eras.
#![cfg(feature = "server")]

#[path = "shared/world.rs"]
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use everywire::proto::{LogLevel, SubscriptionFilter};
use everywire::transport::{SharedTransport, Tcp, TransportErrorKind};
use everywire::{Client, Era, EraChoice, Event};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::mpsc;
use world::*;

const ERAS: [EraChoice; 2] = [EraChoice::Modern, EraChoice::Legacy];

#[tokio::test]
async fn each_client_gets_its_own_answers_over_one_connection() {
    for era in [EraChoice::Auto, EraChoice::Modern, EraChoice::Legacy] {
        for carrier in [Carrier::Tcp, Carrier::WebSocket] {
            let world = World::start(carrier).await;
            let clients = world.three(era).await;
            let calls = clients.iter().enumerate().flat_map(|(at, client)| {
                (0..100).map(move |n| async move {
                    let text = format!("{at}:{n}");
                    assert_eq!(echo(client, &text).await, text);
                })
            });
            futures_util::future::join_all(calls).await;
            assert_eq!(world.connections(), 1, "{era:?}");
            for client in &clients {
                client.close().await;
            }
        }
    }
}

#[tokio::test]
async fn each_may_speak_its_own_era_where_the_server_bears_both() {
    let world = World::start(Carrier::Tcp).await;
    let shared = world.shared();
    for (era, spoken) in [
        (EraChoice::Modern, Era::Modern),
        (EraChoice::Legacy, Era::Legacy),
        (EraChoice::Auto, Era::Modern),
        (EraChoice::Legacy, Era::Legacy),
    ] {
        let client = Client::over(shared.clone()).era(era).era_cache(None).connect().await.expect("connected");
        assert_eq!(client.server().map(|server| server.era), Some(spoken));
        assert_eq!(echo(&client, "x").await, "x");
    }
    assert_eq!(world.connections(), 1);
    // After an older client alone the others follow it: an older server might not bear the question.
    let world = World::start(Carrier::Tcp).await;
    let shared = world.shared();
    let _first = Client::over(shared.clone()).era(EraChoice::Legacy).connect().await.expect("connected");
    let next = Client::over(shared).era_cache(None).connect().await.expect("connected");
    assert_eq!(next.server().map(|server| server.era), Some(Era::Legacy));
    assert_eq!(world.connections(), 1);
}

#[tokio::test]
async fn progress_is_told_to_who_asked() {
    for era in ERAS {
        let world = World::start(Carrier::Tcp).await;
        let clients = world.three(era).await;
        let told = |client: &Client, name: &'static str| {
            let (tx, mut rx) = mpsc::unbounded_channel();
            let call = client.call_tool("steps", json!({ "name": name }));
            let call = call.progress(move |progress| drop(tx.send(progress.message.unwrap_or_default())));
            async move {
                call.await.expect("an answer");
                let mut all = Vec::new();
                while let Some(message) = rx.recv().await {
                    all.push(message);
                }
                all
            }
        };
        let [a, b, c] = &clients;
        let all = tokio::join!(told(a, "a"), told(b, "b"), told(c, "c"));
        let own = |name: &str| (1..=3).map(|step| format!("{name}{step}")).collect::<Vec<_>>();
        assert_eq!(all, (own("a"), own("b"), own("c")), "{era:?}");
    }
}

#[tokio::test]
async fn who_gives_a_call_up_gives_up_no_other() {
    for era in ERAS {
        let mut world = World::start(Carrier::Tcp).await;
        let [a, b, c] = world.three(era).await;
        let waits = |client: &Client, name: &'static str| {
            let call = client.call_tool("wait", json!({ "name": name }));
            tokio::spawn(async move { call.await.map(|result| result.all_text()) })
        };
        let (first, second) = (waits(&a, "a"), waits(&b, "b"));
        world.hears(["began a", "began b"]).await;
        first.abort();
        world.hears(["dropped a"]).await;
        // A client that goes takes its own with it.
        let third = waits(&c, "c");
        world.hears(["began c"]).await;
        c.close().await;
        world.hears(["dropped c"]).await;
        assert!(third.await.expect("no panic").is_err());
        world.go.notify_waiters();
        assert_eq!(second.await.expect("no panic").expect("an answer"), "b went on", "{era:?}");
        assert_eq!(world.connections(), 1);
    }
}

#[tokio::test]
async fn questions_reach_the_person_whose_call_it_is() {
    for era in ERAS {
        let world = World::start(Carrier::Tcp).await;
        let shared = world.shared();
        let [a, b] = ["a", "b"].map(|name| {
            Client::over(shared.clone()).era(era).on_elicit(move |_, _| async move { accept(name) }).connect()
        });
        let (a, b) = tokio::try_join!(a, b).expect("connected");
        let without = Client::over(shared.clone()).era(era).connect().await.expect("connected");
        for (client, name) in [(&a, "a"), (&b, "b"), (&a, "a")] {
            let answer = client.call_tool("ask", json!({})).await.expect("an answer");
            assert_eq!(answer.all_text(), name, "{era:?}");
        }
        // Nobody else is asked in place of one that has no handler.
        let answer = without.call_tool("ask", json!({})).await;
        match era {
            EraChoice::Legacy => assert_eq!(answer.expect("an answer").all_text(), "decline"),
            _ => assert!(!answer.is_ok_and(|answer| ["a", "b"].contains(&answer.all_text().as_str()))),
        }
        assert_eq!(world.connections(), 1);
    }
}

#[tokio::test]
async fn changes_are_told_to_who_subscribed() {
    for era in ERAS {
        let world = World::start(Carrier::Tcp).await;
        let clients = world.three(era).await;
        let mut events = clients.each_ref().map(Client::events);
        let [a, b, c] = &clients;
        let first = a.subscribe("r:1").await.expect("subscribed");
        let _second = b.subscribe("r:1").await.expect("subscribed");
        let _other = c.listen(SubscriptionFilter::new().tools()).await.expect("subscribed");
        world.server.resource_updated("r:1");
        updated(&mut events[0]).await;
        updated(&mut events[1]).await;
        first.end();
        // In order behind what ended it.
        echo(a, "unsubscribed").await;
        world.server.resource_updated("r:1");
        updated(&mut events[1]).await;
        world.server.tools_changed();
        while !matches!(events[2].next().await, Some(Event::ToolsChanged)) {}
        // What the others were not to hear is not among what they heard.
        for (at, client) in [(0, a), (2, c)] {
            client.close().await;
            while let Some(event) = events[at].next().await {
                assert!(!matches!(event, Event::ResourceUpdated { .. }), "{era:?}: {event:?}");
            }
        }
        world.server.resource_updated("r:1");
        updated(&mut events[1]).await;
        assert_eq!(world.connections(), 1);
    }
}

#[tokio::test]
async fn the_log_is_heard_from_the_level_that_each_set() {
    let world = World::start(Carrier::Tcp).await;
    let [a, b, c] = world.three(EraChoice::Legacy).await;
    a.set_log_level(LogLevel::Debug).await.expect("set");
    b.set_log_level(LogLevel::Error).await.expect("set");
    let heard = [&a, &b, &c].map(Client::events);
    a.call_tool("logs", json!({})).await.expect("an answer");
    // What was said before the end of the call has arrived when these have.
    for client in [&a, &b, &c] {
        echo(client, "there").await;
        client.close().await;
    }
    let mut levels = Vec::new();
    for events in heard {
        let logs = events.filter_map(async |event| match event {
            Event::Log { level, .. } => Some(level),
            _ => None,
        });
        levels.push(logs.collect::<Vec<_>>().await);
    }
    assert_eq!(levels, [vec!["debug", "info", "error"], vec!["error"], vec!["info", "error"]]);
}

#[tokio::test]
async fn a_lost_connection_is_opened_once_again_for_all() {
    for era in [EraChoice::Auto, EraChoice::Modern, EraChoice::Legacy] {
        let mut world = World::start(Carrier::Tcp).await;
        let clients = world.three(era).await;
        let mut events = clients.each_ref().map(Client::events);
        let _subscription = clients[0].subscribe("r:1").await.expect("subscribed");
        let call = clients[1].call_tool("wait", json!({ "name": "x" }));
        let call = tokio::spawn(async move { call.await });
        world.hears(["began x"]).await;
        world.cut.notify_waiters();
        let error = call.await.expect("no panic").expect_err("interrupted");
        assert!(error.is_interrupted(), "{era:?}: {error}");
        for client in &clients {
            assert_eq!(echo(client, "again").await, "again");
        }
        assert_eq!(world.connections(), 2, "{era:?}");
        while !matches!(events[0].next().await, Some(Event::Resynced)) {}
        world.server.resource_updated("r:1");
        updated(&mut events[0]).await;
    }
}

#[tokio::test]
async fn the_connection_is_closed_when_nobody_is_left() {
    let mut world = World::start(Carrier::Tcp).await;
    let shared = world.shared();
    let [a, b, _] = world.three_of(&shared, EraChoice::Auto).await.map(Some);
    drop(a);
    let b = b.expect("a client");
    assert_eq!(echo(&b, "still").await, "still");
    // A clone alone keeps it for the next client.
    b.close().await;
    drop(b);
    let next = Client::over(shared.clone()).connect().await.expect("connected");
    assert_eq!(echo(&next, "next").await, "next");
    assert_eq!(world.connections(), 1);
    next.close().await;
    drop((next, shared));
    world.hears(["ended"]).await;
}

#[tokio::test]
async fn those_who_wait_are_told_why_there_is_no_connection() {
    let attempts = Arc::default();
    let shared = SharedTransport::new(Attempts::failing(&attempts));
    let clients = [0; 3].map(|_| Client::over(shared.clone()).connect());
    for failed in futures_util::future::join_all(clients).await {
        let error = failed.expect_err("nobody listens");
        assert_eq!(error.transport().map(|error| error.kind().clone()), Some(TransportErrorKind::ConnectFailed));
    }
    assert_eq!(attempts.begun.load(Ordering::SeqCst), 1, "one attempt for all three");
}

#[tokio::test]
async fn an_attempt_that_nobody_waits_for_is_given_up() {
    use everywire::transport::Transport;
    let attempts: Arc<Counts> = Arc::default();
    let mut shared = SharedTransport::new(Attempts::hanging(&attempts));
    let mut other = shared.clone();
    for round in 1..=2 {
        let both = async { tokio::join!(shared.connect(), other.connect()) };
        tokio::select! {
            _ = both => panic!("it never connects"),
            () = attempts.began.notified() => {}
        }
        attempts.dropped.notified().await;
        assert_eq!(attempts.begun.load(Ordering::SeqCst), round);
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_ended_and_the_others_are_not() {
    use everywire::frame::Inbound;
    use everywire::transport::{Transport, memory};
    let (transport, mut listener) = memory::Memory::new();
    let shared = SharedTransport::new(transport).max_backlog(8);
    let (mut slow, mut quick) = (shared.clone(), shared.clone());
    let (slow, quick, server) = tokio::join!(slow.connect(), quick.connect(), listener.next());
    let (mut slow, mut quick, mut server) = (slow.expect("a link"), quick.expect("a link"), server.expect("a link"));
    for n in 0..100 {
        let text = json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": { "n": n } }).to_string();
        futures_util::SinkExt::send(&mut server.tx, everywire::frame::Outbound::Message(text.clone().into()))
            .await
            .expect("sent");
        match quick.rx.next().await {
            Some(Ok(Inbound::Message(heard))) => assert_eq!(heard.as_str(), text),
            other => panic!("{other:?}"),
        }
    }
    let end = slow.rx.next().await.expect("an end").expect_err("too slow");
    assert_eq!(*end.kind(), TransportErrorKind::Overloaded);
    assert!(slow.rx.next().await.is_none());
}

#[tokio::test]
async fn what_the_server_says_is_heard_while_it_does_not_read() {
    use everywire::frame::{Inbound, Outbound};
    use everywire::transport::{Transport, memory};
    use futures_util::{FutureExt, SinkExt};
    let (transport, mut listener) = memory::Memory::new();
    let mut shared = SharedTransport::new(transport);
    let (link, server) = tokio::join!(shared.connect(), listener.next());
    let (mut link, mut server) = (link.expect("a link"), server.expect("a link"));
    let message = || Outbound::Message(json!({ "jsonrpc": "2.0", "method": "notifications/x" }).to_string().into());
    let mut sent = 0;
    // Until nothing more is taken, however often the carrier has its turn.
    for _ in 0..50 {
        while link.tx.send(message()).now_or_never().is_some_and(|sent| sent.is_ok()) {
            sent += 1;
        }
        tokio::task::yield_now().await;
    }
    assert!((64..1000).contains(&sent), "{sent}: what waits is bounded");
    server.tx.send(message()).await.expect("sent");
    assert!(matches!(link.rx.next().await, Some(Ok(Inbound::Message(_)))));
    // It reads again, and everything arrives.
    for _ in 0..sent {
        assert!(matches!(server.rx.next().await, Some(Ok(Inbound::Message(_)))));
    }
    link.tx.send(message()).await.expect("there is room");
}

#[test]
fn a_runtime_that_ends_takes_its_connection_with_it_and_another_opens_it_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let serving = runtime();
    let world = serving.block_on(World::start(Carrier::Tcp));
    let url = world.url().to_owned();
    let _serving = std::thread::spawn(move || serving.block_on(std::future::pending::<()>()));
    let shared = SharedTransport::new(Tcp::new(&url).expect("an address"));
    for connections in 1..=2 {
        let runtime = runtime();
        let client = runtime.block_on(Client::over(shared.clone()).connect()).expect("connected");
        assert_eq!(runtime.block_on(echo(&client, "x")), "x");
        assert_eq!(world.connections(), connections);
    }
}

#[cfg(feature = "http")]
#[tokio::test]
async fn http_is_not_shared() {
    let http = everywire::transport::Http::new("http://127.0.0.1:9/mcp").expect("an address");
    let error = Client::over(SharedTransport::new(http)).connect().await.expect_err("nothing to share");
    assert_eq!(error.transport().map(|error| error.kind().clone()), Some(TransportErrorKind::Config), "{error}");
}

#[test]
fn what_it_is_known_by_is_what_the_transport_is_known_by() {
    use everywire::transport::Transport;
    let shared = SharedTransport::new(Tcp::new("127.0.0.1:9").expect("an address"));
    assert_eq!(shared.address().as_deref(), Some("tcp://127.0.0.1:9"));
    let shared = SharedTransport::new(everywire::transport::memory::Memory::new().0);
    assert_eq!(shared.clone().address(), None);
}
