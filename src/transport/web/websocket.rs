//! The WebSocket carrier.

/// A WebSocket transport.
pub struct WebSocket;
