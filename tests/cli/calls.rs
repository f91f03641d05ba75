//! Calling tools of the demo server.

use std::fs;

use serde_json::{Value, json};

use crate::support::*;

#[test]
fn tools_are_listed_for_people_and_for_machines() {
    let demo = Demo::start("tools");
    let ran = run(&["tools", &demo.url]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.starts_with("everywire-demo "), "{}", ran.out);
    assert!(ran.out.contains("\necho  (Echo)\n  Says what it is told.\n    text *"), "{}", ran.out);
    let text = ran.out.find("text *").expect("text");
    assert!(text < ran.out.find("times").expect("times"), "in the schema's order: {}", ran.out);

    let listed = run(&["tools", &demo.url, "--json"]).json();
    assert_eq!(listed["server"]["protocolVersion"], "2026-07-28");
    assert_eq!(listed["server"]["serverInfo"]["name"], "everywire-demo");
    let names: Vec<&str> =
        listed["tools"].as_array().expect("a list").iter().filter_map(|t| t["name"].as_str()).collect();
    for name in
        ["echo", "slow", "book_table", "draw", "beep", "fail", "crash", "weather", "report", "logs", "plan_trip"]
    {
        assert!(names.contains(&name), "{name} is missing: {names:?}");
    }
    let legacy = run(&["tools", &demo.url, "--json", "--era", "legacy"]).json();
    assert_eq!(legacy["server"]["protocolVersion"], "2025-11-25");
    assert_eq!(legacy["tools"], listed["tools"]);
}

