//! The commands beside `call` and `tools`.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::*;
use everywire::json::Json;
use everywire::proto::{CallToolResult, ReadResourceResult, Resource, ResourceContents};
use everywire::server::{ReadRequest, RequestContext, Server, ToolError};

#[test]
fn resources_are_listed_and_read() {
    let listed = run(&with_demo(&["resources"]));
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""), "{listed:?}");
    assert!(listed.out.contains("\ndemo://countdown  (Countdown)\n  text/plain\n"), "{}", listed.out);
    assert!(listed.out.contains("\nnote:///{name}"), "{}", listed.out);
    let machine = run(&with_demo(&["resources", "--json"])).json();
    assert_eq!(machine["server"]["serverInfo"]["name"], "everywire-demo");
    let templates = machine["resourceTemplates"].as_array().expect("a list");
    assert!(templates.iter().any(|template| template["uriTemplate"] == "note:///{name}"), "{machine}");

    let read = run(&with_demo(&["read", "note:///plug"]));
    assert!(read.out.starts_with("# The plug\n"), "{read:?}");
    let document = run(&with_demo(&["read", "note:///plug", "--json"])).json();
    assert_eq!(document["contents"][0]["uri"], "note:///plug");

    let folder = Folder::new("read");
    let path = folder.0.to_str().expect("UTF-8");
    let picture = run(&with_demo(&["read", "demo://picture", "--save", path]));
    assert!(picture.out.contains("image/png") && picture.out.contains("saved as"), "{picture:?}");
    let saved = std::fs::read(folder.0.join("demo___picture-1.png")).expect("the file");
    assert!(saved.starts_with(b"\x89PNG"));

    run(&with_demo(&["read", "demo://nothing"])).says(4, &["error"]);
    run(&with_demo(&["read", ""])).says(2, &["URI is empty"]);
}

