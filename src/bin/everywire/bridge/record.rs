//! `--record FILE`: every message as a line of JSON, in the order in which the bridge saw them, without secrets.
//!
//! ```text
//! {"recording":1,"program":"everywire 0.1.0","time":1763674617123}
//! {"at":0.4,"link":1,"event":"open","transport":"websocket"}
//! {"at":1.2,"link":1,"from":"client","message":{"jsonrpc":"2.0",…}}
//! {"at":2.9,"link":1,"from":"server","message":{"jsonrpc":"2.0",…}}
//! {"at":9.1,"link":1,"event":"close","by":"client"}
//! {"at":9.1,"link":2,"event":"lost","reason":"lost its backend: the server process ended (exit status: 1)"}
//! ```
//!
//! `at` is in milliseconds since the recording began, which was at `time`, in milliseconds since the Unix epoch; `link` is
//! the client's number. What is no JSON stands as `"text":"[not JSON, 12 bytes]"`: it could not be searched for secrets.
//! What else is left out is said at `everywire::testing::record::redact`; `everywire::testing::Replay` plays it again.

use std::fmt::Write as _;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use everywire::json::Text;
use everywire::testing::record::redact;
use futures_channel::mpsc;
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use super::meter::Direction;
use crate::failure::Failure;

/// Messages that wait for the disk before those who send them wait too, beside one for each direction.
const QUEUE: usize = 64;
/// Bytes written in one go, about.
const BATCH: usize = 256 * 1024;

/// Something to be recorded, and when it was seen.
struct Entry {
    at: Duration,
    client: u64,
    what: What,
}

enum What {
    Open { carrier: &'static str },
    Message { direction: Direction, text: Text },
    Gone(Gone),
}

/// How a client's connection ended.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Who ended it in an orderly way; `None` where it was the bridge, or where it was lost.
    pub(super) by: Option<&'static str>,
    /// Not in an orderly way.
    pub(super) lost: bool,
    pub(super) reason: String,
}

/// Hands out taps, and is done when they and it are gone.
pub(super) struct Recorder {
    entries: mpsc::Sender<Entry>,
    begin: Instant,
}

/// Where one direction of one client is recorded.
pub(super) struct Tap {
    entries: mpsc::Sender<Entry>,
    begin: Instant,
    client: u64,
}

impl Recorder {
    /// Creates the file, or empties it, readable by its owner only. The task ends when all that was recorded is written.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub(super) fn create(
        path: &Path,
        token: Option<String>,
        trouble: impl Fn(&str) + Send + 'static,
    ) -> Result<(Self, JoinHandle<()>), Failure> {
        let file = super::os::create_private(path)
            .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", path.display())))?;
        Ok(Self::over(file, token, trouble))
    }

    fn over(
        file: impl std::io::Write + Send + 'static,
        token: Option<String>,
        trouble: impl Fn(&str) + Send + 'static,
    ) -> (Self, JoinHandle<()>) {
        let (entries, queue) = mpsc::channel(QUEUE);
        (Self { entries, begin: Instant::now() }, tokio::spawn(write(file, queue, token, trouble)))
    }

    pub(super) fn tap(&self, client: u64) -> Tap {
        Tap { entries: self.entries.clone(), begin: self.begin, client }
    }
}

impl Tap {
    /// Whether there is room for one more. A recorder that failed has room for all.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.entries.poll_ready(cx).map(|_| ())
    }

    /// Records a message, after [`Self::poll_ready`].
    pub(super) fn message(&mut self, direction: Direction, text: &Text) {
        self.put(What::Message { direction, text: text.clone() });
    }

    /// Records that the client came.
    pub(super) async fn open(&mut self, carrier: &'static str) {
        poll_fn(|cx| self.poll_ready(cx)).await;
        self.put(What::Open { carrier });
    }

    /// Records that the client went.
    pub(super) async fn gone(&mut self, gone: Gone) {
        poll_fn(|cx| self.poll_ready(cx)).await;
        self.put(What::Gone(gone));
    }

    fn put(&mut self, what: What) {
        // There is room, or the recorder failed and has said so.
        let _ = self.entries.try_send(Entry { at: self.begin.elapsed(), client: self.client, what });
    }
}

