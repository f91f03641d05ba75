//! When the process is asked to stop, on Unix: Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Completes when the process is asked to stop; never where it cannot be told.
pub(super) async fn asked_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        Some(()) = terminate.recv() => {}
        else => std::future::pending().await,
    }
}
