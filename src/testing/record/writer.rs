use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::redact::redact;
use crate::json::Text;
use crate::platform::{Lock, now};

/// Writes a recording, one line at a time. Cheap to clone: clones write to the same place.
///
/// Secrets are left out as [`redact`](super::redact) says; what is no JSON is written as it is. Look a recording through before
/// it leaves your hands.
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
        let mut what = format!("\"from\":\"{from}\",");
        let head = what.len();
        what.push_str("\"message\":");
        if redact(&text, None, &mut what).is_none() {
            what.truncate(head);
            what.push_str(&format!("\"text\":{}", json!(text)));
        }
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
