//! Ctrl-C.

use std::fs;
use std::io::BufRead as _;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError, ToolHandler};

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// Says when it begins and when it is dropped.
struct Endless(Sender<&'static str>);

impl ToolHandler for Endless {
    async fn call(&self, _: Json, _: RequestContext) -> Result<CallToolResult, ToolError> {
        struct Dropped(Sender<&'static str>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                let _ = self.0.send("cancelled");
            }
        }
        let _dropped = Dropped(self.0.clone());
        let _ = self.0.send("begun");
        std::future::pending().await
    }
}

fn interrupt(running: &Running) {
    let sent = Command::new("kill").args(["-INT", &running.process.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn ctrl_c_cancels_the_call() {
    let (tx, told) = channel();
    let folder = Folder::new("interrupt");
    let served = Served::new(Server::builder("endless", "1").tool("endless", Endless(tx)).build());
    let socket = folder.0.join("socket");
    for url in [
        served.at(|server| server.bind_websocket("127.0.0.1:0")),
        served.at(|server| server.bind_http("127.0.0.1:0")),
        served.at(|server| server.bind_tcp("127.0.0.1:0")),
        served.at(|server| server.bind_unix(socket)),
    ] {
        for era in ["modern", "legacy"] {
            let running = Running::start(&["call", &url, "endless", "--era", era]);
            assert_eq!(told.recv_timeout(PATIENCE), Ok("begun"), "{url} {era}");
            interrupt(&running);
            running.end().says(130, &["interrupted"]);
            assert_eq!(told.recv_timeout(PATIENCE), Ok("cancelled"), "{url} {era}");
        }
    }
}

/// Waits for a file that a process is about to write, and reads it.
fn written(path: &std::path::Path, wanted: impl Fn(&str) -> bool) -> String {
    let begun = std::time::Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if wanted(&text) {
            return text;
        }
        assert!(begun.elapsed() < PATIENCE, "{}: {text}", path.display());
        std::thread::yield_now();
    }
}

fn lives(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).stderr(std::process::Stdio::null()).status().expect("kill").success()
}

#[test]
fn ctrl_c_tells_a_command_of_the_cancellation_and_waits_for_its_end() {
    for era in ["modern", "legacy"] {
        let folder = Folder::new(&format!("command-{era}"));
        let (pid, heard) = (folder.0.join("pid"), folder.0.join("heard"));
        // What the server hears is kept, beside it.
        let script = format!(
            "echo $$ > '{}'; tee '{}' | '{}' demo --stdio",
            pid.display(),
            heard.display(),
            env!("CARGO_BIN_EXE_everywire")
        );
        let line = ["call", "slow", r#"{"steps":1,"seconds":60}"#, "--era", era, "--", "sh", "-c", &script];
        let running = Running::start(&line);
        written(&heard, |text| text.contains("\"slow\""));
        interrupt(&running);
        running.end().says(130, &["interrupted; the call was cancelled"]);
        let pid = written(&pid, |text| text.ends_with('\n'));
        assert!(!lives(pid.trim()), "{era}: the command outlived the program");
        let heard = fs::read_to_string(&heard).expect("the file");
        assert!(heard.contains("notifications/cancelled"), "{era}: {heard}");
    }
}

#[test]
fn a_second_ctrl_c_waits_for_nothing() {
    let folder = Folder::new("stubborn");
    let pid = folder.0.join("pid");
    // Neither the end of its input nor SIGTERM ends it.
    let script = format!("trap 'echo terminated >&2' TERM; echo $$ > '{}'; while :; do sleep 0.1; done", pid.display());
    let line = ["tools", "--stderr", "show", "--", "sh", "-c", &script];
    let mut running = Running::start(&line);
    let pid = written(&pid, |text| text.ends_with('\n'));
    interrupt(&running);
    // The ladder is at its second step, and has a while to go.
    let err = std::io::BufReader::new(running.process.stderr.take().expect("piped"));
    assert!(err.lines().any(|line| line.expect("text") == "terminated"));
    interrupt(&running);
    assert_eq!(running.process.wait().expect("it ends").code(), Some(130));
    // Nobody is left behind all the same.
    let begun = std::time::Instant::now();
    while lives(pid.trim()) {
        assert!(begun.elapsed() < PATIENCE, "an orphan");
        std::thread::yield_now();
    }
}

#[test]
fn listening_ends_with_ctrl_c() {
    let mut running = Running::start(&with_demo(&["listen", "--json"]));
    assert_eq!(running.document()["event"], "listening");
    interrupt(&running);
    let ran = running.end();
    assert_eq!((ran.code, ran.err.as_str(), ran.out.as_str()), (Some(130), "", ""), "{ran:?}");
}
