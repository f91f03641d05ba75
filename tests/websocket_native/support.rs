//! Scripted peers.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::transport::{Link, Transport, TransportError, WebSocket};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A server that runs `handler` for every connection, until dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start<F>(handler: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                connections.spawn(handler(stream));
            }
        });
        Self { address, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    pub(crate) fn socket(&self) -> WebSocket {
        WebSocket::new(&self.url()).expect("a valid address")
    }
}

/// What a handshake asked for, in the order of arrival.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn push(&self, line: impl Into<String>) {
        self.0.lock().expect("no panic").push(line.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

/// Reads an HTTP request head.
pub(crate) async fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).expect("an ASCII request")
}

/// The value of a header in a request head.
pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// Answers a request head with a switch to WebSocket; `extra` are more header lines.
pub(crate) async fn switch(stream: &mut TcpStream, head: &str, extra: &str) {
    let key = header(head, "sec-websocket-key").expect("a key");
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{extra}\r\n"
    );
    stream.write_all(answer.as_bytes()).await.expect("an answer");
}

/// Accepts a WebSocket that selects `mcp`, and hands over the bare stream.
pub(crate) async fn raw(mut stream: TcpStream) -> TcpStream {
    let head = request(&mut stream).await;
    switch(&mut stream, &head, "Sec-WebSocket-Protocol: mcp\r\n").await;
    stream
}

/// Accepts a WebSocket that selects `mcp`.
pub(crate) async fn accept(stream: TcpStream) -> WebSocketStream<TcpStream> {
    use tokio_tungstenite::tungstenite::protocol::Role;
    WebSocketStream::from_raw_socket(raw(stream).await, Role::Server, None).await
}

/// Reads one unfragmented, masked frame: its opcode and payload of at most 125 bytes.
pub(crate) async fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[1] & 0x7f)];
    stream.read_exact(&mut payload).await.ok()?;
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= head[2 + at % 4];
    }
    Some((head[0] & 0x0f, payload))
}

/// Reads frames up to a close frame: its code.
pub(crate) async fn close_code(stream: &mut TcpStream) -> Option<u16> {
    loop {
        if let (8, payload) = frame(stream).await? {
            return Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]));
        }
    }
}

pub(crate) async fn open(server: &Server) -> Link {
    server.socket().connect().await.expect("a link")
}

pub(crate) fn message(text: &str) -> Outbound {
    Outbound::Message(Text::from(text.to_owned()))
}

/// The next message; anything else fails the test.
pub(crate) async fn next_text(link: &mut Link) -> String {
    match link.rx.next().await {
        Some(Ok(Inbound::Message(text))) => text.as_str().to_owned(),
        other => panic!("not a message: {other:?}"),
    }
}

/// The error that ends the link, which must be its last item.
pub(crate) async fn end(link: &mut Link) -> TransportError {
    let error = match link.rx.next().await {
        Some(Err(error)) => error,
        other => panic!("not an error: {other:?}"),
    };
    assert!(link.rx.next().await.is_none(), "the first error is the last item");
    error
}
