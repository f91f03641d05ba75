//! What is the same everywhere.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::config::Child;

/// Creates a file, or empties one. Who can read it is up to its directory.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    File::create(path)
}

/// Whether there is a program to start: the system alone knows what its name stands for.
pub(super) fn may_start(_: &Child) -> bool {
    true
}

/// The user that this process runs as, where users are numbers.
pub(super) fn user() -> Option<u32> {
    None
}

/// Completes when the process is asked to stop with Ctrl-C.
pub(super) async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
