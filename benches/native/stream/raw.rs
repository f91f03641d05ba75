//! The floor under everything: the bytes of one request, sent over and over, and sent back as they are.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Mutex;

use super::{Reader, Writer};
use crate::{Echo, Fault};

/// What is read at once.
const BUFFER: usize = 64 * 1024;

/// Sends back what comes.
pub(crate) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Fault> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

/// The same on the standard streams, in one thread.
pub(crate) fn serve_stdio() -> Result<(), Fault> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        output.write_all(&buffer[..count])?;
        output.flush()?;
    }
}

/// Keeps so many requests under way; answers come in order.
pub(crate) struct Client {
    streams: Mutex<(Reader, Writer)>,
    request: Vec<u8>,
}

impl Client {
    pub(crate) fn over(streams: (Reader, Writer), text: &str) -> Self {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}"}}}}}}"#
        );
        Self { streams: Mutex::new(streams), request: (request + "\n").into_bytes() }
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        self.calls(text, 1, |done| done < 1).await?;
        Ok(text.to_owned())
    }

    async fn calls(&self, _text: &str, width: usize, more: impl Fn(usize) -> bool) -> Result<Vec<f64>, Fault> {
        let (reader, writer) = &mut *self.streams.lock().await;
        let (mut started, mut times) = (VecDeque::new(), Vec::new());
        let (mut buffer, mut batch) = (vec![0; BUFFER], Vec::new());
        loop {
            batch.clear();
            while started.len() < width && more(times.len() + started.len()) {
                started.push_back(Instant::now());
                batch.extend_from_slice(&self.request);
            }
            if started.is_empty() {
                return Ok(times);
            }
            // A large request comes back before all of it has gone: both ends would wait for ever.
            let write = async { writer.write_all(&batch).await };
            let read = async {
                loop {
                    let count = reader.read(&mut buffer).await?;
                    let lines = buffer[..count].iter().filter(|byte| **byte == b'\n').count();
                    if lines > 0 || count == 0 {
                        return Ok(lines);
                    }
                }
            };
            let ((), lines) = tokio::try_join!(write, read)?;
            if lines == 0 {
                return Err("closed".into());
            }
            times.extend(started.drain(..lines).map(|start| start.elapsed().as_secs_f64() * 1e6));
        }
    }
}
