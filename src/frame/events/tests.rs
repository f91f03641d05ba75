use std::time::Duration;

use super::{EventParser, FRAME, TooLarge};
use crate::platform::test;

/// A generator that says the same on every target.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// An event's name and data.
type Event = (String, Vec<u8>);

/// What came of a stream: its events, the id to resume from, the wait, and whether it was too large.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<Event>,
    id: Option<String>,
    retry: Option<Duration>,
    too_large: bool,
}

/// The stream, cut at these places.
fn parse(stream: &[u8], cuts: &[usize], limit: usize) -> Outcome {
    let mut parser = EventParser::new(limit);
    let mut events = Vec::new();
    let mut too_large = false;
    let mut at = 0;
    for cut in cuts.iter().copied().chain([stream.len()]) {
        let fed = parser.feed(&stream[at..cut], &mut |name, data| events.push((name.to_owned(), data.to_vec())));
        assert!(!too_large || fed == Err(TooLarge), "a spoilt stream must stay one");
        too_large |= fed.is_err();
        at = cut;
    }
    Outcome { events, id: parser.last_event_id().map(str::to_owned), retry: parser.retry(), too_large }
}

fn whole(stream: &[u8]) -> Outcome {
    parse(stream, &[], 1 << 20)
}

/// The events of a stream whose every byte comes by itself, and which must be those of the whole.
fn events(stream: &str) -> Vec<(String, String)> {
    let stream = stream.as_bytes();
    let each: Vec<usize> = (0..stream.len()).collect();
    let apart = parse(stream, &each, 1 << 20);
    assert_eq!(apart, whole(stream), "{:?}", String::from_utf8_lossy(stream));
    apart.events.into_iter().map(|(name, data)| (name, String::from_utf8(data).expect("text"))).collect()
}

fn data(stream: &str) -> Vec<String> {
    events(stream).into_iter().map(|(_, data)| data).collect()
}

/// The specification's own words, line by line, over the whole text at once.
fn reference(stream: &[u8]) -> Outcome {
    let stream = stream.strip_prefix("\u{feff}".as_bytes()).unwrap_or(stream);
    let mut lines = vec![Vec::new()];
    let mut bytes = stream.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                lines.push(Vec::new());
            }
            b'\n' => lines.push(Vec::new()),
            byte => lines.last_mut().expect("never empty").push(byte),
        }
    }
    // The last one has no end.
    lines.pop();
    let (mut buffer, mut kind, mut id, mut last_id) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut retry) = (Vec::new(), None);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = match colon {
            _ if line.is_empty() => {
                last_id.clone_from(&id);
                if !buffer.is_empty() {
                    buffer.pop();
                    events.push((String::from_utf8_lossy(&kind).into_owned(), buffer));
                }
                (buffer, kind) = (Vec::new(), Vec::new());
                continue;
            }
            Some(0) => continue,
            Some(at) if line.get(at + 1) == Some(&b' ') => (&line[..at], &line[at + 2..]),
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (&line[..], &[][..]),
        };
        match field {
            b"event" => kind = value.to_vec(),
            b"data" => {
                buffer.extend_from_slice(value);
                buffer.push(b'\n');
            }
            b"id" if !value.contains(&0) => id = value.to_vec(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let millis = String::from_utf8_lossy(value).parse().unwrap_or(u64::MAX);
                retry = Some(Duration::from_millis(millis));
            }
            _ => {}
        }
    }
    let id = (!last_id.is_empty()).then(|| String::from_utf8_lossy(&last_id).into_owned());
    Outcome { events, id, retry, too_large: false }
}

const PIECES: [&[u8]; 30] = [
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"\r\n\r\n",
    b"data",
    b"data:",
    b"data: ",
    b"data: {\"jsonrpc\":\"2.0\"}\n",
    b"data: x\n\n",
    b"event",
    b"event: message\n",
    b"event:e",
    b"id",
    b"id:",
    b"id: 7\n",
    b"id:\n",
    b"id: a\0b",
    b"\0",
    b"retry: 3000\n",
    b"retry:1",
    b"retry",
    b":",
    b": keep-alive\n",
    b" ",
    "\u{feff}".as_bytes(),
    "\u{1f980}".as_bytes(),
    b"\xff",
    b"99999999999999999999",
    b"unknown: field\n",
];

fn stream(random: &mut Random) -> Vec<u8> {
    let pieces = random.below(24);
    (0..pieces).flat_map(|_| PIECES[random.below(PIECES.len())]).copied().collect()
}

