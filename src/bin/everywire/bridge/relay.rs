//! A client and its backend: messages in both directions, until one of them goes.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use everywire::frame::{Close, Inbound, Liveness, Outbound, Profile};
use everywire::json::Text;
use everywire::transport::{Link, TransportError};
use everywire::{BoxFuture, BoxSink, BoxStream, sleep};
use futures_util::{SinkExt as _, StreamExt as _};

use super::close;
use super::lane::{End, Lane};
use super::meter::Meter;

/// How often a WebSocket is asked whether its peer is there; one that missed two of these is dead.
const BEAT: Duration = Duration::from_secs(30);
/// How long a backend that takes nothing more may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Silence after which a client that ended its own direction gets no more answers.
const QUIET: Duration = Duration::from_secs(1);
/// How long a full sink may take to make room for the close.
const ROOM: Duration = Duration::from_secs(1);
/// How long a link may take to close. A child process has shorter limits of its own.
const CLOSING: Duration = Duration::from_secs(60);

/// Why a relay is over.
#[derive(Debug)]
pub(super) enum Ended {
    /// The client went, in an orderly way or by this error.
    Client(Option<TransportError>),
    /// The client answers no pings.
    Silent,
    /// The client speaks another protocol.
    Alien,
    /// The backend went.
    Backend(Option<TransportError>),
    /// There never was a backend.
    NoBackend(TransportError),
    /// The program ends.
    Stopped,
}

pub(super) struct Relay {
    /// From the client to the backend.
    up: Lane,
    /// From the backend to the client.
    down: Lane,
    /// The backend takes nothing more; until when it may say why.
    refused: Option<(TransportError, BoxFuture<'static, ()>)>,
    client_beat: Option<Beat>,
    backend_beat: Option<Beat>,
}

/// The keep-alive of one link.
struct Beat {
    timer: BoxFuture<'static, ()>,
    missed: u32,
}

impl Beat {
    fn of(profile: Profile) -> Option<Self> {
        let pings = matches!(profile, Profile::SharedChannel { liveness: Liveness::Ping, .. });
        pings.then(|| Self { timer: sleep(BEAT), missed: 0 })
    }

    /// Pings when it is time to. Ready: the peer is dead.
    fn poll(&mut self, from: &mut Lane, to: &mut Lane, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            self.timer = sleep(BEAT);
            self.missed = if from.was_heard() { 0 } else { self.missed + 1 };
            if self.missed > 2 {
                return Poll::Ready(());
            }
            to.ping();
        }
        Poll::Pending
    }
}

impl Relay {
    /// Meters for the direction to the backend and for the one to the client.
    pub(super) fn new(client: Link, backend: Link, [to_server, to_client]: [Meter; 2]) -> Self {
        // A WebSocket's handshake has shown already that the client means this.
        let wary = client.transport != "websocket";
        let (client_beat, backend_beat) = (Beat::of(client.profile), Beat::of(backend.profile));
        let up = Lane::new(client.rx, backend.tx, to_server);
        let down = Lane::new(backend.rx, client.tx, to_client);
        Self { up: if wary { up.wary() } else { up }, down, refused: None, client_beat, backend_beat }
    }

