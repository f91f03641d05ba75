//! What the headers of a request say.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName};

pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A header that stands twice, or that is no visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stands more than once or holds characters that no header may have")
    }
}

/// The only value of a header.
pub(super) fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Unreadable> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Unreadable);
    }
    value.to_str().map(Some).map_err(|_| Unreadable)
}

/// Whether the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(kind)) = one(headers, &CONTENT_TYPE) else { return false };
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// Whether the client takes either form of an answer.
pub(super) fn accepts_both(headers: &HeaderMap) -> bool {
    let usual = matches!(one(headers, &ACCEPT), Ok(Some("application/json, text/event-stream")));
    usual || (accepts(headers, "application/json") && accepts(headers, "text/event-stream"))
}

/// Whether the client takes this media type. One that says nothing has not said that it does.
pub(super) fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let family = kind.split('/').next().unwrap_or_default();
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    ranges.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let meant = name == "*/*"
            || name.eq_ignore_ascii_case(kind)
            || name.strip_suffix("/*").is_some_and(|name| name.eq_ignore_ascii_case(family));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let refused = weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        meant && !refused
    })
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn accept() {
        let table: &[(&[&str], bool, bool)] = &[
            (&[], false, false),
            (&["application/json, text/event-stream"], true, true),
            (&["application/json", "text/event-stream"], true, true),
            (&["Application/JSON;q=0.9 , Text/Event-Stream"], true, true),
            (&["*/*"], true, true),
            (&["application/*, text/*;q=0.5"], true, true),
            (&["application/json"], true, false),
            (&["text/event-stream"], false, true),
            (&["application/json, text/event-stream;q=0"], true, false),
            (&["text/html"], false, false),
            (&["application/jsonp, text/event-streams"], false, false),
        ];
        for (values, json, events) in table {
            let headers = headers(ACCEPT, values);
            assert_eq!(accepts(&headers, "application/json"), *json, "{values:?}");
            assert_eq!(accepts(&headers, "text/event-stream"), *events, "{values:?}");
        }
    }

    #[test]
    fn content_type() {
        for (value, json) in [
            ("application/json", true),
            ("Application/Json; charset=utf-8", true),
            ("text/plain", false),
            ("application/jsonp", false),
            ("application/json, text/plain", false),
        ] {
            assert_eq!(is_json(&headers(CONTENT_TYPE, &[value])), json, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
        assert!(!is_json(&headers(CONTENT_TYPE, &["application/json", "text/plain"])));
    }

    #[test]
    fn a_header_that_stands_twice_is_not_read() {
        assert_eq!(one(&headers(VERSION, &["a"]), &VERSION), Ok(Some("a")));
        assert_eq!(one(&headers(VERSION, &["a", "a"]), &VERSION), Err(Unreadable));
        assert_eq!(one(&HeaderMap::new(), &VERSION), Ok(None));
    }
}
