//! Foreign programs, started and ended.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

pub struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where `scripts/interop` put Python's environments and Node's modules.
pub fn installed() -> PathBuf {
    let folder =
        std::env::var_os("EVERYWIRE_INTEROP").expect("run scripts/interop: it installs the peers of these tests");
    PathBuf::from(folder)
}

/// A program of this folder on the Python SDK 1.x.
pub fn python(script: &str) -> Command {
    of_python("venv", script)
}

/// A program of this folder on the Python SDK 2.x.
pub fn python2(script: &str) -> Command {
    of_python("venv2", script)
}

fn of_python(environment: &str, script: &str) -> Command {
    let mut command = Command::new(installed().join(environment).join("bin/python"));
    command.current_dir(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop"))).arg(script);
    command
}

/// A program of this folder on the TypeScript SDKs.
pub fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.current_dir(installed()).arg(script);
    command
}

/// Starts a server that prints its port.
pub fn serve(mut command: Command) -> (Peer, u16) {
    // A tool that fails as asked is told at length.
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let peer = Peer(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("the server says its port");
    (peer, line.trim().parse().expect("a port"))
}

/// Starts a server that takes its port from the environment and says on stderr when it listens.
pub fn serve_at_port(mut command: Command) -> (Peer, u16) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let port = free.port();
    command.env("PORT", port.to_string()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the server starts");
    let stderr = child.stderr.take().expect("stderr is piped");
    let peer = Peer(child);
    drain(stderr, &port.to_string());
    (peer, port)
}

/// Waits for the line that names the port, and lets nobody wait for the others to be read.
fn drain(stderr: ChildStderr, port: &str) {
    let mut lines = BufReader::new(stderr).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains(port));
    assert!(ready, "the server ended before it listened");
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
}
