//! What happens to each client that a listener lets in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use everywire::BoxFuture;
use everywire::frame::{Close, Inbound};
use everywire::json::Text;
use everywire::server::{Peer, Serve};
use everywire::transport::{Link, TransportError, TransportErrorKind};
use futures_util::StreamExt as _;

use super::backend::{Backend, Backends};
use super::close;
use super::console::{Console, Tone, Totals, traffic};
use super::meter::{Counts, Direction, Meter};
use super::record::{Gone, Recorder, Tap};
use super::relay::{Ended, Relay, shut};

/// Gives every client its backend and passes messages between the two.
#[derive(Clone)]
pub(super) struct Bridge(Arc<Inner>);

struct Inner {
    backends: Backends,
    console: Console,
    recorder: Option<Recorder>,
    /// The only user, beside root, who may connect over a Unix socket.
    only: Option<u32>,
    last: AtomicU64,
}

/// How connecting to a backend ended.
enum Connected {
    /// With the message that came meanwhile.
    Backend(Backend, Option<Text>),
    Failed(TransportError),
    ClientLeft(Option<TransportError>),
    Stopped,
}

/// Counts a client for as long as it is there.
struct Present(Arc<Totals>);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Bridge {
    pub(super) fn new(backends: Backends, console: Console, recorder: Option<Recorder>, only: Option<u32>) -> Self {
        Self(Arc::new(Inner { backends, console, recorder, only, last: AtomicU64::new(0) }))
    }
}

impl Serve for Bridge {
    fn serve(&self, link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let inner = self.0.clone();
        Box::pin(async move { inner.client(link, peer, shutdown).await })
    }
}

impl Inner {
    async fn client(&self, link: Link, peer: Peer, mut shutdown: BoxFuture<'static, ()>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let totals = &self.console.totals;
        totals.clients.fetch_add(1, Ordering::Relaxed);
        let _present = Present(totals.clone());
        if !self.may_connect(&peer) {
            self.console.say(Tone::Bad, &format!("client {number} refused: {}: it is another user's", who(&peer)));
            return shut(link.tx, Close::NORMAL).await;
        }
        self.console.say(Tone::Good, &format!("client {number} connected: {}", who(&peer)));
        let counts = Arc::new(Counts::default());
        let mut tap = self.recorder.as_ref().map(|recorder| recorder.tap(number));
        if let Some(tap) = &mut tap {
            tap.open(peer.transport).await;
        }
        let gone = self.passing(number, link, &counts, &mut shutdown).await;
        if let Some(tap) = &mut tap {
            tap.gone(gone).await;
        }
    }

    /// Serves a client until it ends, and says why.
    async fn passing(
        &self,
        number: u64,
        mut link: Link,
        counts: &Arc<Counts>,
        shutdown: &mut BoxFuture<'static, ()>,
    ) -> Gone {
        let mut gone = Gone::default();
        let mut over = |ended: &Ended| {
            let (tone, how) = told(ended);
            self.console.say(tone, &format!("client {number} {}; {}", how.reason, traffic(counts)));
            gone = how;
        };
        match self.connected(number, &mut link, shutdown).await {
            Connected::Backend(backend, read) => {
                if backend.restarted {
                    self.console.totals.restarts.fetch_add(1, Ordering::Relaxed);
                    self.console.say(Tone::Plain, &format!("client {number} has a backend that was started again"));
                }
                let Backend { link: backend, gone: end, generation, .. } = backend;
                let meters =
                    [Direction::ToServer, Direction::ToClient].map(|direction| self.meter(number, direction, counts));
                let relay = Relay::new(link, backend, meters);
                relay
                    .run(read, shutdown, |ended| {
                        if let Ended::Backend(_) = ended {
                            self.backends.ended(generation);
                        }
                        over(ended);
                    })
                    .await;
                // Its process may outlive its streams by the time it is given to end.
                end.await;
            }
            Connected::Failed(error) => {
                let closing = close::no_backend(&error);
                over(&Ended::NoBackend(error));
                shut(link.tx, closing).await;
            }
            Connected::ClientLeft(error) => {
                over(&Ended::Client(error));
                shut(link.tx, Close::NORMAL).await;
            }
            Connected::Stopped => {
                over(&Ended::Stopped);
                shut(link.tx, close::stopping()).await;
            }
        }
        gone
    }

