//! Processes and standard streams of Windows. Compiled in continuous integration, not run yet.

mod process;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

pub(super) use process::{Process, Stdin, spawn};

use super::resolve::resolve;

/// What a child sees of the environment by default: what the MCP SDKs pass on, and what programs are found and started by.
pub(super) const SAFE: &[&str] = &[
    "APPDATA",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
];

/// Whether two names are those of one environment variable.
pub(super) fn same_name(a: &OsStr, b: &OsStr) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// The file of a program: `npx` is `npx.cmd`, and the file without an extension beside it is for another system.
pub(super) fn find(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let known = env::var_os("PATHEXT").unwrap_or_else(|| ".COM;.EXE;.BAT;.CMD".into());
    let mut extensions: Vec<OsString> = env::split_paths(&known).map(PathBuf::into_os_string).collect();
    if Path::new(program).extension().is_some() {
        extensions.insert(0, OsString::new());
    }
    resolve(program, path, &extensions, Path::is_file).and_then(|file| std::path::absolute(file).ok())
}

/// Whether a file was refused because of what it contains (`ERROR_BAD_EXE_FORMAT`).
pub(super) fn is_no_program(error: &io::Error) -> bool {
    error.raw_os_error() == Some(193)
}

/// Standard input, read by a thread.
pub(super) fn own_input() -> tokio::io::Stdin {
    tokio::io::stdin()
}

/// Standard output, written by a thread.
pub(super) fn own_output() -> tokio::io::Stdout {
    tokio::io::stdout()
}