#[test]
fn arguments_come_from_the_line_a_file_or_standard_input() {
    let demo = Demo::start("arguments");
    let ran = demo.call("echo", r#"{"text":"hello","times":2}"#);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "hello\nhello\n", ""));
    let file = demo.folder.file("arguments.json", r#"{"text":"from a file"}"#);
    assert_eq!(demo.call("echo", &format!("@{file}")).out, "from a file\n");
    assert_eq!(run_with(&["call", &demo.url, "echo", "-"], r#"{"text":"from a pipe"}"#).out, "from a pipe\n");
    assert_eq!(run(&["call", &demo.url, "slow", r#"{"steps":2,"seconds":0}"#]).out, "2 steps done\n");
    assert_eq!(run(&["call", &demo.url, "report"]).code, Some(0), "no arguments");
}

#[test]
fn each_kind_of_result_is_shown() {
    let demo = Demo::start("results");
    let weather = demo.call("weather", r#"{"city":"Oslo"}"#);
    let shown: Value = serde_json::from_str(&weather.out).expect("the structured result, once");
    assert_eq!(shown["city"], "Oslo");
    let report = demo.call("report", "{}").out;
    assert!(report.contains("[demo://report]") && report.contains("[link demo://countdown] The countdown"), "{report}");
    let drawn = demo.call("draw", r#"{"size":32}"#).out;
    assert!(drawn.contains("[image, image/png, ") && drawn.contains("--save DIR"), "{drawn}");

    let folder = demo.folder.0.join("saved");
    let folder = folder.to_str().expect("UTF-8");
    for (tool, file, begin) in [("draw", "draw-2.png", &b"\x89PNG"[..]), ("beep", "beep-2.wav", b"RIFF")] {
        let ran = run(&["call", &demo.url, tool, "--save", folder]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains(file), "{ran:?}");
        assert!(fs::read(format!("{folder}/{file}")).expect("the file").starts_with(begin));
    }
    let whole = run(&["call", &demo.url, "draw", "--json"]).json();
    assert_eq!(whole["content"][1]["mimeType"], "image/png");
}

#[test]
fn a_failed_tool_and_a_refused_call_have_codes_of_their_own() {
    let demo = Demo::start("failures");
    let failed = demo.call("fail", "{}");
    failed.says(1, &["the tool reported an error", "printer is on fire"]);
    assert_eq!(failed.out, "");
    let machine = run(&["call", &demo.url, "fail", "--json"]);
    assert_eq!((machine.code, &machine.json()["isError"]), (Some(1), &json!(true)));

    demo.call("crash", "{}").says(4, &["-32050", "always refused"]);
    let machine = run(&["call", &demo.url, "crash", "--json"]);
    let error = &machine.json()["error"];
    assert_eq!(
        (&error["code"], &error["rpcCode"], &error["data"]["reason"]),
        (&json!("rpc"), &json!(-32050), &json!("demonstration"))
    );
    assert_eq!(machine.code, Some(4));
}

#[test]
fn no_answer_in_time_has_a_code_of_its_own() {
    let demo = Demo::start("timeout");
    let ran = run(&["call", &demo.url, "slow", r#"{"steps":1,"seconds":10}"#, "--timeout", "2"]);
    ran.says(5, &["within 2000 ms"]);
}

#[test]
fn nobody_at_a_terminal_declines() {
    let demo = Demo::start("declined");
    for era in ["modern", "legacy"] {
        let ran = run(&["call", &demo.url, "book_table", "--era", era]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "As you like: no table was booked.\n"), "{ran:?}");
        assert!(ran.err.contains("A table at Chez Wire") && ran.err.contains("declined"), "{ran:?}");
    }
}

#[test]
fn log_messages_are_shown_from_the_level_up() {
    let demo = Demo::start("logs");
    for era in ["modern", "legacy"] {
        let ran = run(&["call", &demo.url, "logs", "--log", "error", "--era", era]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.err.contains("[error] demo: ") && ran.err.contains("[emergency] demo: "), "{ran:?}");
        assert!(!ran.err.contains("[warning]"), "{ran:?}");
    }
}

/// A server of 2025-11-25 whose one tool runs as a task only.
#[cfg(unix)]
const TASKS: &str = r#"
answer() { id=$(printf '%s' "$line" | sed 's/.*"id":\([^,}]*\).*/\1/'); printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
while read -r line; do
    case "$line" in
        *'"initialize"'*) answer '"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"t","version":"1"}}' ;;
        *'"tools/list"'*) answer '"result":{"tools":[{"name":"study","inputSchema":{"type":"object"},"execution":{"taskSupport":"required"}}]}' ;;
        *'"tools/call"'*'"task"'*) answer '"result":{"task":{"taskId":"t-1","status":"working","pollInterval":100}}' ;;
        *'"tools/call"'*) answer '"error":{"code":-32601,"message":"as a task only"}' ;;
        *'"tasks/get"'*) answer "\"result\":{\"taskId\":\"t-1\",\"status\":\"$STATUS\",\"statusMessage\":\"as it is\"}" ;;
        *'"tasks/result"'*) answer '"result":{"content":[{"type":"text","text":"studied"}]}' ;;
    esac
done"#;

#[cfg(unix)]
#[test]
fn a_tool_that_runs_as_a_task_only_runs_as_one() {
    let study = |status: &str| {
        let script = format!("STATUS={status}\n{TASKS}");
        run(&["call", "study", "--era", "legacy", "--", "sh", "-c", &script])
    };
    let ran = study("completed");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "studied\n", ""), "{ran:?}");
    study("cancelled").says(4, &["no result", "as it is"]);
}

/// In a terminal of its own, with what a person types.
#[cfg(target_os = "linux")]
fn at_a_terminal(line: &str, typed: &str) -> Ran {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut process = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", line, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script of util-linux");
    process.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("written");
    process.wait_with_output().expect("it ends").into()
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_at_a_terminal_is_asked() {
    let program = env!("CARGO_BIN_EXE_everywire");
    for era in ["modern", "legacy"] {
        let line = format!("'{program}' call book_table --era {era} -- '{program}' demo --stdio");
        let ran = at_a_terminal(&line, "y\n2030-02-30\n2030-02-28\n4\nterrace\nada@example.org\n\n\n\n");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for words in
            ["everywire-demo asks: A table at Chez Wire", "Answer it? [Y/n]", "give a date such as", "2) terrace"]
        {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
        let booked = ran.out.lines().last().unwrap_or_default();
        assert!(booked.contains("2030-02-28"), "{}", ran.out);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_bar_shows_how_far_a_call_is() {
    let program = env!("CARGO_BIN_EXE_everywire");
    let line = format!("'{program}' call slow '{{\"steps\":2,\"seconds\":0}}' -- '{program}' demo --stdio");
    let ran = at_a_terminal(&line, "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains('%') && ran.out.contains("step 1 of 2"), "{}", ran.out);
    // And it is gone in the end.
    assert!(ran.out.trim_end().ends_with("\u{1b}[2K2 steps done"), "{:?}", ran.out);
}
