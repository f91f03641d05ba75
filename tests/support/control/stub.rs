use std::future::pending;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::log::Log;
use crate::scripted::{Era, Reply, Script};
use crate::tls;

/// How a peer behaves before the first message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Speaks the protocol; what it does wrong is asked for by the name of a tool, see [`Script`].
    Peer,
    /// Opens the WebSocket and never says a word.
    Mute,
    /// Opens the WebSocket, answers the handshakes of both layers, and stops reading at the first call.
    Deaf,
    /// Accepts the connection and never answers the handshake.
    Silent,
    /// Answers the handshake with this HTTP status.
    Status(u16),
    /// Answers the handshake with a page.
    Html,
    /// TLS with a certificate for somebody else.
    WrongName,
    /// Selects no subprotocol and refuses to be offered one.
    NoSubprotocol,
}

impl Kind {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "peer" => Self::Peer,
            "mute" => Self::Mute,
            "deaf" => Self::Deaf,
            "silent" => Self::Silent,
            "html" => Self::Html,
            "wrong-name" => Self::WrongName,
            "no-subprotocol" => Self::NoSubprotocol,
            status => Self::Status(status.parse().map_err(|_| format!("there is no kind of stub named {name}"))?),
        })
    }
}

pub(crate) async fn serve(listener: TcpListener, kind: Kind, era: Era, generation: u32, log: Arc<Log>) {
    while let Ok((stream, _)) = listener.accept().await {
        let script = Script::new(era, generation, log.clone());
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            script.log.note("connection");
            match kind {
                Kind::Peer | Kind::Mute | Kind::Deaf | Kind::NoSubprotocol => talk(stream, kind, &script).await,
                Kind::Silent => hold(stream).await,
                Kind::Status(status) => refuse(stream, &plain(status)).await,
                Kind::Html => refuse(stream, HTML).await,
                Kind::WrongName => {
                    if let Ok(stream) = tls::wrong_name().accept(stream).await {
                        talk(stream, Kind::Peer, &script).await;
                    }
                }
            }
            script.log.note("end");
        });
    }
}

const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<p>A page.</p>\n";

fn plain(status: u16) -> String {
    let more = match status {
        302 => "Location: http://127.0.0.1:9/elsewhere\r\n",
        401 => "WWW-Authenticate: Bearer\r\n",
        _ => "",
    };
    format!("HTTP/1.1 {status} Refused\r\n{more}Content-Length: 0\r\n\r\n")
}

async fn refuse(mut stream: TcpStream, answer: &str) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(1..) => {}
            _ => return,
        }
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn hold(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}

/// INTEROP: real servers select `mcp`, or nothing although it was offered.
#[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
fn select(kind: Kind, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get("sec-websocket-protocol").is_some();
    if offered && kind == Kind::NoSubprotocol {
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::BAD_REQUEST;
        return Err(refusal);
    }
    if offered {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("mcp"));
    }
    Ok(response)
}

#[allow(clippy::result_large_err, reason = "the error is the library's own")]
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, kind: Kind, script: &Script) {
    let Ok(mut socket) = accept_hdr_async(stream, |request: &Request, response: Response| {
        for (name, value) in request.headers() {
            script.log.note(format!("header {name}: {}", value.to_str().unwrap_or("?")));
        }
        select(kind, request, response)
    })
    .await
    else {
        return;
    };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        script.log.note(format!("in {text}"));
        let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
        if kind == Kind::Mute {
            continue;
        }
        if kind == Kind::Deaf && message["method"] == "tools/call" {
            return pending().await;
        }
        for reply in script.replies(&message) {
            if !perform(&mut socket, reply).await {
                return;
            }
        }
    }
}

/// Does what the script says; false when the connection is over.
async fn perform<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, reply: Reply) -> bool {
    match reply {
        Reply::Say(value) => socket.send(Message::text(value.to_string())).await.is_ok(),
        Reply::Text(text) => socket.send(Message::text(text)).await.is_ok(),
        Reply::Binary(bytes) => socket.send(Message::binary(bytes)).await.is_ok(),
        Reply::Announce(length) => {
            // RFC 6455, section 5.2: a final text frame whose length stands in eight bytes.
            let mut head = vec![0x81, 127];
            head.extend(length.to_be_bytes());
            head.extend(b"{\"jsonrpc\":");
            let stream = socket.get_mut();
            stream.write_all(&head).await.is_ok() && stream.flush().await.is_ok()
        }
        Reply::Close(code) => {
            let frame =
                tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "asked to".into() };
            let _ = socket.close(Some(frame)).await;
            while let Some(Ok(_)) = socket.next().await {}
            false
        }
        Reply::Drop => false,
    }
}
