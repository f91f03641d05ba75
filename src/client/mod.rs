//! The client for Rust programs.

mod api;
mod builder;
mod call;
pub(crate) mod driver;
mod era_cache;
mod events;
mod host;
mod input;
mod run;
mod shared;

pub use api::{Outcome, Resumable, Subscription};
pub use builder::Builder;
pub use call::{Call, Pending};
pub use era_cache::EraCache;
pub use events::Events;
pub use input::InputContext;

pub(crate) use driver::Driver;
pub(crate) use run::start;
pub(crate) use shared::Shared;

use std::sync::Arc;

use crate::json::Json;
use crate::session::{Era, Info, Metrics, Session, State};
use host::{EventSinks, Waiting};

/// An MCP client. Cheap to clone; all clones share one connection. Dropping the last one closes it.
///
/// Calls may overlap freely. A lost connection is opened again by policy ([`Reconnect`](crate::Reconnect)); what
/// becomes of the calls under way is said by [`Error`](crate::Error).
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared<Waiting>>,
    events: Arc<EventSinks>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.command(Session::close);
    }
}

/// What the server said of itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerIdentity {
    /// The era that is spoken with it.
    pub era: Era,
    /// The protocol revision agreed on, `2026-07-28` for one.
    pub protocol_version: &'static str,
    /// What it was reached over: `websocket`, `http`, `http+sse` (2024-11-05), `stdio`, `tcp`, `unix`, `stream`, or the
    /// name that a transport gave.
    pub transport: &'static str,
    /// Its name, version and title as it reports them; not verified by the protocol. `None` where it keeps them.
    pub info: Option<crate::proto::Implementation>,
    /// What it offers, as it stands on the wire.
    pub capabilities: Json,
    /// How to use it, for a model's system prompt.
    pub instructions: Option<String>,
}

impl From<Info> for ServerIdentity {
    fn from(info: Info) -> Self {
        Self {
            era: info.era,
            protocol_version: info.version,
            transport: info.transport,
            info: info.server.and_then(|server| server.parse().ok()),
            capabilities: info.capabilities,
            instructions: info.instructions,
        }
    }
}

impl Client {
    /// Connects with the defaults. The scheme picks the transport: `ws://` or `wss://`, `http://` or `https://`; natively
    /// `tcp://host:port`, `unix:/path` and `unix:@name` (Linux's abstract sockets) too.
    ///
    /// # Errors
    /// `config` where the URL cannot be used, `connect_failed`, `refused`, `auth_required` or `tls` where no link
    /// comes about, `unsupported_version` or `not_mcp` where the server speaks something else. The first connect is
    /// tried once; the reconnect policy is for links that stood.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn connect(url: &str) -> Result<Self, crate::Error> {
        Self::builder(url).connect().await
    }

    /// A client to configure before it connects.
    pub fn builder(url: &str) -> Builder {
        Builder::url(url)
    }

    /// A client over any transport, to configure before it connects.
    pub fn over(transport: impl crate::transport::Transport) -> Builder {
        Builder::transport(Box::new(transport))
    }

    fn new(shared: Arc<Shared<Waiting>>, events: Arc<EventSinks>) -> Self {
        Self { inner: Arc::new(Inner { shared, events }) }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<Waiting>> {
        &self.inner.shared
    }

    /// What the server said of itself. After a reconnect it may have changed.
    pub fn server(&self) -> Option<ServerIdentity> {
        self.inner.shared.ask(|session| session.info().cloned()).map(ServerIdentity::from)
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.inner.shared.ask(|session| session.state().clone())
    }

    /// Everything that happens from now on, in order. A reader that falls behind by more than 1,024 events is told how
    /// many it missed ([`Event::Lagged`](crate::Event::Lagged)); it never holds the connection up.
    pub fn events(&self) -> Events {
        self.inner.events.subscribe()
    }

    /// Counters since the client was made.
    pub fn metrics(&self) -> Metrics {
        self.inner.shared.ask(Session::metrics)
    }

    /// The network is back, or the machine woke up: look after the connection now instead of waiting for timers.
    pub fn wake(&self) {
        self.inner.shared.command(Session::wake);
    }

    /// Closes the connection for all clones: calls under way fail as closed, the server is told in an orderly way.
    /// Completes once the client is closed; the link has two seconds more for its goodbye.
    pub async fn close(&self) {
        self.inner.shared.command(Session::close);
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}
