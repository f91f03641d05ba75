//! A server to be started: everything that can be said about its process.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::environment::{Base, Environment};
use super::stderr::Stderr;
use super::supervisor::{Stage, over, start};
use super::{Prepared, Wait, imp};
use crate::platform::{BoxFuture, Lock, MaybeSend, MaybeSync};
use crate::transport::native::stream::MAX_MESSAGE;
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// A server that runs as a child process and speaks over its standard streams (2026-07-28 basic/transports/stdio).
///
/// ```no_run
/// # async fn demo() -> Result<(), everywire::Error> {
/// use everywire::{Client, transport::StdioTransport};
/// let server = StdioTransport::command("npx").args(["-y", "@modelcontextprotocol/server-memory"]).env("DEBUG", "true");
/// let client = Client::over(server).connect().await?;
/// # Ok(())
/// # }
/// ```
///
/// Every [`connect`](Transport::connect) starts the command anew, after what the one before left has ended; so a server
/// that crashed is started again by the client's reconnect policy ([`Reconnect`](crate::Reconnect)), and its
/// subscriptions are made again. What the program prints to standard output before its first message and is no message
/// (a banner) is passed over; a program that prints 256 such lines fails as [`TransportErrorKind::Protocol`].
///
/// # The end of the process
/// When its link is closed or dropped the child's standard input is closed. If it has not ended after
/// [`eof_wait`](Self::eof_wait) (2 s) its process group gets `SIGTERM`, and after `term_wait` (2 s) `SIGKILL`. What the child started belongs to the group and ends with it, also where the child itself ended in order:
/// processes that still hold its standard error get `SIGTERM` and `term_wait`, the others are killed at once. A closed or
/// dropped client does this in the background; [`ended`](Self::ended) tells when it is done.
///
/// Where this process is killed, or ends without ceremony, a guardian does the same: a small `/bin/sh` beside each child,
/// leader of its process group, that waits for the end of a pipe which only this process holds. It also finishes the work
/// of a runtime that was shut down. Linux's parent-death signal is not used: it comes when the *thread* that started the
/// child ends, and a runtime's threads come and go. Where there is no `/bin/sh` there is no guardian: the child then only
/// has the end of its standard input to go by, and what it started is not killed if the child ended first.
///
/// What left the process group (`setsid`, daemons) is out of reach, except for the child itself, which is followed as
/// long as this process lives.
///
/// # Errors
/// [`TransportErrorKind::Config`] for a command that cannot be started as it is (not found, not executable, no such
/// folder): trying again changes nothing. [`TransportErrorKind::ConnectFailed`] where the system has no room for another
/// process. [`TransportErrorKind::Lost`] once the process ended or closed a stream. The first line of an error's text
/// says what happened and with which exit status, what follows are the last 8 KiB that the process wrote to standard error.
/// Arguments and the values of environment variables are in no error and no `Debug`.
///
/// # Platforms
/// On Windows the process runs in a Job Object that ends with this process, without a console window; there is no
/// `SIGTERM`, the job is ended after `eof_wait`; and a name without an extension is looked up with those of `PATHEXT`, so
/// that `npx` is `npx.cmd`. This part is compiled in continuous integration, and has not been run yet.
pub struct StdioCommand {
    program: OsString,
    args: Vec<OsString>,
    folder: Option<PathBuf>,
    environment: Environment,
    stderr: Stderr,
    pub(super) wait: Wait,
    max_message: usize,
    /// The process that was started last.
    last: Arc<Lock<Option<watch::Receiver<Stage>>>>,
}

impl StdioCommand {
    pub(super) fn new(program: &OsStr) -> Self {
        Self {
            program: program.to_owned(),
            args: Vec::new(),
            folder: None,
            environment: Environment::new(),
            stderr: Stderr::Dropped,
            wait: Wait { eof: Duration::from_secs(2), term: Duration::from_secs(2) },
            max_message: MAX_MESSAGE,
            last: Arc::default(),
        }
    }