fn cuts(random: &mut Random, length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..random.below(12)).map(|_| random.below(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

#[test]
fn any_split_of_any_stream_gives_the_events_of_the_specification() {
    let mut random = Random(26);
    for _ in 0..20_000 {
        let stream = stream(&mut random);
        let expected = reference(&stream);
        let shown = stream.escape_ascii();
        assert_eq!(whole(&stream), expected, "{shown}");
        let cuts = cuts(&mut random, stream.len());
        assert_eq!(parse(&stream, &cuts, 1 << 20), expected, "{shown} cut at {cuts:?}");
    }
}

#[test]
fn any_split_of_a_stream_that_is_too_large_fails_after_the_same_events() {
    let mut random = Random(7);
    let mut failed = 0;
    for _ in 0..20_000 {
        let stream = stream(&mut random);
        let limit = random.below(24);
        let once = parse(&stream, &[], limit);
        failed += u32::from(once.too_large);
        assert!(once.events.iter().all(|(_, data)| data.len() <= limit), "{}", stream.escape_ascii());
        let cuts = cuts(&mut random, stream.len());
        let parts = parse(&stream, &cuts, limit);
        assert_eq!(parts.events, once.events, "{} cut at {cuts:?}, limit {limit}", stream.escape_ascii());
        assert_eq!(parts.too_large, once.too_large, "{} cut at {cuts:?}, limit {limit}", stream.escape_ascii());
    }
    assert!(failed > 1000, "the limits were hardly met: {failed}");
}

#[test]
fn line_ends_of_every_kind() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = ["data: a", "data: b", "", "data: c", "", ""].join(end);
        assert_eq!(data(&stream), ["a\nb", "c"], "{end:?}");
    }
    assert_eq!(data("data: a\r\ndata: b\rdata: c\n\r\n"), ["a\nb\nc"]);
    // An event is given with the CR that ends it, and the LF which belongs to it begins no line.
    let mut parser = EventParser::new(100);
    let mut count = 0;
    for chunk in ["data: a\r\n\r", "\n", "data: b\r\r", "\n"] {
        parser.feed(chunk.as_bytes(), &mut |_, _| count += 1).expect("small");
        if chunk.ends_with('\r') {
            count *= 10;
        }
    }
    assert_eq!(count, 110, "each came with its own chunk");
}

