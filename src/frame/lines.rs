//! Newline-delimited messages, as the bytes come (2026-07-28 basic/transports, "stdio").

use std::mem;

use bytes::Bytes;

use crate::json::{Json, Text};

/// What the first read has room for, and what a quiet connection keeps.
const SMALL: usize = 4 << 10;
/// What a read has room for on a busy connection.
const LARGE: usize = 64 << 10;
/// Up to this size a copy is cheaper than handing the buffer over and getting another, and keeps no memory it does not need.
const COPIED: usize = 1 << 10;

/// Why a stream of lines is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A line of this many bytes or more.
    TooLong(usize),
    NotUtf8,
}

/// Gathers what is read until lines are whole, within a limit.
///
/// In turn: take the lines that are whole with [`next`](Self::next), append to [`space`](Self::space), say with
/// [`filled`](Self::filled) how much. A line costs no more memory than the limit and one read's room, however long the
/// peer makes it.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The longest line, in bytes, without its end.
    limit: usize,
    /// What was read and not given yet.
    buffer: Vec<u8>,
    /// How much of the buffer holds no line end.
    searched: usize,
    /// What a read has room for.
    room: usize,
    /// How long the next long line will be: as long as the one before. Short ones let it be forgotten.
    expected: usize,
}

impl Lines {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new(), searched: 0, room: SMALL, expected: 0 }
    }

    /// Where to append, up to its capacity, which is never used up.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        let len = self.buffer.len();
        if self.buffer.capacity() - len < self.room / 4 {
            // A long line doubles its buffer, or makes it what the last one had, but not beyond the point where it is too
            // long anyway.
            let most = self.limit.saturating_sub(len).saturating_add(self.room);
            let rest = if len > 0 { self.expected.saturating_sub(len).max(len) } else { 0 };
            self.buffer.reserve_exact(self.room.max(rest).min(most));
        }
        &mut self.buffer
    }

    /// So much was appended: the next read's room follows from that.
    pub(crate) fn filled(&mut self, read: usize) {
        if self.buffer.len() == self.buffer.capacity() {
            self.room = (self.room * 2).min(LARGE);
        } else if read < self.room / 8 {
            self.room = (self.room / 2).max(SMALL);
        }
    }

    /// The lines that are whole, if any are.
    ///
    /// # Errors
    /// Where the line under way is too long already. The lines before it have been given then.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, Broken> {
        let len = self.buffer.len();
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(last) = memchr::memrchr(b'\n', fresh) else {
            self.searched = len;
            let over = len.saturating_sub(self.limit);
            // A carriage return may be the beginning of the line's end.
            if over > 1 || (over == 1 && self.buffer.last() != Some(&b'\r')) {
                (self.buffer, self.searched) = (Vec::new(), 0);
                return Err(Broken::TooLong(len));
            }
            return Ok(None);
        };
        let end = self.searched + last + 1;
        self.searched = 0;
        self.expected = if end > LARGE { end.saturating_add(SMALL) } else { self.expected / 2 };
        let bytes = if end <= COPIED {
            let bytes = self.buffer.get(..end).map(Bytes::copy_from_slice);
            self.buffer.drain(..end);
            bytes.unwrap_or_default()
        } else {
            let rest = self.buffer.get(end..).unwrap_or_default();
            let mut next = Vec::new();
            if !rest.is_empty() {
                next.reserve_exact(rest.len() + self.room);
                next.extend_from_slice(rest);
            }
            let mut whole = mem::replace(&mut self.buffer, next);
            whole.truncate(end);
            whole.into()
        };
        Ok(Some(Block { bytes, at: 0, limit: self.limit, broken: false, open: false }))
    }

    /// There is nothing to read now: memory that a quiet connection does not need is given back.
    pub(crate) fn rest(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > SMALL {
            self.buffer = Vec::new();
        }
    }

    /// Throws away what was read.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
        self.searched = 0;
    }

    /// Nothing more comes. A whole message without a line end is one still: it is given.
    ///
    /// # Errors
    /// Where the end stands in the middle of a line, after so many bytes of it.
    pub(crate) fn end(&mut self) -> Result<Option<Block>, usize> {
        let rest = mem::take(&mut self.buffer);
        self.searched = 0;
        if is_blank(&rest) {
            return Ok(None);
        }
        let (size, bytes) = (rest.len(), Bytes::from(rest));
        // What is cut off somewhere is no JSON object, whatever else it may be.
        let text = Text::from_utf8(bytes.clone()).filter(|text| text.as_str().trim_start().starts_with('{'));
        if text.is_none_or(|text| Json::from_text(text.as_str()).is_err()) {
            return Err(size);
        }
        Ok(Some(Block { bytes, at: 0, limit: self.limit, broken: false, open: true }))
    }

    /// How much memory it holds.
    #[cfg(any(test, feature = "__fuzzing"))]
    pub(crate) fn held(&self) -> usize {
        self.buffer.capacity()
    }
}

