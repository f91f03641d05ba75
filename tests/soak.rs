//! Connecting and closing over and over leaves nothing behind; in a program of its own, as it watches the memory of all of it.
//!
//! `SOAK=1` makes it twenty times as many.

#[path = "common/mod.rs"]
mod common;

use common::{Peer, connected, echo, memory, promise, soak};

#[promise]
async fn connects_leave_nothing_behind() {
    let peer = Peer::stub("peer", "modern").await;
    let round = async || {
        let client = connected(&peer.url()).await;
        echo(&client, "hello").await;
        client.close().await;
    };
    // What every program allocates once: buffers, caches, the allocator's own reserve.
    for _ in 0..100 {
        round().await;
    }
    let before = memory();
    let rounds = soak(500);
    for _ in 0..rounds {
        round().await;
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 2 << 20, "{grown} bytes more after {rounds} connects");
    peer.noted("end", rounds).await;
}
