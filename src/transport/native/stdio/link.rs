//! A link over a child's streams whose errors say what became of the child.

use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::Sink;
use tokio::sync::watch;
use tokio::time::timeout;

use super::stderr::Tail;
use super::supervisor::{SETTLE, Stage, over};
use crate::frame::{Inbound, Outbound};
use crate::platform::{BoxFuture, BoxSink, BoxStream, Lock, sleep};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// How long a child that closed a stream may take to end, so that the error can say how it did.
const PATIENCE: Duration = Duration::from_secs(1);
/// Lines that are no messages before the first one that is: a banner is shorter.
const NOISE: usize = 256;
/// How much of the first such line an error shows.
const SHOWN: usize = 200;

/// What an error is made of.
#[derive(Clone)]
pub(super) struct Watched {
    tail: Tail,
    stage: watch::Receiver<Stage>,
    /// The first line that was no message, until a message came.
    noise: Arc<Lock<Option<String>>>,
}

/// What happened on a stream.
enum Cause {
    Stdout,
    Stdin,
    Broken(TransportError),
}

impl Watched {
    pub(super) fn new(tail: Tail, stage: watch::Receiver<Stage>) -> Self {
        Self { tail, stage, noise: Arc::default() }
    }

    async fn explain(mut self, cause: Cause) -> TransportError {
        let (kind, mut detail) = match cause {
            Cause::Broken(error) if *error.kind() != TransportErrorKind::Lost => {
                // Standard error is another stream: what was written to it before may arrive after.
                sleep(SETTLE).await;
                (error.kind().clone(), error.detail().to_owned())
            }
            cause => {
                let left = self.stage.wait_for(|stage| !matches!(stage, Stage::Running));
                let left = timeout(PATIENCE, left).await.ok().and_then(Result::ok).map(|stage| *stage);
                let detail = match (left, cause) {
                    (Some(Stage::Exited(how) | Stage::Over(how)), _) => ended(how),
                    (_, Cause::Stdout) => "the server closed its standard output, but its process goes on".into(),
                    (_, Cause::Stdin) => "the server closed its standard input, but its process goes on".into(),
                    (_, Cause::Broken(error)) => error.detail().to_owned(),
                };
                (TransportErrorKind::Lost, detail)
            }
        };
        if let Some(noise) = &*self.noise.lock() {
            detail.push_str("; what it wrote to standard output is no message of MCP and begins with \"");
            detail.push_str(noise);
            detail.push('"');
        }
        let tail = self.tail.text();
        if !tail.is_empty() {
            detail.push_str("\nIts standard error ends with:\n");
            detail.push_str(&tail);
        }
        TransportError::new(kind, detail)
    }
}

fn ended(how: Option<ExitStatus>) -> String {
    match how {
        Some(how) => format!("the server process ended ({how})"),
        None => "the server process ended (its exit status was collected by somebody else in this program)".into(),
    }
}

/// The link, with errors that say what became of the child.
pub(super) fn explained(link: Link, watched: Watched) -> Link {
    let closing = Arc::new(Lock::new(false));
    let (told, rx_told) = watch::channel(false);
    let tx =
        Sender { inner: Some(link.tx), watched: watched.clone(), closing: closing.clone(), rx_told, end: End::Open };
    let rx = Receiver { inner: link.rx, watched, closing, lines: Some(0), told, state: Reading::On };
    Link { tx: Box::pin(tx), rx: Box::pin(rx), ..link }
}

struct Sender {
    /// `None` once it is closed.
    inner: Option<BoxSink<Outbound, TransportError>>,
    watched: Watched,
    closing: Arc<Lock<bool>>,
    /// The receiver has told the end, or is gone.
    rx_told: watch::Receiver<bool>,
    end: End,
}

