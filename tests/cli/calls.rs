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