#[test]
fn prompts_are_listed_and_rendered() {
    let machine = run(&with_demo(&["prompts", "--json"])).json();
    let prompts = machine["prompts"].as_array().expect("a list");
    let with_arguments = prompts.iter().find(|prompt| !prompt["arguments"].is_null()).expect("one with arguments");
    let name = with_arguments["name"].as_str().expect("a name");
    let listed = run(&with_demo(&["prompts"]));
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""), "{listed:?}");
    assert!(listed.out.contains(&format!("\n{name}")), "{}", listed.out);

    let given: serde_json::Map<String, Value> = with_arguments["arguments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|argument| (argument["name"].as_str().expect("a name").to_owned(), json!("Oslo")))
        .collect();
    let arguments = Value::Object(given).to_string();
    let rendered = run(&with_demo(&["get", name, &arguments]));
    assert_eq!(rendered.code, Some(0), "{rendered:?}");
    assert!(rendered.out.contains("user: ") && rendered.out.contains("Oslo"), "{rendered:?}");
    let document = run(&with_demo(&["get", name, &arguments, "--json"])).json();
    assert_eq!(document["messages"][0]["role"], "user");

    let mut near = name.to_owned();
    near.push('x');
    run(&with_demo(&["get", &near])).says(2, &["no prompt", "did you mean", name]);
    run(&with_demo(&["get", name, r#"{"city":1}"#])).says(2, &["city", "in quotes"]);
}

#[test]
fn ping_measures_round_trips_in_both_eras() {
    for (era, version) in [("modern", "2026-07-28"), ("legacy", "2025-11-25")] {
        let ran = run(&with_demo(&["ping", "-n", "3", "--interval", "0", "--json", "--era", era]));
        let document = ran.json();
        assert_eq!(document["server"]["protocolVersion"], version, "{ran:?}");
        let times: Vec<f64> =
            document["roundTripMs"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert_eq!(times.len(), 3, "{ran:?}");
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(document["minMs"].as_f64(), Some(least));
    }
    let shown = run(&with_demo(&["ping", "-n", "2", "--interval", "0"]));
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let lines: Vec<&str> = shown.out.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("1: ") && lines[2].starts_with("2 answered; min "), "{shown:?}");
}

#[test]
fn bench_counts_what_it_called() {
    let ran = run(&with_demo(&["bench", "echo", r#"{"text":"x"}"#, "-n", "200", "-c", "8", "--json"]));
    let document = ran.json();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(
        (&document["calls"], &document["failed"], &document["concurrency"]),
        (&json!(200), &json!(0), &json!(8))
    );
    let (seconds, rate) = (document["seconds"].as_f64().expect("a number"), document["callsPerSecond"].as_f64());
    assert!((rate.expect("a number") * seconds - 200.0).abs() < 0.01, "{document}");
    let time = |name: &str| document["responseMs"][name].as_f64().expect("a number");
    assert!(time("p50") <= time("p95") && time("p95") <= time("p99") && time("p99") <= time("max"), "{document}");
    assert!(time("max") <= seconds * 1000.0, "{document}");

    let shown = run(&with_demo(&["bench", "echo", r#"{"text":"x"}"#, "-n", "20", "--warmup", "0"]));
    assert!(shown.out.starts_with("20 calls of echo, 16 at a time, in ") && shown.out.contains("p99"), "{shown:?}");
    run(&with_demo(&["bench", "fail"])).says(2, &["a first call failed", "printer is on fire"]);
    run(&with_demo(&["bench", "ecco"])).says(2, &["did you mean echo"]);
}

fn watched() -> Server {
    let read = async |_: ReadRequest, _: RequestContext| {
        Ok::<_, ToolError>(ReadResourceResult::new([ResourceContents::text("demo://watched", "x")]))
    };
    let tool = async |_: Json, _: RequestContext| Ok::<_, ToolError>(CallToolResult::text("x"));
    Server::builder("watched", "1")
        .resource(Resource::new("demo://watched", "watched"), read)
        .tool_fn("tool", Json::encode(&json!({"type": "object"})).expect("JSON"), tool)
        .build()
}

#[test]
fn listening_shows_changes_until_there_were_enough() {
    for era in ["modern", "legacy"] {
        let served = Served::new(watched());
        let url = served.at(|server| server.bind_tcp("127.0.0.1:0"));
        let line = ["listen", &url, "--era", era, "--resource", "demo://watched", "--count", "3"];
        let mut running = Running::start(&[&line[..], &["--json"]].concat());
        let begun = running.document();
        assert_eq!(
            (&begun["event"], &begun["resources"]),
            (&json!("listening"), &json!(["demo://watched"])),
            "{begun}"
        );
        served.server.resource_updated("demo://watched");
        assert_eq!(running.document(), json!({"event": "resource_updated", "uri": "demo://watched"}), "{era}");
        served.server.tools_changed();
        assert_eq!(running.document(), json!({"event": "tools_changed"}), "{era}");
        served.server.resources_changed();
        assert_eq!(running.document(), json!({"event": "resources_changed"}), "{era}");
        let ran = running.end();
        assert_eq!((ran.code, ran.err.as_str(), ran.out.as_str()), (Some(0), "", ""), "{era}: {ran:?}");
    }
}

/// A server of 2025-11-25 that logs as soon as it knows the level.
const LOGS: &str = r#"
answer() { id=$(printf '%s' "$line" | sed 's/.*"id":\([^,}]*\).*/\1/'); printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
while read -r line; do
    case "$line" in
        *'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{"logging":{}},"serverInfo":{"name":"logs","version":"1"}}' ;;
        *'"logging/setLevel"'*) answer '{}'; printf '%s\n' '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"disk","data":"nearly full"}}' ;;
    esac
done"#;

#[cfg(unix)]
#[test]
fn listening_shows_log_messages() {
    let line = ["listen", "--era", "legacy", "--count", "1", "--", "sh", "-c", LOGS];
    let ran = run(&line);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "[warning] disk: nearly full\n"), "{ran:?}");
    assert!(ran.err.contains("listening to log messages"), "{ran:?}");
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{shell}");
        for word in ["listen", "bench", "--config"] {
            assert!(ran.out.contains(word) || ran.out.contains(word.trim_start_matches('-')), "{shell}: {word}");
        }
    }
    run(&["completions", "tcsh"]);
}

#[cfg(unix)]
#[test]
fn the_completions_of_bash_are_bash() {
    let folder = Folder::new("completions");
    let script = folder.file("everywire.bash", run(&["completions", "bash"]).out);
    let checked = Command::new("bash").args(["-n", &script]).output().expect("bash");
    assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
    // As a shell asks for what may follow.
    let ask = format!(
        "source '{script}'; COMP_WORDS=(everywire lis); COMP_CWORD=1; _everywire everywire lis everywire; echo \"${{COMPREPLY[*]}}\""
    );
    let asked = Command::new("bash").args(["-c", &ask]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "listen", "{asked:?}");
}
