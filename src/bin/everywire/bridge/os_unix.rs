//! What Unix has: permissions, users, SIGTERM.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Child;

/// Creates a file that only its owner can read, or empties one and makes it so.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.set_len(0)?;
    }
    Ok(file)
}

/// Whether there is a program to start, as far as can be told beforehand.
pub(super) fn may_start(child: &Child) -> bool {
    let executable =
        |path: &Path| path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let program = Path::new(&child.program);
    if child.program.contains('/') {
        // It may be meant from the directory that it is started in.
        return child.dir.is_some() || executable(program);
    }
    // A list may bring a PATH of its own.
    let own = child.env.iter().any(|(name, _)| name == "PATH");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    own || std::env::split_paths(&paths).any(|folder| executable(&folder.join(program)))
}

/// The user that this process runs as.
pub(super) fn user() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|process| process.uid())
}

/// Completes when the process is asked to stop: Ctrl-C, or SIGTERM.
pub(super) async fn asked_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
