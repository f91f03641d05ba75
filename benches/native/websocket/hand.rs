//! A client and a server as one writes them for one tool: correlation and one JSON parse for each message, no timeout, no
//! cancellation, no errors worth the name. They show what the general solution costs.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::raw::open;
use crate::wire::{Answer, answer, call};
use crate::{Echo, Fault};

fn text(message: Vec<u8>) -> Result<Message, Fault> {
    Ok(Message::Text(Utf8Bytes::try_from(Bytes::from(message))?))
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
        let (tx, answer) = oneshot::channel();
        self.waiting.lock().map_err(|_| "poisoned")?.insert(id, tx);
        self.out.send(call(id, text, None)?)?;
        answer.await?.text()
    }
}