    /// One more argument, passed as it is: there is no shell in between.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// The folder that the process starts in. Default: this process's own. A relative path to the program is looked up
    /// from this process's folder all the same.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Sets an environment variable.
    ///
    /// By default a child gets, beside what is set here, only the variables that programs need and that hold no secrets.
    /// On Unix: `HOME`, `LOGNAME`, `PATH`, `SHELL`, `TERM`, `USER`, as the MCP SDKs have it, and `LANG`, `LC_ALL`,
    /// `LC_CTYPE`, `TMPDIR`, `TZ`. On Windows: `APPDATA`, `COMSPEC`, `HOMEDRIVE`, `HOMEPATH`, `LOCALAPPDATA`, `PATH`,
    /// `PATHEXT`, `PROCESSOR_ARCHITECTURE`, `PROGRAMFILES`, `SYSTEMDRIVE`, `SYSTEMROOT`, `TEMP`, `TMP`, `USERNAME`,
    /// `USERPROFILE`.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.set(name.as_ref(), Some(value.as_ref()));
        self
    }

    /// Sets environment variables.
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, all: impl IntoIterator<Item = (K, V)>) -> Self {
        for (name, value) in all {
            self.environment.set(name.as_ref(), Some(value.as_ref()));
        }
        self
    }

    /// Keeps a variable from the child that it would get otherwise.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.set(name.as_ref(), None);
        self
    }

    /// Passes on the whole environment of this process, secrets included, under what is set here.
    pub fn env_inherit(mut self) -> Self {
        self.environment.base = Base::All;
        self
    }

    /// Passes on nothing, and forgets what was set so far. The `PATH` of this process still serves to find the program.
    pub fn env_clear(mut self) -> Self {
        self.environment.clear();
        self
    }

    /// Hands over what the process writes to standard error, line by line without their ends; a line over 8 KiB comes in
    /// pieces, and what is not UTF-8 with replacement characters. Default: dropped. Whatever is set, standard error is
    /// always read, so that the process never waits, and its last 8 KiB stand in the errors that follow.
    ///
    /// The function runs on the runtime, in between: it must not block. For `tracing` there is `trace_stderr` (feature
    /// `tracing`); other loggers fit in here: `.on_stderr(|line| log::info!("{line}"))`.
    pub fn on_stderr(mut self, line: impl Fn(&str) + MaybeSend + MaybeSync + 'static) -> Self {
        self.stderr = Stderr::Lines(Arc::new(line));
        self
    }

    /// Makes an event of `tracing` of every line that the process writes to standard error, as
    /// [`on_stderr`](Self::on_stderr) has them: level *info*, target `everywire::stderr`, the program as the field `program`.
    #[cfg(feature = "tracing")]
    pub fn trace_stderr(self) -> Self {
        let program = self.program.to_string_lossy().into_owned();
        self.on_stderr(move |line| tracing::info!(target: "everywire::stderr", program, "{line}"))
    }

    /// Passes what the process writes to standard error on to this process's own.
    pub fn inherit_stderr(mut self) -> Self {
        self.stderr = Stderr::Inherited;
        self
    }

    /// How long the process may take to end after its standard input was closed. Default 2 s.
    pub fn eof_wait(mut self, wait: Duration) -> Self {
        self.wait.eof = wait;
        self
    }

    /// The largest message in bytes that is taken from the process. Default 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Looks whether the command can be found and its folder is there, without starting it: for programs that want to say
    /// so before anybody connects. Connecting looks again.
    ///
    /// # Errors
    /// [`TransportErrorKind::Config`], as [`connect`](Transport::connect) would fail.
    pub fn check(&self) -> Result<(), TransportError> {
        self.prepare().map(drop)
    }

    /// Completes once no process lives any more that this transport has started, nor its group, whether that was before or
    /// after this was called: take it before the transport is given away, await it after its client was closed. A program
    /// that ends need not wait for it.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        nothing_left(self.last.clone())
    }

    fn prepare(&self) -> Result<Prepared, TransportError> {
        let program = Path::new(&self.program);
        let name = program.display();
        if let Some(folder) = self.folder.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(config(format!(
                "the folder {} that the command `{name}` is to start in does not exist, or is no folder",
                folder.display()
            )));
        }
        let environment = self.environment.build(std::env::vars_os());
        let own = std::env::var_os("PATH");
        let path = environment.iter().find(|(key, _)| imp::same_name(key, OsStr::new("PATH"))).map(|(_, path)| path);
        let Some(file) = imp::find(&self.program, path.or(own.as_ref()).map(OsString::as_os_str)) else {
            let searched = program.components().count() == 1;
            return Err(config(match searched {
                true => format!(
                    "the command `{name}` was not found: is it installed, and is its folder in the PATH of this program? A full path works as well"
                ),
                false => format!(
                    "the command `{name}` does not exist or is not executable: check the path and its permissions"
                ),
            }));
        };
        Ok(Prepared {
            name: self.program.clone(),
            file,
            args: self.args.clone(),
            folder: self.folder.clone(),
            environment,
        })
    }
}

