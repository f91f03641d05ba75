//! Processes and standard streams of Unix.

mod guardian;
mod own;
mod process;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use own::{own_input, own_output};
pub(super) use process::{Process, Stdin, spawn};

use super::StdioCommand;
use super::resolve::resolve;

/// What a child sees of the environment by default: what the MCP SDKs pass on, and what texts, times and temporary files
/// depend on.
pub(super) const SAFE: &[&str] =
    &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"];

/// Whether two names are those of one environment variable.
pub(super) fn same_name(a: &OsStr, b: &OsStr) -> bool {
    a == b
}

/// The file of a program.
pub(super) fn find(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let runs = |file: &Path| file.metadata().is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0);
    // Whole, as the child starts in another folder.
    resolve(program, path, &[OsString::new()], runs).and_then(|file| std::path::absolute(file).ok())
}

/// Whether a file was refused because of what it contains.
pub(super) fn is_no_program(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::ENOEXEC as i32)
}

impl StdioCommand {
    /// How long the process, and what it started, may take to end after `SIGTERM`, before `SIGKILL`. Default 2 s. Only on
    /// Unix.
    pub fn term_wait(mut self, wait: Duration) -> Self {
        self.wait.term = wait;
        self
    }
}
