//! Every way to a server.

use serde_json::json;

use crate::support::*;
use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError};

fn server() -> Server {
    Server::builder("wires", "1")
        .tool_fn(
            "carrier",
            Json::encode(&json!({"type": "object"})).expect("JSON"),
            async |_: Json, cx: RequestContext| Ok::<_, ToolError>(CallToolResult::text(cx.peer().transport)),
        )
        .build()
}

#[test]
fn one_server_is_called_over_every_carrier() {
    let served = Served::new(server());
    let folder = Folder::new("carriers");
    let socket = folder.0.join("socket");
    let mut urls = vec![
        (served.at(|server| server.bind_websocket("127.0.0.1:0")), "websocket"),
        (served.at(|server| server.bind_http("127.0.0.1:0")), "http"),
        (served.at(|server| server.bind_tcp("127.0.0.1:0")), "tcp"),
    ];
    if cfg!(unix) {
        urls.push((served.at(|server| server.bind_unix(socket)), "unix"));
    }
    if cfg!(target_os = "linux") {
        let name = format!("@everywire-cli-{}", std::process::id());
        urls.push((served.at(|server| server.bind_unix(name)), "unix"));
    }
    for (url, carrier) in &urls {
        for era in ["modern", "legacy"] {
            let ran = run(&["call", url, "carrier", "--era", era]);
            assert_eq!((ran.code, ran.out.trim_end(), ran.err.as_str()), (Some(0), *carrier, ""), "{url} {era}");
            let listed = run(&["tools", url, "--json", "--era", era]).json();
            assert_eq!(listed["server"]["transport"], *carrier, "{url} {era}");
        }
    }
}

#[test]
fn a_command_is_a_server() {
    for era in ["modern", "legacy", "auto"] {
        let ran = run(&with_demo(&["call", "echo", r#"{"text":"hello"}"#, "--era", era]));
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "hello\n", ""), "{era}");
    }
    let listed = run(&with_demo(&["tools", "--json"])).json();
    assert_eq!(
        (&listed["server"]["transport"], &listed["server"]["protocolVersion"]),
        (&json!("stdio"), &json!("2026-07-28"))
    );
}

#[test]
fn a_command_that_fails_shows_its_status_and_its_last_words_once() {
    let ran = run(&["tools", "--", "sh", "-c", "echo no licence >&2; exit 3"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{ran:?}");
    assert_eq!(ran.err.matches("exit status: 3").count(), 1, "{ran:?}");
    assert_eq!(ran.err.matches("no licence").count(), 1, "{ran:?}");
    run(&["tools", "--", "/no/such/program"]).says(2, &["/no/such/program", "does not exist"]);
    run(&["tools", "--", "no-such-program-here"]).says(2, &["no-such-program-here", "not found"]);
    let machine = run(&["tools", "--json", "--", "sh", "-c", "exit 3"]).json();
    assert_eq!(machine["error"]["code"], "connection_lost");
}

#[test]
fn what_a_command_says_on_standard_error_is_shown_when_asked_for() {
    let script = format!("printf 'ready \\033[31m\\n' >&2; exec '{}' demo --stdio", env!("CARGO_BIN_EXE_everywire"));
    let call = ["call", "echo", r#"{"text":"x"}"#];
    let behind = ["--", "sh", "-c", &script];
    let quiet = run(&[&call[..], &behind].concat());
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""), "{quiet:?}");
    let shown = run(&[&call[..], &["--stderr", "show"], &behind].concat());
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), "ready \u{fffd}[31m\n"), "{shown:?}");
}

#[test]
fn a_token_for_an_address_is_not_given_to_a_command() {
    let script = "echo \"token: $EVERYWIRE_TOKEN, team: $TEAM\" >&2; exit 1";
    let ran: Ran = program()
        .args(["tools", "--", "sh", "-c", script])
        .env("EVERYWIRE_TOKEN", "s3cret")
        .env("TEAM", "blue")
        .output()
        .expect("the program starts")
        .into();
    assert!(ran.err.contains("token: , team: blue"), "{ran:?}");
    run(&with_demo(&["tools", "--token", "x"])).says(2, &["--token is for http:// and ws://"]);
    run(&["tools", "tcp://127.0.0.1:1", "--token", "x"]).says(2, &["--token is for http:// and ws://"]);
}

#[test]
fn a_list_of_another_client_names_servers() {
    let served = Served::new(server());
    let url = served.at(|server| server.bind_http("127.0.0.1:0"));
    let folder = Folder::new("lists");
    let list = json!({"mcpServers": {
        "child": {"command": "${PROGRAM}", "args": ["demo", "--stdio"], "env": {"KEY": "s3cret"}},
        "remote": {"type": "http", "url": url},
        "broken": {"command": "sh", "args": ["-c", "echo \"in $(basename \"$PWD\"), key of ${#KEY}\" >&2; exit 1"],
            "cwd": "sub", "env": {"KEY": "${env:SECRET}"}},
    }});
    let file = folder.file("mcp.json", list.to_string());
    folder.file("sub/file", "");
    let with = |args: &[&str]| -> Ran {
        let mut program = program();
        program.args(args).env("PROGRAM", env!("CARGO_BIN_EXE_everywire")).env("SECRET", "12345");
        program.output().expect("the program starts").into()
    };
    let echo = r#"{"text":"hello"}"#;
    assert_eq!(with(&["call", "--config", &file, "child", "echo", echo]).out, "hello\n");
    assert_eq!(with(&["call", "echo", echo, "--config", &file, "child"]).out, "hello\n");
    assert_eq!(with(&["call", "carrier", "--config", &file, "remote"]).out, "http\n");
    let broken = with(&["tools", "--config", &file, "broken"]);
    assert_eq!(broken.code, Some(3));
    assert!(broken.err.contains("in sub, key of 5"), "{broken:?}");

    let listed = run(&["tools", "--config", &file]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let shown: Vec<&str> = listed.out.lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
    assert_eq!(shown, ["broken", "child", "remote"]);
    assert!(!listed.out.contains("s3cret"), "{listed:?}");
    let machine = run(&["ping", "--config", &file, "--json"]).json();
    assert_eq!(machine["servers"][2], json!({"name": "remote", "at": url}));

    run(&["tools", "--config", &file, "other"]).says(2, &["no server \"other\"", "broken, child, remote"]);
    run(&["tools", "--config", &file, "child"]).says(2, &["PROGRAM, which is not set"]);
    run(&["tools", "--config", "/no/such/file", "child"]).says(2, &["/no/such/file cannot be read"]);
    let half = folder.file("half.json", "{\"mcpServers\": {");
    run(&["tools", "--config", &half, "child"]).says(2, &["half.json is not valid JSON", "line 1"]);
}
