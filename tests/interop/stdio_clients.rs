//! The clients of others, which start our server as their child.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::peers::{node, python, python2};
use crate::{PATIENCE, check};

/// `tests/interop/our_server.rs`.
fn our_program() -> PathBuf {
    let own = std::env::current_exe().expect("the test program has a path");
    let program = own.ancestors().nth(2).expect("the target folder").join("examples/interop_server");
    assert!(program.exists(), "scripts/interop builds {}", program.display());
    program
}

async fn meets(mut command: Command, mode: Option<&str>, version: Option<&str>) {
    command.args(mode).arg(our_program());
    // Until the last who holds its stderr is gone, which is our server.
    let output = tokio::task::spawn_blocking(move || command.output().expect("the client starts"));
    let output = tokio::time::timeout(PATIENCE, output).await.expect("both end").expect("no panic");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let seen: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    if let Some(version) = version {
        assert_eq!(seen["version"], version);
    }
    check(&seen);
    assert!(stderr.contains("our server ended: Ok(())"), "{stderr}");
}

#[tokio::test]
async fn python_1() {
    meets(python("client.py"), None, Some("2025-11-25")).await;
}

#[tokio::test]
async fn python_2() {
    meets(python2("client2.py"), Some("auto"), Some("2026-07-28")).await;
}

#[tokio::test]
async fn python_2_that_begins_with_initialize() {
    meets(python2("client2.py"), Some("legacy"), Some("2025-11-25")).await;
}

/// It keeps to itself which version it speaks.
#[tokio::test]
async fn typescript_1() {
    meets(node("client.mjs"), None, None).await;
}

#[tokio::test]
async fn typescript_2() {
    meets(node("client2.mjs"), Some("auto"), Some("2026-07-28")).await;
}

#[tokio::test]
async fn typescript_2_that_begins_with_initialize() {
    meets(node("client2.mjs"), Some("legacy"), Some("2025-11-25")).await;
}
