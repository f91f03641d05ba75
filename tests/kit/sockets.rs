//! Over real sockets: in real time, so everything is short, and many seeds run side by side.

use everywire::transport::{Transport, WebSocket};
use futures_util::StreamExt as _;

use super::seeds;
use crate::storm::{Pace, Runs, server, storm};

/// Seeds side by side. Most of their time they wait.
const AT_ONCE: usize = 64;

async fn all<T: Transport>(runs: Runs, transport: impl Fn() -> T + Clone + Send + 'static) {
    let storms = futures_util::stream::iter(seeds()).map(|seed| {
        let (runs, transport) = (runs.clone(), transport.clone());
        let storm = async move { storm(seed, Pace::REAL, &runs, transport).await };
        async move { (seed, tokio::spawn(storm).await.expect("no panic")) }
    });
    let mut storms = storms.buffer_unordered(AT_ONCE);
    while let Some((seed, result)) = storms.next().await {
        if let Err(what) = result {
            panic!("KIT_SEED={seed}: {what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_over_websocket_is_answered_once_and_runs_once() {
    let runs = Runs::default();
    let listener = server(&runs).bind_websocket("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("a socket address"));
    tokio::spawn(listener.run(std::future::pending()));
    all(runs, move || WebSocket::new(&url).expect("an address")).await;
}
