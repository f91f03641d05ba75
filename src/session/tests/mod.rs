//! Simulated sessions: a virtual clock, a scripted peer, no I/O. They run on both Json twins.

mod cache;
mod calls;
mod carrier;
mod classifier;
mod exchanges;
mod flow;
mod handshake;
mod liveness;
mod messages;
mod mirrors;
mod push;
mod pushed;
mod reconnect;
mod resend;
mod rounds;
mod rows;
mod sessions;
mod sim;
mod subscriptions;

// proptest is native.
cfg_if::cfg_if! {
    if #[cfg(not(target_arch = "wasm32"))] {
        mod arbitrary;
        mod random;
        mod random_http;
        mod schedule;
    }
}
