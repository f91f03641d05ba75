//! Servers in processes of their own: this program, started once more and told by its environment which to be.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use everywire::json::Json;
use everywire::proto::CallToolResult;
use everywire::server::{RequestContext, Server, ToolError, ToolHandler};

use crate::measure::Process;
use crate::{Fault, hand, raw};

const ROLE: &str = "EVERYWIRE_BENCH_SERVER";

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Raw,
    Hand,
    Everywire,
}

impl Kind {
    const ALL: [(Self, &str); 3] = [(Self::Raw, "raw"), (Self::Hand, "hand"), (Self::Everywire, "everywire")];
}

/// Which server this process is to be.
pub(crate) fn asked_for() -> Option<Kind> {
    let role = std::env::var(ROLE).ok()?;
    Kind::ALL.iter().find(|(_, name)| *name == role).map(|(kind, _)| *kind)
}

/// Serves until the process is killed; the address goes to standard output.
pub(crate) async fn serve(kind: Kind) -> Result<(), Fault> {
    if kind == Kind::Everywire {
        let server = Server::builder("bench", "1").tool("echo", EchoTool).build();
        let listener = server.bind_websocket("127.0.0.1:0").max_connections(usize::MAX).await?;
        println!("{}", listener.local_addr());
        return Ok(listener.run(std::future::pending()).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        match kind {
            Kind::Raw => tokio::spawn(raw::serve(stream)),
            _ => tokio::spawn(hand::serve(stream)),
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
        Ok(Self { child, address: line.trim().parse()? })
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
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
