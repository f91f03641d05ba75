use std::borrow::Cow;
use std::time::Duration;

use crate::json::Text;
use crate::transport::TransportError;

/// What a link is asked to put on the wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outbound {
    /// One whole JSON-RPC message, for links whose profile is a shared channel.
    Message(Text),
    /// One whole JSON-RPC message that begins an exchange of its own. This and the next four are only sent to links whose
    /// profile is [`Profile::PerRequest`](super::Profile::PerRequest), which get no [`Outbound::Message`].
    Post(Box<Post>),
    /// Nobody waits for this request's reply any more: close its stream.
    Abort(i64),
    /// This request was answered on a stream that is open still: nothing more of it is wanted.
    Answered(i64),
    /// Take this request's reply up again where its stream broke off.
    Resume(i64, Box<Resume>),
    /// Open the stream on which the server says what nobody asked for (2025-11-25 basic/transports, "Listening for
    /// Messages from the Server"), and keep it open.
    Listen,
    /// Prove that the peer is alive, below JSON-RPC (a WebSocket Ping). Only sent to links whose profile declares
    /// [`Liveness::Ping`](super::Liveness::Ping).
    Ping,
    /// Close the link in an orderly way. Nothing follows it.
    Close(Close),
}

/// A message and what of it a per-request carrier says outside of it.
#[derive(Debug, Clone)]
pub struct Post {
    /// The id, where the message is a request: its reply is awaited.
    pub id: Option<i64>,
    /// The method, where the message is no response.
    pub method: Option<String>,
    /// What the request is for, where its method has such a thing: a tool's or prompt's name, a resource's URI.
    pub name: Option<String>,
    /// The protocol revision to declare; `None` before one was agreed on.
    pub version: Option<&'static str>,
    /// Whether the request is one of the modern era, which mirrors its head into headers.
    pub modern: bool,
    /// Arguments to mirror, by the names that their `x-mcp-header` annotations give (2026-07-28
    /// basic/transports/streamable-http, "Custom Headers from Tool Parameters"), not encoded yet.
    pub mirrored: Vec<(String, String)>,
    /// The message.
    pub text: Text,
}

/// Where a broken stream can be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The id of the last event that arrived.
    pub last_event_id: String,
    /// How long the server wants the client to wait first.
    pub retry: Option<Duration>,
    /// How often this was tried since the last event arrived.
    pub attempt: u32,
}

/// Why a link is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// A WebSocket close code (RFC 6455 section 7.4); carriers without codes ignore it.
    pub code: u16,
    /// A short reason for the peer's log, at most 123 bytes; a longer one is left out.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// The work is done: 1000.
    pub const NORMAL: Self = Self { code: 1000, reason: Cow::Borrowed("") };

    /// A close with this code and reason.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// What a link delivers. Everything but the first two comes from links whose profile is
/// [`Profile::PerRequest`](super::Profile::PerRequest) only; the number is the id of the request that an exchange is for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Inbound {
    /// One whole message, as the peer wrote it.
    Message(Text),
    /// Something that is not a message but shows that the peer is alive (a Pong, a Ping, a comment).
    Alive,
    /// A message on a request's reply stream, which stays open.
    On(i64, Text),
    /// A request's whole reply, one message, with its HTTP status. The exchange is over.
    Reply(i64, u16, Text),
    /// A request's reply stream is over, in an orderly way or by this error. Where it can be taken up again, the answer to
    /// this is [`Outbound::Resume`] if a reply is still awaited.
    Ended(i64, Option<Box<Resume>>, Option<TransportError>),
    /// A request's exchange failed without any message.
    Failed(i64, Box<Failure>),
    /// A message without a reply (a response, a notification) did not reach the server.
    Undelivered(TransportError),
    /// The stream of [`Outbound::Listen`] stands again, and something may have been missed in between.
    Gap,
}

/// Why an exchange brought no message.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What happened.
    pub error: TransportError,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What came in place of a message, where something came.
    pub body: Body,
    /// Whether the request carried a credential.
    pub credential_sent: bool,
    /// How long the server asked to be left alone.
    pub retry_after: Option<Duration>,
    /// The server did not run the request: it was not reached, or it refused the session or the rate.
    pub unprocessed: bool,
}

/// The body of an HTTP answer that is not JSON-RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing at all.
    Empty,
    /// A page for people.
    Html,
    /// Anything else.
    Other,
}
