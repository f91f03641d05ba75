//! Server-sent events, as the bytes come (WHATWG HTML section 9.2.6).

use std::mem;
use std::time::Duration;

use crate::platform::line_end;
use crate::text::number;

/// A line or an event is larger than the parser's limit. The stream is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// What a line may have beside its value: the longest known field's name, a colon, a space, a byte order mark.
const FRAME: usize = 16;

/// What an empty buffer may keep of its memory for the next event.
const KEPT: usize = 64 << 10;

/// Reads one stream of server-sent events, in chunks cut anywhere.
///
/// An event that the end of the stream cut off is never given: drop the parser. Text stays bytes here; an event's name and
/// id, which are text, have what is not UTF-8 replaced as the decoder of the specification does.
#[derive(Debug)]
pub(crate) struct EventParser {
    /// The largest data of an event, and the largest value of a line.
    limit: usize,
    /// The beginning of a line that the last chunk broke off.
    line: Vec<u8>,
    /// The data of the event under way, from `start` on, where it is not in the present chunk.
    data: Vec<u8>,
    start: usize,
    /// The event under way has data, be it empty.
    has_data: bool,
    name: String,
    /// The id of the event under way, where it names one.
    id: Option<String>,
    last_id: String,
    retry: Option<Duration>,
    /// The last byte was a CR: a LF now belongs to it.
    after_cr: bool,
    /// No line has ended yet: a byte order mark may lead it.
    first: bool,
    spoilt: bool,
}

impl EventParser {
    /// A parser at the beginning of a stream. `limit`: the largest data of one event, in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            data: Vec::new(),
            start: 0,
            has_data: false,
            name: String::new(),
            id: None,
            last_id: String::new(),
            retry: None,
            after_cr: false,
            first: true,
            spoilt: false,
        }
    }

    /// The id to take the stream up from, once an event with one was whole. Events without data set it too, an empty id
    /// takes it back.
    pub(crate) fn last_event_id(&self) -> Option<&str> {
        (!self.last_id.is_empty()).then_some(&self.last_id)
    }

    /// How long the server wants the client to wait before it connects again. Not capped.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// How much memory it holds for what has come.
    #[cfg(feature = "__fuzzing")]
    pub(crate) fn held(&self) -> usize {
        let id = self.id.as_ref().map_or(0, String::capacity);
        self.line.capacity() + self.data.capacity() + self.name.capacity() + self.last_id.capacity() + id
    }

    /// Takes the stream's next bytes. `each` is given the name (empty where there is none) and the data, its lines joined
    /// by LF, of every event that is whole now; events without data are none, one with an empty `data` line is one.
    /// Data of one line that lies in this chunk is given as a slice of the chunk.
    ///
    /// # Errors
    /// At a line or an event beyond the limit; the events before it have been given. Every later call fails too.
    pub(crate) fn feed<'c>(&mut self, chunk: &'c [u8], each: &mut dyn FnMut(&str, &[u8])) -> Result<(), TooLarge> {
        if self.spoilt {
            return Err(TooLarge);
        }
        let mut within = None;
        let fed = self.lines(chunk, &mut within, each);
        // What the event has so far must outlive the chunk.
        if let Some(data) = within {
            self.keep(data);
        }
        if fed.is_err() {
            self.spoilt = true;
            (self.line, self.data) = (Vec::new(), Vec::new());
        }
        fed
    }

    fn lines<'c>(
        &mut self,
        chunk: &'c [u8],
        within: &mut Option<&'c [u8]>,
        each: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<(), TooLarge> {
        let mut rest = chunk;
        loop {
            if self.after_cr && !rest.is_empty() {
                self.after_cr = false;
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            let end = line_end(rest);
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            if self.line.len().saturating_add(part.len()) > self.limit.saturating_add(FRAME) {
                return Err(TooLarge);
            }
            let Some((stop, after)) = after.split_first() else {
                self.line.extend_from_slice(part);
                return Ok(());
            };
            self.after_cr = *stop == b'\r';
            rest = after;
            if !self.line.is_empty() {
                self.line.extend_from_slice(part);
                self.buffered_line(within, each)?;
                continue;
            }
            match split(self.unmarked(part)) {
                None => self.dispatch(within.take(), each),
                Some((b"data", value)) if !self.has_data => {
                    self.begin_data(value)?;
                    *within = Some(value);
                }
                Some((name, value)) => self.field(name, value, within)?,
            }
        }
    }

    /// A line whose beginning came in an earlier chunk is whole. Where it is the event's first data, its buffer becomes the
    /// event's.
    fn buffered_line(&mut self, within: &mut Option<&[u8]>, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), TooLarge> {
        let mut line = mem::take(&mut self.line);
        match split(self.unmarked(&line)) {
            None => self.dispatch(within.take(), each),
            Some((b"data", value)) if !self.has_data => {
                self.begin_data(value)?;
                self.start = line.len().saturating_sub(value.len());
                mem::swap(&mut self.data, &mut line);
            }
            Some((name, value)) => self.field(name, value, within)?,
        }
        self.line = emptied(line);
        Ok(())
    }

    /// The line without the byte order mark that may stand at the very beginning.
    fn unmarked<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        let mark = if mem::take(&mut self.first) { "\u{feff}" } else { "" };
        line.strip_prefix(mark.as_bytes()).unwrap_or(line)
    }

    fn begin_data(&mut self, value: &[u8]) -> Result<(), TooLarge> {
        self.has_data = true;
        if value.len() > self.limit { Err(TooLarge) } else { Ok(()) }
    }

    /// Any field but an event's first data. A comment is one without a name.
    fn field(&mut self, name: &[u8], value: &[u8], within: &mut Option<&[u8]>) -> Result<(), TooLarge> {
        match name {
            b"data" => {
                if let Some(first) = within.take() {
                    self.keep(first);
                }
                let size = self.data.len().saturating_sub(self.start).saturating_add(value.len());
                if size >= self.limit {
                    return Err(TooLarge);
                }
                self.data.push(b'\n');
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = text(value),
            b"id" if !value.contains(&0) => self.id = Some(text(value)),
            b"retry" => self.retry = number(value).map(Duration::from_millis).or(self.retry),
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, data: &[u8]) {
        self.data.clear();
        self.data.extend_from_slice(data);
        self.start = 0;
    }

    /// An empty line: the event is whole.
    fn dispatch(&mut self, within: Option<&[u8]>, each: &mut dyn FnMut(&str, &[u8])) {
        if let Some(id) = self.id.take() {
            self.last_id = id;
        }
        let data = mem::take(&mut self.data);
        if mem::take(&mut self.has_data) {
            each(&self.name, within.or(data.get(self.start..)).unwrap_or_default());
        }
        self.name.clear();
        self.data = emptied(data);
        self.start = 0;
    }
}

/// A line's name and value, of which one leading space is no part; `None` where the line is empty.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return (!line.is_empty()).then_some((line, b""));
    };
    let (name, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value);
    Some((name, value.strip_prefix(b" ").unwrap_or(value)))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

fn emptied(mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    if buffer.capacity() > KEPT { Vec::new() } else { buffer }
}

#[cfg(test)]
mod tests;
