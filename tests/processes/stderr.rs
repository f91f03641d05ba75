use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::{call, connect, pid, program, server, until};

#[tokio::test]
async fn a_hundred_megabytes_on_standard_error_hold_up_nobody() {
    let client = connect(server(&[])).await;
    assert_eq!(call(&client, "flood", json!({})).await, "flooded");
    // Only the end is kept.
    let error = client.call_tool("crash", json!({"code": 1, "text": "bye"})).await.expect_err("it crashed").to_string();
    assert!(error.contains("the last line\nbye"), "{error}");
    assert!(error.len() < 10_000, "{}", error.len());
}

#[tokio::test]
async fn standard_error_is_handed_over_line_by_line() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let to = lines.clone();
    let transport = server(&[]).on_stderr(move |line| to.lock().expect("no panic").push(line.to_owned()));
    let client = connect(transport).await;
    let wanted = format!("serving as {}", pid(&client).await);
    until("the line is there", || *lines.lock().expect("no panic") == [wanted.as_str()]).await;
}

#[test]
fn standard_error_is_passed_on_where_that_is_asked_for() {
    let run = |mode: &str| {
        let output = Command::new(program()).args(["stderr", mode]).stdin(Stdio::null()).output().expect("it starts");
        assert!(output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(run("inherited").starts_with("serving as "));
    assert_eq!(run("dropped"), "");
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn standard_error_becomes_events_of_tracing() {
    let seen = Events::default();
    let lines = seen.0.clone();
    let _here = tracing::subscriber::set_default(seen);
    let client = connect(server(&[]).trace_stderr()).await;
    let wanted = format!("everywire::stderr INFO serving as {}", pid(&client).await);
    until("the event is there", || lines.lock().expect("no panic").contains(&wanted)).await;
}

/// Keeps target, level and message of every event.
#[cfg(feature = "tracing")]
#[derive(Default)]
struct Events(Arc<Mutex<Vec<String>>>);

#[cfg(feature = "tracing")]
impl tracing::Subscriber for Events {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut message = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        let of = event.metadata();
        self.0.lock().expect("no panic").push(format!("{} {} {message}", of.target(), of.level()));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
