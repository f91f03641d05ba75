//! Escaped surrogates that stand alone, which Rust's strings cannot hold and JavaScript's can.

/// The text with U+FFFD for every escaped surrogate that stands alone, which is what a JavaScript host makes of it when
/// it hands the string on; `None` where there is none. Servers that cut strings by UTF-16 length send them.
pub(super) fn mend(text: &str) -> Option<String> {
    /// The UTF-16 unit of the escape that begins here.
    fn unit(rest: &str) -> Option<u16> {
        u16::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()
    }
    const ESCAPE: usize = r"\uXXXX".len();
    let (mut mended, mut done, mut at) = (String::new(), 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr(b'\\', rest.as_bytes())) {
        let here = at + found;
        let rest = text.get(here..)?;
        at = here
            + match unit(rest) {
                // Any other escape, `\\` among them: its second character begins no escape.
                None => 2,
                Some(0xD800..=0xDBFF) if matches!(rest.get(ESCAPE..).and_then(unit), Some(0xDC00..=0xDFFF)) => {
                    2 * ESCAPE
                }
                Some(0xD800..=0xDFFF) => {
                    mended.push_str(text.get(done..here)?);
                    mended.push('\u{FFFD}');
                    done = here + ESCAPE;
                    ESCAPE
                }
                Some(_) => ESCAPE,
            };
    }
    mended.push_str(text.get(done..)?);
    (done > 0).then_some(mended)
}
