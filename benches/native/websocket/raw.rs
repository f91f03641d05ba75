//! The floor under everything: the bytes of one request, sent over and over, and sent back as they are.

use std::collections::VecDeque;
use std::time::Instant;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::{Echo, Fault};

/// Sends a message back, and whatever else has come with it in the same write.
pub(crate) async fn serve(stream: TcpStream) -> Result<(), Fault> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        socket.feed(message?).await?;
        while let Some(Some(message)) = socket.next().now_or_never() {
            socket.feed(message?).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

/// Keeps so many requests under way; answers come in order.
pub(crate) struct Client {
    socket: Mutex<WebSocketStream<TcpStream>>,
    request: Utf8Bytes,
}

impl Client {
    pub(crate) async fn connect(url: &str, text: &str) -> Result<Self, Fault> {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}"}}}}}}"#
        );
        Ok(Self { socket: Mutex::new(open(url).await?), request: request.into() })
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let mut socket = self.socket.lock().await;
        socket.send(Message::Text(self.request.clone())).await?;
        socket.next().await.ok_or("closed")??;
        Ok(text.to_owned())
    }

    async fn calls(&self, _text: &str, width: usize, more: impl Fn(usize) -> bool) -> Result<Vec<f64>, Fault> {
        let mut socket = self.socket.lock().await;
        let (mut started, mut times) = (VecDeque::new(), Vec::new());
        loop {
            while started.len() < width && more(times.len() + started.len()) {
                started.push_back(Instant::now());
                socket.feed(Message::Text(self.request.clone())).await?;
            }
            if started.is_empty() {
                return Ok(times);
            }
            socket.flush().await?;
            let mut message = socket.next().await;
            loop {
                message.ok_or("closed")??;
                times.extend(started.pop_front().map(|start| start.elapsed().as_secs_f64() * 1e6));
                match socket.next().now_or_never() {
                    Some(more) => message = more,
                    None => break,
                }
            }
        }
    }
}

/// Opens a WebSocket without delay.
pub(crate) async fn open(url: &str) -> Result<WebSocketStream<TcpStream>, Fault> {
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(tokio_tungstenite::client_async(url, stream).await?.0)
}
