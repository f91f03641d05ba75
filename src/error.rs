use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::json::{Json, JsonError};
use crate::text::{decimal, join};
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

impl RpcError {
    fn text(&self) -> String {
        let sign = if self.code < 0 { "-" } else { "" };
        join(&["the server answered with error ", sign, &decimal(self.code.unsigned_abs()), ": ", &self.message])
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
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

    /// A stable name for the kind of error, the same in every language: `rpc`, `connect_failed`, `refused`,
    /// `cors_or_network`, `session_expired`, `tls`, `connection_lost`, `auth_required`, `timeout`, `cancelled`, `closed`, `interrupted`, `overloaded`, `too_large`,
    /// `config`, `unsupported_version`, `not_mcp`, `decode`, `encode`, `input_failed`, `unsupported`, `protocol`.
    pub fn code(&self) -> &'static str {
        use crate::transport::TransportErrorKind as T;
        match self.kind() {
            ErrorKind::Rpc(_) => "rpc",
            ErrorKind::Transport(error) if error.is_auth() => "auth_required",
            ErrorKind::Transport(error) => match error.kind() {
                T::ConnectFailed => "connect_failed",
                T::Refused { .. } => "refused",
                T::Opaque => "cors_or_network",
                T::SessionExpired => "session_expired",
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
            ErrorKind::Decode { .. }
            | ErrorKind::ClosedMidCall
            | ErrorKind::Cancelled
            | ErrorKind::InputFailed { .. } => true,
            // An answer came, and it was of no use.
            ErrorKind::TooLarge { outbound, .. } => !outbound,
            ErrorKind::Transport(error) => {
                use crate::transport::TransportErrorKind as T;
                matches!(error.kind(), T::Protocol | T::TooLarge { .. })
            }
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

impl Error {
    /// What happened and what to do about it, in one sentence.
    pub(crate) fn text(&self) -> String {
        let part: [&str; 3] = match self.kind() {
            ErrorKind::Rpc(error) => return error.text(),
            ErrorKind::Transport(error) => [error.detail(), "", ""],
            ErrorKind::Timeout { after, what, hint, .. } => {
                let after = decimal(after.as_millis() as u64);
                let all = join(&[what, " within ", &after, " ms; raise the timeout or check the server"]);
                return hint.map_or(all.clone(), |hint| join(&[&all, " (", hint, ")"]));
            }
            ErrorKind::Cancelled => ["the call was cancelled by its caller", "", ""],
            ErrorKind::Closed => ["the client is closed; connect a new one", "", ""],
            ErrorKind::ClosedMidCall => {
                ["the client was closed while the call was under way; the server may have acted on it", "", ""]
            }
            ErrorKind::Interrupted { maybe_executed: true, cause, .. } => [
                "the connection was lost while the call was under way (",
                cause.detail(),
                "); the server may have acted on it, so it was not repeated",
            ],
            ErrorKind::Interrupted { cause, .. } => {
                ["the connection was lost before the call was sent (", cause.detail(), "); it is safe to repeat"]
            }
            ErrorKind::Overloaded { limit } => {
                return join(&[
                    &decimal(*limit as u64),
                    " calls are waiting already; wait for answers or raise max_pending",
                ]);
            }
            ErrorKind::TooLarge { size, limit, outbound } => {
                return join(&[
                    "a message of ",
                    &decimal(*size as u64),
                    if *outbound { " bytes to the server exceeds" } else { " bytes from the server exceeds" },
                    " the limit of ",
                    &decimal(*limit as u64),
                    " bytes; raise max_message at both ends or send less",
                ]);
            }
            ErrorKind::Config(detail) | ErrorKind::Unsupported(detail) | ErrorKind::Protocol(detail) => {
                [detail, "", ""]
            }
            ErrorKind::UnsupportedVersion { theirs, ours } => {
                let (theirs, ours) = (listed(theirs), listed(ours));
                return join(&["no common protocol version: the server speaks ", &theirs, ", this client ", &ours]);
            }
            ErrorKind::NotMcp(detail) => ["the server does not speak MCP: ", detail, ""],
            ErrorKind::Decode { what, cause } => {
                return join(&["the answer to ", what, " does not have the expected shape: ", cause.detail()]);
            }
            ErrorKind::Encode(cause) => ["the request cannot be written as JSON: ", cause.detail(), ""],
            ErrorKind::InputFailed { detail, .. } => {
                ["the server asked for input that could not be given: ", detail, ""]
            }
            ErrorKind::NoEra { probe, initialize } => {
                let (probe, initialize) = (probe.text(), initialize.text());
                // A program that ends at once met both in the same way, and its last words may be long.
                if probe.split('\n').next() == initialize.split('\n').next() {
                    return join(&["server/discover failed and initialize failed: ", &initialize]);
                }
                return join(&["server/discover failed (", &probe, ") and initialize failed (", &initialize, ")"]);
            }
        };
        join(&part)
    }
}

fn listed(names: &[String]) -> String {
    let mut all = String::new();
    for name in names {
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(name);
    }
    all
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
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