async fn write(
    file: impl std::io::Write + Send + 'static,
    queue: mpsc::Receiver<Entry>,
    token: Option<String>,
    trouble: impl Fn(&str) + Send + 'static,
) {
    let token: Option<Arc<str>> = token.map(Arc::from);
    let mut file = Some(file);
    let mut batches = queue.ready_chunks(QUEUE);
    let mut lines = first_line();
    while let Some(batch) = batches.next().await {
        // A file that failed once is given up: what came later would stand behind half a line. The bridge goes on.
        let Some(mut open) = file.take() else { continue };
        let token = token.clone();
        let mut lines = std::mem::take(&mut lines);
        let written = tokio::task::spawn_blocking(move || {
            for entry in &batch {
                line(entry, token.as_deref(), &mut lines);
                if lines.len() >= BATCH {
                    open.write_all(lines.as_bytes())?;
                    lines.clear();
                }
            }
            open.write_all(lines.as_bytes())?;
            open.flush()?;
            Ok::<_, std::io::Error>(open)
        });
        match written.await {
            Ok(Ok(open)) => file = Some(open),
            Ok(Err(error)) => trouble(&format!("the recording cannot be written and ends here: {error}")),
            Err(error) => trouble(&format!("the recording ends here: {error}")),
        }
    }
}

fn first_line() -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{{\"recording\":1,\"program\":\"everywire {}\",\"time\":{time}}}\n", env!("CARGO_PKG_VERSION"))
}

fn line(entry: &Entry, token: Option<&str>, out: &mut String) {
    let _ = write!(out, "{{\"at\":{:.3},\"link\":{},", entry.at.as_secs_f64() * 1e3, entry.client);
    match &entry.what {
        What::Open { carrier } => {
            let _ = write!(out, "\"event\":\"open\",\"transport\":{}", string(carrier));
        }
        What::Gone(Gone { by, lost, reason }) => {
            out.push_str(if *lost { "\"event\":\"lost\"" } else { "\"event\":\"close\"" });
            if let Some(by) = by {
                let _ = write!(out, ",\"by\":{}", string(by));
            }
            let _ = write!(out, ",\"reason\":{}", string(reason));
        }
        What::Message { direction, text } => {
            let from = match direction {
                Direction::ToServer => "client",
                Direction::ToClient => "server",
            };
            let _ = write!(out, "\"from\":\"{from}\",");
            let begin = out.len();
            out.push_str("\"message\":");
            if redact(text.as_str(), token, out).is_none() {
                out.truncate(begin);
                let _ = write!(out, "\"text\":\"[not JSON, {} bytes]\"", text.len());
            }
        }
    }
    out.push_str("}\n");
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;

    /// A file in memory, on a disk of this many bytes.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<Vec<u8>>>, usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut file = self.0.lock().expect("a lock");
            if file.len() + bytes.len() > self.1 {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            file.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn put(tap: &mut Tap, direction: Direction, text: &str) {
        poll_fn(|cx| tap.poll_ready(cx)).await;
        tap.message(direction, &Text::from_utf8(text.to_owned().into()).expect("UTF-8"));
    }

    #[tokio::test]
    async fn all_is_written_in_order_without_secrets() {
        let disk = Disk(Arc::default(), usize::MAX);
        let (recorder, writing) =
            Recorder::over(disk.clone(), Some("bridge-token".to_owned()), |text| panic!("{text}"));
        let mut tap = recorder.tap(3);
        tap.open("websocket").await;
        for number in 0..500 {
            put(
                &mut tap,
                Direction::ToServer,
                &format!("{{ \"id\": {number},\n \"token\": \"t\", \"x\": \"bridge-token\" }}"),
            )
            .await;
        }
        put(&mut tap, Direction::ToClient, "password: hunter2").await;
        tap.gone(Gone { by: Some("client"), lost: false, reason: "left".to_owned() }).await;
        drop((tap, recorder));
        writing.await.expect("written");
        let written = String::from_utf8(disk.0.lock().expect("a lock").clone()).expect("UTF-8");
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 504);
        assert!(lines[0]["recording"] == 1 && lines[0]["time"].is_u64(), "{}", lines[0]);
        let lines = &lines[1..];
        assert!(lines.iter().all(|line| line["link"] == 3 && line["at"].is_number()));
        assert_eq!((&lines[0]["event"], &lines[0]["transport"]), (&"open".into(), &"websocket".into()));
        for (number, line) in lines[1..501].iter().enumerate() {
            assert_eq!(line["from"], "client");
            assert_eq!(line["message"], serde_json::json!({ "id": number, "token": "[redacted]", "x": "[redacted]" }));
        }
        assert_eq!(lines[501]["text"], "[not JSON, 17 bytes]");
        assert_eq!((&lines[502]["event"], &lines[502]["by"]), (&"close".into(), &"client".into()));
    }

    #[tokio::test]
    async fn a_full_disk_is_told_once_and_holds_nothing_up() {
        let disk = Disk(Arc::default(), 1000);
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let (recorder, writing) =
            Recorder::over(disk, None, move |text| telling.lock().expect("a lock").push(text.to_owned()));
        let mut tap = recorder.tap(1);
        for _ in 0..1_000 {
            put(&mut tap, Direction::ToServer, "{}").await;
        }
        drop((tap, recorder));
        writing.await.expect("written");
        let told = told.lock().expect("a lock");
        assert!(told.len() == 1 && told[0].contains("cannot be written"), "{told:?}");
    }
}
