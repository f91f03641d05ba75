//! Servers in processes of their own: this program, started once more and told by its environment which to be.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError, ToolHandler};

use crate::measure::Process;
use crate::{Fault, http, websocket};

const ROLE: &str = "EVERYWIRE_BENCH_SERVER";

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
}

impl Kind {
    const ALL: [(Self, &str); 7] = [
        (Self::RawWebSocket, "raw-websocket"),
        (Self::HandWebSocket, "hand-websocket"),
        (Self::WebSocket, "websocket"),
        (Self::RawHttp, "raw-http"),
        (Self::HandJson, "hand-json"),
        (Self::HandEvents, "hand-events"),
        (Self::Http, "http"),
    ];
}

/// Which server this process is to be.
pub(crate) fn asked_for() -> Option<Kind> {
    let role = std::env::var(ROLE).ok()?;
    Kind::ALL.iter().find(|(_, name)| *name == role).map(|(kind, _)| *kind)
}

/// Serves until the process is killed; the address goes to standard output.
pub(crate) async fn serve(kind: Kind) -> Result<(), Fault> {
    if matches!(kind, Kind::WebSocket | Kind::Http) {
        let server = Server::builder("bench", "1").tool("echo", EchoTool).build();
        let bind = match kind {
            Kind::Http => server.bind_http("127.0.0.1:0"),
            _ => server.bind_websocket("127.0.0.1:0"),
        };
        let listener = bind.max_connections(usize::MAX).await?;
        println!("{}", listener.local_addr().expect("a TCP address"));
        return Ok(listener.run(std::future::pending()).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        match kind {
            Kind::RawWebSocket => tokio::spawn(websocket::raw::serve(stream)),
            Kind::RawHttp => tokio::spawn(http::raw::serve(stream)),
            Kind::HandJson => tokio::spawn(http::hand::serve(stream, false)),
            Kind::HandEvents => tokio::spawn(http::hand::serve(stream, true)),
            _ => tokio::spawn(websocket::hand::serve(stream)),
        };
    }
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

/// A server process; dropped it is killed.
pub(crate) struct Spawned {
    kind: Kind,
    child: Child,
    address: SocketAddr,
}

impl Spawned {
    pub(crate) fn start(kind: Kind) -> Result<Self, Fault> {
        let role = Kind::ALL.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name);
        let mut child = Command::new(std::env::current_exe()?)
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { kind, child, address: line.trim().parse()? })
    }

    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::RawWebSocket | Kind::HandWebSocket | Kind::WebSocket => format!("ws://{}/", self.address),
            _ => format!("http://{}/", self.address),
        }
    }

    pub(crate) fn process(&self) -> Process {
        Process::Id(self.child.id())
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
