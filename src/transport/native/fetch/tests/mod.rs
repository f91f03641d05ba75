//! A fetcher against scripted peers.

mod bodies;
mod connections;
mod failures;
mod proxies;
mod redirects;
mod support;
#[cfg(feature = "tls")]
mod tls;
