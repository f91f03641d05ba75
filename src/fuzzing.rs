//! Entrances for the targets of `fuzz/`. Each panics where a promise is broken.

use std::time::Duration;

use crate::first_answer::meet;
use crate::frame::{Broken, EventParser, Lines, one_line};
use crate::session::Options;
use crate::transport::Answer;

/// What came of a stream of events.
#[derive(Debug, PartialEq)]
struct Read {
    events: Vec<(String, Vec<u8>)>,
    id: Option<String>,
    retry: Option<Duration>,
    too_large: bool,
}

fn read(stream: &[u8], limit: usize, mut next: impl FnMut() -> usize) -> Read {
    let mut parser = EventParser::new(limit);
    let mut read = Read { events: Vec::new(), id: None, retry: None, too_large: false };
    let mut rest = stream;
    while !rest.is_empty() && !read.too_large {
        let (chunk, after) = rest.split_at(next().clamp(1, rest.len()));
        rest = after;
        let fed = parser.feed(chunk, &mut |name, data| {
            assert!(data.len() <= limit, "data beyond the limit");
            read.events.push((name.to_owned(), data.to_vec()));
        });
        read.too_large = fed.is_err();
        assert!(parser.held() <= limit.saturating_mul(4).saturating_add(1024), "memory beyond the limit");
    }
    (read.id, read.retry) = (parser.last_event_id().map(str::to_owned), parser.retry());
    read
}

/// A stream of server-sent events: however it is cut, the same events, within the limit.
pub fn events(stream: &[u8]) {
    // Cuts that depend on nothing but the stream, so that a finding can be repeated.
    let mut state = stream.iter().fold(0x9e37_79b9_u32, |state, byte| state.rotate_left(5) ^ u32::from(*byte));
    for limit in [8, 64, 1 << 20] {
        let whole = read(stream, limit, || stream.len());
        assert_eq!(read(stream, limit, || 1), whole, "byte by byte, limit {limit}");
        let cut = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as usize % 17
        };
        assert_eq!(read(stream, limit, cut), whole, "cut anywhere, limit {limit}");
    }
}

/// What came of a stream of lines.
#[derive(Debug, PartialEq)]
struct Split {
    lines: Vec<String>,
    broken: Option<&'static str>,
    unfinished: usize,
}

fn split(stream: &[u8], limit: usize, mut next: impl FnMut() -> usize) -> Split {
    let mut lines = Lines::new(limit);
    let mut split = Split { lines: Vec::new(), broken: None, unfinished: 0 };
    let mut rest = stream;
    loop {
        // How much of a long line was seen depends on the cut.
        let told = |broken| if broken == Broken::NotUtf8 { "not UTF-8" } else { "too long" };
        match lines.next() {
            Ok(Some(block)) => {
                for line in block {
                    match line {
                        Ok(text) => split.lines.push(text.to_string()),
                        Err(broken) => {
                            split.broken = Some(told(broken));
                            return split;
                        }
                    }
                }
                continue;
            }
            Ok(None) => {}
            Err(broken) => {
                split.broken = Some(told(broken));
                return split;
            }
        }
        if rest.is_empty() {
            match lines.end() {
                Ok(block) => split.lines.extend(block.into_iter().flatten().flatten().map(|line| line.to_string())),
                Err(size) => split.unfinished = size,
            }
            return split;
        }
        let space = lines.space();
        let room = space.capacity() - space.len();
        let (chunk, after) = rest.split_at(next().clamp(1, rest.len()).min(room));
        space.extend_from_slice(chunk);
        rest = after;
        lines.filled(chunk.len());
        assert!(lines.held() <= limit.saturating_add(128 << 10), "memory beyond the limit");
    }
}

/// The same by the plain definition: cut at every LF, then judged.
fn plainly(stream: &[u8], limit: usize) -> Split {
    let mut split = Split { lines: Vec::new(), broken: None, unfinished: 0 };
    let mut parts = stream.split(|byte| *byte == b'\n');
    let last = parts.next_back().unwrap_or_default();
    for line in parts {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        split.broken = match std::str::from_utf8(line) {
            _ if line.len() > limit => Some("too long"),
            Err(_) => Some("not UTF-8"),
            Ok(text) => {
                if !text.trim_matches([' ', '\t', '\r']).is_empty() {
                    split.lines.push(text.to_owned());
                }
                None
            }
        };
        if split.broken.is_some() {
            return split;
        }
    }
    if last.strip_suffix(b"\r").unwrap_or(last).len() > limit {
        split.broken = Some("too long");
    } else if let Ok(message) = std::str::from_utf8(last)
        && message.trim_start_matches([' ', '\t', '\r']).starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(message).is_ok()
    {
        split.lines.push(message.strip_suffix('\r').unwrap_or(message).to_owned());
    } else if !last.iter().all(|byte| b" \t\r".contains(byte)) {
        split.unfinished = last.len();
    }
    split
}

/// A stream of lines: however it is cut, the lines of the whole, within the limit; and as one line, the same JSON.
pub fn lines(stream: &[u8]) {
    let mut state = stream.iter().fold(0x9e37_79b9_u32, |state, byte| state.rotate_left(5) ^ u32::from(*byte));
    for limit in [0, 8, 64, 1 << 20] {
        let expected = plainly(stream, limit);
        assert_eq!(split(stream, limit, || stream.len()), expected, "whole, limit {limit}");
        assert_eq!(split(stream, limit, || 1), expected, "byte by byte, limit {limit}");
        let cut = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as usize % 17
        };
        assert_eq!(split(stream, limit, cut), expected, "cut anywhere, limit {limit}");
    }
    let Ok(text) = std::str::from_utf8(stream) else { return };
    let Some(line) = one_line(text) else { return };
    assert!(!line.contains(['\n', '\r']) && line.len() <= text.len(), "not one line");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    assert_eq!(value(&line), value(text), "another value");
}

/// A server's answer to everything that a client asks while it opens a connection, as in `fuzz/seeds/classifier`: status,
/// media type and whether a credential is sent on the first line, headers up to an empty line, the body.
pub fn classifier(input: &[u8]) {
    let Some((answer, credential)) = answer(input) else { return };
    let again = vec![answer; 8];
    let token = credential.then_some("secret-token");
    let outcome = meet(again.clone(), token, Options { max_message: 1 << 16, ..Options::default() });
    assert!(outcome.sent.len() <= 6, "it goes round in circles: {outcome:?}");
    if let Some(Err(error)) = &outcome.opened {
        assert!(!error.to_string().contains("secret-token"), "the credential stands in an error");
    }
    let small = meet(again, token, Options { max_message: 256, ..Options::default() });
    assert!(small.sent.len() <= 6, "it goes round in circles: {small:?}");
    assert!(!outcome.ruling().is_empty() && !small.ruling().is_empty());
}

fn answer(input: &[u8]) -> Option<(Answer, bool)> {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (input.get(..at)?, input.get(at + 2..)?),
        None => (input, &b""[..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let status = words.next()?.parse().ok().filter(|status| (100..=999).contains(status))?;
    let content_type = words.next().unwrap_or_default().to_owned();
    let credential = words.next() == Some("credential");
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.into()));
    let headers = headers.collect();
    Some((Answer { status, content_type, headers, body: body.to_vec() }, credential))
}
