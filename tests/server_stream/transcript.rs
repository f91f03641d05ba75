//! A session typed by hand, through netcat and socat where they are installed, else through a plain socket.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::{Command, Stdio};
use std::sync::Arc;

use everywire::proto::CallToolResult;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::*;

/// What is typed. The last answer is not there yet when the input ends.
const TYPED: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"nc","version":"1"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\r\n",
    r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
    "\n\n",
    r#"{"jsonrpc":"2.0","id":"three","method":"tools/call","params":{"name":"echo","arguments":{"text":"a\nb"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"late","arguments":{}}}"#,
    "\n",
);

fn check(way: &str, printed: &str) {
    println!("through {way}");
    assert!(printed.ends_with('\n') && !printed.contains('\r'), "{way}: {printed:?}");
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4, "{way}: {printed}");
    assert_eq!((&lines[0]["id"], &lines[0]["result"]["serverInfo"]["name"]), (&json!(1), &json!("test")), "{way}");
    assert_eq!(lines[1], json!({"jsonrpc": "2.0", "id": 2, "result": {}}), "{way}");
    assert_eq!((&lines[2]["id"], text(&lines[2])), (&json!("three"), r#"{"text":"a\nb"}"#), "{way}");
    assert_eq!((&lines[3]["id"], text(&lines[3])), (&json!(4), "late"), "{way}");
}

/// Types it into a program. `None`: it is not installed.
fn typed_into(program: &str, arguments: &[&str], late: &Semaphore) -> Option<String> {
    let spawned = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            println!("no {program} here: {error}");
            return None;
        }
    };
    child.stdin.take().expect("piped").write_all(TYPED.as_bytes()).expect("it reads");
    late.add_permits(1);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

fn typed<S: Read + Write>(mut socket: S, end: impl FnOnce(&S), late: &Semaphore) -> String {
    socket.write_all(TYPED.as_bytes()).expect("the server reads");
    end(&socket);
    late.add_permits(1);
    let mut printed = String::new();
    socket.read_to_string(&mut printed).expect("an orderly end");
    printed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_by_hand() {
    let late = Arc::new(Semaphore::new(0));
    let door = late.clone();
    let server = builder()
        .tool_fn("late", schema(), move |_, _| {
            let door = door.clone();
            async move {
                door.acquire().await?.forget();
                Ok(CallToolResult::text("late"))
            }
        })
        .build();
    for carrier in BOTH {
        let site = Site::new(&server, carrier).await;
        let (url, address, late) = (site.url.clone(), site.address, late.clone());
        let by_hand = move || {
            let path = url.strip_prefix("unix:").unwrap_or_default();
            let port = address.map(|address| address.port().to_string()).unwrap_or_default();
            let socat = address.map_or_else(|| format!("UNIX-CONNECT:{path}"), |address| format!("TCP:{address}"));
            let nc = match carrier {
                Carrier::Tcp => vec!["-N", "127.0.0.1", &port],
                Carrier::Unix => vec!["-N", "-U", path],
            };
            for (program, arguments) in [("nc", nc), ("socat", vec!["-t30", "-", &socat])] {
                if let Some(printed) = typed_into(program, &arguments, &late) {
                    check(&format!("{program} {}", arguments.join(" ")), &printed);
                }
            }
            let printed = match address {
                Some(address) => typed(
                    std::net::TcpStream::connect(address).expect("connected"),
                    |socket| socket.shutdown(Shutdown::Write).expect("open"),
                    &late,
                ),
                None => typed(
                    std::os::unix::net::UnixStream::connect(path).expect("connected"),
                    |socket| socket.shutdown(Shutdown::Write).expect("open"),
                    &late,
                ),
            };
            check("a plain socket", &printed);
        };
        tokio::task::spawn_blocking(by_hand).await.expect("as it should");
        site.stopped().await;
    }
}
