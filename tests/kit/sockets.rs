//! Over byte streams and sockets. Real sockets mean real time, so everything is short and many seeds run side by side.
//!
//! Over byte streams every other seed has its faults in the bytes: there the link breaks in the middle of a message, and
//! whatever is written or read passes in pieces.

use everywire::testing::{Plan, StreamFaults};
use everywire::transport::{Tcp, Transport, Unix, WebSocket};
use futures_channel::mpsc::unbounded;
use futures_util::StreamExt as _;

use super::seeds;
use crate::storm::{Pace, Runs, faulty, serve, server, storm};
use crate::streams::{Bytes, To, listen_tcp, listen_unix};

/// Seeds side by side. Most of their time they wait.
const AT_ONCE: usize = 64;

type Made = (Box<dyn Transport>, everywire::testing::Journal);

async fn all(pace: Pace, runs: Runs, transport: impl Fn(u64, Plan) -> Made + Clone + Send + Sync + 'static) {
    let storms = futures_util::stream::iter(seeds()).map(|seed| {
        let (runs, transport) = (runs.clone(), transport.clone());
        let storm = async move { storm(seed, pace, &runs, |plan| transport(seed, plan)).await };
        async move { (seed, tokio::spawn(storm).await.expect("no panic")) }
    });
    let mut storms = storms.buffer_unordered(AT_ONCE);
    while let Some((seed, result)) = storms.next().await {
        if let Err(what) = result {
            panic!("KIT_SEED={seed}: {what}");
        }
    }
}

fn boxed<T: Transport>(transport: T, plan: Plan) -> Made {
    let (transport, journal) = faulty(transport, plan);
    (Box::new(transport), journal)
}

/// The faults in the messages, or in the bytes.
fn either<T: Transport>(seed: u64, plan: Plan, transport: impl FnOnce() -> T, to: &To) -> Made {
    if seed.is_multiple_of(2) {
        return boxed(transport(), plan);
    }
    let faults = StreamFaults::new(plan);
    let journal = faults.journal();
    (Box::new(Bytes { to: to.clone(), faults: Some(faults) }), journal)
}

#[tokio::test(start_paused = true)]
async fn every_call_over_a_stream_is_answered_once_and_runs_once() {
    let runs = Runs::default();
    let (accept, links) = unbounded();
    tokio::spawn(serve(server(&runs), links));
    let make = move |seed, plan| {
        // From hardly more than a few bytes to more than all that is ever under way.
        let to = To::Duplex(accept.clone(), 16_usize << (seed % 12));
        either(seed, plan, || Bytes { to: to.clone(), faults: None }, &to)
    };
    all(Pace::PAUSED, runs, make).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_over_tcp_is_answered_once_and_runs_once() {
    let runs = Runs::default();
    let (address, links) = listen_tcp().await;
    tokio::spawn(serve(server(&runs), links));
    let make =
        move |seed, plan| either(seed, plan, || Tcp::new(&address.to_string()).expect("an address"), &To::Tcp(address));
    all(Pace::REAL, runs, make).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_over_unix_is_answered_once_and_runs_once() {
    let runs = Runs::default();
    let (path, links) = listen_unix("faults");
    tokio::spawn(serve(server(&runs), links));
    let to = To::Unix(path.clone());
    let at = path.clone();
    all(Pace::REAL, runs, move |seed, plan| either(seed, plan, || Unix::new(&at).expect("a path"), &to)).await;
    std::fs::remove_file(path).expect("it is there still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_over_websocket_is_answered_once_and_runs_once() {
    let runs = Runs::default();
    let listener = server(&runs).bind_websocket("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("a socket address"));
    tokio::spawn(listener.run(std::future::pending()));
    let make = move |_, plan| boxed(WebSocket::new(&url).expect("an address"), plan);
    all(Pace::REAL, runs, make).await;
}
