use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::redact::redact;
use crate::json::Text;
use crate::platform::{Lock, now};

/// Writes a recording, one line at a time. Cheap to clone: clones write to the same place.
///
/// The value of every member, at any depth, whose name says that it is a secret (`authorization`, `cookie`, `password`,
/// `secret`, `api_key`, `token`, `access_token`, `private_key`, `credentials` and the like, however it is spelled) is
/// written as `"[redacted]"`. `progressToken` and `requestState`, which the protocol needs, are kept. What stands in
/// running text cannot be told from other text: look a recording through before it leaves your hands.
///
/// Writing is synchronous, as for tests and tools. Where it fails, recording ends, and whatever is recorded goes on:
/// [`error`](Self::error) tells.
pub struct RecordingWriter<W>(Arc<Inner<W>>);

struct Inner<W> {
    began: Duration,
    state: Lock<State<W>>,
}

struct State<W> {
    out: W,
    links: u64,
    failed: Option<io::ErrorKind>,
}

impl<W> Clone for RecordingWriter<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Write> RecordingWriter<W> {
    /// A recording that begins now.
    pub fn new(out: W) -> Self {
        let state = Lock::new(State { out, links: 0, failed: None });
        let writer = Self(Arc::new(Inner { began: now(), state }));
        let program = concat!("everywire ", env!("CARGO_PKG_VERSION"));
        writer.0.state.lock().write(&format!("{{\"recording\":1,\"program\":\"{program}\"}}\n"));
        writer
    }

    /// A link opened; its number is that of what passes over it.
    pub fn open(&self, transport: &str) -> u64 {
        let number = {
            let mut state = self.0.state.lock();
            state.links += 1;
            state.links
        };
        self.line(number, &format!("\"event\":\"open\",\"transport\":{}", json!(transport)));
        number
    }

    /// A message, by the client or by the server.
    pub fn message(&self, link: u64, from_client: bool, text: &Text) {
        let text = text.to_string();
        let from = if from_client { "client" } else { "server" };
        let what = match serde_json::from_str::<Value>(&text) {
            Ok(mut value) => {
                let changed = redact(&mut value);
                // As it was, where it is one line and holds nothing to hide.
                let message = if changed || text.contains(['\n', '\r']) { value.to_string() } else { text };
                format!("\"from\":\"{from}\",\"message\":{message}")
            }
            Err(_) => format!("\"from\":\"{from}\",\"text\":{}", json!(text)),
        };
        self.line(link, &what);
    }

    /// A link ended in an orderly way; `by` is `client` or `server`, where it is known.
    pub fn close(&self, link: u64, by: Option<&str>) {
        match by {
            Some(by) => self.line(link, &format!("\"event\":\"close\",\"by\":{}", json!(by))),
            None => self.line(link, "\"event\":\"close\""),
        }
    }

    /// A link broke.
    pub fn lost(&self, link: u64, reason: &str) {
        self.line(link, &format!("\"event\":\"lost\",\"reason\":{}", json!(reason)));
    }

    /// Why recording ended, where writing failed.
    pub fn error(&self) -> Option<io::Error> {
        self.0.state.lock().failed.map(io::Error::from)
    }

    fn line(&self, link: u64, what: &str) {
        let at = now().saturating_sub(self.0.began).as_secs_f64() * 1000.0;
        self.0.state.lock().write(&format!("{{\"at\":{at:.3},\"link\":{link},{what}}}\n"));
    }
}

impl RecordingWriter<Vec<u8>> {
    /// What was recorded so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.state.lock().out).into_owned()
    }
}

impl<W: Write> State<W> {
    fn write(&mut self, line: &str) {
        if self.failed.is_none() {
            let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
            self.failed = written.err().map(|error| error.kind());
        }
    }
}
