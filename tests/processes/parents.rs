//! Our own process comes to its end: in helper programs, which can be killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{call, connect, group, lives, members, pid, program, server, until, vanishes};

/// A program that uses the transport, and the group of its server, in which another process runs that ignores `SIGTERM`.
struct Parent {
    process: Child,
    out: BufReader<std::process::ChildStdout>,
    group: u32,
}

fn parent(how: &str, options: &[&str]) -> Parent {
    let mut process = Command::new(program())
        .args(["parent", how])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(process.stdout.take().expect("piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it says which group it started");
    let group = line.trim().parse().expect("a number");
    Parent { process, out, group }
}

#[tokio::test]
async fn a_killed_program_leaves_no_orphan() {
    for options in [&[][..], &["--stays"]] {
        let mut parent = parent("waits", options);
        assert!(members(parent.group).len() >= 3, "the guardian, the server, and what it started");
        parent.process.kill().expect("killed");
        parent.process.wait().expect("collected");
        vanishes(parent.group).await;
    }
}

#[tokio::test]
async fn a_program_that_just_ends_leaves_no_orphan() {
    for how in ["ends", "exits"] {
        let mut parent = parent(how, &["--stays"]);
        assert!(parent.process.wait().expect("collected").success());
        vanishes(parent.group).await;
    }
}

#[tokio::test]
async fn a_runtime_that_ends_leaves_neither_processes_nor_zombies() {
    let mut parent = parent("runtime", &["--stays"]);
    // While the program goes on: its children are gone and collected.
    vanishes(parent.group).await;
    parent.process.stdin.take().expect("piped").write_all(b"\n").expect("it waits for that");
    let mut line = String::new();
    parent.out.read_line(&mut line).expect("it says what is left");
    let left: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(left, json!({"children": ""}));
    assert!(parent.process.wait().expect("collected").success());
}

/// A guardian that somebody killed is missed only where this process is killed, too.
#[tokio::test]
async fn the_death_of_a_guardian_changes_nothing_for_the_others() {
    let client = connect(server(&["--stays"]).eof_wait(Duration::ZERO)).await;
    let group = group(pid(&client).await);
    // It leads the group.
    let killed = Command::new("kill").args(["-KILL", &group.to_string()]).status().expect("kill");
    assert!(killed.success());
    until("the guardian is dead", || !lives(group)).await;
    assert_eq!(call(&client, "echo", json!({"text": "still here"})).await, "still here");
    drop(client);
    vanishes(group).await;
}
