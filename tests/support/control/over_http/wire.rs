//! HTTP/1.1 by hand: nothing here keeps a test from breaking its rules.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(super) struct Request {
    pub(super) verb: String,
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What every page may read and send: the tests of browsers come from another port.
const CORS: &str = "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Mcp-Session-Id, Retry-After\r\n\
                    Cross-Origin-Resource-Policy: cross-origin\r\n";

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The next request, with a body of the announced length; `None` where the connection ends.
    pub(super) async fn request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer.drain(..end + 4).collect::<Vec<_>>()).into_owned();
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (verb, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Request { verb, target, headers, body: String::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.buffer.len() < length {
            self.more().await?;
        }
        let body: Vec<u8> = self.buffer.drain(..length).collect();
        request.body = String::from_utf8_lossy(&body).into_owned();
        Some(request)
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(1..) => Some(()),
            _ => None,
        }
    }

    /// Completes when the client closes its side.
    pub(super) async fn gone(&mut self) {
        while self.more().await.is_some() {}
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// A whole answer with its length.
    pub(super) async fn answer(&mut self, status: u16, headers: &[(&str, &str)], body: &str) -> io::Result<()> {
        let mut head = head(status, headers);
        let _ = write!(head, "Content-Length: {}\r\n\r\n{body}", body.len());
        self.write(head.as_bytes()).await
    }

    /// The head of an answer that comes in chunks.
    pub(super) async fn begin(&mut self, status: u16, headers: &[(&str, &str)]) -> io::Result<()> {
        let head = head(status, headers) + "Transfer-Encoding: chunked\r\n\r\n";
        self.write(head.as_bytes()).await
    }

    /// The head of a stream of events and a comment: Firefox does not tell of a head without a body.
    pub(super) async fn open_stream(&mut self) -> io::Result<()> {
        self.begin(200, &[("Content-Type", "text/event-stream")]).await?;
        self.chunk(b": open\n\n").await
    }

    pub(super) async fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.write(&framed).await
    }

    pub(super) async fn end(&mut self) -> io::Result<()> {
        self.write(b"0\r\n\r\n").await
    }

    /// The connection breaks without the orderly end of TCP.
    pub(super) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Waits until all that was written lies in the client's hands, so that a close does not overtake it.
    pub(super) async fn close(mut self) {
        let _ = self.stream.shutdown().await;
        // A close with unread bytes would be a reset, and take what was written along.
        let _ = tokio::time::timeout(Duration::from_millis(500), self.gone()).await;
    }
}

pub(super) fn head(status: u16, headers: &[(&str, &str)]) -> String {
    let mut head = format!("HTTP/1.1 {status} As-Scripted\r\n{CORS}");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head
}
