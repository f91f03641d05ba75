//! Newline-delimited JSON by hand, over TCP, Unix sockets and a child's pipes.

pub(crate) mod hand;
pub(crate) mod raw;

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};

use crate::Fault;
use crate::measure::Process;
use crate::servers::{Kind, ROLE};

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Opens a connection without delay.
pub(crate) async fn open(url: &str) -> Result<(Reader, Writer), Fault> {
    if let Some(path) = url.strip_prefix("unix:") {
        let (reader, writer) = UnixStream::connect(path).await?.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    }
    let stream = TcpStream::connect(url.trim_start_matches("tcp://")).await?;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

/// A server on a child's standard streams, which says its process id on standard error first.
pub(crate) async fn spawn(kind: Kind) -> Result<(Child, Process, (Reader, Writer)), Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(ROLE, kind.role()).kill_on_drop(true);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stderr.take().ok_or("no errors")?).read_line(&mut line).await?;
    let streams = (child.stdout.take().ok_or("no output")?, child.stdin.take().ok_or("no input")?);
    Ok((child, Process::Id(line.trim().parse()?), (Box::new(streams.0), Box::new(streams.1))))
}
