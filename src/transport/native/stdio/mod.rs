//! Standard streams: those of a child process (a server), or this process's own (when it is the server).

mod command;
mod environment;
mod link;
mod resolve;
mod stderr;
mod supervisor;

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        mod windows;
        use windows as imp;
    } else {
        mod unix;
        use unix as imp;
    }
}

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use command::StdioCommand;

use super::stream::{LineOptions, MAX_MESSAGE, lines};
use crate::frame::{Liveness, Profile};
use crate::platform::BoxFuture;
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// What the links are called.
const NAME: &str = "stdio";

/// A command with every question answered.
struct Prepared {
    /// As it was asked for.
    name: OsString,
    file: PathBuf,
    args: Vec<OsString>,
    folder: Option<PathBuf>,
    /// All of it.
    environment: Vec<(OsString, OsString)>,
}

/// How long the steps of ending a process take at most.
#[derive(Clone, Copy)]
struct Wait {
    /// After the end of its standard input.
    eof: Duration,
    /// After being asked to end, where a platform can ask.
    term: Duration,
}

/// This process's own standard input and output: what a server that was started by its client speaks over
/// (2026-07-28 basic/transports/stdio), one JSON-RPC message per line.
///
/// For the other side, a client that starts its server, see [`command`](Self::command).
///
/// A process has these streams once, so they open once: a second [`connect`](Transport::connect), here or on another
/// `StdioTransport`, fails as [`TransportErrorKind::Config`]. Nothing else may be written to standard output from then
/// on; what is meant for people belongs on standard error.
///
/// # Platforms
/// On Unix, pipes and Unix sockets are read and written by the runtime itself, through duplicated descriptors that are
/// non-blocking while the link lives and are set back when it is dropped. Everything else (a terminal, a file, any other
/// socket, and a stream that standard error shares, whose writers must not meet a non-blocking descriptor), and every
/// stream on Windows, goes through a thread; a read from it cannot be interrupted, so that a runtime that shuts down
/// waits for one more line or the end of input.
#[derive(Debug)]
pub struct StdioTransport {
    max_message: usize,
}

impl Default for StdioTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl StdioTransport {
    /// This process's own streams. Nothing is read yet.
    pub fn new() -> Self {
        Self { max_message: MAX_MESSAGE }
    }

    /// The largest message in bytes, either way. Default 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// A server that this process starts as its child: `program` is a path, or a name to be found in the `PATH`.
    pub fn command(program: impl AsRef<OsStr>) -> StdioCommand {
        StdioCommand::new(program.as_ref())
    }
}

impl Transport for StdioTransport {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(std::future::ready(own_streams(self.max_message)))
    }
}

/// A link over this process's own streams. Needs a tokio runtime.
pub(crate) fn own_streams(max_message: usize) -> Result<Link, TransportError> {
    static OPENED: AtomicBool = AtomicBool::new(false);
    if OPENED.swap(true, Ordering::Relaxed) {
        let detail = "this process's standard streams are in use already; they can be opened once";
        return Err(TransportError::new(TransportErrorKind::Config, detail));
    }
    let profile = Profile::SharedChannel { reopen: false, liveness: Liveness::Channel };
    let options = LineOptions { transport: NAME, profile, max_message };
    Ok(lines(imp::own_input(), imp::own_output(), options))
}
