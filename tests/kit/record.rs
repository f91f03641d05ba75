//! What was recorded plays back to another client, and a client that does something else is told so.

use std::future::IntoFuture as _;

use everywire::testing::{Recorder, RecordingWriter, Replay};
use everywire::transport::memory::Memory;
use everywire::{Client, EraChoice, Error};
use futures_util::future::join_all;
use serde_json::json;

use crate::host;
use crate::storm::{Runs, serve, server};

const ERAS: [EraChoice; 2] = [EraChoice::Modern, EraChoice::Legacy];

/// A conversation with the server of the fault tests, as what the client got of it.
async fn converse(client: &Client, secret: &str) -> Result<Vec<String>, Error> {
    let mut got = Vec::new();
    let tools = client.tools_all().await?;
    got.extend(tools.iter().map(|tool| tool.name.clone()));
    let count = |key: String| client.call_tool("count", json!({ "key": key, "api_key": secret }));
    got.push(count("alone".into()).progress(|_| {}).await?.all_text());
    for result in join_all((0..8).map(|n| count(format!("one of many, {n}")).into_future())).await {
        got.push(result?.all_text());
    }
    let unknown = client.call_tool("unknown", ()).await.expect_err("there is no such tool");
    got.push(unknown.to_string());
    let note = client.read_resource("note:one").await?;
    got.push(serde_json::to_string(&note.contents).expect("JSON"));
    Ok(got)
}

async fn recorded(era: EraChoice) -> (Vec<String>, String) {
    let (transport, listener) = Memory::new();
    host::spawn(Box::pin(serve(server(&Runs::default()), listener)));
    let writer = RecordingWriter::new(Vec::new());
    let recorder = Recorder::new(transport, writer.clone());
    let client = Client::over(recorder).era(era).connect().await.expect("connected");
    let got = converse(&client, "s3cr3t").await.expect("answered");
    client.close().await;
    assert!(writer.error().is_none());
    (got, writer.text())
}

#[host::test]
async fn a_recorded_session_gives_another_client_the_same_answers() {
    for era in ERAS {
        let (got, text) = recorded(era).await;
        let replay = Replay::from_text(&text).expect("a recording");
        let replayed = replay.replayed();
        let client = Client::over(replay).name("somebody else", "7").era(era).connect().await.expect("connected");
        let again = converse(&client, "another secret").await.expect("answered");
        assert_eq!(again, got, "{era:?}");
        assert!(replayed.is_complete(), "{era:?}: {} messages are left of\n{text}", replayed.left());
        assert_eq!(replayed.deviation(), None);
    }
}

#[host::test]
async fn ids_are_the_clients_own() {
    // The recorded ids are shifted, so that nothing matches by accident.
    let (got, text) = recorded(EraChoice::Modern).await;
    let shifted: Vec<String> = text
        .lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            if let Some(id) = line.pointer("/message/id").and_then(|id| id.as_i64()) {
                line["message"]["id"] = json!(id + 5000);
            }
            line.to_string()
        })
        .collect();
    let replay = Replay::from_text(&shifted.join("\n")).expect("a recording");
    let client = Client::over(replay).era(EraChoice::Modern).connect().await.expect("connected");
    assert_eq!(converse(&client, "s3cr3t").await.expect("answered"), got);
}

#[host::test]
async fn the_fixture_plays() {
    let replay = Replay::from_text(include_str!("../fixtures/recording.jsonl")).expect("a recording");
    let replayed = replay.replayed();
    let client = Client::over(replay).era(EraChoice::Modern).connect().await.expect("connected");
    let got = converse(&client, "s3cr3t").await.expect("answered");
    assert_eq!(got.first().map(String::as_str), Some("count"));
    assert_eq!(got.get(9).map(String::as_str), Some("one of many, 7"));
    assert!(replayed.is_complete(), "{} messages are left", replayed.left());
}

#[host::test]
async fn a_client_that_does_something_else_is_told_what_was_due() {
    let (_, text) = recorded(EraChoice::Modern).await;
    let replay = Replay::from_text(&text).expect("a recording");
    let replayed = replay.replayed();
    let client = Client::over(replay).era(EraChoice::Modern).connect().await.expect("connected");
    let error = client.call_tool("launch", ()).await.expect_err("it was not recorded");
    let says = error.to_string();
    assert!(says.contains("deviates") && says.contains("launch") && says.contains("tools/list"), "{says}");
    assert!(replayed.deviation().is_some() && !replayed.is_complete());
}

#[host::test]
async fn secrets_are_not_written_down() {
    let (_, text) = recorded(EraChoice::Legacy).await;
    assert!(!text.contains("s3cr3t"), "{text}");
    assert_eq!(text.matches("\"api_key\":\"[redacted]\"").count(), 9, "{text}");
    assert!(text.contains("\"progressToken\":"), "{text}");
}

#[test]
fn what_is_no_recording_is_refused_with_its_line() {
    let first = "{\"recording\":1,\"program\":\"x\"}\n";
    for (text, says) in [
        ("", "no link"),
        ("{}", "line 1"),
        ("{\"recording\":2}", "newer"),
        (&format!("{first}{{\"at\":0,\"link\":1,\"event\":\"novel\"}}\nnot JSON"), "line 3"),
    ] {
        let error = Replay::from_text(text).err().expect("no recording");
        assert!(error.is_config() && error.to_string().contains(says), "{error}");
    }
}

/// `KIT_RECORD=1` writes the fixture anew.
#[cfg(not(target_arch = "wasm32"))]
#[tokio::test(start_paused = true)]
async fn the_fixture_is_of_this_version() {
    let (_, text) = recorded(EraChoice::Modern).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recording.jsonl");
    if host::setting("KIT_RECORD").is_some() {
        std::fs::write(path, &text).expect("a writable folder");
    }
    let kept = std::fs::read_to_string(path).expect("the fixture");
    assert_eq!(kept.lines().count(), text.lines().count(), "KIT_RECORD=1 writes it anew");
}
