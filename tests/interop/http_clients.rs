//! The HTTP clients of others, and our server: both eras at one address.

use std::process::Command;

use crate::peers::{node, python, python2};
use crate::{check, our_server, printed_by};

async fn meets(mut command: Command, mode: Option<&str>, version: Option<&str>) {
    let listener = our_server().bind_http("127.0.0.1:0").await.expect("binds");
    command.args(mode).arg(format!("{}mcp", listener.url()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.run(async move { _ = stopped.await }));
    let seen = printed_by(command).await;
    if let Some(version) = version {
        assert_eq!(seen["version"], version);
    }
    check(&seen);
    let _ = stop.send(());
    serving.await.expect("no panic").expect("ends in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_1() {
    meets(python("client.py"), None, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_2() {
    meets(python2("client2.py"), Some("auto"), Some("2026-07-28")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_2_that_begins_with_initialize() {
    meets(python2("client2.py"), Some("legacy"), Some("2025-11-25")).await;
}

/// It keeps to itself which version it speaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typescript_1() {
    meets(node("client.mjs"), None, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typescript_2() {
    meets(node("client2.mjs"), Some("auto"), Some("2026-07-28")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typescript_2_that_begins_with_initialize() {
    meets(node("client2.mjs"), Some("legacy"), Some("2025-11-25")).await;
}
