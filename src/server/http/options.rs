use std::time::Duration;

/// How Streamable HTTP is served: see [`Bind::http`](crate::server::Bind::http) and
/// [`HttpServiceBuilder::options`](crate::server::HttpServiceBuilder::options).
///
/// What concerns sessions is for clients of the revisions before 2026-07-28, which has none.
#[derive(Debug, Clone)]
#[must_use]
pub struct HttpOptions {
    pub(super) cors: bool,
    pub(super) keep_alive: Option<Duration>,
    pub(super) body_timeout: Duration,
    pub(super) sessions: bool,
    pub(super) max_sessions: usize,
    pub(super) session_idle: Duration,
    pub(super) max_events: usize,
    pub(super) max_event_bytes: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            cors: false,
            keep_alive: Some(Duration::from_secs(15)),
            body_timeout: Duration::from_secs(30),
            sessions: true,
            max_sessions: 1024,
            session_idle: Duration::from_secs(30 * 60),
            max_events: 1024,
            max_event_bytes: 1024 * 1024,
        }
    }
}

impl HttpOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether pages on loopback get the CORS headers without which a browser keeps the answers from them. Pages of
    /// origins that are allowed by name get them always. Default: no.
    pub fn cors(mut self, on: bool) -> Self {
        self.cors = on;
        self
    }

    /// How long a stream may be quiet before a comment is sent on it, and how long a handler may be silent before its
    /// answer becomes a stream, so that proxies on the way do not take it for dead. Default: 15 seconds; `None` sends none.
    pub fn keep_alive(mut self, after: Option<Duration>) -> Self {
        self.keep_alive = after;
        self
    }

    /// How long a client may take to send the body of a request; a slower one is answered with 408. Default: 30 seconds.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Whether clients of the older revisions get sessions. Without, each of their requests stands for itself, so that any
    /// process of a deployment can answer it; then the server cannot ask such clients anything or tell them of changes, and
    /// no stream can be taken up again. Default: yes.
    pub fn sessions(mut self, on: bool) -> Self {
        self.sessions = on;
        self
    }

    /// Sessions at a time. One more takes the place of the one that has been idle the longest, whose client begins anew
    /// when it comes back; where none is idle the newcomer is answered with 503. Default: 1024; at least 1.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions.max(1);
        self
    }

    /// How long a session is kept after its client was last heard of and its last stream was closed. Handlers that still
    /// run for it are dropped then. Default: 30 minutes.
    pub fn session_idle(mut self, idle: Duration) -> Self {
        self.session_idle = idle;
        self
    }

    /// How much of what was sent on streams is kept per session, so that a client whose connection broke can have it again:
    /// a number of events, and their bytes. The oldest go first; the newest always stays. Default: 1024 events, 1 MiB.
    pub fn event_store(mut self, events: usize, bytes: usize) -> Self {
        self.max_events = events;
        self.max_event_bytes = bytes;
        self
    }
}
