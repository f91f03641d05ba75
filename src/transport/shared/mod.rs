//! One connection for many clients.
//!
//! `mux` is the protocol of it, sans-IO; `trunk` holds it for the clients of one real link; `carrier` is the task of that
//! link.

mod carrier;
mod mux;
mod trunk;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use futures_channel::oneshot;

use super::{Link, Transport, TransportError};
use crate::platform::{BoxFuture, Lock, spawn};
use carrier::Carrier;
use mux::Limits;
use trunk::Trunk;

/// One connection to a server for several clients: each clone is a transport of its own.
///
/// ```
/// # use everywire::{Client, transport::{SharedTransport, Transport}};
/// # async fn both(transport: impl Transport) -> Result<(), everywire::Error> {
/// let shared = SharedTransport::new(transport);
/// let one = Client::over(shared.clone()).connect().await?;
/// let two = Client::over(shared).connect().await?;
/// # drop((one, two));
/// # Ok(())
/// # }
/// ```
///
/// Every client gets its own answers, progress, questions and subscriptions, and only those: ids and tokens are rewritten in
/// both directions, and no client can answer, cancel or hear what is another's. Closing one ends only its own work.
///
/// - **Opening.** The connection is opened by the first client that connects, once for all that wait for it. It is closed when
///   neither a clone nor a client's link is left. Lost, it ends the link of every client with the reason; each reconnects by its
///   own policy, and the first of them opens it again for all. One that clients gave up, because the server does not answer
///   their handshake or their keep-alive, counts as lost.
/// - **A slow client** holds up nobody: when more waits for it than [`Self::max_backlog`], its link ends as
///   [`Overloaded`](super::TransportErrorKind::Overloaded), and the others notice nothing. What clients send takes turns.
/// - **Revision 2026-07-28** keeps nothing per connection, so that each client speaks for itself. A log message does not say
///   which request it is about: it goes to the one client that has a request open, or to those that have and asked for that
///   level.
/// - **Older revisions** have one session per connection, which the clients share. It is opened with the first client's
///   `initialize`, and the others are given the same result: name and version are the first's. As it cannot be repeated for
///   clients that come later, it declares elicitation (form and URL), sampling and roots, whoever has handlers for them. A request
///   of the server goes to the client whose call is open, to the one who called last where there are several that have a
///   handler, and to the first that has one where no call is open; for a client without a handler it is declined. Changes of lists
///   are told to all, updates of a resource to those who subscribed to it, log messages from the level that each set (the
///   server is told the least of them; clients that set none hear `info` and above once another has). `ping` is answered at
///   once.
/// - **The revision** is settled by what the server answers to the first client; once it has a session of an older revision,
///   `server/discover` of the others is answered for it. A client that is set to one revision
///   ([`EraChoice`](crate::EraChoice)) does not change what the others speak, unless the server does not bear both on one
///   connection.
///
/// Transports with a reply channel for every request (Streamable HTTP) need none of this, and connecting one fails with
/// [`Config`](super::TransportErrorKind::Config): HTTP shares connections by itself.
///
/// Natively every other byte of a message is passed on as it came. On wasm32 the host writes the messages anew: integers
/// beyond 2^53 lose their last digits.
#[derive(Clone)]
pub struct SharedTransport {
    owner: Arc<Owner>,
}

/// Those who can use the connection: clones, and links of clients. The last closes it.
struct Owner {
    shared: Arc<Shared>,
}

struct Shared {
    hub: Lock<Hub>,
    address: Option<String>,
}

struct Hub {
    transport: Option<Box<dyn Transport>>,
    phase: Phase,
    limits: Limits,
}

enum Phase {
    Idle,
    Connecting { waiting: Vec<oneshot::Sender<Result<Arc<Trunk>, TransportError>>>, carrier: Option<Waker> },
    Up(Arc<Trunk>),
}

