//! A server as a program of its own (`examples/transport_from_env.rs`): on its standard streams, and as the environment says.
#![cfg(all(feature = "server", feature = "stdio", unix))]

mod server_support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use everywire::Client;
use serde_json::{Value, json};
use server_support::{PATIENCE, modern, text};

struct Program(Child);

impl Program {
    fn start(transport: Option<&str>, address: Option<&str>) -> Self {
        let own = std::env::current_exe().expect("this program");
        let program = own.ancestors().nth(2).expect("the target folder").join("examples/transport_from_env");
        let mut command = Command::new(&program);
        command.env_remove("TRANSPORT").env_remove("MCP_ADDRESS");
        command.envs(transport.map(|transport| ("TRANSPORT", transport)));
        command.envs(address.map(|address| ("MCP_ADDRESS", address)));
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self(spawned.unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo build --examples --all-features` builds it", program.display())
        }))
    }

    fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.0.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
    }

    /// Its input stays open: it is not what ends it.
    fn ended(mut self) -> Output {
        let held = self.0.stdin.take();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.0.stdout.take().expect("piped").read_to_end(&mut stdout).expect("read");
        self.0.stderr.take().expect("piped").read_to_end(&mut stderr).expect("read");
        let status = self.0.wait().expect("it ends");
        drop(held);
        Output { status, stdout, stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tries until the program listens.
fn soon<T>(mut what: impl FnMut() -> std::io::Result<T>) -> T {
    let begun = Instant::now();
    loop {
        match what() {
            Ok(done) => return done,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "it does not listen: {error}"),
        }
        std::thread::yield_now();
    }
}

fn call(id: u32) -> String {
    let params = modern(json!({"name": "echo", "arguments": {"n": id}}));
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
}

fn answer(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| panic!("JSON, not {line:?}"))
}

#[test]
fn the_end_of_the_input_ends_it_when_all_is_answered() {
    for transport in [None, Some(""), Some("stdio")] {
        let mut program = Program::start(transport, None);
        let mut input = program.0.stdin.take().expect("piped");
        let all: String = (0..500).map(|id| call(id) + "\n").collect();
        // The answers are more than a pipe holds, and nobody has read one yet.
        let writing = std::thread::spawn(move || input.write_all(all.as_bytes()).expect("it reads"));
        let mut lines = BufReader::new(program.0.stdout.take().expect("piped")).lines();
        for id in 0..500 {
            let answer = answer(&lines.next().expect("a line").expect("text"));
            assert_eq!((&answer["id"], text(&answer)), (&json!(id), json!({"n": id}).to_string().as_str()));
        }
        writing.join().expect("written");
        assert!(lines.next().is_none(), "nothing but answers");
        assert!(program.0.wait().expect("it ends").success());
    }
}

#[test]
fn a_signal_ends_it_too() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(None, None);
        writeln!(program.0.stdin.as_mut().expect("piped"), "{}", call(1)).expect("it reads");
        let mut first = String::new();
        let mut said = BufReader::new(program.0.stdout.take().expect("piped"));
        said.read_line(&mut first).expect("an answer");
        assert_eq!(answer(&first)["id"], 1);
        program.signal(signal);
        assert_eq!(said.read_line(&mut first).expect("an end"), 0);
        assert!(program.0.wait().expect("it ends").success(), "{signal}");
    }
}

#[test]
fn another_transport_is_an_error_that_lists_them() {
    let output = Program::start(Some("pigeon"), None).ended();
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && why.contains("pigeon") && why.contains("stdio (the default), http"), "{why}");
    assert!(output.stdout.is_empty());
    // Loopback only.
    let output = Program::start(Some("tcp"), Some("0.0.0.0:0")).ended();
    assert!(String::from_utf8_lossy(&output.stderr).contains("allow_remote"));
}

fn folder() -> PathBuf {
    let path = std::env::temp_dir().join(format!("ew-env-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

// The clients close while this waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_says_how_it_is_reached() {
    let folder = folder();
    let socket = folder.join("mcp.sock");
    for (transport, scheme) in [("http", "http"), ("websocket", "ws"), ("tcp", "tcp"), ("unix", "unix")] {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let address = if transport == "unix" { socket.display().to_string() } else { port.to_string() };
        let program = Program::start(Some(transport), Some(&address));
        let url = match transport {
            "unix" => {
                soon(|| UnixStream::connect(&socket));
                format!("unix:{address}")
            }
            _ => {
                soon(|| TcpStream::connect(port));
                format!("{scheme}://{address}")
            }
        };
        let client = Client::connect(&url).await.expect("connected");
        client.call_tool("echo", json!({"a": 1})).await.expect("an answer");
        client.close().await;
        program.signal("-TERM");
        let output = program.ended();
        assert!(output.status.success(), "{transport}: {output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        assert!(!Path::new(&socket).exists());
    }
    std::fs::remove_dir_all(folder).expect("removed");
}
