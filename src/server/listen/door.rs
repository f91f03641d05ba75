//! The opening handshake, answered by ourselves: every refusal says why, also to what is not a WebSocket.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response, create_response, write_response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::page::{self, Page};
use super::token::{self, Token};
use crate::proto::versions::{LEGACY, MODERN};
use crate::server::Peer;
use crate::server::origin::Policy;
use crate::transport::{Link, served};

/// Largest request head.
const MAX_HEAD: usize = 16 * 1024;

/// What a handshake is judged by.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) policy: Policy,
    /// The only path that is served; any where `None`.
    pub(super) path: Option<String>,
    /// What plain requests are answered with, by path. They need no token.
    pub(super) pages: BTreeMap<String, Page>,
    /// What every other request has to bring.
    pub(super) token: Option<Token>,
    pub(super) max_message: usize,
    pub(super) refused: Option<Refused>,
}

/// Is told of those who are not let in.
#[derive(Clone)]
pub(super) struct Refused(pub(super) Arc<Told>);

type Told = dyn Fn(&Peer, u16, &str) + Send + Sync;

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refused")
    }
}

/// A handshake that is not accepted: the status and a sentence.
pub(super) type Refusal = (StatusCode, &'static str);

/// A request that is answered.
enum Answer<'a> {
    /// The handshake's response: a link begins, for a page of this origin if it is one's.
    Link {
        response: Vec<u8>,
        origin: Option<String>,
    },
    Page(&'a Page),
}

impl Door {
    /// Reads the request and answers it. `None`: refused, or gone.
    pub(super) async fn open<S>(&self, mut stream: S, peer: Peer) -> Option<(Link, Peer)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut head = Vec::with_capacity(1024);
        let mut by = None;
        let judged = loop {
            match Request::try_parse(&head) {
                Ok(Some((size, request))) => {
                    by = request
                        .headers()
                        .get(header::ORIGIN)
                        .and_then(|origin| origin.to_str().ok().map(str::to_owned));
                    break self.judge(&request).map(|answer| (size, answer));
                }
                Ok(None) if head.len() >= MAX_HEAD => {
                    break Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large"));
                }
                Ok(None) => {}
                Err(error) => break Err(not_websocket(&error)),
            }
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        };
        match judged {
            Ok((_, Answer::Page(found))) => {
                page::send(&mut stream, found).await;
                None
            }
            Ok((size, Answer::Link { response, origin })) => {
                stream.write_all(&response).await.ok()?;
                stream.flush().await.ok()?;
                let rest = head.split_off(size);
                let peer = Peer { transport: "websocket", origin, ..peer };
                Some((served(stream, rest, self.max_message), peer))
            }
            Err(refusal) => {
                if let Some(Refused(told)) = &self.refused {
                    told(&Peer { transport: "websocket", origin: by, ..peer }, refusal.0.as_u16(), refusal.1);
                }
                refuse(&mut stream, refusal).await;
                None
            }
        }
    }

    fn judge(&self, request: &Request) -> Result<Answer<'_>, Refusal> {
        let text = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}"));
        let mut hosts = request.headers().get_all(header::HOST).iter();
        if hosts.next().is_none() || hosts.next().is_some() {
            return Err((StatusCode::BAD_REQUEST, "the request needs exactly one Host header"));
        }
        let origin = text(header::ORIGIN);
        self.policy.check(text(header::HOST), origin).map_err(|why| (StatusCode::FORBIDDEN, why))?;
        let plain = !request.headers().contains_key(header::UPGRADE);
        if let (true, Some(page)) = (plain, self.pages.get(request.uri().path())) {
            return Ok(Answer::Page(page));
        }
        if self.path.as_deref().is_some_and(|path| path != request.uri().path()) {
            return Err((StatusCode::NOT_FOUND, "there is nothing at this path"));
        }
        self.check_token(request.headers())?;
        let response = Self::accept(request)?;
        let mut bytes = Vec::with_capacity(256);
        let unwritable = (StatusCode::INTERNAL_SERVER_ERROR, "the response could not be written");
        write_response(&mut bytes, &response).map_err(|_| unwritable)?;
        Ok(Answer::Link { response: bytes, origin: origin.map(str::to_owned) })
    }

    /// # Errors
    /// What to tell the client.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match &self.token {
            Some(token) if !token.is_brought(headers, headers.contains_key(header::UPGRADE)) => {
                Err((StatusCode::UNAUTHORIZED, token::MISSING))
            }
            _ => Ok(()),
        }
    }

    /// The response that makes a WebSocket of the request's connection.
    pub(super) fn accept(request: &Request) -> Result<Response, Refusal> {
        let mut response = create_response(request).map_err(|error| not_websocket(&error))?;
        let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offered = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        if let Some(protocol) = subprotocol(&offered.map(str::trim).collect::<Vec<_>>())
            && let Ok(value) = HeaderValue::from_str(protocol)
        {
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
        Ok(response)
    }
}