/// How far a sender is with its end.
enum End {
    /// Not there yet.
    Open,
    /// Nobody reads what is written: why is being found out.
    Failing(BoxFuture<'static, TransportError>),
    Failed(TransportError),
    /// Closed: the child comes to its end.
    Closing(BoxFuture<'static, ()>),
    Closed,
}

impl Sender {
    /// Nobody reads what is written. The receiver may still have messages that came before, and goes first.
    fn fail(&self) -> End {
        let (watched, mut told) = (self.watched.clone(), self.rx_told.clone());
        End::Failing(Box::pin(async move {
            let stage = watched.stage.clone();
            let error = watched.explain(Cause::Stdin).await;
            if !matches!(*stage.borrow(), Stage::Running) {
                let _ = timeout(PATIENCE, told.wait_for(|told| *told)).await;
            }
            error
        }))
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        step: impl FnOnce(Pin<&mut Inner>, &mut Context<'_>) -> Poll<Result<(), TransportError>>,
    ) -> Poll<Result<(), TransportError>> {
        if let (End::Open, Some(inner)) = (&self.end, &mut self.inner) {
            match ready!(step(inner.as_mut(), cx)) {
                Err(error) if *self.closing.lock() => return Poll::Ready(Err(error)),
                Err(_) => self.end = self.fail(),
                Ok(()) => return Poll::Ready(Ok(())),
            }
        }
        if let End::Failing(why) = &mut self.end {
            let error = ready!(why.as_mut().poll(cx));
            self.end = End::Failed(error);
        }
        Poll::Ready(Err(match &self.end {
            End::Failed(error) => error.clone(),
            _ => closed(),
        }))
    }
}

/// What a link sends into.
type Inner = dyn Sink<Outbound, Error = TransportError> + Send;

impl Sink<Outbound> for Sender {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll(cx, |inner, cx| inner.poll_ready(cx))
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        if matches!(item, Outbound::Close(_)) {
            *self.closing.lock() = true;
        }
        self.inner.as_mut().ok_or_else(closed)?.as_mut().start_send(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll(cx, |inner, cx| inner.poll_flush(cx))
    }

    /// Closes the child's standard input and waits until nothing is left of its group.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = &mut *self;
        *this.closing.lock() = true;
        if let Some(inner) = &mut this.inner {
            // Whatever failed, the link is closed: that is what was asked for.
            let _ = ready!(inner.as_mut().poll_close(cx));
            // A child that does not read held up the closing no longer than the link below does; this ends its input.
            this.inner = None;
            this.end = End::Closing(Box::pin(over(this.watched.stage.clone())));
        }
        if let End::Closing(over) = &mut this.end {
            ready!(over.as_mut().poll(cx));
            this.end = End::Closed;
        }
        Poll::Ready(Ok(()))
    }
}

fn closed() -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code: 1000 }, "the link is closed; open a new one")
}

struct Receiver {
    inner: BoxStream<Result<Inbound, TransportError>>,
    watched: Watched,
    closing: Arc<Lock<bool>>,
    /// Those that came before the first message; `None` after it.
    lines: Option<usize>,
    /// Tells the sender that the end was told.
    told: watch::Sender<bool>,
    state: Reading,
}

enum Reading {
    On,
    Explaining(BoxFuture<'static, TransportError>),
    Over,
}

impl Receiver {
    /// A line of a child that has not sent a message yet.
    fn listen(&mut self, text: &str, lines: usize) -> Result<(), TransportError> {
        if text.trim_ascii_start().starts_with('{') {
            self.lines = None;
            *self.watched.noise.lock() = None;
            return Ok(());
        }
        self.lines = Some(lines + 1);
        let mut noise = self.watched.noise.lock();
        let _ = noise.get_or_insert_with(|| text.chars().filter(|c| !c.is_control()).take(SHOWN).collect());
        if lines + 1 < NOISE {
            return Ok(());
        }
        let detail = "the command does not speak MCP on its standard output; is it the right one, and does it need an argument to use stdio?";
        Err(TransportError::new(TransportErrorKind::Protocol, detail))
    }
}

impl Stream for Receiver {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                Reading::On => {
                    let cause = match ready!(this.inner.as_mut().poll_next(cx)) {
                        Some(Ok(item)) => match (&item, this.lines) {
                            (Inbound::Message(text), Some(lines)) => match this.listen(text.as_str(), lines) {
                                Ok(()) => return Poll::Ready(Some(Ok(item))),
                                Err(error) => Cause::Broken(error),
                            },
                            _ => return Poll::Ready(Some(Ok(item))),
                        },
                        _ if *this.closing.lock() => {
                            this.state = Reading::Over;
                            continue;
                        }
                        Some(Err(error)) => Cause::Broken(error),
                        None => Cause::Stdout,
                    };
                    this.state = Reading::Explaining(Box::pin(this.watched.clone().explain(cause)));
                }
                Reading::Explaining(explained) => {
                    let error = ready!(explained.as_mut().poll(cx));
                    this.state = Reading::Over;
                    this.told.send_replace(true);
                    return Poll::Ready(Some(Err(error)));
                }
                Reading::Over => {
                    this.told.send_replace(true);
                    return Poll::Ready(None);
                }
            }
        }
    }
}
