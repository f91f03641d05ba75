use std::collections::VecDeque;

use super::{Broken, LARGE, Lines, SMALL, one_line};
use crate::json::Text;

/// What came of a stream: the lines, and how it ended.
#[derive(Debug, PartialEq)]
struct Read {
    lines: Vec<String>,
    broken: Option<Broken>,
    /// A message was cut off by the end.
    unfinished: bool,
}

/// Reads `stream` in chunks of the sizes that `next` says.
fn read(stream: &[u8], limit: usize, mut next: impl FnMut() -> usize) -> Read {
    let mut lines = Lines::new(limit);
    let mut found = Read { lines: Vec::new(), broken: None, unfinished: false };
    let mut rest = stream;
    loop {
        match lines.next() {
            Ok(Some(block)) => {
                for line in block {
                    match line {
                        Ok(text) => found.lines.push(text.to_string()),
                        Err(error) => {
                            found.broken = Some(counted(error, limit));
                            return found;
                        }
                    }
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                found.broken = Some(counted(error, limit));
                return found;
            }
        }
        if rest.is_empty() {
            match lines.end() {
                Ok(block) => {
                    found.lines.extend(block.into_iter().flatten().map(|line| line.expect("JSON").to_string()))
                }
                Err(_) => found.unfinished = true,
            }
            return found;
        }
        let space = lines.space();
        let room = space.capacity() - space.len();
        assert!(room > 0, "no room to read into");
        let (chunk, after) = rest.split_at(next().clamp(1, rest.len().min(room)));
        space.extend_from_slice(chunk);
        rest = after;
        lines.filled(chunk.len());
        assert!(lines.held() <= limit + LARGE + SMALL, "{} bytes for a limit of {limit}", lines.held());
    }
}

/// How much of a long line was seen depends on the cut; that it is too long does not.
fn counted(broken: Broken, limit: usize) -> Broken {
    match broken {
        Broken::TooLong(size) => {
            assert!(size > limit);
            Broken::TooLong(0)
        }
        other => other,
    }
}

fn whole(stream: &[u8]) -> Read {
    read(stream, 1 << 10, || usize::MAX)
}

fn texts(stream: &[u8]) -> Vec<String> {
    whole(stream).lines
}

#[test]
fn lines_end_with_lf_or_crlf_and_blank_ones_are_none() {
    assert_eq!(texts(b"{}\n[1]\r\n\n\r\n \t \n3\n"), ["{}", "[1]", "3"]);
    // A carriage return within a line is white space of JSON.
    assert_eq!(texts(b"[1,\r2]\r\r\n"), ["[1,\r2]\r"]);
    // What no JSON is, is not judged here.
    assert_eq!(texts(b"\0\nServer is up!\n"), ["\0", "Server is up!"]);
    assert_eq!(texts("\"\u{2028}ü\"\n".as_bytes()), ["\"\u{2028}ü\""]);
}

#[test]
fn an_end_in_the_middle_of_a_line_is_seen() {
    for stream in ["{}\n{\"a\"", "{}\n{\"a\":1}}", "{}\n12", "{}\ntrue", "{}\n\"text\""] {
        let found = whole(stream.as_bytes());
        assert!(found.unfinished && found.lines == ["{}"], "{stream}");
    }
    assert!(whole(b"{}\n{\"\xff\":1}").unfinished);
    assert!(!whole(b"{}\n").unfinished);
    assert!(!whole(b"{}\n \r").unfinished);
}

#[test]
fn a_whole_message_needs_no_end_of_line_at_the_end() {
    for end in ["", "\r", " \t\r"] {
        let found = whole(format!("[1]\n {{\"id\":2}}{end}").as_bytes());
        assert!(!found.unfinished);
        assert_eq!(found.lines.iter().map(|line| line.trim()).collect::<Vec<_>>(), ["[1]", "{\"id\":2}"]);
    }
}

#[test]
fn every_split_gives_the_same() {
    let streams: [&[u8]; 7] = [
        b"{\"a\":1}\r\n\n[2]\n\r\n \n\"three\"\n",
        "{\"grüße\":\"\u{1F600}\"}\r\n[\"ß\"]\n".as_bytes(),
        b"1\n2\n\xff\xfe\n3\n",
        b"[1]\n0123456789abcdef\r\n2\n",
        b"[1]\n0123456789abcdefg\n2\n",
        b"[1]\n[2",
        b"[1]\r\n{\"id\":2}\r",
    ];
    for stream in streams {
        let expected = read(stream, 16, || usize::MAX);
        assert_eq!(read(stream, 16, || 1), expected, "byte by byte");
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let mut cuts = VecDeque::from([first, second - first]);
                let cut = || cuts.pop_front().unwrap_or(usize::MAX);
                assert_eq!(read(stream, 16, cut), expected, "cut at {first} and {second}");
            }
        }
    }
}

#[test]
fn text_that_is_not_utf_8_breaks_the_stream_behind_the_lines_before_it() {
    let found = whole(b"[1]\n\xff\n[2]\n");
    assert_eq!((found.lines, found.broken), (vec!["[1]".to_owned()], Some(Broken::NotUtf8)));
}

