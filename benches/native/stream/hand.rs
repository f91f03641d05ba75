//! A client and a server as one writes them for one tool: correlation and one JSON parse for each message, no timeout, no
//! cancellation, no errors worth the name. They show what the general solution costs.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};

use super::{Reader, Writer};
use crate::wire::{Answer, Meta, answer_into, call_into};
use crate::{Echo, Fault};

/// What is read at once, at first.
const BUFFER: usize = 64 * 1024;

/// What was read and is no whole line yet.
struct Gathered {
    buffer: Vec<u8>,
    have: usize,
}

impl Gathered {
    fn new() -> Self {
        Self { buffer: vec![0; BUFFER], have: 0 }
    }

    fn space(&mut self) -> &mut [u8] {
        if self.have == self.buffer.len() {
            self.buffer.resize(self.have * 2, 0);
        }
        &mut self.buffer[self.have..]
    }

    /// Gives the lines that are whole.
    fn read(&mut self, count: usize, mut each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let (mut from, mut at) = (0, self.have);
        self.have += count;
        while let Some(end) = memchr::memchr(b'\n', &self.buffer[at..self.have]) {
            each(&self.buffer[from..at + end])?;
            at += end + 1;
            from = at;
        }
        self.buffer.copy_within(from..self.have, 0);
        self.have -= from;
        Ok(())
    }
}

fn reply(line: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    if answer_into(line, out)? {
        out.push(b'\n');
    }
    Ok(())
}

/// Answers one connection, with one write for whatever came together.
pub(crate) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Fault> {
    let (mut gathered, mut out) = (Gathered::new(), Vec::new());
    loop {
        let count = stream.read(gathered.space()).await?;
        if count == 0 {
            return Ok(());
        }
        gathered.read(count, |line| reply(line, &mut out))?;
        stream.write_all(&out).await?;
        out.clear();
    }
}

/// The same on the standard streams, in one thread.
pub(crate) fn serve_stdio() -> Result<(), Fault> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let (mut gathered, mut out) = (Gathered::new(), Vec::new());
    loop {
        let count = input.read(gathered.space())?;
        if count == 0 {
            return Ok(());
        }
        gathered.read(count, |line| reply(line, &mut out))?;
        output.write_all(&out)?;
        output.flush()?;
        out.clear();
    }
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>;

/// What waits to be written, by all callers.
#[derive(Default)]
struct Out {
    buffer: Mutex<Vec<u8>>,
    some: Notify,
}

/// A writing task, a reading task, and a table of who waits.
pub(crate) struct Client {
    last: Cell<u64>,
    modern: bool,
    out: Arc<Out>,
    waiting: Waiting,
}

impl Client {
    /// `modern`: the server wants the protocol's version with every call, and otherwise a handshake.
    pub(crate) fn over((mut reader, mut writer): (Reader, Writer), modern: bool) -> Self {
        let out = Arc::new(Out::default());
        let queue = out.clone();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            loop {
                std::mem::swap(&mut batch, &mut *queue.buffer.lock().map_err(|_| "poisoned")?);
                if batch.is_empty() {
                    queue.some.notified().await;
                } else {
                    writer.write_all(&batch).await?;
                }
                batch.clear();
            }
            #[expect(unreachable_code, reason = "says what it fails with")]
            Ok::<_, Fault>(())
        });
        let waiting = Waiting::default();
        let table = waiting.clone();
        tokio::spawn(async move {
            let mut gathered = Gathered::new();
            loop {
                let count = reader.read(gathered.space()).await?;
                if count == 0 {
                    return Ok::<_, Fault>(());
                }
                gathered.read(count, |line| {
                    let answer: Answer = serde_json::from_slice(line)?;
                    let waiter = table.lock().map_err(|_| "poisoned")?.remove(&answer.id);
                    if let Some(waiter) = waiter {
                        let _ = waiter.send(answer);
                    }
                    Ok(())
                })?;
            }
        });
        Self { last: Cell::new(0), modern, out, waiting }
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let id = self.last.get() + 1;
        self.last.set(id);
        let (tx, answer) = oneshot::channel();
        self.waiting.lock().map_err(|_| "poisoned")?.insert(id, tx);
        {
            let mut buffer = self.out.buffer.lock().map_err(|_| "poisoned")?;
            call_into(id, text, self.modern.then(Meta::modern), &mut buffer)?;
            buffer.push(b'\n');
        }
        self.out.some.notify_one();
        answer.await?.text()
    }
}
