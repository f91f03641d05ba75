//! This crate's own transports keep what every transport has to keep.

use everywire::testing::{Report, promises};
use everywire::transport::SharedTransport;
use everywire::transport::memory::Memory;
use everywire::{Client, EraChoice};
use futures_util::future::{join_all, try_join_all};
use serde_json::json;

use crate::host;
use crate::storm::{Runs, serve, server};

fn all_kept(report: &Report) {
    report.assert();
    assert!(report.skipped().is_empty(), "{report}");
}

#[host::test]
async fn memory_keeps_every_promise() {
    let report = promises(async |server| {
        let (transport, links) = Memory::new();
        server.listen(links);
        transport
    });
    all_kept(&report.await);
}

#[host::test]
async fn clients_of_a_shared_link_get_their_own_answers() {
    for era in [EraChoice::Auto, EraChoice::Modern, EraChoice::Legacy] {
        let runs = Runs::default();
        let (transport, links) = Memory::new();
        host::spawn(Box::pin(serve(server(&runs), links)));
        let shared = SharedTransport::new(transport);
        let connect = || Client::over(shared.clone()).era(era).connect();
        let clients = try_join_all([connect(), connect(), connect()]).await.expect("connected");
        for round in 0..2 {
            let calls = clients.iter().enumerate().skip(round).flat_map(|(at, client)| {
                (0..50).map(move |n| async move {
                    let key = format!("{round}:{at}:{n}");
                    let wait = n % 3;
                    let answer = client.call_tool("count", json!({ "key": key, "wait": wait })).await;
                    assert_eq!(answer.expect("an answer").all_text(), key, "{era:?}");
                })
            });
            join_all(calls).await;
            // The others go on without it.
            clients[round].close().await;
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use everywire::server::{Bind, Listener};
    use everywire::testing::Peer;
    use everywire::testing::promises;
    use everywire::transport::memory::Memory;
    use everywire::transport::{
        SharedTransport, StdioTransport, StreamTransport, Tcp, Transport as _, Unix, WebSocket,
    };
    use futures_channel::mpsc::unbounded;

    use super::all_kept;
    use crate::streams::{Bytes, To, listen_tcp, listen_unix};

    #[tokio::test(start_paused = true)]
    async fn a_shared_link_keeps_every_promise_but_one() {
        let report = promises(async |server| {
            let (transport, links) = Memory::new();
            server.listen(links);
            SharedTransport::new(transport)
        });
        let report = report.await;
        // The kit holds a clone, which keeps the real link open for the next client.
        assert_eq!(report.broken(), ["what was sent and flushed before the close arrives"], "{report}");
        assert!(report.to_string().contains("the server sees the end of the link: nothing for"), "{report}");
        assert!(report.skipped().is_empty(), "{report}");
    }

    #[tokio::test]
    async fn a_stream_keeps_every_promise() {
        let report = promises(async |server| {
            let (accept, links) = unbounded();
            server.listen(links);
            Bytes { to: To::Duplex(accept, 4 << 10), faults: None }
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn a_stream_that_opens_once_keeps_every_promise_that_it_can() {
        let report = promises(async |server| {
            let (ours, theirs) = tokio::io::duplex(1 << 10);
            let (reader, writer) = tokio::io::split(theirs);
            let link = StreamTransport::new(reader, writer).connect().await.expect("a stream");
            server.listen(futures_util::stream::iter([link]));
            let (reader, writer) = tokio::io::split(ours);
            StreamTransport::new(reader, writer)
        });
        let report = report.await;
        report.assert();
        // Those of what happens after a loss, and of giving up connecting.
        assert_eq!(report.skipped().len(), 5, "{report}");
    }

    #[tokio::test]
    async fn tcp_keeps_every_promise() {
        let report = promises(async |server| {
            let (address, links) = listen_tcp().await;
            server.listen(links);
            Tcp::new(&address.to_string()).expect("an address")
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn unix_keeps_every_promise() {
        let report = promises(async |server| {
            let (path, links) = listen_unix("promises");
            server.listen(links);
            Unix::new(path).expect("a path")
        });
        all_kept(&report.await);
    }

    /// Where such a listener is, which serves until the test ends.
    async fn served(bind: Bind) -> String {
        let listener: Listener = bind.await.expect("a free port");
        let url = listener.url().to_owned();
        tokio::spawn(listener.run(std::future::pending()));
        url
    }

    #[tokio::test]
    async fn websocket_keeps_every_promise() {
        let report = promises(async |server: Peer| {
            WebSocket::new(&served(Bind::websocket("127.0.0.1:0", server)).await).expect("an address")
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn the_listener_of_tcp_keeps_every_promise() {
        let report = promises(async |server: Peer| {
            let url = served(Bind::tcp("127.0.0.1:0", server)).await;
            Tcp::new(url.trim_start_matches("tcp://")).expect("an address")
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn the_custom_transport_of_the_example_keeps_every_promise() {
        let report = promises(async |server: Peer| {
            let (address, links) = listen_tcp().await;
            server.listen(links);
            crate::custom_transport::CustomTransport(address)
        });
        all_kept(&report.await);
    }

    /// The server is in the child: `tests/support/kit_server.rs`.
    #[tokio::test]
    async fn a_child_process_keeps_every_promise_that_can_be_seen_from_outside() {
        let own = std::env::current_exe().expect("the test program has a path");
        let program = own.ancestors().nth(2).expect("the target folder").join("examples/kit_server");
        let report = promises(|_| std::future::ready(StdioTransport::command(&program))).await;
        report.assert();
        // It starts anew with every link, and nobody can look into it.
        assert_eq!(report.skipped().len(), 3, "{report}");
    }
}
