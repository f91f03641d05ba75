use std::time::Duration;

/// What the protocol needs to know of a carrier. The transport declares it; nothing is guessed from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Every request has a reply channel of its own (Streamable HTTP).
    PerRequest,
    /// One channel carries every message both ways (WebSocket, stdio, TCP, Unix sockets, message ports, in-memory).
    SharedChannel {
        /// `Transport::connect` can open a fresh channel.
        reopen: bool,
        /// How the peer can be shown to be alive.
        liveness: Liveness,
    },
}

/// How a peer can be shown to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The link answers [`Outbound::Ping`](super::Outbound::Ping) with [`Inbound::Alive`](super::Inbound::Alive).
    Ping,
    /// Only a request of the protocol can tell (a browser's WebSocket).
    Request,
    /// The end of the channel is noticed by itself (a process, a port, memory); nothing is sent.
    Channel,
}

impl Profile {
    /// Whether a fresh link can be opened after this one.
    pub fn reopens(self) -> bool {
        match self {
            Self::PerRequest => true,
            Self::SharedChannel { reopen, .. } => reopen,
        }
    }

    /// Whether every request has a reply channel of its own.
    pub fn is_per_request(self) -> bool {
        self == Self::PerRequest
    }

    /// How long a `server/discover` probe waits for its answer by default.
    pub fn probe_timeout(self) -> Duration {
        match self {
            Self::PerRequest => Duration::from_secs(10),
            Self::SharedChannel { .. } => Duration::from_secs(2),
        }
    }
}
