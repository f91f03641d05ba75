use std::process::Command;
use std::time::Duration;

use everywire::Client;
use everywire::transport::{StdioCommand, Transport as _};
use futures_util::future::try_join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};

use crate::support::{call, connect, fork, group, lives, members, mode, pid, program, server, soon, status, vanishes};

/// Starts a server, has it do `before`, and closes the client; afterwards nothing may be left of its group.
async fn ends(transport: StdioCommand, before: impl AsyncFnOnce(&Client)) {
    let client = connect(transport).await;
    let group = group(pid(&client).await);
    before(&client).await;
    client.close().await;
    drop(client);
    vanishes(group).await;
}

/// Waits so short that no step hides the one before.
fn short(transport: StdioCommand) -> StdioCommand {
    transport.eof_wait(Duration::from_millis(50)).term_wait(Duration::from_millis(50))
}

/// Waits so long that only an earlier step can be what ended it.
fn long(transport: StdioCommand) -> StdioCommand {
    transport.eof_wait(Duration::from_secs(3600)).term_wait(Duration::from_secs(3600))
}

#[test]
fn two_hundred_starts_and_stops_leave_nothing() {
    let output = Command::new(program()).args(["cycles", "200"]).output().expect("it starts");
    let left: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(left, json!({"descriptors": [], "children": ""}));
}

#[tokio::test]
async fn a_server_that_heeds_the_end_of_its_input_is_not_signalled() {
    ends(long(server(&[])), async |_| {}).await;
}

#[tokio::test]
async fn a_server_that_does_not_is_asked_to_end() {
    ends(server(&["--stays"]).eof_wait(Duration::ZERO).term_wait(Duration::from_secs(3600)), async |_| {}).await;
}

#[tokio::test]
async fn a_server_that_ignores_that_too_is_killed() {
    let child = program();
    let script = format!("trap '' TERM; exec '{}' serve --stays", child.display());
    let command = everywire::transport::StdioTransport::command("sh").args(["-c", &script]);
    ends(short(command), async |_| {}).await;
}

#[tokio::test]
async fn a_server_that_does_not_read_is_killed_and_holds_up_nobody() {
    let client = connect(short(server(&[]))).await;
    let group = group(pid(&client).await);
    call(&client, "deaf", json!({})).await;
    // More than a pipe holds.
    let call = client.call_tool("echo", json!({"text": "x".repeat(1 << 20)}));
    let waits = tokio::spawn(async move { call.await });
    soon(client.close()).await;
    let error = soon(waits).await.expect("no panic").expect_err("closed");
    assert!(error.is_closed(), "{error}");
    drop(client);
    vanishes(group).await;
}

#[tokio::test]
async fn what_the_server_started_ends_with_it() {
    // However the server itself ends, and whatever the process does with signals and streams.
    for arguments in
        [json!({}), json!({"how": "ignores"}), json!({"quiet": true}), json!({"how": "ignores", "quiet": true})]
    {
        ends(server(&[]).term_wait(Duration::from_millis(50)), async |client| {
            fork(client, arguments).await;
        })
        .await;
    }
    ends(short(server(&["--stays"])), async |client| {
        fork(client, json!({"how": "ignores"})).await;
    })
    .await;
}

#[tokio::test]
async fn what_the_server_started_is_asked_first() {
    let file = std::env::temp_dir().join(format!("everywire-asked-{}", std::process::id()));
    ends(long(server(&[])), async |client| {
        fork(client, json!({"how": "notes", "file": file})).await;
    })
    .await;
    assert_eq!(std::fs::read_to_string(&file).expect("it was asked"), "asked\n");
    let _ = std::fs::remove_file(file);
}

/// The documented limit: a process that went into a session of its own is nobody's child any more.
#[tokio::test]
async fn what_left_the_group_is_out_of_reach() {
    let client = connect(short(server(&[]))).await;
    let group = group(pid(&client).await);
    let escaped = fork(&client, json!({"how": "leaves", "quiet": true})).await;
    assert_ne!(status(escaped).expect("it lives").1, group);
    client.close().await;
    drop(client);
    vanishes(group).await;
    assert!(lives(escaped), "it was within reach after all: say so in the documentation");
    let killed = Command::new("kill").args(["-KILL", &escaped.to_string()]).status().expect("kill");
    assert!(killed.success());
}

#[tokio::test]
async fn a_server_that_moved_to_a_session_of_its_own_ends_all_the_same() {
    let command = everywire::transport::StdioTransport::command("setsid").arg(program()).args(["serve", "--stays"]);
    let client = connect(short(command)).await;
    let server = pid(&client).await;
    assert_eq!(group(server), server, "it moved");
    drop(client);
    vanishes(server).await;
}

#[tokio::test]
async fn closing_the_link_waits_for_the_end_of_the_process() {
    let mut transport = short(server(&["--stays"]));
    let mut link = transport.connect().await.expect("started");
    let ended = transport.ended();
    let group = crate::support::status(own_child()).expect("started").1;
    assert!(!members(group).is_empty());
    soon(link.tx.close()).await.expect("closed");
    assert!(members(group).is_empty());
    soon(ended).await;
    assert!(soon(link.rx.next()).await.is_none(), "an end that was asked for is no error");
}

/// A guardian's pipe, or another server's streams, in a server that was started at the same moment would keep them from
/// ever ending.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_started_together_share_no_descriptors() {
    // What whoever runs the tests left open for everybody.
    let inherited = descriptors("self");
    let all = (0..16).map(|_| tokio::spawn(connect(server(&[]))));
    let all: Vec<Client> = soon(try_join_all(all)).await.expect("no panic");
    for client in &all {
        let own = descriptors(&pid(client).await.to_string());
        let more: Vec<_> = own.iter().filter(|number| **number > 2 && !inherited.contains(number)).collect();
        assert!(more.is_empty(), "{more:?}");
    }
}

/// The numbers of a process's open descriptors.
fn descriptors(process: &str) -> Vec<u32> {
    let all = std::fs::read_dir(format!("/proc/{process}/fd")).expect("it lives");
    all.map(|entry| entry.expect("an entry").file_name().to_str().and_then(|name| name.parse().ok()).expect("a number"))
        .collect()
}

/// The newest child of this process that serves.
fn own_child() -> u32 {
    let all =
        std::fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let ours = all.filter(|pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent == Some(std::process::id())
    });
    ours.max().expect("a child")
}

#[tokio::test]
async fn a_dropped_link_ends_the_process_without_being_waited_for() {
    let mut transport = mode(&["serve"]);
    let link = transport.connect().await.expect("started");
    let ended = transport.ended();
    drop(link);
    soon(ended).await;
    // Also where it was asked before there was anything to end.
    let transport = mode(&["serve"]);
    let ended = transport.ended();
    let client = connect(transport).await;
    let process = pid(&client).await;
    client.close().await;
    drop(client);
    soon(ended).await;
    assert!(status(process).is_none());
    // And where nothing was started there is nothing to wait for.
    soon(server(&[]).ended()).await;
}
