//! Streamable HTTP in every revision, over a `fetch` that each platform brings.

#[allow(dead_code, unused_imports)]
mod fetch;

#[allow(unused_imports)]
pub(crate) use fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};
