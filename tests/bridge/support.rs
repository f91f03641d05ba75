//! The program as a bridge, and what it says.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use everywire::Client;
use everywire::transport::WebSocket;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long anything may take; only what hangs takes as long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program, ended with the test.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everywire"));
    command.env_remove("EVERYWIRE_TOKEN").env_remove("EVERYWIRE_BRIDGE_TOKEN").kill_on_drop(true);
    command
}

/// The server that the tests put behind the bridge.
pub fn backend() -> String {
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_everywire"));
    bin.with_file_name("examples").join("bridge_backend").display().to_string()
}

pub struct Bridge {
    pub process: Child,
    /// Where clients come in.
    pub url: String,
    pub page: Option<String>,
    pub token: Option<String>,
    errors: mpsc::UnboundedReceiver<String>,
    /// What it said so far on standard error.
    pub said: Vec<String>,
}

impl Bridge {
    /// Starts one and waits until it listens.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, |command| command).await
    }

    /// With more to say about the process.
    pub async fn start_with(arguments: &[&str], more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut process = more(program().arg("bridge").args(arguments))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (told, errors) = mpsc::unbounded_channel();
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if told.send(line).is_err() {
                    // Its pipe is read on: it must not end for want of a reader.
                    continue;
                }
            }
        });
        let mut out = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut this = Self { process, url: String::new(), page: None, token: None, errors, said: Vec::new() };
        loop {
            let line = tokio::time::timeout(PATIENCE, out.next_line()).await.expect("in time").expect("text");
            let Some(line) = line else {
                this.hear_out().await;
                panic!("the bridge ended: {:?}", this.said);
            };
            match line.split_once(':').map(|(name, value)| (name, value.trim().to_owned())) {
                Some(("The page", value)) => this.page = Some(value),
                Some(("The server", value)) => this.url = value,
                Some(("The token", value)) => this.token = Some(value),
                Some(("The backend", _)) => break,
                _ => panic!("{line}"),
            }
        }
        tokio::spawn(async move { while let Ok(Some(_)) = out.next_line().await {} });
        this
    }

    /// Over WebSocket, on a free port, to the tests' own server.
    pub async fn usual(options: &[&str]) -> Self {
        let backend = backend();
        let arguments = [&["--listen", "ws://127.0.0.1:0"], options, &["--", &backend]].concat();
        Self::start(&arguments).await
    }

    /// Waits until it says this on standard error.
    pub async fn says(&mut self, words: &str) {
        while !self.said.iter().any(|line| line.contains(words)) {
            match tokio::time::timeout(PATIENCE, self.errors.recv()).await {
                Ok(Some(line)) => self.said.push(line),
                _ => panic!("it never said {words:?}: {:?}", self.said),
            }
        }
    }

    /// Reads all of its standard error.
    pub async fn hear_out(&mut self) {
        while let Ok(Some(line)) = tokio::time::timeout(PATIENCE, self.errors.recv()).await {
            self.said.push(line);
        }
    }

    pub fn transport(&self) -> WebSocket {
        let transport = WebSocket::new(&self.url).expect("an address");
        match &self.token {
            Some(token) => transport.token(token).expect("a token"),
            None => transport,
        }
    }

    pub async fn client(&self) -> Client {
        tokio::time::timeout(PATIENCE, Client::over(self.transport()).connect())
            .await
            .expect("in time")
            .expect("connected")
    }

    /// As Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = self.process.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// The answer to a plain request.
    pub async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).await.expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address());
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("ws://").trim_end_matches('/')
    }

    /// Asks for the upgrade to a WebSocket with these further headers; the answer's status.
    pub async fn handshake(&self, headers: &[(&str, &str)]) -> u16 {
        let mut head = String::from(
            "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        );
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(self.address()).await.expect("connected");
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("sent");
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.expect("a status");
        String::from_utf8_lossy(&status[9..]).parse().expect("a number")
    }
}

/// The program's own demo, and its address over HTTP.
pub async fn demo() -> (Child, String) {
    let folder = Folder::new("demo");
    std::fs::write(folder.0.join("index.html"), "<!doctype html>").expect("a file");
    let mut process = program()
        .args(["demo", "--www", &folder.path("")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(process.stdout.take().expect("piped")).lines();
    loop {
        let line = out.next_line().await.expect("text").expect("it listens");
        if let Some(url) = line.strip_prefix("The server:").and_then(|rest| rest.split_whitespace().next()) {
            return (process, url.to_owned());
        }
    }
}

/// What a tool says.
pub async fn call(client: &Client, tool: &str, text: &str) -> String {
    let done = client.call_tool(tool, serde_json::json!({ "text": text }));
    let result = tokio::time::timeout(PATIENCE, done).await.expect("in time").expect("an answer");
    result.all_text()
}

/// The same of a client whose backend has just ended, which it may come to notice only now.
pub async fn call_after_loss(client: &Client, tool: &str) -> String {
    loop {
        match tokio::time::timeout(PATIENCE, client.call_tool(tool, serde_json::json!({}))).await.expect("in time") {
            Ok(result) => return result.all_text(),
            Err(error) => assert!(error.maybe_executed(), "{error}"),
        }
    }
}

/// A directory that ends with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("everywire-bridge-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
