use std::time::Duration;

use crate::json::{Json, Object};
use crate::resilience::Reconnect;

/// Everything that bounds and names a session. Every bound has a default.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) title: Option<String>,
    /// What the client can do for the server, as it stands on the wire.
    pub(crate) capabilities: Json,
    pub(crate) era: EraChoice,
    pub(crate) timeouts: Timeouts,
    pub(crate) reconnect: Reconnect,
    pub(crate) inputs: InputPolicy,
    /// Silence after which the peer must show that it is alive.
    pub(crate) keep_alive: Duration,
    /// The largest message, either way.
    pub(crate) max_message: usize,
    /// Calls that may wait for their answer, sent or not.
    pub(crate) max_pending: usize,
    /// Results are kept for as long as the server says that they hold.
    pub(crate) cache: bool,
}

/// Which protocol era to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EraChoice {
    /// Ask with `server/discover` first and fall back to `initialize` (the default).
    #[default]
    Auto,
    /// 2026-07-28 only; a server that does not speak it is an error.
    Modern,
    /// `initialize` at once, without asking.
    Legacy,
}

/// How long a session waits for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For a transport that does not bound its own attempts. Those that do know better what may take time: somebody who signs
    /// in to give a token, say.
    pub(crate) connect: Duration,
    /// For `initialize` or `server/discover` to be answered; the probe itself is bounded by the carrier's profile.
    pub(crate) handshake: Duration,
    /// For a call, between two signs of life (its progress).
    pub(crate) call: Duration,
    /// For a call as a whole, progress or not.
    pub(crate) call_total: Duration,
    /// Of `server/discover` as a probe; the profile's default where `None`.
    pub(crate) probe: Option<Duration>,
}

/// How the server's requests for input (elicitation, sampling, roots) are handled.
#[derive(Debug, Clone, Copy)]
pub struct InputPolicy {
    /// How many handlers run at once. Default 5.
    pub max_concurrent: usize,
    /// What happens to a request beyond that. Default: it waits its turn.
    pub overflow: Overflow,
    /// How long a handler may take before the server is told that the user cancelled. Default 5 min.
    pub timeout: Duration,
    /// Rounds of `input_required` that one call may take. Default 10.
    pub max_rounds: u8,
    /// Rounds in a row that carry only state and ask for nothing. Default 3.
    pub max_state_only: u8,
    /// How many requests for input may wait. Beyond that they are declined. Default 64.
    pub max_queued: usize,
}

/// What happens to a request for input above the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// It waits its turn.
    Queue,
    /// It is declined at once.
    Decline,
}

impl Default for InputPolicy {
    fn default() -> Self {
        Self {
            max_concurrent: 5,
            overflow: Overflow::Queue,
            timeout: Duration::from_secs(300),
            max_rounds: 10,
            max_state_only: 3,
            max_queued: 64,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "everywire".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: None,
            capabilities: Object::new().build(),
            era: EraChoice::Auto,
            timeouts: Timeouts {
                connect: Duration::from_secs(300),
                handshake: Duration::from_secs(30),
                call: Duration::from_secs(60),
                call_total: Duration::from_secs(600),
                probe: None,
            },
            reconnect: Reconnect::default(),
            inputs: InputPolicy::default(),
            keep_alive: Duration::from_secs(20),
            max_message: 16 << 20,
            max_pending: 4096,
            cache: true,
        }
    }
}

impl Options {
    pub(crate) fn client_info(&self) -> Json {
        let info = Object::new().str("name", &self.name).str("version", &self.version);
        match &self.title {
            Some(title) => info.str("title", title),
            None => info,
        }
        .build()
    }
}
