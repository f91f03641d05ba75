//! What the carriers ask of an address before they touch the network.

use super::{TransportError, TransportErrorKind};
#[cfg(any(feature = "websocket", feature = "http"))]
use crate::text::{before, join};

/// Refuses what cannot be a `ws://` or `wss://` address. Returns scheme, host, port and path, which is what errors may
/// show: the query may carry a ticket.
#[cfg(feature = "websocket")]
pub(super) fn check(url: &str) -> Result<&str, TransportError> {
    scheme(url, "WebSocket address", ["ws://", "wss://"])
}

/// The same for `http://` and `https://`.
#[cfg(feature = "http")]
pub(super) fn http(url: &str) -> Result<&str, TransportError> {
    scheme(url, "address", ["http://", "https://"])
}

#[cfg(any(feature = "websocket", feature = "http"))]
fn scheme<'a>(url: &'a str, what: &str, schemes: [&str; 2]) -> Result<&'a str, TransportError> {
    let [plain, secure] = schemes;
    let refuse = |parts: &[&str]| {
        let mut all = vec!["the ", what, " "];
        all.extend(parts);
        Err(config(join(&all)))
    };
    if url.is_empty() {
        return refuse(&["is empty; give one such as ", secure, "example.org/mcp"]);
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refuse(&["contains white space; encode it as %20 or remove it"]);
    }
    if !url.as_bytes().windows(3).any(|part| part == b"://") {
        return refuse(&["has no scheme; begin it with ", plain, " or ", secure]);
    }
    let after = |scheme: &str| {
        let begin = url.get(..scheme.len()).filter(|begin| begin.eq_ignore_ascii_case(scheme));
        begin.and_then(|_| url.get(scheme.len()..))
    };
    let Some(rest) = after(secure).or_else(|| after(plain)) else {
        return refuse(&["begins with ", plain, " or ", secure, ", and this one does not"]);
    };
    if rest.bytes().any(|byte| byte == b'#') {
        return refuse(&["has no fragment; remove everything from # on"]);
    }
    let authority = before(rest, b"/?");
    if authority.bytes().any(|byte| byte == b'@') {
        return refuse(&["contains a user name; give a token or a header instead"]);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return refuse(&["names no host; write it as ", plain, "host:port/path"]);
    }
    Ok(before(url, b"?"))
}

/// Whether `text` is an RFC 9110 token.
#[cfg(any(feature = "websocket", feature = "http"))]
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Scheme, host and port.
#[cfg(feature = "http")]
pub(super) fn origin(url: &str) -> &str {
    let from = crate::text::find(url, "://").map_or(0, |at| at + 3);
    let host = before(url.get(from..).unwrap_or_default(), b"/?#");
    url.get(..from + host.len()).unwrap_or(url)
}

/// An origin as browsers write it: in lower case, without the port that the scheme stands for.
#[cfg(feature = "http")]
pub(super) fn plain_origin(url: &str) -> String {
    let origin = origin(url).to_ascii_lowercase();
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(port).unwrap_or(&origin).to_owned()
}

/// Whether two addresses have one origin.
#[cfg(feature = "http")]
pub(super) fn same_origin(one: &str, other: &str) -> bool {
    plain_origin(one) == plain_origin(other)
}

/// An error in how the transport was set up.
pub(super) fn config(detail: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

#[cfg(all(test, feature = "websocket"))]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let error = check(url).expect_err(url);
        assert_eq!(*error.kind(), TransportErrorKind::Config);
        error.to_string()
    }

    #[test]
    fn an_address_that_cannot_work_is_refused_with_the_reason() {
        for (url, word) in [
            ("", "empty"),
            ("localhost:9001", "no scheme"),
            ("http://localhost/", "begins with ws://"),
            ("wsx://localhost/", "begins with ws://"),
            ("ws://", "no host"),
            ("ws:///mcp", "no host"),
            ("ws://:9001/", "no host"),
            ("ws://?q", "no host"),
            ("ws://user:secret@host/", "user name"),
            ("ws://host/#part", "fragment"),
            ("ws://host/a b", "white space"),
            (" ws://host/", "white space"),
            ("ws://host/\r\nX: y", "white space"),
        ] {
            let text = refused(url);
            assert!(text.contains(word), "{url}: {text}");
            assert!(!text.contains("secret"));
        }
    }

    #[test]
    fn a_good_address_is_labelled_without_its_query() {
        for (url, label) in [
            ("WSS://host:9001/mcp?ticket=secret", "WSS://host:9001/mcp"),
            ("ws://[::1]:80", "ws://[::1]:80"),
            ("ws://host/user@name?x=@", "ws://host/user@name"),
        ] {
            assert_eq!(check(url).expect(url), label);
        }
    }
}