/// `mcp` if it is offered, else a revision that is spoken here, else none; never a token (`mcp.auth.…`).
fn subprotocol<'a>(offered: &[&'a str]) -> Option<&'a str> {
    let spoken = |name: &str| MODERN.contains(&name) || LEGACY.contains(&name);
    let revision = |name: &&&str| name.strip_prefix("mcp.version.").is_some_and(spoken);
    offered.iter().find(|name| **name == "mcp").or_else(|| offered.iter().find(revision)).copied()
}

fn not_websocket(error: &WsError) -> Refusal {
    match error {
        WsError::Protocol(ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey) => {
            (StatusCode::BAD_REQUEST, "the Sec-WebSocket-Key header is missing or malformed")
        }
        WsError::Protocol(
            ProtocolError::WrongHttpMethod
            | ProtocolError::WrongHttpVersion
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => (StatusCode::UPGRADE_REQUIRED, "this address speaks MCP over WebSocket; connect with a WebSocket client"),
        _ => (StatusCode::BAD_REQUEST, "the request is malformed"),
    }
}

/// Answers and closes; the client's own fault, so that a failure to write concerns nobody.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, (status, why): Refusal) {
    let more = match status {
        StatusCode::UPGRADE_REQUIRED => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        StatusCode::UNAUTHORIZED => "WWW-Authenticate: Bearer\r\n",
        _ => "",
    };
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n{why}\n",
        why.len() + 1,
    );
    if stream.write_all(response.as_bytes()).await.is_ok() {
        part(stream).await;
    }
}

/// Closes after the answer. Unread bytes would turn our close into a reset, which takes the answer away from the client.
pub(super) async fn part<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    if stream.shutdown().await.is_ok() {
        let mut rest = [0; 1024];
        for _ in 0..64 {
            if !matches!(stream.read(&mut rest).await, Ok(1..)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::subprotocol;

    #[test]
    fn subprotocols() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["mcp"], Some("mcp")),
            (&["chat", "mcp", "mcp.version.2025-11-25"], Some("mcp")),
            (&["mcp.version.2025-11-25", "mcp"], Some("mcp")),
            (&["mcp.version.2026-07-28"], Some("mcp.version.2026-07-28")),
            (&["mcp.version.1999-01-01", "mcp.version.2025-06-18"], Some("mcp.version.2025-06-18")),
            (&["mcp.version.1999-01-01"], None),
            (&["mcp.auth.c2VjcmV0"], None),
            (&["mcp.auth.c2VjcmV0", "mcp.version.2025-11-25"], Some("mcp.version.2025-11-25")),
            (&["MCP"], None),
            (&["graphql-ws"], None),
        ];
        for (offered, selected) in table {
            assert_eq!(subprotocol(offered), *selected, "{offered:?}");
        }
    }
}
