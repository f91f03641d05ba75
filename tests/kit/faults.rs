//! *Answered exactly once, in bounded time, nothing executed twice*: a thousand seeds of faults over each transport.
//!
//! `KIT_SEEDS=n` runs more or fewer, `KIT_SEED=n` the one that failed.

use everywire::testing::Faults;
use everywire::transport::Transport;
use everywire::transport::memory::Memory;
use futures_util::StreamExt as _;

use crate::host;
use crate::storm::{Pace, Runs, faulty, serve, server, storm};

const SEEDS: u64 = 1000;

fn seeds() -> std::ops::Range<u64> {
    match host::setting("KIT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..host::setting("KIT_SEEDS").unwrap_or(SEEDS),
    }
}

async fn over_memory(pace: Pace) {
    over(pace, |transport| transport).await;
}

async fn over<T: Transport>(pace: Pace, wrap: fn(Faults<Memory>) -> T) {
    // Side by side: on a clock that cannot be paused most of the time is spent waiting.
    let storms = futures_util::stream::iter(seeds()).map(|seed| async move {
        let runs = Runs::default();
        let transport = |plan| {
            let (transport, listener) = Memory::new();
            host::spawn(Box::pin(serve(server(&runs), listener)));
            let (transport, journal) = faulty(transport, plan);
            (wrap(transport), journal)
        };
        if let Err(what) = storm(seed, pace, &runs, transport).await {
            panic!("KIT_SEED={seed}: {what}");
        }
    });
    storms.buffer_unordered(150).collect::<()>().await;
}

#[cfg(not(target_arch = "wasm32"))]
#[path = "sockets.rs"]
mod sockets;

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn every_call_over_memory_is_answered_once_and_runs_once() {
    over_memory(Pace::REAL).await;
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::test(start_paused = true)]
async fn every_call_over_memory_is_answered_once_and_runs_once() {
    over_memory(Pace::PAUSED).await;
}

/// With the faults below: what the real link does to one client of it.
#[cfg(not(target_arch = "wasm32"))]
#[tokio::test(start_paused = true)]
async fn every_call_over_a_shared_link_is_answered_once_and_runs_once() {
    over(Pace::PAUSED, everywire::transport::SharedTransport::new).await;
}
