//! Servers in processes of their own: this program, started once more and told by its environment which to be.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError, ToolHandler};

use crate::measure::Process;
use crate::{Fault, http, stream, websocket};

/// The environment variable by which a process is told which server to be.
pub(crate) const ROLE: &str = "EVERYWIRE_BENCH_SERVER";

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    RawWebSocket,
    HandWebSocket,
    WebSocket,
    RawHttp,
    /// Answers with JSON.
    HandJson,
    /// Answers with events.
    HandEvents,
    Http,
    RawTcp,
    HandTcp,
    Tcp,
    RawUnix,
    HandUnix,
    Unix,
    RawStdio,
    HandStdio,
    Stdio,
}

impl Kind {
    const ALL: [(Self, &str); 16] = [
        (Self::RawWebSocket, "raw-websocket"),
        (Self::HandWebSocket, "hand-websocket"),
        (Self::WebSocket, "websocket"),
        (Self::RawHttp, "raw-http"),
        (Self::HandJson, "hand-json"),
        (Self::HandEvents, "hand-events"),
        (Self::Http, "http"),
        (Self::RawTcp, "raw-tcp"),
        (Self::HandTcp, "hand-tcp"),
        (Self::Tcp, "tcp"),
        (Self::RawUnix, "raw-unix"),
        (Self::HandUnix, "hand-unix"),
        (Self::Unix, "unix"),
        (Self::RawStdio, "raw-stdio"),
        (Self::HandStdio, "hand-stdio"),
        (Self::Stdio, "stdio"),
    ];

    /// What [`ROLE`] says.
    pub(crate) fn role(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// Whether it is this crate's.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::WebSocket | Self::Http | Self::Tcp | Self::Unix | Self::Stdio)
    }

    /// Whether it is spoken to over the standard streams of its process.
    pub(crate) fn is_stdio(self) -> bool {
        matches!(self, Self::RawStdio | Self::HandStdio | Self::Stdio)
    }
}

/// Which server this process is to be.
pub(crate) fn asked_for() -> Option<Kind> {
    let role = std::env::var(ROLE).ok()?;
    Kind::ALL.iter().find(|(_, name)| *name == role).map(|(kind, _)| *kind)
}

/// Serves until the process is killed, or its standard input ends; the address goes to standard output, the process id of
/// one without an address to standard error.
pub(crate) async fn serve(kind: Kind) -> Result<(), Fault> {
    if kind.is_stdio() {
        eprintln!("{}", std::process::id());
    }
    match kind {
        Kind::RawStdio => stream::raw::serve_stdio(),
        Kind::HandStdio => stream::hand::serve_stdio(),
        _ if kind.is_ours() => serve_ours(kind).await,
        Kind::RawUnix | Kind::HandUnix => {
            let path = socket_path();
            let listener = tokio::net::UnixListener::bind(&path)?;
            println!("unix:{}", path.display());
            loop {
                let (stream, _) = listener.accept().await?;
                match kind {
                    Kind::RawUnix => tokio::spawn(stream::raw::serve(stream)),
                    _ => tokio::spawn(stream::hand::serve(stream)),
                };
            }
        }
        _ => {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let scheme = match kind {
                Kind::RawTcp | Kind::HandTcp => "tcp",
                Kind::RawWebSocket | Kind::HandWebSocket => "ws",
                _ => "http",
            };
            println!("{scheme}://{}", listener.local_addr()?);
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                match kind {
                    Kind::RawWebSocket => tokio::spawn(websocket::raw::serve(stream)),
                    Kind::RawTcp => tokio::spawn(stream::raw::serve(stream)),
                    Kind::HandTcp => tokio::spawn(stream::hand::serve(stream)),
                    Kind::RawHttp => tokio::spawn(http::raw::serve(stream)),
                    Kind::HandJson => tokio::spawn(http::hand::serve(stream, false)),
                    Kind::HandEvents => tokio::spawn(http::hand::serve(stream, true)),
                    _ => tokio::spawn(websocket::hand::serve(stream)),
                };
            }
        }
    }
}

async fn serve_ours(kind: Kind) -> Result<(), Fault> {
    let server = Server::builder("bench", "1").tool("echo", EchoTool).build();
    let bind = match kind {
        Kind::Stdio => return Ok(server.run_stdio().await?),
        Kind::Http => server.bind_http("127.0.0.1:0"),
        Kind::Tcp => server.bind_tcp("127.0.0.1:0"),
        Kind::Unix => server.bind_unix(socket_path()),
        _ => server.bind_websocket("127.0.0.1:0"),
    };
    let listener = bind.max_connections(usize::MAX).await?;
    println!("{}", listener.url());
    Ok(listener.run(std::future::pending()).await?)
}

/// A path of this process's own.
fn socket_path() -> PathBuf {
    std::env::temp_dir().join(format!("everywire-bench-{}.sock", std::process::id()))
}

struct EchoTool;

#[derive(serde::Deserialize)]
struct Arguments {
    text: String,
}

impl ToolHandler for EchoTool {
    async fn call(&self, arguments: Json, _cx: RequestContext) -> Result<CallToolResult, ToolError> {
        let Arguments { text } = arguments.parse()?;
        Ok(CallToolResult::text(text))
    }
}

/// A server process with an address; dropped it is killed.
pub(crate) struct Spawned {
    child: Child,
    url: String,
}

impl Spawned {
    pub(crate) fn start(kind: Kind) -> Result<Self, Fault> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(ROLE, kind.role())
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { child, url: line.trim().to_owned() })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn process(&self) -> Process {
        Process::Id(self.child.id())
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(path) = self.url.strip_prefix("unix:") {
            let _ = std::fs::remove_file(path);
        }
    }
}
