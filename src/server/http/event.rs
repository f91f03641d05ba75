//! Server-sent events as they go on the wire (WHATWG HTML, server-sent events).

use std::time::Duration;

use bytes::Bytes;

use crate::json::Text;

/// What keeps a quiet stream from being taken for dead.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// Names an event across all streams of a session (2025-11-25 basic/transports, resumability).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EventId {
    pub(super) stream: u64,
    pub(super) number: u64,
}

impl EventId {
    /// `None` where it is none of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        let (stream, event) = text.split_once('-')?;
        Some(Self { stream: number(stream)?, number: number(event)? })
    }
}

/// An event that carries a message.
pub(super) fn message(id: Option<EventId>, text: &Text) -> Bytes {
    let text = text.as_str();
    let mut out = String::with_capacity(text.len() + 32);
    begin(&mut out, id);
    // JSON may be spread over lines; an event joins its data with line feeds, which JSON takes as white space.
    for line in text.split(['\n', '\r']) {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out.into()
}

/// An event without data, for its id: from here on the stream can be taken up again.
pub(super) fn prime(id: EventId) -> Bytes {
    let mut out = String::with_capacity(24);
    begin(&mut out, Some(id));
    out.push_str("data:\n\n");
    out.into()
}

/// The last event before a connection is closed whose stream goes on: when to come back.
pub(super) fn retry(id: EventId, after: Duration) -> Bytes {
    let mut out = String::with_capacity(40);
    begin(&mut out, Some(id));
    out.push_str("retry: ");
    out.push_str(&after.as_millis().to_string());
    out.push_str("\ndata:\n\n");
    out.into()
}

fn begin(out: &mut String, id: Option<EventId>) {
    if let Some(EventId { stream, number }) = id {
        out.push_str("id: ");
        out.push_str(&stream.to_string());
        out.push('-');
        out.push_str(&number.to_string());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn messages_over_several_lines_stay_one_event() {
        let id = EventId { stream: 3, number: 14 };
        assert_eq!(text(&message(Some(id), &Text::from("{}".to_owned()))), "id: 3-14\ndata: {}\n\n");
        let spread = Text::from("{\r\n\"a\":\n1}".to_owned());
        assert_eq!(text(&message(None, &spread)), "data: {\ndata: \ndata: \"a\":\ndata: 1}\n\n");
        assert_eq!(text(&prime(id)), "id: 3-14\ndata:\n\n");
        assert_eq!(text(&retry(id, Duration::from_millis(500))), "id: 3-14\nretry: 500\ndata:\n\n");
    }

    #[test]
    fn ids_are_read_back_and_others_are_not() {
        assert_eq!(EventId::parse("3-14"), Some(EventId { stream: 3, number: 14 }));
        for bad in ["", "-", "3", "3-", "-3", "a-1", "+3-1", "3-1-2", "3-99999999999999999999999", "3 -1"] {
            assert_eq!(EventId::parse(bad), None, "{bad:?}");
        }
    }
}
