use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::json::{Json, JsonError};
use crate::transport::TransportError;

/// Everything that can go wrong, as one cheap-to-clone value: one lost link answers many callers.
///
/// Ask it with the `is_*` questions; [`Error::code`] is stable across versions and the same in JavaScript.
#[derive(Clone)]
pub struct Error(Arc<ErrorKind>);

/// An error that the server answered with, exactly as it came (JSON-RPC 2.0 section 5.1).
#[derive(Clone, Debug)]
pub struct RpcError {
    /// The JSON-RPC or MCP error code.
    pub code: i64,
    /// The server's message.
    pub message: String,
    /// The server's data, if it gave any.
    pub data: Option<Json>,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with error {}: {}", self.code, self.message)
    }
}

#[derive(Debug)]
pub(crate) enum ErrorKind {
    Rpc(RpcError),
    Transport(TransportError),
    Timeout {
        after: Duration,
        what: &'static str,
        hint: Option<&'static str>,
        /// Whether anything was sent at all.
        sent: bool,
    },
    Cancelled,
    Closed,
    /// Closed while the server may have been acting on the request.
    ClosedMidCall,
    Interrupted {
        maybe_executed: bool,
        request_state: Option<String>,
        cause: TransportError,
    },
    Overloaded {
        limit: usize,
    },
    TooLarge {
        size: usize,
        limit: usize,
        outbound: bool,
    },
    Config(String),
    UnsupportedVersion {
        theirs: Vec<String>,
        ours: Vec<String>,
    },
    NotMcp(String),
    Decode {
        what: String,
        cause: JsonError,
    },
    Encode(JsonError),
    InputFailed {
        detail: String,
        request_state: Option<String>,
    },
    Unsupported(String),
    Protocol(String),
    /// Both ways to begin failed: what the modern probe and what `initialize` met.
    NoEra {
        probe: Error,
        initialize: Error,
    },
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Arc::new(kind))
    }

    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config(detail.into()))
    }

    pub(crate) fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// A stable name for the kind of error, the same in every language: `rpc`, `connect_failed`, `refused`, `tls`,
    /// `connection_lost`, `auth_required`, `timeout`, `cancelled`, `closed`, `interrupted`, `overloaded`, `too_large`,
    /// `config`, `unsupported_version`, `not_mcp`, `decode`, `encode`, `input_failed`, `unsupported`, `protocol`.
    pub fn code(&self) -> &'static str {
        use crate::transport::TransportErrorKind as T;
        match self.kind() {
            ErrorKind::Rpc(_) => "rpc",
            ErrorKind::Transport(error) if error.is_auth() => "auth_required",
            ErrorKind::Transport(error) => match error.kind() {
                T::ConnectFailed => "connect_failed",
                T::Refused { .. } => "refused",
                T::Tls => "tls",
                T::Closed { .. } | T::Lost | T::Dead => "connection_lost",
                T::TooLarge { .. } => "too_large",
                T::Overloaded => "overloaded",
                T::Protocol => "protocol",
                T::Config => "config",
            },
            ErrorKind::Timeout { .. } => "timeout",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Closed | ErrorKind::ClosedMidCall => "closed",
            ErrorKind::Interrupted { .. } => "interrupted",
            ErrorKind::Overloaded { .. } => "overloaded",
            ErrorKind::TooLarge { .. } => "too_large",
            ErrorKind::Config(_) => "config",
            ErrorKind::UnsupportedVersion { .. } => "unsupported_version",
            ErrorKind::NotMcp(_) => "not_mcp",
            ErrorKind::Decode { .. } => "decode",
            ErrorKind::Encode(_) => "encode",
            ErrorKind::InputFailed { .. } => "input_failed",
            ErrorKind::Unsupported(_) => "unsupported",
            ErrorKind::Protocol(_) => "protocol",
            ErrorKind::NoEra { initialize, .. } => initialize.code(),
        }
    }

    /// The server's own error, unchanged, where it answered with one.
    pub fn rpc(&self) -> Option<&RpcError> {
        match self.kind() {
            ErrorKind::Rpc(error) => Some(error),
            _ => None,
        }
    }

    /// The carrier's error, where the carrier failed.
    pub fn transport(&self) -> Option<&TransportError> {
        match self.kind() {
            ErrorKind::Transport(error) | ErrorKind::Interrupted { cause: error, .. } => Some(error),
            ErrorKind::NoEra { initialize, .. } => initialize.transport(),
            _ => None,
        }
    }

    /// A deadline passed. The request was cancelled on the wire; the server may have acted on it.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout { .. })
    }

    /// The caller cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.kind(), ErrorKind::Cancelled)
    }

    /// The client was closed. Make a new one.
    pub fn is_closed(&self) -> bool {
        matches!(self.kind(), ErrorKind::Closed | ErrorKind::ClosedMidCall)
    }

    /// The link was lost while the request was under way, and repeating it is the caller's choice: see
    /// [`Error::maybe_executed`].
    pub fn is_interrupted(&self) -> bool {
        matches!(self.kind(), ErrorKind::Interrupted { .. })
    }

    /// Whether the server may have acted on the request before the failure. `false` means that repeating it is safe.
    pub fn maybe_executed(&self) -> bool {
        match self.kind() {
            ErrorKind::Interrupted { maybe_executed, .. } => *maybe_executed,
            ErrorKind::Timeout { sent, .. } => *sent,
            ErrorKind::ClosedMidCall | ErrorKind::Cancelled | ErrorKind::InputFailed { .. } => true,
            _ => false,
        }
    }

    /// The state to resume an interactive call with, where the failure happened between its rounds
    /// (2026-07-28 basic/patterns/mrtr).
    pub fn request_state(&self) -> Option<&str> {
        match self.kind() {
            ErrorKind::Interrupted { request_state, .. } | ErrorKind::InputFailed { request_state, .. } => {
                request_state.as_deref()
            }
            _ => None,
        }
    }

    /// A credential is missing or was refused. Give a `token`, or sign in again.
    pub fn is_auth_required(&self) -> bool {
        self.transport().is_some_and(TransportError::is_auth)
    }

    /// Something was set up in a way that cannot work. Nothing was sent.
    pub fn is_config(&self) -> bool {
        self.code() == "config"
    }

    /// A queue was full. Wait for answers before asking more, or raise the limit.
    pub fn is_overloaded(&self) -> bool {
        self.code() == "overloaded"
    }

    /// A message was larger than the limit.
    pub fn is_too_large(&self) -> bool {
        self.code() == "too_large"
    }

    /// The server speaks no protocol version that this client speaks.
    pub fn is_unsupported_version(&self) -> bool {
        matches!(self.kind(), ErrorKind::UnsupportedVersion { .. })
    }

    /// The server does not offer what was asked for, in the protocol version agreed on.
    pub fn is_unsupported(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unsupported(_))
    }

    /// The server did not begin to speak MCP.
    pub fn is_not_mcp(&self) -> bool {
        matches!(self.kind(), ErrorKind::NotMcp(_))
    }
}

