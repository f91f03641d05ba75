//! The program as people run it, and servers for it.

use std::fs;
use std::future::IntoFuture as _;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use everywire::server::{Bind, Server};
use serde_json::Value;

/// A demo server that ends with the test.
pub(crate) struct Demo {
    process: Child,
    pub(crate) address: String,
    pub(crate) url: String,
    pub(crate) link: String,
    pub(crate) folder: Folder,
}

/// A directory that ends with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("everywire-cli-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
        fs::write(&path, content).expect("a file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Demo {
    pub(crate) fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        folder.file("www/index.html", "<!doctype html><title>the page</title>");
        folder.file("www/assets/code.wasm", b"\0asm");
        folder.file("www/assets/code.js", "export {}");
        folder.file("secret.txt", "not for the page");
        let www = folder.0.join("www");
        let mut process = program()
            .args(["demo", "--www"])
            .arg(www)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let (page, server) = (next(), next());
        let link = page.split_whitespace().last().expect("a link").to_owned();
        // Over HTTP or over WebSocket; the latter is named last.
        let url = server.split_whitespace().last().expect("an address").to_owned();
        let address = url.trim_start_matches("ws://").trim_end_matches("/mcp").to_owned();
        Self { process, address, url, link, folder }
    }

    /// Answers one plain request: the head and the body.
    pub(crate) fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
    }

    pub(crate) fn call(&self, tool: &str, arguments: &str) -> Ran {
        run(&["call", &self.url, tool, arguments])
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everywire"));
    command.env_remove("EVERYWIRE_TOKEN");
    command
}

#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It ended with this code and one sentence that holds the words.
    pub(crate) fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "one sentence: {self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing: {self:?}");
        }
    }
}

pub(crate) fn run(args: &[&str]) -> Ran {
    program().args(args).stdin(Stdio::null()).output().expect("the program starts").into()
}

pub(crate) fn run_with(args: &[&str], input: &str) -> Ran {
    let mut process = program()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    process.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    process.wait_with_output().expect("it ends").into()
}

/// The demo server as a command, for the end of a command line.
pub(crate) fn demo_command() -> [&'static str; 4] {
    ["--", env!("CARGO_BIN_EXE_everywire"), "demo", "--stdio"]
}

/// The words of `line`, and then the demo server as a command.
pub(crate) fn with_demo<'a>(line: &[&'a str]) -> Vec<&'a str> {
    line.iter().copied().chain(demo_command()).collect()
}

/// A server of this crate in this process, which ends with the test.
pub(crate) struct Served {
    pub(crate) server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Served {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, runtime: tokio::runtime::Runtime::new().expect("a runtime") }
    }

    /// Serves here too; the address.
    pub(crate) fn at(&self, bind: impl FnOnce(&Server) -> Bind) -> String {
        let listener = self.runtime.block_on(bind(&self.server).into_future()).expect("bound");
        let url = listener.url().to_owned();
        self.runtime.spawn(listener.run(std::future::pending()));
        url
    }
}

/// A process whose lines are read as they come; killed with the test.
pub(crate) struct Running {
    pub(crate) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut process = program()
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, lines }
    }

    /// The next line of its output, as JSON.
    pub(crate) fn document(&mut self) -> Value {
        let line = self.lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// What there is to say once it has ended, but for the lines that were read.
    pub(crate) fn end(mut self) -> Ran {
        let rest: Vec<String> = self.lines.by_ref().map(|line| line.expect("text")).collect();
        let mut err = String::new();
        self.process.stderr.take().expect("piped").read_to_string(&mut err).expect("text");
        Ran { code: self.process.wait().expect("it ends").code(), out: rest.join("\n"), err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
