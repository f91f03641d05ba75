//! The examples are programs that run: each is started, and what it prints is checked. Those that answer a sample of the
//! documents that this crate was written after are no longer than it.
#![cfg(all(unix, feature = "server", feature = "stdio", feature = "http", feature = "schemars"))]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use everywire::Client;
use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitRequest};
use everywire::server::{Listener, Server};
use everywire::transport::StdioTransport;
use serde_json::{Value, json};

/// Long enough for a slow machine, and never waited for where things work.
const PATIENCE: Duration = Duration::from_secs(30);

fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test program has a path");
    let program = own.ancestors().nth(2).expect("the target folder").join("examples").join(name);
    assert!(program.exists(), "`cargo build --examples --all-features` builds {}", program.display());
    program
}

/// An example that runs until it is told to end.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program(name));
        command.args(arguments);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("starts");
        let lines = lines_of(child.stdout.take().expect("piped"));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("says something")
    }

    /// Ctrl-C.
    fn interrupt(mut self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
        // It ends, and so does its output.
        while self.lines.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Disconnected) {}
        assert!(self.child.wait().expect("ends").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    lines
}

/// What an example prints until it ends of itself, in order.
async fn printed(name: &str, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new(program(name));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("ends").expect("starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A server for the examples that are clients.
fn server() -> Server {
    let any = || Json::from_text(r#"{"type":"object"}"#).expect("JSON");
    Server::builder("for-examples", "1.0.0")
        .tool_fn("echo", any(), async |arguments, _cx| Ok(CallToolResult::text(arguments.to_text())))
        .tool_fn("book_table", any(), async |_, cx| {
            let answer = cx.elicit("guests", ElicitRequest::form("How many guests?", Json::from_text("{}")?)).await?;
            Ok(CallToolResult::text(format!("{:?}", answer.action)))
        })
        .build()
}

/// Serves until the test ends.
fn served(listener: Listener) -> String {
    let url = listener.url().to_owned();
    tokio::spawn(listener.run(std::future::pending()));
    url
}

async fn echoes(client: &Client) {
    let result = client.call_tool("echo", json!({"text": "żółw"})).await.expect("echoes");
    assert_eq!(result.all_text(), r#"{"text":"żółw"}"#);
}

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("everywire-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn child_process() {
    let folder = Folder::new("child");
    let noted = folder.file("noted");
    let server = program("transport_from_env");
    let script = r#"echo "$DEBUG $PWD" >"$0"; exec "$1""#;
    let said = printed("child_process", &["sh", "-c", script, &noted, server.to_str().expect("UTF-8")]).await;
    assert_eq!(said, "echo\n");
    assert_eq!(std::fs::read_to_string(noted).expect("the child was there"), "true /\n");
}

#[tokio::test]
async fn typed_tools() {
    let client = Client::over(StdioTransport::command(program("typed_tools"))).connect().await.expect("connects");
    let add = client.call_tool("add", json!({"a": 1, "b": 2})).await.expect("adds");
    assert_eq!(add.all_text(), "3");
    let divide = client.call_tool("divide", json!({"a": 1, "b": 2})).await.expect("divides");
    assert_eq!(divide.structured_content.expect("structured").to_text(), r#"{"quotient":0.5}"#);
    let wrong = client.call_tool("divide", json!({"a": 1, "b": "two"})).await.expect("answers");
    assert!(wrong.is_error && wrong.all_text().contains("`b`"), "{}", wrong.all_text());
    client.close().await;
}

#[tokio::test]
async fn tcp_builder() {
    let url = served(server().bind_tcp("127.0.0.1:0").await.expect("binds"));
    let address = url.strip_prefix("tcp://").expect("a TCP address");
    assert_eq!(printed("tcp_builder", &[address]).await, "{\"text\":\"hello\"}\n");
}

#[tokio::test]
async fn unix_socket() {
    let folder = Folder::new("unix");
    let path = folder.file("mcp.sock");
    let running = Running::start("unix_socket", &[&path]);
    let url = running.line();
    assert_eq!(url, format!("unix:{path}"));
    assert_eq!(std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o660);
    let client = Client::connect(&url).await.expect("connects");
    echoes(&client).await;
    client.close().await;
    running.interrupt();
    assert!(!Path::new(&path).exists());
}

#[tokio::test]
async fn transport_from_env() {
    // Nothing is set: its standard streams.
    let client =
        Client::over(StdioTransport::command(program("transport_from_env"))).connect().await.expect("connects");
    echoes(&client).await;
    assert_eq!(name_of(&client), "env-server");
    client.close().await;

    for (carrier, scheme) in [("http", "http"), ("websocket", "ws"), ("tcp", "tcp")] {
        from_env(carrier, scheme).await;
    }
    let folder = Folder::new("env");
    let path = folder.file("mcp.sock");
    let running = from_env_at("unix", &path, &format!("unix:{path}")).await.expect("nobody else has this path");
    running.interrupt();
    assert!(!Path::new(&path).exists());
}

/// As in `printf … | server`, whose last line has no end.
#[tokio::test]
async fn what_a_shell_writes_is_answered_to_the_last_line() {
    let client = json!({"name": "a shell", "version": "0"});
    let begin = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    let begin = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin});
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", r#"printf '%s\n%s' "$1" "$2" | "$0""#]).arg(program("transport_from_env"));
    command.arg(begin.to_string()).arg(list.to_string()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("ends").expect("starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let ids: Vec<_> =
        said.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone()).collect();
    assert_eq!(ids, [1, 2], "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}

/// At a free port: another one where somebody was quicker.
async fn from_env(carrier: &str, scheme: &str) {
    loop {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port").to_string();
        if let Some(running) = from_env_at(carrier, &address, &format!("{scheme}://{address}")).await {
            return running.interrupt();
        }
    }
}

/// Says nothing when it listens, so it is tried until it does, or has ended.
async fn from_env_at(carrier: &str, address: &str, url: &str) -> Option<Running> {
    let mut command = Command::new(program("transport_from_env"));
    command.env("TRANSPORT", carrier).env("MCP_ADDRESS", address);
    let mut running = Running::of(command);
    let url = if carrier == "http" { format!("{url}/mcp") } else { url.to_owned() };
    let client = tokio::time::timeout(PATIENCE, async {
        loop {
            match Client::connect(&url).await {
                Ok(client) => return Some(client),
                Err(_) if running.child.try_wait().expect("is ours").is_some() => return None,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    let client = client.await.expect("listens")?;
    assert_eq!(name_of(&client), "env-server", "{carrier}");
    echoes(&client).await;
    client.close().await;
    Some(running)
}

fn name_of(client: &Client) -> String {
    client.server().and_then(|server| server.info).expect("has a name").name
}

#[tokio::test]
async fn custom_transport() {
    let url = served(server().bind_tcp("127.0.0.1:0").await.expect("binds"));
    let said = printed("custom_transport", &[url.strip_prefix("tcp://").expect("TCP")]).await;
    assert!(said.contains("echo") && said.contains("book_table"), "{said}");
}

#[tokio::test]
async fn shared_transport() {
    let url = served(server().bind_tcp("127.0.0.1:0").await.expect("binds"));
    assert_eq!(printed("shared_transport", &[url.strip_prefix("tcp://").expect("TCP")]).await, "2 2 2\n");
}

#[tokio::test]
async fn websocket_client_and_server() {
    let running = Running::start("echo_server", &["127.0.0.1:0"]);
    let url = running.line();
    assert_eq!(printed("client_websocket", &[&url]).await, "echo\n{\"text\":\"hello\"}\n");
    assert!(printed("reconnect", &[&url]).await.starts_with("Connected"));
    running.interrupt();
}

#[tokio::test]
async fn elicitation() {
    let url = served(server().bind_websocket("127.0.0.1:0").await.expect("binds"));
    assert_eq!(printed("elicitation", &[&url]).await, "How many guests?\nDecline\n");
}

#[tokio::test]
async fn axum_mount() {
    let running = Running::start("axum_mount", &["127.0.0.1:0"]);
    let client = Client::connect(&running.line()).await.expect("connects");
    echoes(&client).await;
    client.close().await;
    running.interrupt();
}

/// What a reader has to read: no comments, no blank lines. Where the sample is a fragment, so is ours: the frame that makes a
/// program of it does not count.
fn code_lines(source: &str, fragment: bool) -> usize {
    let code = source.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"));
    let frame =
        |line: &str| matches!(line, "#[tokio::main]" | "    Ok(())" | "}") || line.starts_with("async fn main()");
    code.filter(|line| !(fragment && frame(line))).count()
}

#[test]
fn none_is_longer_than_the_sample_it_answers() {
    // The name, how many lines of code the sample has, and whether it is a fragment.
    let samples = [
        ("child_process", 8, true),
        ("tcp_builder", 8, true),
        ("unix_socket", 9, true),
        ("transport_from_env", 13, false),
        ("custom_transport", 17, true),
        ("shared_transport", 24, true),
        ("client_websocket", 20, false),
        ("echo_server", 24, false),
    ];
    for (name, longest, fragment) in samples {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).with_extension("rs");
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = code_lines(&source, fragment);
        assert!(lines <= longest, "{name} has {lines} lines of code, the sample {longest}");
    }
}
