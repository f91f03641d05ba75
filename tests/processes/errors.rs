use std::future::IntoFuture as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use everywire::transport::{StdioCommand, StdioTransport, TransportErrorKind};
use everywire::{Era, Error, Event, Reconnect, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::support::{call, client, connect, group, mode, pid, server, soon, vanishes};

/// Why no client comes about.
async fn refused(transport: StdioCommand) -> Error {
    let checked = transport.check();
    let error = soon(client(transport).connect()).await.expect_err("there is no server");
    // What can be known without starting it is.
    let found = error
        .transport()
        .is_some_and(|error| !error.detail().contains("does not exist") && !error.detail().contains("not found"));
    assert_eq!(checked.is_ok(), found, "{checked:?}: {error}");
    error
}

fn says(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

fn kind(error: &Error) -> &TransportErrorKind {
    error.transport().expect("the carrier failed").kind()
}

#[tokio::test]
async fn a_command_that_does_not_exist() {
    let error =
        refused(StdioTransport::command("everywire-no-such-command").arg("--key=hush").env("KEY", "hush")).await;
    says(&error, &["`everywire-no-such-command` was not found", "installed", "PATH"]);
    assert_eq!(*kind(&error), TransportErrorKind::Config, "it is not tried again");
    assert!(!error.to_string().contains("hush"));
    let error = refused(StdioTransport::command("/nowhere/server")).await;
    says(&error, &["`/nowhere/server` does not exist or is not executable"]);
    assert_eq!(*kind(&error), TransportErrorKind::Config);
}

#[tokio::test]
async fn a_folder_that_does_not_exist() {
    let error = refused(server(&[]).current_dir("/nowhere")).await;
    says(&error, &["the folder /nowhere"]);
    assert_eq!(*kind(&error), TransportErrorKind::Config);
}

#[tokio::test]
async fn a_file_that_is_no_program() {
    let file = std::env::temp_dir().join(format!("everywire-no-program-{}", std::process::id()));
    for (content, says_so) in [("data", "no program for this machine"), ("#!/nowhere/interpreter\n", "interpreter")] {
        std::fs::write(&file, content).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
        let error = refused(StdioTransport::command(&file)).await;
        says(&error, &["could not be started", says_so]);
        assert_eq!(*kind(&error), TransportErrorKind::Config);
    }
    std::fs::remove_file(file).expect("it was there");
}

#[tokio::test]
async fn a_server_that_exits_at_once() {
    let error = refused(mode(&["exit", "7", "no database at db:5432"])).await;
    says(&error, &["the server process ended (exit status: 7)", "no database at db:5432"]);
    assert_eq!(*kind(&error), TransportErrorKind::Lost);
    // One error, although it was started twice: again to see whether it only disliked the first request.
    assert_eq!(error.to_string().matches("no database").count(), 1, "{error}");
}

#[tokio::test]
async fn a_program_that_explains_itself() {
    let error = refused(mode(&["usage", "0"])).await;
    says(&error, &["ended (exit status: 0)", "no message of MCP", "Usage: frobnicate", "error: no file given"]);
}

#[tokio::test]
async fn a_program_that_prints_rubbish() {
    let error = refused(mode(&["rubbish"])).await;
    says(&error, &["does not speak MCP", "frobnicated a file", "\nfrobnicating"]);
    assert_eq!(*kind(&error), TransportErrorKind::Protocol, "it is not tried again");
}

#[tokio::test]
async fn a_banner_is_passed_over() {
    let client = connect(server(&["--banner"])).await;
    assert_eq!(call(&client, "echo", json!({"text": "x"})).await, "x");
}

/// PROTOCOL row 15: it dies of the probe, and is started again for `initialize`.
#[tokio::test]
async fn a_server_that_dies_of_an_unknown_first_request() {
    let client = connect(server(&["--dies"])).await;
    assert_eq!(client.server().expect("connected").era, Era::Legacy);
    assert_eq!(call(&client, "echo", json!({"text": "x"})).await, "x");
}

/// What a call meets whose server does `tool` to itself.
async fn met(transport: StdioCommand, tool: &str, arguments: serde_json::Value) -> Error {
    let client = soon(client(transport).reconnect(Reconnect::never()).connect()).await.expect("connected");
    let group = group(pid(&client).await);
    let error = soon(client.call_tool(tool, arguments).into_future()).await.expect_err("no answer");
    drop(client);
    vanishes(group).await;
    error
}

#[tokio::test]
async fn a_crash_is_told_with_status_and_last_words() {
    let error = met(server(&[]), "crash", json!({"code": 42, "text": "out of cheese"})).await;
    says(&error, &["the server process ended (exit status: 42)", "out of cheese"]);
    assert!(error.maybe_executed());
    let first = error.transport().expect("the carrier failed").detail().lines().next().expect("a line");
    assert!(!first.contains("cheese"), "the server's words begin on a line of their own: {first}");
}

#[tokio::test]
async fn a_killed_server_is_told_with_its_signal() {
    let client = soon(client(server(&[])).reconnect(Reconnect::never()).connect()).await.expect("connected");
    let mut events = client.events();
    let server = pid(&client).await;
    let killed = std::process::Command::new("kill").args(["-KILL", &server.to_string()]).status().expect("kill");
    assert!(killed.success());
    let reason = loop {
        let event = soon(events.next()).await.expect("told before the end");
        if let Event::State(State::Closed { reason: Some(reason) }) = event {
            break reason;
        }
    };
    says(&reason, &["ended (signal: 9 (SIGKILL))"]);
}

#[tokio::test]
async fn a_server_that_closes_only_its_output() {
    let error = met(server(&[]).eof_wait(Duration::ZERO), "close_stdout", json!({})).await;
    says(&error, &["closed its standard output, but its process goes on", "closing standard output"]);
}

#[tokio::test]
async fn a_server_that_closes_only_its_input() {
    let client =
        soon(client(server(&["--stays"]).eof_wait(Duration::ZERO)).reconnect(Reconnect::never()).connect()).await;
    let client = client.expect("connected");
    let group = group(pid(&client).await);
    call(&client, "close_stdin", json!({})).await;
    let error = loop {
        // The first ones may still find room in the pipe.
        match soon(client.call_tool("echo", json!({"text": "x"})).into_future()).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    says(&error, &["closed its standard input, but its process goes on"]);
    drop(client);
    vanishes(group).await;
}

#[tokio::test]
async fn a_message_over_the_limit() {
    let error = met(server(&[]).max_message(4096), "echo", json!({"text": "x".repeat(8192)})).await;
    assert!(matches!(kind(&error), TransportErrorKind::TooLarge { .. }), "{error}");
    says(&error, &["max_message", "serving as"]);
}
