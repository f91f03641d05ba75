//! `--record`.

use crate::support::{Bridge, Folder, call};

#[tokio::test]
async fn every_message_is_recorded_in_order_and_no_secret() {
    let folder = Folder::new("record");
    let file = folder.path("session.jsonl");
    std::fs::write(&file, "what was there before").expect("a file");
    let mut bridge = Bridge::usual(&["--record", &file]).await;
    let token = bridge.token.clone().expect("a token");
    let client = bridge.client().await;
    assert_eq!(call(&client, "echo", "plain").await, "plain");
    let arguments =
        serde_json::json!({ "text": format!("at ?token={token}"), "password": "hunter2", "api_key": 12345 });
    client.call_tool("echo", arguments).await.expect("an answer");
    client.close().await;
    bridge.says("client 1 left").await;
    bridge.interrupt();
    assert!(bridge.process.wait().await.expect("it ends").success());
    let text = std::fs::read_to_string(&file).expect("a recording");
    for secret in [&token, "hunter2", "12345", "what was there before"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines[0]["recording"] == 1, "{}", lines[0]);
    let (first, last) = (&lines[1], &lines[lines.len() - 1]);
    assert!(first["event"] == "open" && first["transport"] == "websocket", "{first}");
    assert!(last["event"] == "close" && last["by"] == "client", "{last}");
    let calls: Vec<_> = lines.iter().filter(|line| line["message"]["method"] == "tools/call").collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["message"]["params"]["arguments"]["text"], "plain");
    assert_eq!(calls[1]["message"]["params"]["arguments"]["password"], "[redacted]");
    for call in calls {
        assert_eq!((&call["from"], &call["link"]), (&"client".into(), &1.into()));
        let asked = lines.iter().position(|line| line == call).expect("it is there");
        let id = &call["message"]["id"];
        let answer = lines[asked..].iter().find(|line| line["from"] == "server" && line["message"]["id"] == *id);
        assert!(answer.is_some_and(|answer| answer["message"]["result"].is_object()), "{text}");
    }
    assert_private(&file);
    replays(&text).await;
}

/// The test kit plays it again.
#[cfg(feature = "testing")]
async fn replays(text: &str) {
    let replay = everywire::testing::Replay::from_text(text).expect("a recording");
    let replayed = replay.replayed();
    let client = everywire::Client::over(replay).connect().await.expect("connected");
    assert_eq!(call(&client, "echo", "plain").await, "plain");
    assert_eq!(replayed.deviation(), None);
}

#[cfg(not(feature = "testing"))]
async fn replays(_: &str) {}

#[cfg(unix)]
fn assert_private(file: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(not(unix))]
fn assert_private(_: &str) {}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_full_disk_is_said_once_and_stops_nothing() {
    let mut bridge = Bridge::usual(&["--record", "/dev/full"]).await;
    let client = bridge.client().await;
    for number in 0..50 {
        assert_eq!(call(&client, "echo", &number.to_string()).await, number.to_string());
    }
    client.close().await;
    bridge.says("client 1 left").await;
    bridge.interrupt();
    bridge.hear_out().await;
    let said = bridge.said.iter().filter(|line| line.contains("the recording cannot be written")).count();
    assert_eq!(said, 1, "{:?}", bridge.said);
}
