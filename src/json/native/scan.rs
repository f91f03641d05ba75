//! Passing over JSON text without reading it.
//!
//! Every message is passed over once for its envelope, and params and results for the members that matter. Like the
//! writer this looks at whole blocks of a string at once. It accepts nothing that is not JSON; what it leaves to
//! serde_json (names with escapes, deep nesting, everything broken) it says by `None`.

/// The members of an object, in order: the name without its quotation marks, and the value's text.
pub(super) fn members<'a>(text: &'a str, mut each: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let mut scan = Scan::new(text);
    scan.space();
    scan.take(b'{')?;
    scan.space();
    if scan.peek()? == b'}' {
        scan.at += 1;
    } else {
        loop {
            let name = scan.name()?;
            each(name, scan.value()?);
            scan.space();
            match scan.next()? {
                b',' => scan.space(),
                b'}' => break,
                _ => return None,
            }
        }
    }
    scan.space();
    scan.peek().is_none().then_some(())
}

/// The length of what stands before the first byte that a JSON string cannot hold as it is: a quotation mark, a
/// backslash or a control character. All of them are ASCII: characters are never cut.
pub(super) fn clean(bytes: &[u8]) -> usize {
    let mut at = 0;
    let (words, _) = bytes.as_chunks();
    // Most strings are names.
    for word in words.iter().take(2) {
        match first_special(word) {
            Some(found) => return at + found,
            None => at += word.len(),
        }
    }
    // Fixed blocks without a branch inside: the compiler makes vector instructions of them.
    let (blocks, _) = bytes.get(at..).unwrap_or_default().as_chunks::<64>();
    for block in blocks {
        if block.iter().fold(0, |special, byte| special | u8::from(is_special(*byte))) != 0 {
            break;
        }
        at += block.len();
    }
    let (words, tail) = bytes.get(at..).unwrap_or_default().as_chunks();
    for word in words {
        match first_special(word) {
            Some(found) => return at + found,
            None => at += word.len(),
        }
    }
    at + tail.iter().position(|byte| is_special(*byte)).unwrap_or(tail.len())
}

/// Mycroft's test for a zero byte, on eight bytes at once: what is below a threshold, or zero once the byte looked for is
/// taken away from it, sets its highest bit. A borrow can set those of later bytes, never of earlier ones.
fn first_special(word: &[u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(*word);
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word;
    let quote = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
    let special = (below(word, 0x20) | quote | backslash) & (ONES << 7);
    (special != 0).then(|| special.trailing_zeros() as usize / 8)
}

fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// A place in a text.
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The inside of a string that has no escapes; otherwise nothing has moved.
    pub(super) fn plain(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let end = start + clean(self.text.as_bytes().get(start..)?);
        let plain = self.text.as_bytes().get(end) == Some(&b'"') && self.peek() == Some(b'"');
        plain.then(|| self.at = end + 1)?;
        self.text.get(start..end)
    }

    /// A member's name, where it has no escapes, and what stands between it and the value.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let name = self.plain()?;
        self.colon()?;
        Some(name)
    }

    /// A member's name, whatever it is, and what stands between it and the value.
    fn key(&mut self) -> Option<()> {
        self.take(b'"')?;
        self.string()?;
        self.colon()
    }

    fn colon(&mut self) -> Option<()> {
        self.space();
        self.take(b':')?;
        self.space();
        Some(())
    }

    /// One value, with nothing around it.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let start = self.at;
        // One bit for every open bracket, the innermost last: 1 is an object.
        let (mut objects, mut depth) = (0_u64, 0);
        loop {
            // A value begins here.
            let opened = match self.next()? {
                b'{' => Some(true),
                b'[' => Some(false),
                b'"' => {
                    self.string()?;
                    None
                }
                b't' => self.word("rue")?,
                b'f' => self.word("alse")?,
                b'n' => self.word("ull")?,
                b'-' => {
                    let digit = self.next()?;
                    self.number(digit)?
                }
                digit => self.number(digit)?,
            };
            if let Some(object) = opened {
                self.space();
                if self.peek()? == if object { b'}' } else { b']' } {
                    self.at += 1;
                } else {
                    if depth == u64::BITS {
                        return None;
                    }
                    depth += 1;
                    objects = objects << 1 | u64::from(object);
                    if object {
                        self.key()?;
                    }
                    continue;
                }
            }
            // A value ended here.
            loop {
                if depth == 0 {
                    return self.text.get(start..self.at);
                }
                self.space();
                let object = objects & 1 == 1;
                match self.next()? {
                    b',' => {
                        self.space();
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return None,
                }
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    /// The rest of a string, with the quotation mark that ends it.
    fn string(&mut self) -> Option<()> {
        loop {
            self.at += clean(self.text.as_bytes().get(self.at..)?);
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        for _ in 0..4 {
                            self.next().filter(u8::is_ascii_hexdigit)?;
                        }
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// The rest of a number that begins with this digit.
    fn number(&mut self, digit: u8) -> Option<Option<bool>> {
        match digit {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.next().filter(u8::is_ascii_digit)?;
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.next().filter(u8::is_ascii_digit)?;
            self.digits();
        }
        Some(None)
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    /// The rest of `true`, `false` or `null`.
    fn word(&mut self, rest: &str) -> Option<Option<bool>> {
        let end = self.at + rest.len();
        (self.text.get(self.at..end)? == rest).then(|| self.at = end)?;
        Some(None)
    }
}
