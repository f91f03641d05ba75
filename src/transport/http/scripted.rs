//! A server of which only the answers exist: no connection, no clock. For tests and for fuzzing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Config;
use super::core::Core;
use super::fetch::{Content, ExchangeId, Fact, Fetch, Reading, Request};
use crate::frame::{Inbound, Outbound};
use crate::json::{Buffer, MessageId, Text};
use crate::transport::token::TokenSource;
use crate::transport::{TransportError, TransportErrorKind};

/// Stands for the id of a request in the answer to it.
const ID: &[u8] = b"\"$id\"";
/// A stream's bytes come in pieces of this size, so that lines are cut.
const CHUNK: usize = 97;

/// What stands on the wire in answer to one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body. `"$id"` stands for the id of the request.
    pub(crate) body: Vec<u8>,
}

/// Gives the answers in order, whatever is asked; what comes after them is not answered.
struct Script {
    answers: VecDeque<Answer>,
    open: Vec<(ExchangeId, Answer)>,
    facts: VecDeque<(ExchangeId, Fact)>,
}

impl Fetch for Script {
    fn start(&mut self, id: ExchangeId, request: Request) {
        let Some(mut answer) = self.answers.pop_front() else { return };
        if let Some(at) = answer.body.windows(ID.len()).position(|part| part == ID) {
            let message = request.body.and_then(|text| text.read().ok());
            let id = match message.map(|message| message.id) {
                Some(MessageId::Id(id)) => id.to_string(),
                _ => "null".into(),
            };
            answer.body.splice(at..at + ID.len(), id.into_bytes());
        }
        let content = Content::of(&answer.content_type);
        self.facts.push_back((id, Fact::Head { status: answer.status, content }));
        self.open.push((id, answer));
    }

    fn header(&self, id: ExchangeId, name: &str) -> Option<String> {
        let (_, answer) = self.open.iter().find(|(open, _)| *open == id)?;
        answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn read(&mut self, id: ExchangeId, reading: Reading) {
        let Some(at) = self.open.iter().position(|(open, _)| *open == id) else { return };
        let (_, answer) = self.open.swap_remove(at);
        match reading {
            Reading::Text { limit } => self.facts.push_back((id, whole(&answer.body, limit))),
            Reading::Chunks => {
                let chunks =
                    answer.body.chunks(CHUNK).map(|chunk| (id, Fact::Chunk(Buffer::from_iter(chunk.iter().copied()))));
                self.facts.extend(chunks);
                self.facts.push_back((id, Fact::End));
            }
            Reading::Discard => self.facts.push_back((id, Fact::End)),
        }
    }

    fn abort(&mut self, id: ExchangeId) {
        self.open.retain(|(open, _)| *open != id);
        self.facts.retain(|(open, _)| *open != id);
    }

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)> {
        self.facts.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

fn whole(body: &[u8], limit: usize) -> Fact {
    let failed = |kind, detail| Fact::Failed(TransportError::new(kind, detail));
    match std::str::from_utf8(body) {
        _ if body.len() > limit => failed(TransportErrorKind::TooLarge { size: body.len(), limit }, "too large"),
        Ok(text) => Fact::Text(Text::from(text.to_owned())),
        Err(_) => failed(TransportErrorKind::Protocol, "not UTF-8"),
    }
}

/// One link to such a server.
pub(crate) struct Scripted(Core<Script>);

impl Scripted {
    pub(crate) fn new(answers: Vec<Answer>, token: Option<&str>, max_message: usize) -> Self {
        let config = Config {
            url: "https://scripted.example/mcp".into(),
            label: "https://scripted.example/mcp".into(),
            headers: Vec::new(),
            token: token.and_then(|token| TokenSource::fixed(token.to_owned()).ok()),
            idle: Duration::from_secs(300),
            first_byte: None,
            max_message,
            older: AtomicBool::new(false),
        };
        let script = Script { answers: answers.into(), open: Vec::new(), facts: VecDeque::new() };
        Self(Core::new(script, Arc::new(config), token.map(str::to_owned)))
    }

    pub(crate) fn send(&mut self, out: Outbound, now: Duration) {
        self.0.accept(out, now);
    }

    /// What the session is told next; an error ends the link.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Result<Inbound, TransportError>> {
        loop {
            if let Some(inbound) = self.0.inbound.pop_front() {
                return Some(Ok(inbound));
            }
            if let Some(error) = self.0.broken.take() {
                return Some(Err(error));
            }
            match self.0.fetch.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready((id, fact)) => self.0.take(id, fact, now),
                Poll::Pending => return None,
            }
        }
    }

    /// A fresh link to the same server, which goes on with its answers.
    pub(crate) fn again(self) -> Self {
        let Core { fetch, config, token, .. } = self.0;
        Self(Core::new(Script { open: Vec::new(), facts: VecDeque::new(), ..fetch }, config, token))
    }

    /// Whether the next link is one of 2024-11-05.
    pub(crate) fn seems_older(&self) -> bool {
        self.0.config.older.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Post;
    use crate::platform::test;

    /// Where the reply to a legacy request is taken up again, after a stream that names this id and ends.
    fn resumes_from(id: &str) -> Option<String> {
        let body = ["id: ", id, "\nretry: 7\ndata:\n\n"].concat().into_bytes();
        let stream = Answer { status: 200, content_type: "text/event-stream".into(), body, ..Answer::default() };
        let mut link = Scripted::new(vec![stream], None, 1 << 20);
        let text = Text::from(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#.to_owned());
        let method = Some("tools/call".into());
        let post = Post { id: Some(1), method, name: None, version: None, modern: false, mirrored: Vec::new(), text };
        link.send(Outbound::Post(Box::new(post)), Duration::ZERO);
        let mut ended = None;
        while let Some(fact) = link.next(Duration::ZERO) {
            if let Inbound::Ended(1, resume, _) = fact.expect("the link holds") {
                assert!(ended.is_none());
                ended = Some(resume);
            }
        }
        let resume = ended.expect("the reply ended")?;
        assert_eq!(resume.retry, Some(Duration::from_millis(7)));
        Some(resume.last_event_id)
    }

    #[test]
    fn a_reply_is_taken_up_from_an_id_that_a_header_can_carry() {
        for id in ["1", "0_1", "stream 7/event 9", "~!@#"] {
            assert_eq!(resumes_from(id).as_deref(), Some(id));
        }
        let long = "x".repeat(5000);
        for id in ["", "é", "a\u{1}b", "a\tb", "\u{7f}", "a ", &long] {
            assert_eq!(resumes_from(id), None, "{id:?}");
        }
    }
}
