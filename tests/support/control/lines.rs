//! A scripted peer over newline-delimited JSON: TCP, Unix sockets, and, through [`pipe`], the standard streams of a child process.

use std::future::pending;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, stdin, stdout,
};
use tokio::net::{TcpListener, TcpStream, UnixListener};

use crate::log::Log;
use crate::scripted::{Era, Reply, Script};
use crate::stub::Kind;

pub(crate) async fn serve_tcp(listener: TcpListener, kind: Kind, era: Era, generation: u32, log: Arc<Log>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(talk(stream, kind, Script::new(era, generation, log.clone())));
    }
}

pub(crate) async fn serve_unix(listener: UnixListener, kind: Kind, era: Era, generation: u32, log: Arc<Log>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(talk(stream, kind, Script::new(era, generation, log.clone())));
    }
}

/// A socket at this path, whatever a peer that was killed left there.
pub(crate) fn bind_unix(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => UnixListener::bind(path),
    }
}

async fn talk<S: AsyncRead + AsyncWrite>(stream: S, kind: Kind, script: Script) {
    script.log.note("connection");
    // However it ended: the client is what is tested.
    let _ = converse(stream, kind, &script).await;
    script.log.note("end");
}

async fn converse<S: AsyncRead + AsyncWrite>(stream: S, kind: Kind, script: &Script) -> std::io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        script.log.note(format!("in {line}"));
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if kind == Kind::Mute {
            continue;
        }
        if kind == Kind::Deaf && message["method"] == "tools/call" {
            return pending().await;
        }
        for reply in script.replies(&message) {
            match reply {
                Reply::Say(value) => writer.write_all(format!("{value}\n").as_bytes()).await?,
                Reply::Text(text) => writer.write_all(format!("{text}\n").as_bytes()).await?,
                // What a text frame cannot hold: bytes that are no UTF-8.
                Reply::Binary(bytes) => writer.write_all(&[&bytes[..], b"\xff\xfe\n"].concat()).await?,
                Reply::Announce(length) => announce(&mut writer, length).await?,
                Reply::Close(_) => return writer.shutdown().await,
                Reply::Drop => return Ok(()),
            }
        }
    }
    writer.shutdown().await
}

/// A line has no head that could announce its length: it is begun, and goes on for as long as anybody takes it.
async fn announce<W: AsyncWrite + Unpin>(writer: &mut W, length: u64) -> std::io::Result<()> {
    writer.write_all(b"{\"jsonrpc\":\"").await?;
    let piece = vec![b'x'; 64 << 10];
    for _ in 0..length / piece.len() as u64 {
        writer.write_all(&piece).await?;
    }
    Ok(())
}

/// A child process whose standard streams are a peer's. While the peer is away it is a program that is slow to start.
pub(crate) async fn pipe(port: u16) {
    let peer = loop {
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(peer) => break peer,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let _ = peer.set_nodelay(true);
    let (mut from, mut to) = peer.into_split();
    let there = async {
        tokio::io::copy(&mut stdin(), &mut to).await?;
        to.shutdown().await?;
        // The peer's own end follows, and ends the other direction.
        pending::<std::io::Result<()>>().await
    };
    let back = async {
        let mut stdout = stdout();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer).await? {
                0 => return Ok(()),
                count => {
                    stdout.write_all(&buffer[..count]).await?;
                    stdout.flush().await?;
                }
            }
        }
    };
    // Whichever ends ends the program.
    let _: std::io::Result<()> = tokio::select! {
        ended = there => ended,
        ended = back => ended,
    };
    // A read of standard input that is still under way must not hold it.
    std::process::exit(0);
}
