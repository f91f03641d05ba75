//! Streamable HTTP: one endpoint for every revision of the protocol (2026-07-28 basic/transports/streamable-http,
//! 2025-11-25 basic/transports).
//!
//! A request of the modern era stands for itself: its handler runs within the request's own future. Older clients have a
//! session, and their calls outlive a broken connection.

mod body;
mod builder;
mod cors;
mod event;
mod exchange;
mod head;
mod legacy;
mod mirror;
mod modern;
mod options;
mod receive;
mod reply;
mod service;
mod session;
mod sessions;
mod stream;

pub use body::HttpBody;
pub use builder::HttpServiceBuilder;
pub(in crate::server) use cors::is_preflight;
pub use options::HttpOptions;
pub(in crate::server) use reply::refuse as refusal;
pub use service::{HttpService, Principal};
