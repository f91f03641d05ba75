//! Text in an HTTP header's value (2026-07-28 basic/transports/streamable-http, "Value Encoding").

use std::borrow::Cow;

use crate::platform::base64;
use crate::text::join;

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// The value as a header can carry it: as it is where it is plain, in Base64 between the sentinels otherwise.
///
/// A tab would be allowed inside a value, but not every host and intermediary lets it through: it is encoded.
pub(crate) fn encode(value: &str) -> Cow<'_, str> {
    if is_plain(value) && !(value.starts_with(PREFIX) && value.ends_with(SUFFIX)) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(join(&[PREFIX, &base64(value), SUFFIX]))
}

/// Whether every host and intermediary hands the value on as it is.
pub(crate) fn is_plain(value: &str) -> bool {
    value.trim_matches(' ').len() == value.len() && visible(value)
}

/// The text that a header's value stands for; `None` where it has characters that no value may have, or where what stands
/// between the sentinels is no Base64 of UTF-8.
#[cfg(any(feature = "server", test))]
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) fn decode(value: &str) -> Option<Cow<'_, str>> {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;

    match value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned),
        None if value.split('\t').all(visible) => Some(Cow::Borrowed(value)),
        None => None,
    }
}

/// Visible ASCII and spaces only.
fn visible(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test;

    /// What is written, and how it stands in a header.
    const TABLE: &[(&str, &str)] = &[
        // The specification's own.
        ("us-west1", "us-west1"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        // Its edges.
        ("", ""),
        ("a b", "a b"),
        ("~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"),
        (" ", "=?base64?IA==?="),
        ("a ", "=?base64?YSA=?="),
        (" a", "=?base64?IGE=?="),
        ("\ta", "=?base64?CWE=?="),
        ("a\tb", "=?base64?YQli?="),
        ("a\r\nInjected: 1", "=?base64?YQ0KSW5qZWN0ZWQ6IDE=?="),
        ("\0", "=?base64?AA==?="),
        ("\u{7f}", "=?base64?fw==?="),
        ("é", "=?base64?w6k=?="),
        ("=?base64??=", "=?base64?PT9iYXNlNjQ/Pz0=?="),
        // Starts and ends as a sentinel does, though both cannot be there.
        ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="),
        // Half of a sentinel is none, and its case counts.
        ("=?base64?abc", "=?base64?abc"),
        ("abc?=", "abc?="),
        ("=?BASE64?YQ==?=", "=?BASE64?YQ==?="),
        ("=?utf-8?b?YQ==?=", "=?utf-8?b?YQ==?="),
    ];

    #[test]
    fn values_are_encoded_where_they_must_be_and_come_back() {
        for (value, header) in TABLE {
            assert_eq!(encode(value), *header, "{value:?}");
            assert_eq!(decode(header).as_deref(), Some(*value), "{header:?}");
            assert!(visible(&encode(value)));
        }
    }

    #[test]
    fn what_others_write_is_read_or_refused() {
        for (header, value) in [
            ("=?base64?dXMtd2VzdDE=?=", Some("us-west1")),
            ("=?base64??=", Some("")),
            ("a\tb", Some("a\tb")),
            ("=?base64?=", Some("=?base64?=")),
            ("=?base64?****?=", None),
            ("=?base64?YQ?=", None),
            ("=?base64?YQ= =?=", None),
            ("=?base64?/w==?=", None),
            ("é", None),
            ("a\nb", None),
            ("a\0", None),
        ] {
            assert_eq!(decode(header).as_deref(), value, "{header:?}");
        }
    }
}