#[test]
fn the_examples_of_the_specification() {
    // WHATWG HTML section 9.2.6.
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    let stream = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
    assert_eq!(data(stream), ["first event", "second event", " third event"]);
    assert_eq!(whole(stream.as_bytes()).id, None, "the second event takes the id back");
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"], "the last is not whole");
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn fields() {
    let named = |stream| events(stream).into_iter().map(|(name, data)| format!("{name}={data}")).collect::<Vec<_>>();
    assert_eq!(named("event: a\ndata: 1\n\ndata: 2\n\n"), ["a=1", "=2"], "a name is for one event");
    assert_eq!(named("event: a\n\ndata: 2\n\n"), ["=2"], "also for one without data");
    assert_eq!(named("event: a\nevent: b\ndata\n\n"), ["b="], "the last counts");
    assert_eq!(named("Data: 1\ndata : 2\n data: 3\nfoo: bar\n:data: 4\ndata:: 5\n\n"), ["=: 5"]);
    assert_eq!(named("\u{feff}data: 1\n\n\u{feff}data: 2\n\n"), ["=1"], "a mark stands at the beginning only");
    assert_eq!(named("\u{feff}\u{feff}data: 1\n\n"), [""; 0]);
    assert_eq!(named("data: né\u{1f980}\n\n"), ["=né\u{1f980}"]);
    assert_eq!(whole(b"data: \xff\xfe\n\n").events, [(String::new(), b"\xff\xfe".to_vec())], "data stays bytes");
    assert_eq!(named("data: 1\n"), [""; 0], "the end is not an empty line");
    assert_eq!(named("data: 1\n\ndata: 2"), ["=1"]);
}

#[test]
fn the_last_event_id_is_set_when_an_event_is_whole() {
    let mut parser = EventParser::new(100);
    let mut id = |chunk: &str| {
        parser.feed(chunk.as_bytes(), &mut |_, _| {}).expect("small");
        parser.last_event_id().map(str::to_owned)
    };
    assert_eq!(id("id: 1\n"), None);
    assert_eq!(id("data: a\n"), None);
    assert_eq!(id("\n").as_deref(), Some("1"));
    assert_eq!(id("data: b\n\n").as_deref(), Some("1"), "it lasts");
    assert_eq!(id("id: 2\n\n").as_deref(), Some("2"), "an event without data sets it");
    assert_eq!(id("id: 3\0\n\n").as_deref(), Some("2"), "one with NUL is ignored");
    assert_eq!(id("id: 4\nid: 5\n\n").as_deref(), Some("5"));
    assert_eq!(id("id\n\n"), None, "an empty one takes it back");
}

#[test]
fn retry_is_digits_only() {
    for (line, millis) in [
        ("retry: 3000", Some(3000)),
        ("retry:0", Some(0)),
        ("retry: 007", Some(7)),
        ("retry: 99999999999999999999999", Some(u64::MAX)),
        ("retry", None),
        ("retry:", None),
        ("retry: 1.5", None),
        ("retry: -1", None),
        ("retry: +1", None),
        ("retry:  1", None),
        ("retry: 1 ", None),
        ("retry: \u{0661}", None),
    ] {
        let stream = format!("{line}\n");
        assert_eq!(whole(stream.as_bytes()).retry, millis.map(Duration::from_millis), "{line:?}");
        let after = format!("retry: 5\n{line}\n");
        let kept = Some(Duration::from_millis(millis.unwrap_or(5)));
        assert_eq!(whole(after.as_bytes()).retry, kept, "{line:?} after another");
    }
}

#[test]
fn data_of_one_line_in_one_chunk_is_not_copied() {
    let inside = |chunk: &[u8], data: &[u8]| chunk.as_ptr_range().contains(&data.as_ptr());
    let mut parser = EventParser::new(100);
    let mut given = Vec::new();
    for (chunk, expected) in [
        ("event: message\nid: 1\ndata: whole\n\n", vec![true]),
        ("data: one\n\ndata: two\r\n\r\n: x\n", vec![true, true]),
        // The event ends in a later chunk, a line was broken off, or several were joined.
        ("data: a\n", vec![]),
        ("\ndata: b", vec![false]),
        ("c\n\ndata: d\ndata: e\n\n", vec![false, false]),
        ("data: f\n\n", vec![true]),
    ] {
        let chunk = chunk.as_bytes().to_vec();
        let mut borrowed = Vec::new();
        let each = &mut |_: &str, data: &[u8]| {
            given.push(String::from_utf8_lossy(data).into_owned());
            borrowed.push(inside(&chunk, data));
        };
        parser.feed(&chunk, each).expect("small");
        assert_eq!(borrowed, expected, "{:?}", String::from_utf8_lossy(&chunk));
    }
    assert_eq!(given, ["whole", "one", "two", "a", "bc", "d\ne", "f"]);
}

#[test]
fn nothing_beyond_the_limit_is_kept() {
    let fits = |stream: String, limit| !parse(stream.as_bytes(), &[], limit).too_large;
    let long = "x".repeat(100);
    assert!(fits(format!("data: {long}\n\n"), 100));
    assert!(!fits(format!("data: {long}\n\n"), 99));
    assert!(fits(format!("data: {long}\ndata: {long}\n\n"), 201));
    assert!(!fits(format!("data: {long}\ndata: {long}\n\n"), 200));
    assert!(!fits(format!("data: a\n{}", "data\n".repeat(100)), 99), "empty lines are data too");
    // Whatever a line is, and whether it ever ends.
    for begin in ["", ":", "event:", "id:", "data:", "unknown:"] {
        assert!(!fits(format!("{begin}{}", "x".repeat(100 + FRAME)), 99), "{begin}");
        let mut parser = EventParser::new(99);
        let mut fed = parser.feed(begin.as_bytes(), &mut |_, _| {});
        let mut chunks = 0;
        while fed.is_ok() && chunks < 1000 {
            fed = parser.feed(b"xxx", &mut |_, _| {});
            chunks += 1;
        }
        assert_eq!(fed, Err(TooLarge), "{begin}");
        assert!(chunks <= 40, "{begin}: {chunks}");
        assert_eq!(parser.line.capacity() + parser.data.capacity(), 0, "{begin}");
    }
    // What was whole before has been given.
    let mut count = 0;
    let mut parser = EventParser::new(10);
    assert_eq!(parser.feed(b"data: 1\n\ndata: 12345678901\n\n", &mut |_, _| count += 1), Err(TooLarge));
    assert_eq!(parser.feed(b"data: 1\n\n", &mut |_, _| count += 1), Err(TooLarge));
    assert_eq!(count, 1);
}

#[test]
fn a_large_buffer_is_given_back() {
    let mut parser = EventParser::new(1 << 20);
    let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
    let mut size = 0;
    for chunk in line.chunks(16 << 10).chain([b"\n".as_slice()]) {
        parser.feed(chunk, &mut |_, data| size += data.len()).expect("at the limit");
    }
    assert_eq!(size, 1 << 20);
    assert!(parser.line.capacity() + parser.data.capacity() <= 2 * super::KEPT);
}
