//! Texts put together without the formatting machinery, which a page would have to download.

/// The parts, one after the other.
pub(crate) fn join(parts: &[&str]) -> String {
    let mut all = String::new();
    for part in parts {
        all.push_str(part);
    }
    all
}

/// A number in decimal digits.
pub(crate) fn decimal(number: u64) -> String {
    let mut digits = if number < 10 { String::new() } else { decimal(number / 10) };
    digits.push(char::from(b'0' + (number % 10) as u8));
    digits
}

/// The text up to the first of these ASCII characters.
#[cfg(any(feature = "websocket", feature = "http"))]
pub(crate) fn before<'a>(text: &'a str, stops: &[u8]) -> &'a str {
    let end = text.bytes().position(|byte| stops.contains(&byte));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A number of digits only; one that is too large is the largest.
#[cfg(feature = "http")]
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    let mut all = (!digits.is_empty()).then_some(0u64)?;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        all = all.saturating_mul(10).saturating_add(digit);
    }
    Some(all)
}

/// Whether an ASCII word stands in a text, in whatever case.
#[cfg(feature = "http")]
pub(crate) fn says(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len().max(1)).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Where `part` begins in `text`. The standard library's search is quicker in long texts, and weighs more.
#[cfg(feature = "http")]
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len().max(1)).position(|window| window == part.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_parts() {
        assert_eq!(decimal(0), "0");
        assert_eq!(decimal(u64::MAX), u64::MAX.to_string());
        assert_eq!(join(&["a", "", &decimal(10)]), "a10");
        assert_eq!(before("host?a/b", b"/?"), "host");
        assert_eq!(before("host", b"/?"), "host");
        assert_eq!((find("a://b", "://"), find("a", "://"), find("", "a")), (Some(1), None, None));
    }
}