    /// Connects to a backend unless the client goes, or the program ends, meanwhile.
    async fn connected(&self, number: u64, client: &mut Link, shutdown: &mut BoxFuture<'static, ()>) -> Connected {
        let connecting = self.backends.connect(number);
        tokio::pin!(connecting);
        let mut read = None;
        loop {
            tokio::select! {
                biased;
                () = &mut *shutdown => return Connected::Stopped,
                made = &mut connecting => return match made {
                    Ok(backend) => Connected::Backend(backend, read),
                    Err(error) => Connected::Failed(error),
                },
                inbound = client.rx.next(), if read.is_none() => match inbound {
                    Some(Ok(Inbound::Message(text))) => read = Some(text),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Connected::ClientLeft(Some(error)),
                    None => return Connected::ClientLeft(None),
                },
            }
        }
    }

    fn meter(&self, number: u64, direction: Direction, counts: &Arc<Counts>) -> Meter {
        let tap: Option<Tap> = self.recorder.as_ref().map(|recorder| recorder.tap(number));
        Meter::new(direction, counts.clone(), self.console.totals.counts.clone(), tap)
    }

    fn may_connect(&self, peer: &Peer) -> bool {
        let Some(only) = self.only else { return true };
        peer.transport != "unix" || peer.credentials.is_some_and(|known| known.uid == only || known.uid == 0)
    }
}

/// Such as `websocket from 127.0.0.1:50312, page http://127.0.0.1:8931`.
pub(super) fn who(peer: &Peer) -> String {
    let mut text = peer.transport.to_owned();
    if let Some(address) = peer.address {
        text.push_str(&format!(" from {address}"));
    }
    if let Some(known) = peer.credentials {
        text.push_str(&format!(" from user {}", known.uid));
        if let Some(process) = known.pid {
            text.push_str(&format!(", process {process}"));
        }
    }
    if let Some(origin) = &peer.origin {
        text.push_str(&format!(", page {}", origin.chars().take(200).collect::<String>()));
    }
    text
}

fn told(ended: &Ended) -> (Tone, Gone) {
    let orderly = |by, reason: String| Gone { by, lost: false, reason };
    let lost = |reason: String| Gone { by: None, lost: true, reason };
    match ended {
        Ended::Client(error) if is_orderly(error.as_ref()) => {
            (Tone::Plain, orderly(Some("client"), left(error.as_ref())))
        }
        Ended::Client(error) => (Tone::Plain, lost(left(error.as_ref()))),
        Ended::Silent => (Tone::Plain, lost("answers no pings".to_owned())),
        Ended::Alien => (Tone::Bad, orderly(None, "does not speak MCP: what came first is not JSON".to_owned())),
        Ended::Stopped => (Tone::Plain, orderly(None, "closed, as the bridge stops".to_owned())),
        Ended::NoBackend(error) => {
            (Tone::Bad, lost(format!("is sent away, as there is no backend: {}", close::first_line(error))))
        }
        Ended::Backend(None) => {
            (Tone::Bad, orderly(Some("server"), "lost its backend, which ended the connection".to_owned()))
        }
        Ended::Backend(Some(error)) => (Tone::Bad, lost(format!("lost its backend: {}", close::first_line(error)))),
    }
}

fn is_orderly(error: Option<&TransportError>) -> bool {
    error.is_none_or(|error| matches!(error.kind(), TransportErrorKind::Closed { code } if *code != 1006))
}

/// The link's own words are those of a client about its server.
fn left(error: Option<&TransportError>) -> String {
    match error.map(TransportError::kind) {
        None | Some(TransportErrorKind::Closed { code: 1000 | 1001 | 1005 }) => "left".to_owned(),
        Some(TransportErrorKind::Closed { code: 1006 }) => "vanished".to_owned(),
        Some(TransportErrorKind::Closed { code }) => format!("left with close code {code}"),
        Some(TransportErrorKind::TooLarge { limit, .. }) => format!("sent a message over the limit of {limit} bytes"),
        Some(TransportErrorKind::Protocol) => "broke the rules of its carrier".to_owned(),
        Some(_) => "vanished".to_owned(),
    }
}
