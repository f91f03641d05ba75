//! The program `everywire` and the reference servers, as its commands. Every tool that they list is called.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::peers::installed;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn script(server: &str) -> String {
    let path: PathBuf = ["node_modules/@modelcontextprotocol", server, "dist/index.js"].iter().collect();
    installed().join(path).display().to_string()
}

/// Runs `everywire WORDS… -- node SERVER MORE…`.
fn run(words: &[&str], server: &str, more: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_everywire"))
        .args(words)
        .args(["--", "node", &script(server)])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn tools(server: &str, more: &[&str]) -> Vec<String> {
    let ran = run(&["tools", "--json", "--sample", "x", "--root", "/tmp"], server, more);
    let listed: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    let names = listed["tools"].as_array().expect("a list").iter();
    names.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

/// Calls each tool that the server lists: none may be left out, and each must end with its code and say its words.
fn every_tool(server: &str, more: &[&str], calls: &[(&str, Value, i32, &str)]) {
    let listed = tools(server, more);
    for tool in &listed {
        assert!(calls.iter().any(|(name, ..)| name == tool), "{tool} is not called");
    }
    // Each starts a server of its own, and some take their time.
    for some in calls.chunks(4) {
        std::thread::scope(|scope| {
            for (tool, arguments, code, words) in some {
                scope.spawn(move || {
                    let arguments = arguments.to_string();
                    let line = ["call", tool, &arguments, "--sample", "A model's words", "--root", "/tmp"];
                    let ran = run(&line, server, more);
                    let said = format!("{}{}", ran.out, ran.err);
                    assert_eq!(ran.code, Some(*code), "{tool}: {said}");
                    assert!(said.contains(words), "{tool} does not say {words:?}: {said}");
                });
            }
        });
    }
}

#[test]
fn every_tool_of_server_everything() {
    let url = json!({"url": "https://example.org/sign-in"});
    let mut by_error = url.clone();
    by_error["errorPath"] = json!(true);
    every_tool(
        "server-everything",
        &[],
        &[
            ("echo", json!({"message": "żółw"}), 0, "Echo: żółw"),
            ("get-annotated-message", json!({"messageType": "error", "includeImage": true}), 0, "[image, image/png, "),
            ("get-env", json!({}), 0, "\"PATH\""),
            ("get-resource-links", json!({"count": 2}), 0, "[link demo://resource/dynamic/"),
            ("get-resource-reference", json!({"resourceType": "Blob"}), 0, "[demo://resource/dynamic/blob/1, "),
            ("get-structured-content", json!({"location": "Chicago"}), 0, "\"temperature\": 36"),
            ("get-sum", json!({"a": 1, "b": 2}), 0, "The sum of 1 and 2 is 3."),
            ("get-tiny-image", json!({}), 0, "[image, image/png, "),
            (
                "gzip-file-as-resource",
                json!({"data": "data:text/plain,hello", "outputType": "resource"}),
                0,
                "application/gzip",
            ),
            ("toggle-simulated-logging", json!({}), 0, "Started simulated"),
            ("toggle-subscriber-updates", json!({}), 0, "Started simulated resource updated"),
            ("trigger-long-running-operation", json!({"duration": 1, "steps": 4}), 0, "Steps: 4."),
            ("get-roots-list", json!({}), 0, "file:///tmp"),
            // Nobody is at a terminal here.
            ("trigger-elicitation-request", json!({}), 0, "declined, since nobody can be asked"),
            ("trigger-url-elicitation", url, 0, "User declined to open the URL"),
            ("trigger-url-elicitation", by_error, 4, "-32042"),
            ("trigger-sampling-request", json!({"prompt": "hello"}), 0, "A model's words"),
            // It runs as a task only.
            ("simulate-research-query", json!({"topic": "wires"}), 0, "Research Report: wires"),
        ],
    );
}

#[test]
fn every_tool_of_server_memory() {
    let folder = Scratch::new("memory");
    let file = folder.0.join("memory.jsonl");
    let server = "server-memory";
    let listed = tools(server, &[]);
    let with = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_everywire"))
            .args(words)
            .args(["--", "node", &script(server)])
            .env("MEMORY_FILE_PATH", &file)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let ada = json!({"name": "Ada", "entityType": "person", "observations": ["counts"]});
    let entry = json!({"name": "Engine", "entityType": "machine", "observations": []});
    let built = json!({"from": "Ada", "to": "Engine", "relationType": "programmed"});
    let calls = [
        ("create_entities", json!({"entities": [ada, entry]}), "Ada"),
        ("create_relations", json!({"relations": [built]}), "programmed"),
        ("add_observations", json!({"observations": [{"entityName": "Ada", "contents": ["writes"]}]}), "writes"),
        ("search_nodes", json!({"query": "writes"}), "Ada"),
        ("open_nodes", json!({"names": ["Engine"]}), "machine"),
        ("delete_observations", json!({"deletions": [{"entityName": "Ada", "observations": ["writes"]}]}), "deleted"),
        ("delete_relations", json!({"relations": [built]}), "deleted"),
        ("delete_entities", json!({"entityNames": ["Engine"]}), "deleted"),
        ("read_graph", json!({}), "Ada"),
    ];
    for name in &listed {
        assert!(calls.iter().any(|(tool, ..)| tool == name), "{name} is not called");
    }
    for (tool, arguments, words) in calls {
        let (code, said) = with(&["call", tool, &arguments.to_string()]);
        assert_eq!(code, Some(0), "{tool}: {said}");
        assert!(said.contains(words), "{tool} does not say {words:?}: {said}");
    }
}

#[test]
fn every_tool_of_server_filesystem() {
    let folder = Scratch::new("files");
    let root = folder.0.display().to_string();
    let at = |name: &str| format!("{root}/{name}");
    std::fs::write(at("one.txt"), "first\nsecond\n").expect("written");
    std::fs::write(at("dot.png"), b"\x89PNG\r\n\x1a\n").expect("written");
    let file = at("one.txt");
    every_tool_in(
        &root,
        &[
            ("list_allowed_directories", json!({}), "Allowed directories"),
            ("write_file", json!({"path": at("two.txt"), "content": "second"}), "Successfully wrote"),
            ("read_file", json!({"path": file}), "first"),
            ("read_text_file", json!({"path": file, "head": 1}), "first"),
            ("read_media_file", json!({"path": at("dot.png")}), "[image, image/png, 8 bytes"),
            ("read_multiple_files", json!({"paths": [file, at("two.txt")]}), "second"),
            ("edit_file", json!({"path": file, "edits": [{"oldText": "first", "newText": "third"}]}), "+third"),
            ("create_directory", json!({"path": at("sub")}), "Successfully created"),
            ("list_directory", json!({"path": root}), "[DIR] sub"),
            ("list_directory_with_sizes", json!({"path": root}), "Total:"),
            ("directory_tree", json!({"path": root}), "two.txt"),
            ("move_file", json!({"source": at("two.txt"), "destination": at("sub/two.txt")}), "Successfully moved"),
            ("search_files", json!({"path": root, "pattern": "**/two.txt"}), "sub/two.txt"),
            ("get_file_info", json!({"path": file}), "size"),
        ],
    );
}

fn every_tool_in(root: &str, calls: &[(&str, Value, &str)]) {
    let server = "server-filesystem";
    let ran = run(&["tools", "--json"], server, &[root]);
    let listed: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    for tool in listed["tools"].as_array().expect("a list") {
        assert!(calls.iter().any(|(name, ..)| tool["name"] == *name), "{} is not called", tool["name"]);
    }
    for (tool, arguments, words) in calls {
        let ran = run(&["call", tool, &arguments.to_string()], server, &[root]);
        assert_eq!(ran.code, Some(0), "{tool}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(words), "{tool} does not say {words:?}: {}", ran.out);
    }
}

/// A directory that ends with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("everywire-interop-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
