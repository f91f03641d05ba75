use std::fmt;
use std::sync::Arc;

/// Why a carrier failed, with the cause as the operating system, the host or the library put it.
///
/// Cheap to clone: one lost link answers many callers.
#[derive(Clone)]
pub struct TransportError(Arc<Inner>);

struct Inner {
    kind: TransportErrorKind,
    detail: String,
}

/// What happened on the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection came about: name not resolved, refused, unreachable, handshake failed. Check the address and that
    /// the server runs. A browser never says which of these it was.
    ConnectFailed,
    /// The handshake was answered with this HTTP status. 401 and 403: give a token; 404: check the path; 3xx: use the
    /// address it points to.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// A request across origins failed and the browser does not say why: the server was not reached, or its answer lacks
    /// the CORS headers that a page needs. Only browsers report this.
    Opaque,
    /// The server forgot the session, or ended it (HTTP 404 to a request that named one). A new one is begun by itself;
    /// what ran in the old one is lost.
    SessionExpired,
    /// TLS failed: certificate not trusted, wrong name, no common version. Add the root or fix the certificate.
    Tls,
    /// The peer closed the link with this WebSocket close code (1006: it vanished without one).
    Closed {
        /// The close code (RFC 6455 section 7.4).
        code: u16,
    },
    /// The link broke: reset, aborted, end of stream in the middle of a message.
    Lost,
    /// The peer stopped answering the keep-alive.
    Dead,
    /// A message was larger than the limit. Raise the limit at both ends or send less.
    TooLarge {
        /// The message's size in bytes, as far as it was announced or counted.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The peer broke the carrier's rules (a binary frame, text that is not UTF-8).
    Protocol,
    /// Messages came faster than they were handled and the carrier cannot pause its peer (browsers).
    Overloaded,
    /// The carrier was set up in a way that cannot work. Nothing was sent.
    Config,
}

impl TransportError {
    /// A failure of `kind`; `detail` says what happened, in words for the user.
    pub fn new(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, detail: detail.into() }))
    }

    /// The transport is lent out: to an attempt to connect, or to a builder's closure.
    pub(crate) fn in_use() -> Self {
        Self::new(TransportErrorKind::Config, "the transport is in use")
    }

    /// What happened.
    pub fn kind(&self) -> &TransportErrorKind {
        &self.0.kind
    }

    /// The cause in words.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Whether a credential is missing or was refused: HTTP 401, 403, 407, close codes 1008, 4401, 4403.
    pub fn is_auth(&self) -> bool {
        matches!(
            self.0.kind,
            TransportErrorKind::Refused { status: 401 | 403 | 407 }
                | TransportErrorKind::Closed { code: 1008 | 4401 | 4403 }
        )
    }

    /// Whether another client took this one's place (close code 4409, ours).
    pub fn is_replaced(&self) -> bool {
        matches!(self.0.kind, TransportErrorKind::Closed { code: 4409 })
    }

    /// Whether trying again can change the outcome.
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            TransportErrorKind::ConnectFailed
            | TransportErrorKind::Opaque
            | TransportErrorKind::SessionExpired
            | TransportErrorKind::Lost
            | TransportErrorKind::Dead
            | TransportErrorKind::Overloaded => true,
            TransportErrorKind::Refused { status } => matches!(status, 408 | 425 | 429 | 500..=599),
            // 4409 (ours): another client took this one's place; two tabs would fight for ever.
            TransportErrorKind::Closed { code } => {
                !matches!(code, 1002 | 1003 | 1007..=1010 | 4003 | 4009 | 4401 | 4403 | 4409)
            }
            TransportErrorKind::Tls
            | TransportErrorKind::TooLarge { .. }
            | TransportErrorKind::Protocol
            | TransportErrorKind::Config => false,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportError({:?}: {})", self.0.kind, self.0.detail)
    }
}

impl std::error::Error for TransportError {}