impl From<RpcError> for Error {
    fn from(error: RpcError) -> Self {
        Self::new(ErrorKind::Rpc(error))
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::new(ErrorKind::Transport(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            ErrorKind::Rpc(error) => error.fmt(f),
            ErrorKind::Transport(error) => error.fmt(f),
            ErrorKind::Timeout { after, what, hint, .. } => {
                write!(f, "{what} within {} ms; raise the timeout or check the server", after.as_millis())?;
                hint.map_or(Ok(()), |hint| write!(f, " ({hint})"))
            }
            ErrorKind::Cancelled => f.write_str("the call was cancelled by its caller"),
            ErrorKind::Closed => f.write_str("the client is closed; connect a new one"),
            ErrorKind::ClosedMidCall => {
                f.write_str("the client was closed while the call was under way; the server may have acted on it")
            }
            ErrorKind::Interrupted { maybe_executed: true, cause, .. } => write!(
                f,
                "the connection was lost while the call was under way ({cause}); the server may have acted on it, so it was not repeated"
            ),
            ErrorKind::Interrupted { cause, .. } => {
                write!(f, "the connection was lost before the call was sent ({cause}); it is safe to repeat")
            }
            ErrorKind::Overloaded { limit } => {
                write!(f, "{limit} calls are waiting already; wait for answers or raise max_pending")
            }
            ErrorKind::TooLarge { size, limit, outbound } => write!(
                f,
                "a message of {size} bytes {} the limit of {limit} bytes; raise max_message at both ends or send less",
                if *outbound { "to the server exceeds" } else { "from the server exceeds" }
            ),
            ErrorKind::Config(detail) | ErrorKind::Unsupported(detail) | ErrorKind::Protocol(detail) => {
                f.write_str(detail)
            }
            ErrorKind::UnsupportedVersion { theirs, ours } => write!(
                f,
                "no common protocol version: the server speaks {}, this client {}",
                theirs.join(", "),
                ours.join(", ")
            ),
            ErrorKind::NotMcp(detail) => write!(f, "the server does not speak MCP: {detail}"),
            ErrorKind::Decode { what, cause } => {
                write!(f, "the answer to {what} does not have the expected shape: {cause}")
            }
            ErrorKind::Encode(cause) => write!(f, "the request cannot be written as JSON: {cause}"),
            ErrorKind::InputFailed { detail, .. } => {
                write!(f, "the server asked for input that could not be given: {detail}")
            }
            ErrorKind::NoEra { probe, initialize } => {
                write!(f, "server/discover failed ({probe}) and initialize failed ({initialize})")
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self})", self.code())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            ErrorKind::Transport(error) | ErrorKind::Interrupted { cause: error, .. } => Some(error),
            ErrorKind::Decode { cause, .. } | ErrorKind::Encode(cause) => Some(cause),
            ErrorKind::NoEra { initialize, .. } => Some(initialize),
            _ => None,
        }
    }
}