/// Whole lines, given one by one: each is a slice of what was read, not a copy. Blank lines are left out. An error is the
/// last item.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Bytes,
    at: usize,
    limit: usize,
    broken: bool,
    /// The last line has no end.
    open: bool,
}

impl Block {
    /// No lines at all.
    pub(crate) fn empty() -> Self {
        Self { bytes: Bytes::new(), at: 0, limit: 0, broken: false, open: false }
    }
}

impl Iterator for Block {
    type Item = Result<Text, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.broken {
            let rest = self.bytes.get(self.at..)?;
            let end = match memchr::memchr(b'\n', rest) {
                None if self.open && !rest.is_empty() => rest.len(),
                end => end?,
            };
            let line = rest.get(..end)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (start, len) = (self.at, line.len());
            self.at += end + 1;
            if len > self.limit {
                self.broken = true;
                return Some(Err(Broken::TooLong(len)));
            }
            if is_blank(line) {
                continue;
            }
            // A small message that is kept must not keep a large one's memory.
            let alone = self.bytes.len() > 2 * LARGE && len < self.bytes.len() / 4;
            let bytes = if alone { Bytes::copy_from_slice(line) } else { self.bytes.slice(start..start + len) };
            let text = Text::from_utf8(bytes);
            self.broken = text.is_none();
            return Some(text.ok_or(Broken::NotUtf8));
        }
        None
    }
}

/// JSON's white space and nothing else.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The text on one line: raw line breaks, which JSON allows between tokens (RFC 8259 section 2), go, and the white space
/// around them. Text without any is left as it is, `None`. A break within a string, which is no JSON, becomes a
/// tab there, which is none either: what was wrong stays wrong.
pub(crate) fn one_line(text: &str) -> Option<String> {
    memchr::memchr2(b'\n', b'\r', text.as_bytes())?;
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    // White space between tokens that has not been written, and whether it has a break.
    let (mut space, mut broken) = (0, false);
    for (at, char) in text.char_indices() {
        if in_string {
            out.push(if matches!(char, '\n' | '\r') { '\t' } else { char });
            in_string = escaped || char != '"';
            escaped = char == '\\' && !escaped;
            continue;
        }
        if matches!(char, ' ' | '\t' | '\n' | '\r') {
            space += 1;
            broken |= matches!(char, '\n' | '\r');
            continue;
        }
        if space > 0 {
            let apart = |char: char| matches!(char, '{' | '}' | '[' | ']' | ':' | ',');
            if !broken {
                out.push_str(text.get(at - space..at).unwrap_or_default());
            } else if !apart(char) && out.chars().next_back().is_some_and(|before| !apart(before)) {
                // Two tokens of which JSON allows none to follow the other: they must not become one.
                out.push(' ');
            }
            (space, broken) = (0, false);
        }
        in_string = char == '"';
        out.push(char);
    }
    Some(out)
}

#[cfg(test)]
mod tests;
