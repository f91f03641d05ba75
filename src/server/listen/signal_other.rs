//! When the process is asked to stop, elsewhere: Ctrl-C.

/// Completes when the process is asked to stop; never where it cannot be told.
pub(super) async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
