use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::Sink;
use serde_json::Value;

use super::matching::Names;
use crate::error::Error;
use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::json::Text;
use crate::platform::{BoxFuture, Lock};
use crate::transport::{Link, Transport, TransportError, TransportErrorKind};

/// A transport that plays a recorded session back to a client.
///
/// Each connect plays the next recorded link. A message of the server is delivered once the client has sent everything
/// that stands before it in the recording; what the client sends at its own pace, or in another order than then, is
/// taken. Ids and progress tokens are whatever the client makes them, who it says that it is does not matter, and
/// redacted values match anything. A client that sends what was not recorded ends the link with
/// [`TransportErrorKind::Protocol`], whose text shows what was sent and what was due.
///
/// ```
/// # fn main() -> Result<(), everywire::Error> {
/// use everywire::testing::Replay;
///
/// let recording = r#"{"recording":1,"program":"everywire 0.1.0"}
/// {"at":0.0,"link":1,"event":"open","transport":"tcp"}
/// {"at":0.1,"link":1,"from":"client","message":{"jsonrpc":"2.0","id":1,"method":"ping"}}
/// {"at":0.4,"link":1,"from":"server","message":{"jsonrpc":"2.0","id":1,"result":{}}}"#;
/// let replay = Replay::from_text(recording)?;
/// assert_eq!(replay.replayed().left(), 2);
/// # Ok(())
/// # }
/// ```
pub struct Replay {
    links: std::vec::IntoIter<Vec<Step>>,
    recorded: usize,
    replayed: Replayed,
}

/// How far a recording was played. Cheap to clone.
#[derive(Clone)]
pub struct Replayed(Arc<Lock<Progress>>);

struct Progress {
    /// Messages that have not passed yet, of all links.
    left: usize,
    deviation: Option<String>,
}

impl Replayed {
    /// Whether every recorded message has passed.
    pub fn is_complete(&self) -> bool {
        self.left() == 0
    }

    /// How many recorded messages have not passed yet.
    pub fn left(&self) -> usize {
        self.0.lock().left
    }

    /// What the client sent that was not recorded.
    pub fn deviation(&self) -> Option<String> {
        self.0.lock().deviation.clone()
    }
}

enum Step {
    Client {
        message: Value,
        sent: bool,
    },
    Server(Value),
    /// What is no JSON.
    ServerText(String),
    Closed,
    Lost(String),
}

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    /// `config` where the text is no recording, with the number of the line.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut links: BTreeMap<u64, Vec<Step>> = BTreeMap::new();
        let mut left = 0;
        for (at, line) in text.lines().enumerate() {
            let wrong = |what: &str| Error::config(format!("line {} of the recording: {what}", at + 1));
            let line: Value = serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
            if at == 0 {
                match line["recording"].as_u64() {
                    Some(1) => continue,
                    Some(_) => return Err(wrong("it is of a newer version than this program knows")),
                    None => return Err(wrong("it does not begin as a recording does")),
                }
            }
            let Some(link) = line["link"].as_u64() else { continue };
            let steps = links.entry(link).or_default();
            let message = line.get("message").cloned();
            let step = match (line["from"].as_str(), line["event"].as_str(), message) {
                (Some("client"), _, Some(message)) => Step::Client { message, sent: false },
                (Some("server"), _, Some(message)) => Step::Server(message),
                (Some("server"), _, None) => Step::ServerText(line["text"].as_str().unwrap_or_default().to_owned()),
                (_, Some("close"), _) if line["by"] != "client" => Step::Closed,
                (_, Some("lost"), _) => Step::Lost(line["reason"].as_str().unwrap_or_default().to_owned()),
                _ => continue,
            };
            left += usize::from(matches!(step, Step::Client { .. } | Step::Server(_) | Step::ServerText(_)));
            steps.push(step);
        }
        if links.is_empty() {
            return Err(Error::config("the recording holds no link"));
        }
        let links: Vec<_> = links.into_values().collect();
        let progress = Progress { left, deviation: None };
        Ok(Self { recorded: links.len(), links: links.into_iter(), replayed: Replayed(Arc::new(Lock::new(progress))) })
    }

    /// How far it was played, to be kept and asked at the end of a test.
    pub fn replayed(&self) -> Replayed {
        self.replayed.clone()
    }
}

