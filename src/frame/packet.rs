use crate::json::Text;

/// What a link is asked to put on the wire.
#[derive(Debug, Clone)]
pub enum Outbound {
    /// One whole JSON-RPC message.
    Message(Text),
    /// Prove that the peer is alive, below JSON-RPC (a WebSocket Ping). Only sent to links whose profile declares
    /// [`Liveness::Ping`](super::Liveness::Ping).
    Ping,
    /// Close the link in an orderly way. Nothing follows it.
    Close(Close),
}

/// Why a link is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// A WebSocket close code (RFC 6455 section 7.4); carriers without codes ignore it.
    pub code: u16,
    /// A short reason for the peer's log, at most 123 bytes.
    pub reason: &'static str,
}

impl Close {
    /// The work is done: 1000.
    pub const NORMAL: Self = Self { code: 1000, reason: "" };
}

/// What a link delivers.
#[derive(Debug, Clone)]
pub enum Inbound {
    /// One whole message, as the peer wrote it.
    Message(Text),
    /// Something that is not a message but shows that the peer is alive (a Pong, a Ping, a comment).
    Alive,
}
