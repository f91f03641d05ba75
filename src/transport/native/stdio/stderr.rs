//! What a child writes to standard error: always read, its end always kept.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::platform::Lock;

/// How much of the end is kept, and the longest piece handed over as one line.
const KEPT: usize = 8 * 1024;

/// What else becomes of it.
#[derive(Clone)]
pub(super) enum Stderr {
    Dropped,
    Inherited,
    Lines(Arc<dyn Fn(&str) + Send + Sync>),
}

/// The last bytes that were read.
#[derive(Clone, Default)]
pub(super) struct Tail(Arc<Lock<Vec<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock();
        kept.extend_from_slice(bytes);
        // Moved together now and then, not for every read.
        if kept.len() > 4 * KEPT {
            let surplus = kept.len() - KEPT;
            kept.drain(..surplus);
        }
    }

    /// The end as text, for an error: whole lines where some are cut off at the front, nothing that controls a terminal.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock();
        let from = kept.len().saturating_sub(KEPT);
        let mut end = kept.get(from..).unwrap_or_default();
        if from > 0 {
            let line = end.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            end = end.get(line..).filter(|rest| !rest.is_empty()).unwrap_or(end);
        }
        let text = String::from_utf8_lossy(end);
        let shown: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
        shown.trim_end().to_owned()
    }
}

/// Reads to the end.
pub(super) async fn drain(mut from: impl AsyncRead + Unpin, tail: Tail, to: Stderr) {
    let mut block = vec![0; 16 * 1024];
    let mut line = Vec::new();
    while let Ok(read @ 1..) = from.read(&mut block).await {
        let bytes = block.get(..read).unwrap_or_default();
        tail.push(bytes);
        match &to {
            Stderr::Dropped => {}
            Stderr::Inherited => {
                // Our own standard error being gone is no reason to stop reading the child's.
                let mut own = tokio::io::stderr();
                let _ = own.write_all(bytes).await;
                let _ = own.flush().await;
            }
            Stderr::Lines(each) => hand_over(bytes, &mut line, each.as_ref()),
        }
    }
    if let (Stderr::Lines(each), false) = (&to, line.is_empty()) {
        each(&String::from_utf8_lossy(&line));
    }
}

/// Calls `each` with the lines that `bytes` completes; `line` holds what is not whole yet.
fn hand_over(bytes: &[u8], line: &mut Vec<u8>, each: &dyn Fn(&str)) {
    for part in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (text, whole) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
        for piece in text.chunks(KEPT) {
            if line.len() + piece.len() > KEPT {
                each(&String::from_utf8_lossy(line));
                line.clear();
            }
            line.extend_from_slice(piece);
        }
        if whole {
            each(&String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)));
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(parts: &[&[u8]]) -> Vec<String> {
        let seen = Arc::new(Lock::new(Vec::new()));
        let to = seen.clone();
        let (mut tx, rx) = tokio::io::duplex(64);
        let each = Stderr::Lines(Arc::new(move |line: &str| to.lock().push(line.to_owned())));
        let drained = tokio::spawn(drain(rx, Tail::default(), each));
        for part in parts {
            tx.write_all(part).await.expect("it is read");
        }
        drop(tx);
        drained.await.expect("no panic");
        let seen = seen.lock();
        seen.clone()
    }

    #[tokio::test]
    async fn lines_are_handed_over_without_their_ends() {
        assert_eq!(lines(&[b"one\ntw", b"o\r\n\nno end"]).await, ["one", "two", "", "no end"]);
        assert_eq!(lines(&[b"\xff\n"]).await, ["\u{fffd}"]);
    }

    #[tokio::test]
    async fn a_line_without_end_costs_no_more_than_a_piece() {
        let long = lines(&[&vec![b'x'; 3 * KEPT + 5]]).await;
        assert!(long.iter().all(|piece| piece.len() <= KEPT));
        assert_eq!(long.concat().len(), 3 * KEPT + 5);
    }

    #[test]
    fn the_end_is_kept_in_whole_lines() {
        let tail = Tail::default();
        for line in 0..100_000 {
            tail.push(format!("line {line}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= KEPT && text.len() > KEPT - 32, "{}", text.len());
        assert!(text.starts_with("line 9") && text.ends_with("line 99999"), "{text}");
        assert!(tail.0.lock().len() <= 4 * KEPT + 16);
    }

    #[test]
    fn an_error_does_not_steer_the_terminal() {
        let tail = Tail::default();
        tail.push(b"\x1b[31mred\x1b[0m\x07\n");
        assert_eq!(tail.text(), "[31mred[0m");
    }
}
