//! A program that uses the transport, and comes to its end in different ways.

use std::collections::BTreeSet;
use std::fs;
use std::future::IntoFuture as _;
use std::time::Duration;

use everywire::Client;
use everywire::proto::CallToolResult;
use everywire::transport::{StdioCommand, StdioTransport, Transport as _};
use futures_util::SinkExt as _;
use serde_json::{Value, json};

fn child(options: &[&str]) -> StdioCommand {
    let own = std::env::current_exe().expect("a path");
    StdioTransport::command(own).arg("serve").args(options)
}

async fn call(client: &Client, tool: &str, arguments: Value) -> String {
    let result: CallToolResult = client.call_tool(tool, arguments).into_future().await.expect("an answer");
    let text = result.content.first().and_then(|content| content.as_text());
    text.expect("a text").to_owned()
}

/// For each step of a child's end.
const WAIT: Duration = Duration::from_millis(300);

/// The numbers of open descriptors.
fn descriptors() -> BTreeSet<String> {
    let own = fs::read_dir("/proc/self/fd").expect("Linux");
    let all = own.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    // The one that reads the folder is gone by now.
    all.filter(|name| fs::read_link(format!("/proc/self/fd/{name}")).is_ok()).collect()
}

/// Every process that is a child of this one, dead ones included.
fn children() -> String {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let of =
        |entry: std::io::Result<fs::DirEntry>| fs::read_to_string(entry.expect("an entry").path().join("children"));
    tasks.filter_map(|task| of(task).ok()).collect::<String>().trim().to_owned()
}

/// Starts and stops so many children, one after the other, and says what is left: `{"descriptors", "children"}`.
#[tokio::main(flavor = "current_thread")]
pub async fn cycles(count: usize) {
    // The first one opens what the runtime keeps.
    cycle(0).await;
    let before = descriptors();
    for turn in 0..count {
        cycle(turn).await;
    }
    let left: Vec<_> = descriptors().difference(&before).cloned().collect();
    println!("{}", json!({"descriptors": left, "children": children()}));
}

async fn cycle(turn: usize) {
    let mut transport = child(&[]);
    // Also through the transport alone, whose link tells when the child is gone.
    if turn % 2 == 1 {
        let mut link = transport.connect().await.expect("started");
        return link.tx.close().await.expect("closed");
    }
    let ended = transport.ended();
    let client = Client::over(transport).connect().await.expect("connected");
    assert_eq!(call(&client, "echo", json!({"text": "x"})).await, "x");
    client.close().await;
    ended.await;
}

/// Starts a child whose standard error goes where `to` says.
#[tokio::main(flavor = "current_thread")]
pub async fn stderr(to: &str) {
    let transport = if to == "inherited" { child(&[]).inherit_stderr() } else { child(&[]) };
    let ended = transport.ended();
    let client = Client::over(transport).connect().await.expect("connected");
    client.close().await;
    ended.await;
}

/// Connects, has the child start another process, and prints the number of their group; then ends as `how` says.
pub fn parent(how: &str, options: &[&str]) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let client = runtime.block_on(async {
        let transport = child(options).eof_wait(WAIT).term_wait(WAIT);
        let client = Client::over(transport).connect().await.expect("connected");
        let forked = call(&client, "fork", json!({"how": "ignores"})).await;
        let stat = fs::read_to_string(format!("/proc/{forked}/stat")).expect("it lives");
        println!("{}", stat.split_whitespace().nth(4).expect("a group"));
        client
    });
    match how {
        // Until it is killed.
        "waits" => loop {
            std::thread::park();
        },
        // The client lives on, and nothing drives it.
        "runtime" => {
            drop(runtime);
            let mut line = String::new();
            let _ = std::io::stdin().read_line(&mut line);
            println!("{}", json!({"children": children()}));
        }
        "ends" => {}
        "exits" => std::process::exit(0),
        _ => panic!("no way to end: {how}"),
    }
    drop(client);
}
