//! What becomes of processes.

use everywire::transport::{Transport as _, TransportErrorKind};
use futures_util::StreamExt as _;

use crate::support::{Bridge, PATIENCE, backend, call, call_after_loss};

fn lives(pid: &str) -> bool {
    // A zombie is dead; whoever has to collect it may not have come to it.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X'])))
}

async fn gone(pid: &str) {
    let gone = async {
        while lives(pid) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("process {pid} lives on"));
}

async fn signal(name: &str, pid: &str) {
    let sent = tokio::process::Command::new("kill").args([name, pid]).status().await.expect("kill runs");
    assert!(sent.success());
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_backend_along() {
    let bridge = Bridge::usual(&[]).await;
    let client = bridge.client().await;
    let pid = call(&client, "pid", "").await;
    assert!(lives(&pid));
    client.close().await;
    gone(&pid).await;
}

#[tokio::test]
async fn a_backend_that_is_killed_is_told() {
    let mut bridge = Bridge::usual(&[]).await;
    let client = bridge.client().await;
    let pid = call(&client, "pid", "").await;
    signal("-KILL", &pid).await;
    bridge.says("lost its backend: the server process ended (signal: 9").await;
    gone(&pid).await;
    assert_ne!(call_after_loss(&client, "pid").await, pid);
}

#[tokio::test]
async fn an_interrupt_closes_clients_and_ends_backends_before_the_program() {
    for options in [&[][..], &["--shared"]] {
        let mut bridge = Bridge::usual(options).await;
        let client = bridge.client().await;
        let pid = call(&client, "pid", "").await;
        let mut link = bridge.transport().connect().await.expect("connected");
        bridge.interrupt();
        match tokio::time::timeout(PATIENCE, link.rx.next()).await {
            Ok(Some(Err(error))) => assert_eq!(*error.kind(), TransportErrorKind::Closed { code: 1001 }, "{error}"),
            other => panic!("{other:?}"),
        }
        drop(link);
        let status = tokio::time::timeout(PATIENCE, bridge.process.wait()).await.expect("it ends").expect("a status");
        assert!(status.success());
        assert!(!lives(&pid), "the backend outlived the bridge");
        bridge.hear_out().await;
        assert!(bridge.said.iter().any(|line| line.starts_with("the bridge ended; ")), "{:?}", bridge.said);
    }
}

#[tokio::test]
async fn a_bridge_that_is_killed_leaves_no_backend_behind() {
    let mut bridge = Bridge::usual(&[]).await;
    let client = bridge.client().await;
    let pid = call(&client, "pid", "").await;
    bridge.process.start_kill().expect("killed");
    gone(&pid).await;
}

/// A child that takes no notice of the end of its input, nor of SIGTERM.
#[tokio::test]
async fn a_backend_that_will_not_go_is_ended_all_the_same() {
    let script = "trap '' TERM; sleep 1000 & echo $$ >&2; while :; do read -r _ || sleep 1; done";
    let mut bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--", "sh", "-c", script]).await;
    let link = bridge.transport().connect().await.expect("connected");
    bridge.says("backend 1 | ").await;
    let line = bridge.said.iter().find(|line| line.starts_with("backend 1 | ")).expect("said").clone();
    let pid = line.trim_start_matches("backend 1 | ").to_owned();
    assert!(lives(&pid), "{line}");
    drop(link);
    gone(&pid).await;
}

#[tokio::test]
async fn standard_error_may_be_kept_quiet() {
    let arguments = ["--listen", "ws://127.0.0.1:0", "--stderr", "quiet", "--", &backend(), "--exit", "4"];
    let mut bridge = Bridge::start(&arguments).await;
    let mut link = bridge.transport().connect().await.expect("connected");
    let _ = tokio::time::timeout(PATIENCE, link.rx.next()).await.expect("it ends");
    bridge.says("exit status: 4").await;
    bridge.interrupt();
    bridge.hear_out().await;
    assert!(!bridge.said.iter().any(|line| line.contains("hunter2")), "{:?}", bridge.said);
}

#[tokio::test]
async fn more_clients_than_there_may_be_are_sent_away() {
    let bridge = Bridge::start(&["--listen", "ws://127.0.0.1:0", "--max-clients", "1", "--", &backend()]).await;
    let client = bridge.client().await;
    let refused = bridge.transport().connect().await.expect_err("one too many");
    assert_eq!(*refused.kind(), TransportErrorKind::Refused { status: 503 });
    assert_eq!(call(&client, "echo", "still here").await, "still here");
}