#[test]
fn a_line_has_as_many_bytes_as_the_limit_and_no_more() {
    for end in ["\n", "\r\n"] {
        let line = "x".repeat(100);
        let good = format!("{line}{end}");
        assert_eq!(read(good.as_bytes(), 100, || 7).lines, [line.as_str()]);
        let bad = read(format!("[]\n{good}").as_bytes(), 99, || 7);
        assert!(matches!(bad.broken, Some(Broken::TooLong(_))), "{bad:?}");
        assert_eq!(bad.lines, ["[]"]);
    }
}

#[test]
fn a_line_without_end_costs_the_limit_and_one_read() {
    let limit = 1 << 20;
    let mut lines = Lines::new(limit);
    let mut fed = 0;
    let (broken, most) = loop {
        let space = lines.space();
        let room = space.capacity() - space.len();
        space.resize(space.capacity(), b'x');
        fed += room;
        lines.filled(room);
        let held = lines.held();
        match lines.next() {
            Ok(block) => assert!(block.is_none()),
            Err(broken) => break (broken, held),
        }
    };
    assert_eq!(broken, Broken::TooLong(fed));
    assert!(fed <= limit + LARGE && most <= limit + LARGE, "{fed} bytes read, {most} held");
    assert_eq!(lines.held(), 0);
}

/// Where in memory a text stands.
fn place(text: &Text) -> usize {
    text.as_str().as_ptr() as usize
}

fn block(stream: &[u8]) -> (Vec<Text>, usize) {
    let mut lines = Lines::new(1 << 30);
    let space = lines.space();
    space.reserve_exact(stream.len());
    space.extend_from_slice(stream);
    let begin = space.as_ptr() as usize;
    let block = lines.next().expect("not too long").expect("whole lines");
    (block.map(|line| line.expect("a line")).collect(), begin)
}

#[test]
fn lines_are_slices_of_what_was_read() {
    let line = "x".repeat(2_000);
    let (lines, begin) = block(format!("{line}\n{line}\n").as_bytes());
    assert_eq!(lines.iter().map(place).collect::<Vec<_>>(), [begin, begin + line.len() + 1]);
}

#[test]
fn a_small_line_does_not_keep_a_large_one_in_memory() {
    let large = "x".repeat(1 << 20);
    let (lines, begin) = block(format!("[1]\n{large}\n").as_bytes());
    let within = |text| (begin..begin + (1 << 20) + 16).contains(&place(text));
    assert_eq!(lines.iter().map(within).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_quiet_connection_gives_its_memory_back() {
    let mut lines = Lines::new(1 << 20);
    // A busy time: reads fill all the room there is.
    for _ in 0..20 {
        let space = lines.space();
        let room = space.capacity() - space.len();
        space.extend(std::iter::repeat_n(b'\n', room));
        lines.filled(room);
        assert!(lines.next().expect("not too long").is_some());
    }
    assert!(lines.space().capacity() >= LARGE);
    lines.rest();
    assert_eq!(lines.held(), 0);
    // A beginning that waits for its end stays.
    lines.space().extend_from_slice(b"{\"a\"");
    lines.rest();
    assert_eq!(lines.end().err(), Some(4));
}

#[test]
fn a_second_large_line_finds_its_room_at_once_and_small_ones_let_it_be_forgotten() {
    let mut lines = Lines::new(1 << 30);
    // How often the buffer grew until a line of this size was whole.
    let mut grown = |size: usize| {
        let (mut left, mut grown, mut capacity) = (size, 0, 0);
        loop {
            let space = lines.space();
            grown += usize::from(space.capacity() > capacity);
            capacity = space.capacity();
            let count = left.min(capacity - space.len());
            space.extend(std::iter::repeat_n(b'x', count));
            left -= count;
            if left == 0 {
                *space.last_mut().expect("not empty") = b'\n';
            }
            lines.filled(count);
            if lines.next().expect("not too long").is_some() {
                return grown;
            }
        }
    };
    let first = grown(1 << 20);
    assert!(first > 4, "{first}");
    assert_eq!(grown(1 << 20), 2);
    for _ in 0..20 {
        grown(100);
    }
    assert!(grown(1 << 20) > 3);
}

#[test]
fn a_message_with_raw_line_breaks_becomes_one_line() {
    for (text, line) in [
        ("{\n  \"a\" : [1,\r\n\t2 ],\n\"b\":\" \\n \"\r}\n", r#"{"a" : [1,2 ],"b":" \n "}"#),
        ("\n{}\n", "{}"),
        (r#"{"a":"\\"}"#, ""),
        ("{\"a\":\"\\\\\",\n\"b\":\"\\\"\n\"}", "{\"a\":\"\\\\\",\"b\":\"\\\"\t\"}"),
        // No JSON before, no JSON afterwards.
        ("1\n2", "1 2"),
        ("\"a\"\r\"b\"", "\"a\" \"b\""),
        ("\"a\nb\"", "\"a\tb\""),
        ("\"a\r\nb", "\"a\t\tb"),
        ("ü\n\"ü\n", "ü \"ü\t"),
    ] {
        match one_line(text) {
            None => assert!(line.is_empty() && !text.contains(['\n', '\r'])),
            Some(one) => {
                assert_eq!(one, line);
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                assert_eq!(value(&one), value(text), "{text:?}");
            }
        }
    }
}