impl Transport for Replay {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        let link = self.links.next().map(|steps| {
            let state = State { steps, next: 0, names: Names::default(), deviated: false, over: false, reader: None };
            let played = Played { state: Arc::new(Lock::new(state)), replayed: self.replayed.clone() };
            Link {
                profile: Profile::SharedChannel { reopen: true, liveness: Liveness::Channel },
                transport: "replay",
                tx: Box::pin(played.clone()),
                rx: Box::pin(played),
            }
        });
        let none = || {
            let text = format!("the recording holds {} links, and all of them were played", self.recorded);
            TransportError::new(TransportErrorKind::ConnectFailed, text)
        };
        Box::pin(std::future::ready(link.ok_or_else(none)))
    }
}

/// One link; both of its halves.
#[derive(Clone)]
struct Played {
    state: Arc<Lock<State>>,
    replayed: Replayed,
}

struct State {
    steps: Vec<Step>,
    /// Everything before this has passed.
    next: usize,
    names: Names,
    deviated: bool,
    over: bool,
    reader: Option<Waker>,
}

impl State {
    /// The client says something: `Err` where nothing like it was recorded.
    fn sent(&mut self, live: &Value) -> Result<(), String> {
        let names = &self.names;
        let found = self.steps.iter_mut().find_map(|step| match step {
            Step::Client { message, sent: sent @ false } if names.matches(message, live) => Some((message, sent)),
            _ => None,
        });
        if let Some((message, sent)) = found {
            *sent = true;
            self.names.learn(message, live);
            return Ok(());
        }
        let due = self.steps.iter().find_map(|step| match step {
            Step::Client { message, sent: false } => Some(message.to_string()),
            _ => None,
        });
        let due = due.unwrap_or_else(|| "nothing more".into());
        Err(format!("the client deviates from the recording: it sent {live}, and what is due is {due}"))
    }
}

fn deviated(text: String) -> TransportError {
    TransportError::new(TransportErrorKind::Protocol, text)
}

impl Sink<Outbound> for Played {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        let reader = {
            let mut state = self.state.lock();
            match item {
                Outbound::Message(text) => {
                    let live = serde_json::from_str(&text.to_string()).unwrap_or_default();
                    match state.sent(&live) {
                        Ok(()) => self.replayed.0.lock().left -= 1,
                        Err(text) => {
                            state.deviated = true;
                            self.replayed.0.lock().deviation.get_or_insert(text);
                        }
                    }
                }
                Outbound::Close(_) => state.over = true,
                _ => {}
            }
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
}

impl Stream for Played {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.over {
            return Poll::Ready(None);
        }
        if state.deviated {
            state.over = true;
            return Poll::Ready(Some(Err(deviated(self.replayed.deviation().unwrap_or_default()))));
        }
        while let Some(step) = state.steps.get(state.next) {
            let text = match step {
                Step::Client { sent: true, .. } => {
                    state.next += 1;
                    continue;
                }
                Step::Client { sent: false, .. } => break,
                Step::Server(message) => state.names.translate(message).to_string(),
                Step::ServerText(text) => text.clone(),
                Step::Closed => {
                    state.over = true;
                    return Poll::Ready(None);
                }
                Step::Lost(reason) => {
                    state.over = true;
                    let lost = TransportError::new(TransportErrorKind::Lost, reason.clone());
                    return Poll::Ready(Some(Err(lost)));
                }
            };
            state.next += 1;
            self.replayed.0.lock().left -= 1;
            return Poll::Ready(Some(Ok(Inbound::Message(Text::from(text)))));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}
