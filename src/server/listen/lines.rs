//! Connections that speak in lines: TCP and Unix sockets.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::reception::Socket;
use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::json::{Malformed, Text};
use crate::proto::code;
use crate::server::answer::Failure;
use crate::transport::{self, LineOptions, Link, TransportErrorKind};

/// What a new connection is held to.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) transport: &'static str,
    pub(super) max_message: usize,
    /// Within this time the first message has to be there, whole.
    pub(super) timeout: Duration,
}

impl Lines {
    /// The link, once the client has shown that it speaks. `None`: it does not, or is gone.
    ///
    /// There is no handshake that a client of something else would fail, so its first message is looked at. A page can have
    /// its browser send an HTTP request to any port, whose body is lines of the page's own: none of them may be carried
    /// out, so the connection ends with the first one, which is `POST / HTTP/1.1`.
    pub(super) async fn open<S: Socket>(&self, socket: S) -> Option<Link> {
        tokio::time::timeout(self.timeout, self.first(socket)).await.ok().flatten()
    }

    async fn first<S: Socket>(&self, socket: S) -> Option<Link> {
        let (reader, writer) = socket.halves();
        let mut link = self.link(reader, writer);
        let first = loop {
            match link.rx.next().await? {
                Ok(Inbound::Message(text)) => break text,
                Ok(_) => {}
                Err(error) => {
                    let text = match error.kind() {
                        TransportErrorKind::TooLarge { .. } => "the message is larger than this server takes",
                        TransportErrorKind::Protocol => "the message is not UTF-8",
                        _ => return None,
                    };
                    say(&mut link, Failure::new(code::PARSE_ERROR, text).text(None)).await;
                    return None;
                }
            }
        };
        if let Err(Malformed::NotJson) = first.read() {
            let text = "this address speaks MCP, one JSON-RPC message per line";
            say(&mut link, Failure::new(code::PARSE_ERROR, text).text(None)).await;
            return None;
        }
        let first = stream::once(std::future::ready(Ok(Inbound::Message(first))));
        link.rx = Box::pin(first.chain(link.rx));
        Some(link)
    }

    fn link<R, W>(&self, reader: R, writer: W) -> Link
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        transport::lines(reader, writer, self.options())
    }

    fn options(&self) -> LineOptions {
        LineOptions {
            transport: self.transport,
            profile: Profile::SharedChannel { reopen: false, liveness: Liveness::Channel },
            max_message: self.max_message,
        }
    }

    /// Tells a connection that there is no room for it.
    pub(super) async fn refuse<S: Socket>(&self, mut socket: S) {
        let text = "the server has as many connections as it takes; try again later";
        let mut line = Failure::internal(text).text(None).into_bytes().to_vec();
        line.push(b'\n');
        let told = async {
            if socket.write_all(&line).await.is_ok() {
                super::door::part(&mut socket).await;
            }
        };
        let _ = tokio::time::timeout(self.timeout, told).await;
    }
}

/// Says a last word; a client that is gone concerns nobody.
async fn say(link: &mut Link, text: Text) {
    if link.tx.send(Outbound::Message(text)).await.is_ok() {
        let _ = link.tx.close().await;
    }
}