/// How a client comes by the connection.
enum Joined {
    Up(Arc<Trunk>),
    /// Woken, the carrier sees to it that it notices when this one leaves.
    Waits(oneshot::Receiver<Result<Arc<Trunk>, TransportError>>, Option<Waker>),
    Opens(Box<dyn Transport>, oneshot::Receiver<Result<Arc<Trunk>, TransportError>>),
    Fails,
}

impl SharedTransport {
    /// Shares what `transport` connects to. Nothing is opened yet.
    pub fn new(transport: impl Transport) -> Self {
        let address = transport.address();
        let hub = Hub { transport: Some(Box::new(transport)), phase: Phase::Idle, limits: Limits::default() };
        Self { owner: Arc::new(Owner { shared: Arc::new(Shared { hub: Lock::new(hub), address }) }) }
    }

    /// How many messages may wait for one client before it counts as too slow, at least 1. Default 8192; beyond 64 MiB fewer.
    /// It holds for all clones, from the next time that the connection is opened.
    pub fn max_backlog(self, messages: usize) -> Self {
        self.owner.shared.hub.lock().limits.backlog = messages.max(1);
        self
    }

    fn join(&self) -> Joined {
        let mut hub = self.owner.shared.hub.lock();
        let hub = &mut *hub;
        match &mut hub.phase {
            Phase::Up(trunk) if trunk.lost().is_none() => Joined::Up(trunk.clone()),
            Phase::Connecting { waiting, carrier } => {
                let (tx, rx) = oneshot::channel();
                waiting.push(tx);
                Joined::Waits(rx, carrier.take())
            }
            _ => match hub.transport.take() {
                None => Joined::Fails,
                Some(transport) => {
                    let (tx, rx) = oneshot::channel();
                    hub.phase = Phase::Connecting { waiting: vec![tx], carrier: None };
                    Joined::Opens(transport, rx)
                }
            },
        }
    }
}

impl Transport for SharedTransport {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            let opened = match self.join() {
                Joined::Up(trunk) => return Ok(trunk.attach(self.owner.clone())),
                Joined::Fails => return Err(TransportError::in_use()),
                Joined::Waits(opened, carrier) => {
                    carrier.into_iter().for_each(Waker::wake);
                    opened
                }
                Joined::Opens(transport, opened) => {
                    // It ends by itself, when nobody is left who could use the link.
                    spawn(Carrier::new(self.owner.shared.clone(), transport).run()).detach();
                    opened
                }
            };
            let trunk = opened.await.unwrap_or_else(|_| Err(TransportError::in_use()))?;
            Ok(trunk.attach(self.owner.clone()))
        })
    }

    fn address(&self) -> Option<String> {
        self.owner.shared.address.clone()
    }
}

impl Shared {
    /// Whether nobody waits for the connection any more. Whoever does wakes the carrier when they leave.
    fn is_abandoned(&self, cx: &mut Context<'_>) -> bool {
        let mut hub = self.hub.lock();
        let Phase::Connecting { waiting, carrier } = &mut hub.phase else { return true };
        waiting.retain_mut(|waiter| waiter.poll_canceled(cx).is_pending());
        *carrier = Some(cx.waker().clone());
        waiting.is_empty()
    }

    /// Ends an abandoned attempt; `false` where somebody waits again.
    fn give_up(&self, transport: &mut Option<Box<dyn Transport>>) -> bool {
        let mut hub = self.hub.lock();
        if matches!(&hub.phase, Phase::Connecting { waiting, .. } if !waiting.is_empty()) {
            return false;
        }
        hub.phase = Phase::Idle;
        hub.transport = transport.take();
        true
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let hub = self.shared.hub.lock();
        let trunk = match &hub.phase {
            Phase::Up(trunk) => trunk.clone(),
            _ => return,
        };
        drop(hub);
        trunk.close();
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTransport").field("address", &self.owner.shared.address).finish_non_exhaustive()
    }
}
