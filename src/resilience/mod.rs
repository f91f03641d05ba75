//! Policies as pure functions and values: time and randomness are arguments.

mod backoff;

pub(crate) use backoff::Jitter;
pub use backoff::Reconnect;
