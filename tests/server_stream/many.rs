//! Many connections, and many listeners of one server.

use std::sync::Arc;
use std::time::Duration;

use everywire::frame::{Inbound, Outbound};
use everywire::proto::CallToolResult;
use everywire::server::{Bind, HttpOptions, Peer, RequestContext, Serve};
use everywire::transport::{Link, Transport, TransportError, memory};
use everywire::{BoxFuture, Client};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;

use crate::support::*;

/// How many files may be open, raised where that is few.
fn open_files() -> usize {
    let now = || {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let line = limits.lines().find(|line| line.starts_with("Max open files"));
        line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(256)
    };
    if now() < 4096 {
        let pid = std::process::id().to_string();
        let raised = std::process::Command::new("prlimit").args(["--pid", &pid, "--nofile=4096:"]).status();
        println!("prlimit: {raised:?}");
    }
    now()
}

#[tokio::test]
async fn a_thousand_connections_are_served_at_once() {
    // Both ends of each are this process's.
    let files = open_files();
    let count = 1000.min(files.saturating_sub(100) / 2);
    for carrier in BOTH {
        let site = Site::new(&builder().build(), carrier).await;
        let mut clients = Vec::new();
        for n in 0..count {
            let mut client = site.connect().await;
            client.request("tools/call", modern(json!({"name": "echo", "arguments": {"n": n}}))).await;
            clients.push(client);
        }
        // All are connected now; each gets its own answers, twice.
        for (n, client) in clients.iter_mut().enumerate() {
            assert_eq!(text(&client.next().await), json!({"n": n}).to_string());
        }
        for (n, client) in clients.iter_mut().enumerate().rev() {
            assert_eq!(client.echo(json!({"again": n})).await, json!({"again": n}));
        }
        println!("{carrier:?}: {count} connections at once, {files} open files allowed");
        site.stopped().await;
        for client in &mut clients {
            client.ended().await;
        }
    }
}

/// Opens the links that a listener in memory takes.
struct InMemory(futures_channel::mpsc::Sender<Link>);

impl Transport for InMemory {
    fn connect(&mut self) -> everywire::BoxFuture<'_, Result<Link, TransportError>> {
        let (ours, theirs) = memory::pair();
        let sent = self.0.try_send(theirs);
        Box::pin(async move {
            sent.expect("a listener");
            Ok(ours)
        })
    }
}

#[tokio::test]
async fn one_server_listens_on_five_carriers_at_once() {
    let server = builder()
        .tool_fn("who", schema(), async |_, cx: RequestContext| Ok(CallToolResult::text(cx.peer().transport)))
        .build();
    let folder = Folder::new();
    let sites = [
        server.bind_http("127.0.0.1:0"),
        server.bind_websocket("127.0.0.1:0"),
        server.bind_tcp("127.0.0.1:0"),
        server.bind_unix(folder.socket()),
    ];
    let mut running = Vec::new();
    for bind in sites {
        running.push(Site::over(bind.await.expect("bound"), None));
    }
    let (links, listener) = futures_channel::mpsc::channel(1);
    let in_memory = tokio::spawn({
        let server = server.clone();
        async move { server.serve(listener).await }
    });
    let mut clients = Vec::new();
    for (site, name) in running.iter().zip(["http", "websocket", "tcp", "unix"]) {
        clients.push((Client::connect(&site.url).await.expect("connected"), name));
    }
    clients.push((Client::over(InMemory(links)).connect().await.expect("connected"), "memory"));
    for (client, name) in &clients {
        let who = client.call_tool("who", json!({})).await.expect("an answer");

        assert_eq!(said(&who), *name);
    }
    server.add_tool_fn("later", schema(), async |_, _| Ok(CallToolResult::text("added")));
    for (client, name) in &clients {
        let later = client.call_tool("later", json!({})).await.expect("an answer");
        assert_eq!(said(&later), "added", "{name}");
    }
    for (client, _) in clients {
        client.close().await;
    }
    for site in running {
        site.stopped().await;
    }
    // No more links will come, and the one that came has ended.
    tokio::time::timeout(PATIENCE, in_memory).await.expect("in time").expect("no panic").expect("in order");
    assert!(!folder.socket().exists());
}

#[tokio::test]
async fn a_link_in_memory_too_many_is_told_so() {
    let server = builder().build();
    let (mut links, listener) = futures_channel::mpsc::channel(0);
    let serving = tokio::spawn(async move { server.serve(listener).await });
    let mut ours = Vec::new();
    for _ in 0..1025 {
        let (our, theirs) = memory::pair();
        links.send(theirs).await.expect("a listener");
        ours.push(our);
    }
    let last = ours.last_mut().expect("many");
    let told = tokio::time::timeout(PATIENCE, last.rx.next()).await.expect("in time");
    assert!(format!("{told:?}").contains("try again later"), "{told:?}");
    assert!(last.rx.next().await.is_none());
    drop((ours, links));
    tokio::time::timeout(PATIENCE, serving).await.expect("in time").expect("no panic").expect("in order");
}

/// Sends back whatever comes, and says that it is busy until then.
struct Mirror;

impl Serve for Mirror {
    fn serve(&self, mut link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let busy = peer.busy();
            let mirrored = async {
                while let Some(Ok(Inbound::Message(text))) = link.rx.next().await {
                    let said = format!("{} {} {}", peer.transport, peer.credentials.is_some(), text.as_str());
                    link.tx.send(Outbound::Message(json!(said).to_string().into())).await.expect("the client reads");
                    if said.contains("done") {
                        break;
                    }
                }
                drop(busy);
                std::future::pending::<()>().await;
            };
            futures_util::future::select(Box::pin(mirrored), shutdown).await;
            let _ = link.tx.close().await;
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_serves_what_it_is_given() {
    let folder = Folder::new();
    let idle = Some(Duration::from_secs(8));
    for (bind, expected) in [
        (Bind::tcp("127.0.0.1:0", Mirror), "tcp false "),
        (Bind::unix(folder.socket(), Arc::new(Mirror) as Arc<dyn Serve>), "unix true "),
    ] {
        let site = Site::over(bind.idle_timeout(idle).await.expect("bound"), None);
        let mut client = site.connect().await;
        for text in [r#"{"first":1}"#, r#"{"second":2}"#] {
            client.write(format!("{text}\n").as_bytes()).await.expect("sent");
            assert_eq!(client.next().await, format!("{expected}{text}"));
        }
        // However quiet, it is not idle; then it is.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let begun = tokio::time::Instant::now();
        client.write(b"\"done\"\n").await.expect("sent");
        assert_eq!(client.next().await, format!("{expected}\"done\""));
        client.ended().await;
        assert!((8..=12).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }
    let http = Bind::websocket("127.0.0.1:0", Mirror).http(HttpOptions::new());
    assert!(http.await.expect_err("refused").to_string().contains("Server::bind_http"));
}
