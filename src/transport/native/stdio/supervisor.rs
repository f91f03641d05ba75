//! One task per child: it notices the child's end, or brings it about, and leaves nothing of its group behind.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::ExitStatus;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::link::{Watched, explained};
use super::stderr::{Stderr, Tail, drain};
use super::{LineOptions, NAME, Prepared, Wait, imp, lines};
use crate::frame::{Liveness, Profile};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// How far a child is. The status is missing where somebody else in this process collected it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Running,
    /// The child ended, and what it wrote to standard error is read.
    Exited(Option<ExitStatus>),
    /// Nothing is left of its group.
    Over(Option<ExitStatus>),
}

/// How long standard error may stay open after the child's end before that means that somebody else holds it, and how
/// long what was written to it takes at most.
pub(super) const SETTLE: Duration = Duration::from_millis(100);

/// Completes once nothing is left of a child.
pub(super) async fn over(mut stage: watch::Receiver<Stage>) {
    // An error: whoever would tell is gone, and the child with it.
    let _ = stage.wait_for(|stage| matches!(stage, Stage::Over(_))).await;
}

/// Starts a child, and the task that looks after it.
pub(super) fn start(
    prepared: &Prepared,
    to: Stderr,
    wait: Wait,
    max_message: usize,
) -> Result<(Link, watch::Receiver<Stage>), TransportError> {
    let (stage, watched) = watch::channel(Stage::Running);
    let (process, streams) = imp::spawn(prepared, wait, stage).map_err(|error| not_started(prepared, &error))?;
    let tail = Tail::default();
    let drained = tokio::spawn(drain(streams.stderr, tail.clone(), to));
    let (held, given_up) = oneshot::channel();
    tokio::spawn(supervise(process, drained, wait, given_up));
    let profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Channel };
    let options = LineOptions { transport: NAME, profile, max_message };
    let link = lines(streams.stdout, Input(Some((streams.stdin, held))), options);
    Ok((explained(link, Watched::new(tail, watched.clone())), watched))
}

fn not_started(prepared: &Prepared, error: &io::Error) -> TransportError {
    use io::ErrorKind as Why;
    let name = Path::new(&prepared.name).display();
    let (kind, hint) = match error.kind() {
        Why::NotFound => (TransportErrorKind::Config, "is the interpreter that its first line names installed?"),
        Why::PermissionDenied => (TransportErrorKind::Config, "check its permissions"),
        Why::InvalidInput => (TransportErrorKind::Config, "neither arguments nor environment may contain a zero byte"),
        Why::ArgumentListTooLong => (TransportErrorKind::Config, "its arguments and environment are too long"),
        // Bound to pass, as is a lack of memory, processes or descriptors.
        Why::ExecutableFileBusy => (TransportErrorKind::ConnectFailed, "its file is being written"),
        _ if imp::is_no_program(error) => (TransportErrorKind::Config, "it is no program for this machine"),
        _ => (TransportErrorKind::ConnectFailed, "the system may be out of memory, processes or open files"),
    };
    TransportError::new(kind, format!("the command `{name}` could not be started: {error}; {hint}"))
}

async fn supervise(
    mut process: imp::Process,
    mut drained: JoinHandle<()>,
    wait: Wait,
    given_up: oneshot::Receiver<()>,
) {
    let left = tokio::select! {
        biased;
        how = process.exited() => Some(how),
        _ = given_up => None,
    };
    let how = match left {
        Some(how) => how,
        None => end(&mut process, wait).await,
    };
    let mut quiet = timeout(SETTLE, &mut drained).await.is_ok();
    process.tell(Stage::Exited(how));
    // Somebody that the child started holds its standard error: that one is asked to end, too.
    if !quiet && process.terminate() {
        quiet = timeout(wait.term, &mut drained).await.is_ok();
    }
    process.kill();
    process.reap().await;
    // Those that had to be killed are not ours to wait for; what they held shows that they are gone.
    if !quiet {
        let _ = timeout(SETTLE, &mut drained).await;
    }
    drained.abort();
    process.tell(Stage::Over(how));
}

/// The steps of an end: the child's standard input is closed already.
async fn end(process: &mut imp::Process, wait: Wait) -> Option<ExitStatus> {
    if let Ok(how) = timeout(wait.eof, process.exited()).await {
        return how;
    }
    if process.terminate()
        && let Ok(how) = timeout(wait.term, process.exited()).await
    {
        return how;
    }
    process.kill();
    process.exited().await
}

/// The child's standard input. Closing it is dropping it, and begins the end of the child.
struct Input(Option<(imp::Stdin, oneshot::Sender<()>)>);

impl Input {
    fn poll<T>(&mut self, write: impl FnOnce(Pin<&mut imp::Stdin>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut self.0 {
            Some((stdin, _)) => write(Pin::new(stdin)),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

impl AsyncWrite for Input {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|stdin| stdin.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|stdin| stdin.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(|(stdin, _)| stdin.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|stdin| stdin.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}