async fn nothing_left(last: Arc<Lock<Option<watch::Receiver<Stage>>>>) {
    loop {
        let Some(stage) = last.lock().clone() else { return };
        over(stage.clone()).await;
        // Meanwhile another may have been started.
        if last.lock().as_ref().is_none_or(|newest| newest.same_channel(&stage)) {
            return;
        }
    }
}

fn config(detail: String) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

impl Transport for StdioCommand {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            nothing_left(self.last.clone()).await;
            let prepared = self.prepare()?;
            let (link, stage) = start(&prepared, self.stderr.clone(), self.wait, self.max_message)?;
            *self.last.lock() = Some(stage);
            Ok(link)
        })
    }

    /// A digest of everything that decides which server this is: program, arguments, folder, environment.
    fn address(&self) -> Option<String> {
        let mut digest = Sha256::new();
        let mut add = |part: Option<&OsStr>| {
            let bytes = part.map(OsStr::as_encoded_bytes);
            // No part reads as another: each has its length before it, and what is absent has none.
            digest.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
            digest.update(bytes.unwrap_or_default());
        };
        add(Some(&self.program));
        add(self.folder.as_deref().map(Path::as_os_str));
        self.args.iter().for_each(|arg| add(Some(arg)));
        add(None);
        add(Some(OsStr::new(match self.environment.base {
            Base::Safe => "safe",
            Base::All => "all",
            Base::Nothing => "nothing",
        })));
        for (name, value) in self.environment.changes() {
            add(Some(name));
            add(value);
        }
        let mut address = String::from("stdio:");
        for byte in digest.finalize() {
            address.push_str(&format!("{byte:02x}"));
        }
        Some(address)
    }
}

impl fmt::Debug for StdioCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.changes().map(|(name, _)| name).collect();
        f.debug_struct("StdioCommand")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("current_dir", &self.folder)
            .field("env", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(command: StdioCommand) -> String {
        command.address().expect("always known")
    }

    #[test]
    fn what_differs_has_another_address_and_what_is_alike_has_the_same() {
        let new = || StdioCommand::new(OsStr::new("server"));
        let all = [
            new(),
            StdioCommand::new(OsStr::new("server2")),
            new().arg("ab"),
            new().args(["a", "b"]),
            new().args(["a", "b", ""]),
            new().current_dir("ab"),
            new().env("a", "b"),
            new().env("a", ""),
            new().env_remove("a"),
            new().env("ab", ""),
            new().env_inherit(),
            new().env_clear(),
        ];
        let all: Vec<_> = all.into_iter().map(address).collect();
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
        assert_eq!(address(new().arg("ab").env("a", "b")), address(new().env("a", "b").arg("ab")));
    }

    #[test]
    fn secrets_show_nowhere() {
        let command = StdioCommand::new(OsStr::new("server")).arg("--key=hush").env("KEY", "hush");
        assert!(!format!("{command:?}").contains("hush"));
        assert!(!address(command).contains("hush"));
    }
}
