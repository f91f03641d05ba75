//! Ping and the log level (basic/utilities, server/utilities/logging).

use futures_channel::oneshot;

use crate::client::host::Waiting;
use crate::client::{Call, Client};
use crate::error::{Error, ErrorKind};
use crate::json::Draft;
use crate::proto::{LogLevel, method};
use crate::session::Era;

impl Client {
    /// Asks the server for a sign of life. 2026-07-28 has no ping any more: there it is asked to describe itself.
    ///
    /// # Errors
    /// `timeout` where it gives none, and what any request can meet.
    pub fn ping(&self) -> Call<()> {
        let modern = self.shared().ask(|session| session.info().is_some_and(|info| info.era == Era::Modern));
        let method = if modern { method::DISCOVER } else { method::PING };
        Call::new(self, method, Ok(Draft::new(method)), |_, _| Ok(()))
    }

    /// Asks for log messages of this level and above, from now on and over reconnects. They arrive as
    /// [`Event::Log`](crate::Event::Log). Since 2026-07-28 the level travels with each request, and the server logs only
    /// what belongs to one.
    ///
    /// # Errors
    /// `unsupported` where the server does not log, and what any request can meet.
    ///
    /// # Cancel safety
    /// The level is set however early the future is dropped after its first poll.
    pub async fn set_log_level(&self, level: LogLevel) -> Result<(), Error> {
        self.offers("logging", method::LOGGING_SET_LEVEL)?;
        let (tx, answer) = oneshot::channel();
        let waiting = Waiting::new(tx, None);
        self.shared().command(|session, now| session.set_log_level(waiting, level.as_str(), now));
        answer.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Closed))).map(drop)
    }
}
