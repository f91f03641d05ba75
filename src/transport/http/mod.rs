//! Streamable HTTP in every revision, over a `fetch` that each platform brings.

#[allow(dead_code, unused_imports)]
mod fetch;

#[allow(unused_imports)]
pub(crate) use fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};

/// Some bytes of a body, in the buffer that the platform has them in.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Chunk = bytes::Bytes;
#[cfg(target_arch = "wasm32")]
pub(crate) type Chunk = Vec<u8>;
