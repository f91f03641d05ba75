//! What goes wrong over Streamable HTTP, over real sockets: the same bodies natively, in a page and in a dedicated worker.
//! Every test says in bytes what the server does; nothing here may hang, and nothing may be sent more often than is said.

#[path = "../common/mod.rs"]
mod common;
mod rules;

mod answers;
mod bodies;
mod connecting;
mod cors;
mod fallback;
mod older;
mod push;
mod redirects;
mod refusals;
mod sessions;
mod streams;
mod subscriptions;
mod tokens;