    /// Passes messages on, the one that was `read` already first, until one side goes or `shutdown` completes; then closes
    /// both. `told` is called in between, before the closing takes its time.
    ///
    /// # Cancel safety
    /// Dropping the future drops both links.
    pub(super) async fn run(
        mut self,
        read: Option<Text>,
        shutdown: &mut BoxFuture<'static, ()>,
        told: impl FnOnce(&Ended),
    ) {
        let first = read.map_or(Ok(()), |text| self.up.begin_with(text));
        let ended = match first {
            Ok(()) => poll_fn(|cx| self.poll(cx, shutdown)).await,
            Err(_) => Ended::Alien,
        };
        told(&ended);
        self.close(&ended, shutdown).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, shutdown: &mut BoxFuture<'static, ()>) -> Poll<Ended> {
        if shutdown.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ended::Stopped);
        }
        if let Some(beat) = &mut self.client_beat
            && beat.poll(&mut self.up, &mut self.down, cx).is_ready()
        {
            return Poll::Ready(Ended::Silent);
        }
        if let Some(beat) = &mut self.backend_beat
            && beat.poll(&mut self.down, &mut self.up, cx).is_ready()
        {
            let silent = "the server answers no pings";
            let kind = everywire::transport::TransportErrorKind::Dead;
            return Poll::Ready(Ended::Backend(Some(TransportError::new(kind, silent))));
        }
        if self.refused.is_none() {
            match self.up.poll(cx) {
                Poll::Ready(End::Source(error)) => return Poll::Ready(Ended::Client(error)),
                Poll::Ready(End::Alien) => return Poll::Ready(Ended::Alien),
                // What it said last, and why it went, may still have to be read.
                Poll::Ready(End::Sink(error)) => self.refused = Some((error, sleep(LAST_WORDS))),
                Poll::Pending => {}
            }
        }
        match self.down.poll(cx) {
            Poll::Ready(End::Source(None)) => {
                return Poll::Ready(Ended::Backend(self.refused.take().map(|(error, _)| error)));
            }
            Poll::Ready(End::Source(error)) => return Poll::Ready(Ended::Backend(error)),
            Poll::Ready(End::Sink(error)) => return Poll::Ready(Ended::Client(Some(error))),
            Poll::Ready(End::Alien) | Poll::Pending => {}
        }
        if let Some((error, timer)) = &mut self.refused
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ended::Backend(Some(error.clone())));
        }
        Poll::Pending
    }

    /// Closes both links; returns when they are closed, a backend's process is gone then.
    async fn close(self, ended: &Ended, shutdown: &mut BoxFuture<'static, ()>) {
        let Self { up, mut down, .. } = self;
        let (client_rx, mut backend) = (up.from, up.to);
        let reason = match ended {
            Ended::Client(None) => {
                // Who only ended its own direction (a pipe) still waits for the answers to what it asked.
                let asked = tokio::time::timeout(ROOM, backend.flush());
                tokio::select! {
                    _ = futures_util::future::join(asked, last_answers(&mut down)) => {}
                    () = shutdown => {}
                }
                Close::NORMAL
            }
            Ended::Client(_) | Ended::Silent => Close::NORMAL,
            Ended::Alien => close::alien(),
            Ended::Stopped => close::stopping(),
            Ended::Backend(error) => close::backend_ended(error.as_ref()),
            Ended::NoBackend(error) => close::no_backend(error),
        };
        both(down, backend, reason).await;
        drop(client_rx);
    }
}

/// Passes on what the backend says until it has been quiet for a while.
async fn last_answers(down: &mut Lane) {
    loop {
        let ended = tokio::time::timeout(QUIET, poll_fn(|cx| down.poll(cx))).await;
        if ended.is_ok() || !down.was_heard() {
            return;
        }
    }
}

/// Closes the client's link with `reason`, and the backend's.
async fn both(down: Lane, backend: BoxSink<Outbound, TransportError>, reason: Close) {
    let closed = futures_util::future::join(shut(down.to, reason), shut(backend, Close::NORMAL));
    tokio::pin!(closed);
    // A backend that has much to say would not notice that it is asked to go while nobody reads it.
    tokio::select! {
        _ = &mut closed => {}
        () = drain(down.from) => drop(closed.await),
    }
}

async fn drain(mut from: BoxStream<Result<Inbound, TransportError>>) {
    while let Some(Ok(_)) = from.next().await {}
}

/// Closes one link in an orderly way.
pub(super) async fn shut(mut link: BoxSink<Outbound, TransportError>, close: Close) {
    let _ = tokio::time::timeout(ROOM, link.send(Outbound::Close(close))).await;
    let _ = tokio::time::timeout(CLOSING, link.close()).await;
}
