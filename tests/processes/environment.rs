use everywire::transport::StdioCommand;
use serde_json::{Value, json};

use crate::support::{call, connect, server};

async fn about(transport: StdioCommand) -> Value {
    let client = connect(transport).await;
    serde_json::from_str(&call(&client, "about", json!({})).await).expect("JSON")
}

fn names(about: &Value) -> Vec<&str> {
    about["env"].as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Cargo sets this for tests; it stands for a secret of this process.
const OURS: &str = "CARGO_MANIFEST_DIR";

#[tokio::test]
async fn by_default_a_server_sees_no_secrets() {
    assert!(std::env::var(OURS).is_ok());
    let about = about(server(&[]).env("ADDED", "1")).await;
    let safe =
        ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "ADDED"];
    let names = names(&about);
    assert!(names.iter().all(|name| safe.contains(name)), "{names:?}");
    assert!(names.contains(&"PATH") && names.contains(&"ADDED"), "{names:?}");
}

#[tokio::test]
async fn everything_is_passed_on_where_that_is_asked_for() {
    let about = about(server(&[]).env_inherit().env_remove("PATH").env("ADDED", "1")).await;
    assert_eq!(about["env"][OURS], std::env::var(OURS).expect("set"));
    assert_eq!(about["env"]["ADDED"], "1");
    assert_eq!(about["env"]["PATH"], Value::Null);
}

#[tokio::test]
async fn nothing_is_passed_on_where_that_is_asked_for() {
    assert_eq!(names(&about(server(&[]).env("BEFORE", "1").env_clear()).await), Vec::<&str>::new());
    assert_eq!(names(&about(server(&[]).env_clear().envs([("A", "1"), ("B", "2")])).await), ["A", "B"]);
}

#[tokio::test]
async fn arguments_and_folder_arrive_as_they_are() {
    let folder = std::env::temp_dir().canonicalize().expect("a folder");
    let odd = ["two words", "$HOME", "'quoted\"", ""];
    let about = about(server(&[]).args(odd).current_dir(&folder)).await;
    assert_eq!(about["args"].as_array().expect("a list").iter().skip(2).collect::<Vec<_>>(), odd);
    assert_eq!(about["cwd"], folder.to_str().expect("text"));
}
