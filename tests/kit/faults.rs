//! *Answered exactly once, in bounded time, nothing executed twice*: a thousand seeds of faults over each transport.
//!
//! `KIT_SEEDS=n` runs more or fewer, `KIT_SEED=n` the one that failed.

use everywire::transport::memory::Memory;

use crate::host;
use crate::storm::{Pace, Runs, serve, server, storm};

const SEEDS: u64 = 1000;

fn seeds() -> std::ops::Range<u64> {
    match host::setting("KIT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..host::setting("KIT_SEEDS").unwrap_or(SEEDS),
    }
}

async fn over_memory(pace: Pace) {
    for seed in seeds() {
        let runs = Runs::default();
        let transport = || {
            let (transport, listener) = Memory::new();
            host::spawn(Box::pin(serve(server(&runs), listener)));
            transport
        };
        if let Err(what) = storm(seed, pace, &runs, transport).await {
            panic!("KIT_SEED={seed}: {what}");
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::test(start_paused = true)]
async fn every_call_over_memory_is_answered_once_and_runs_once() {
    over_memory(Pace::PAUSED).await;
}
