//! A server of either era by hand, with tools that do what servers should not.

use std::fs::File;
use std::io::{BufRead as _, Write as _, stdin};
use std::process::{Command, Stdio, exit};

use serde_json::{Value, json};

struct Server<'a> {
    options: &'a [&'a str],
}

pub fn serve(options: &[&str]) {
    let server = Server { options };
    if server.has("--banner") {
        println!("Frobnicator 3.1, ready to serve\n\n[info] listening on standard input");
    }
    eprintln!("serving as {}", std::process::id());
    let mut input = stdin().lock();
    let mut line = String::new();
    let mut first = true;
    while input.read_line(&mut line).is_ok_and(|read| read > 0) {
        let message: Value = serde_json::from_str(&line).expect("the client writes JSON");
        line.clear();
        let method = message["method"].as_str().unwrap_or_default();
        if server.has("--dies") && first && method != "initialize" {
            eprintln!("expected initialize, got {method}");
            exit(3);
        }
        first = false;
        if !message["id"].is_null() {
            server.answer(method, &message);
        }
    }
    if server.has("--stays") {
        park();
    }
}

fn park() -> ! {
    loop {
        std::thread::park();
    }
}

fn write(message: &Value) {
    println!("{message}");
}

impl Server<'_> {
    fn has(&self, option: &str) -> bool {
        self.options.contains(&option)
    }

    fn answer(&self, method: &str, message: &Value) {
        let id = &message["id"];
        let result = match method {
            "server/discover" if self.has("--legacy") || self.has("--dies") => {
                let error = json!({"code": -32601, "message": "no such method"});
                return write(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
            }
            "server/discover" => json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "ttlMs": 0, "cacheScope": "private",
                "capabilities": {"tools": {}, "resources": {"subscribe": true}},
            }),
            "initialize" => json!({
                "protocolVersion": "2025-11-25", "serverInfo": {"name": "child", "version": "1"},
                "capabilities": {"tools": {}, "resources": {"subscribe": true}},
            }),
            "subscriptions/listen" => {
                let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
                let params = json!({"_meta": meta, "notifications": message["params"]["notifications"]});
                write(
                    &json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": params}),
                );
                return self.updated(json!({"_meta": meta}));
            }
            "resources/subscribe" => {
                write(&json!({"jsonrpc": "2.0", "id": id, "result": {}}));
                return self.updated(json!({}));
            }
            "tools/call" => {
                let text = self.tool(message);
                json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
            }
            _ => json!({"resultType": "complete"}),
        };
        write(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
        if method == "tools/call" && message["params"]["name"] == "deaf" {
            park();
        }
    }

    /// A change that says which process tells it.
    fn updated(&self, mut params: Value) {
        params["uri"] = format!("test:{}", std::process::id()).into();
        write(&json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params}));
    }

    #[expect(clippy::zombie_processes, reason = "what is started is to be left behind")]
    fn tool(&self, message: &Value) -> String {
        let arguments = &message["params"]["arguments"];
        match message["params"]["name"].as_str().unwrap_or_default() {
            "echo" => arguments["text"].as_str().unwrap_or_default().to_owned(),
            "pid" => std::process::id().to_string(),
            "about" => {
                let env: serde_json::Map<_, _> = std::env::vars().map(|(name, value)| (name, value.into())).collect();
                let args: Vec<_> = std::env::args().collect();
                json!({"env": env, "args": args, "cwd": std::env::current_dir().expect("a folder")}).to_string()
            }
            // Starts a process that outlives this one unless somebody ends it, and says its number.
            "fork" => {
                let script = match arguments["how"].as_str().unwrap_or_default() {
                    "ignores" => "trap '' TERM; echo; exec sleep 1000",
                    // Tells on standard output that it was asked to end.
                    "notes" => r#"trap 'echo asked >"$0"; exit' TERM; echo; while :; do sleep 0.05; done"#,
                    _ => "echo; exec sleep 1000",
                };
                let leaves = arguments["how"] == "leaves";
                let mut command = Command::new(if leaves { "setsid" } else { "sh" });
                if leaves {
                    command.arg("sh");
                }
                let quiet = arguments["quiet"] == true;
                let file = arguments["file"].as_str().unwrap_or("sh");
                command.args(["-c", script, file]).stdin(Stdio::null()).stdout(Stdio::piped());
                if quiet {
                    command.stderr(Stdio::null());
                }
                let mut child = command.spawn().expect("sh");
                // It has come as far as its `echo`.
                let mut ready = String::new();
                let _ = std::io::BufReader::new(child.stdout.take().expect("piped")).read_line(&mut ready);
                child.id().to_string()
            }
            "crash" => {
                eprintln!("{}", arguments["text"].as_str().unwrap_or_default());
                exit(arguments["code"].as_i64().unwrap_or(1) as i32);
            }
            // 100 MB and more, while the client waits for the answer.
            "flood" => {
                let block = "x".repeat(99) + "\n";
                let block = block.repeat(1000);
                let mut out = std::io::stderr().lock();
                for _ in 0..1050 {
                    out.write_all(block.as_bytes()).expect("somebody reads");
                }
                let _ = out.write_all(b"the last line\n");
                "flooded".into()
            }
            "close_stdout" => {
                eprintln!("closing standard output");
                let nowhere = File::options().write(true).open("/dev/null").expect("/dev/null");
                nix::unistd::dup2_stdout(nowhere).expect("a descriptor");
                park();
            }
            "close_stdin" => {
                let nowhere = File::open("/dev/null").expect("/dev/null");
                nix::unistd::dup2_stdin(nowhere).expect("a descriptor");
                "closed".into()
            }
            "deaf" => "deaf from now on".into(),
            tool => format!("no tool {tool}"),
        }
    }
}
