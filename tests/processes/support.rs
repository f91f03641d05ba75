use std::fs;
use std::future::{Future, IntoFuture as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use everywire::proto::CallToolResult;
use everywire::transport::{StdioCommand, StdioTransport};
use everywire::{Builder, Client, EraCache};
use serde_json::{Value, json};

/// The program with the children of these tests.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("the test program has a path");
    let program = own.ancestors().nth(2).expect("the target folder").join("examples/stdio_child");
    assert!(program.exists(), "{}: `cargo build --examples --all-features` builds it", program.display());
    program
}

/// A child that serves.
pub fn server(options: &[&str]) -> StdioCommand {
    StdioTransport::command(program()).arg("serve").args(options)
}

/// A child in a mode of its own.
pub fn mode(args: &[&str]) -> StdioCommand {
    StdioTransport::command(program()).args(args)
}

/// A client that remembers nothing of other tests.
pub fn client(transport: StdioCommand) -> Builder {
    Client::over(transport).era_cache(Some(EraCache::new()))
}

pub async fn connect(transport: StdioCommand) -> Client {
    soon(client(transport).connect()).await.expect("connected")
}

/// A tool's answer as text.
pub async fn call(client: &Client, tool: &str, arguments: Value) -> String {
    let result: CallToolResult = soon(client.call_tool(tool, arguments).into_future()).await.expect("an answer");
    result.content.first().and_then(|content| content.as_text()).expect("a text").to_owned()
}

pub async fn pid(client: &Client) -> u32 {
    call(client, "pid", json!({})).await.parse().expect("a number")
}

/// Has the server start another process.
pub async fn fork(client: &Client, arguments: Value) -> u32 {
    call(client, "fork", arguments).await.parse().expect("a number")
}

/// A promise is broken by silence too.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("within half a minute")
}

/// What `/proc` says of a process: its state (`Z`: dead and not collected) and its group.
pub fn status(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before stands in parentheses, and may contain anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.nth(1)?.parse().ok()?))
}

/// The group of a living process.
pub fn group(pid: u32) -> u32 {
    status(pid).expect("it lives").1
}

pub fn lives(pid: u32) -> bool {
    status(pid).is_some_and(|(state, _)| state != 'Z')
}

/// The living processes of a group. Whose end is not collected yet does not count: an orphan's is collected by the system,
/// when it pleases. That ours are is another test.
pub fn members(group: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|pid| status(*pid).is_some_and(|(state, of)| of == group && state != 'Z')).collect()
}

/// Waits for what nobody tells: looks every few milliseconds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "still not so after half a minute: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until nothing is left of a group.
pub async fn vanishes(group: u32) {
    until("the group is gone", || members(group).is_empty()).await;
}
