//! A client and a server as one writes them for one tool: correlation and one JSON parse for each message, no timeout, no
//! cancellation, no errors worth the name. They show what the general solution costs.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::raw::open;
use crate::{Echo, Fault};

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: P,
}

#[derive(Serialize, Deserialize)]
struct CallParams<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Arguments<'a>,
}

#[derive(Serialize, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Response<'a, R> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    result: R,
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    result: Option<CallResult<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<T> {
    #[serde(default = "Vec::new")]
    content: Vec<Content<T>>,
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    result_type: Cow<'static, str>,
}

#[derive(Serialize, Deserialize)]
struct Content<T> {
    r#type: Cow<'static, str>,
    text: T,
}

fn text(message: Vec<u8>) -> Result<Message, Fault> {
    Ok(Message::Text(Utf8Bytes::try_from(Bytes::from(message))?))
}

/// What the server answers; `None` for a notification.
fn answer(message: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let Incoming { id, method, params } = serde_json::from_slice(message)?;
    let Some(id) = id else { return Ok(None) };
    let params = params.map_or("{}", RawValue::get);
    if method == "tools/call" {
        let CallParams { arguments, .. } = serde_json::from_str(params)?;
        let mut out = Vec::with_capacity(arguments.text.len() + 128);
        let content = vec![Content { r#type: "text".into(), text: arguments.text }];
        let result = CallResult { content, is_error: false, result_type: "complete".into() };
        serde_json::to_writer(&mut out, &Response { jsonrpc: "2.0", id, result })?;
        return Ok(Some(out));
    }
    let result = if method == "initialize" {
        let asked: serde_json::Value = serde_json::from_str(params)?;
        serde_json::json!({
            "protocolVersion": asked["protocolVersion"], "capabilities": { "tools": {} },
            "serverInfo": { "name": "hand", "version": "1" },
        })
    } else {
        serde_json::json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
            "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "hand", "version": "1" } },
            "ttlMs": 0, "cacheScope": "private",
        })
    };
    Ok(Some(serde_json::to_vec(&Response { jsonrpc: "2.0", id, result })?))
}

/// Answers one connection, with one flush for whatever came together.
pub(crate) async fn serve(stream: TcpStream) -> Result<(), Fault> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let mut next = Some(Some(message));
        while let Some(Some(message)) = next {
            let message = message?;
            if message.is_text()
                && let Some(answer) = answer(&message.into_data())?
            {
                socket.feed(text(answer)?).await?;
            }
            next = socket.next().now_or_never();
        }
        socket.flush().await?;
    }
    Ok(())
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>;

/// A writing task, a reading task, and a table of who waits.
pub(crate) struct Client {
    last: Cell<u64>,
    out: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Waiting,
}

impl Client {
    pub(crate) async fn connect(url: &str) -> Result<Self, Fault> {
        let (mut tx, mut rx) = open(url).await?.split();
        let (out, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while queue.recv_many(&mut batch, 64).await > 0 {
                for message in batch.drain(..) {
                    tx.feed(text(message)?).await?;
                }
                tx.flush().await?;
            }
            Ok::<_, Fault>(())
        });
        let waiting = Waiting::default();
        let table = waiting.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = rx.next().await {
                let answer: Answer = serde_json::from_slice(&message.into_data())?;
                let waiter = table.lock().map_err(|_| "poisoned")?.remove(&answer.id);
                if let Some(waiter) = waiter {
                    let _ = waiter.send(answer);
                }
            }
            Ok::<_, Fault>(())
        });
        Ok(Self { last: Cell::new(0), out, waiting })
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let id = self.last.get() + 1;
        self.last.set(id);
        let params = CallParams { name: "echo".into(), arguments: Arguments { text: text.into() } };
        let mut message = Vec::with_capacity(text.len() + 128);
        serde_json::to_writer(&mut message, &Request { jsonrpc: "2.0", id, method: "tools/call", params })?;
        let (tx, answer) = oneshot::channel();
        self.waiting.lock().map_err(|_| "poisoned")?.insert(id, tx);
        self.out.send(message)?;
        let mut result = answer.await?.result.ok_or("an error")?;
        Ok(result.content.pop().ok_or("no content")?.text)
    }
}
