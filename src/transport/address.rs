//! What both WebSocket twins ask of an address before they touch the network.

use super::{TransportError, TransportErrorKind};
use crate::text::before;

/// Refuses what cannot be a `ws://` or `wss://` address. Returns scheme, host, port and path, which is what errors may
/// show: the query may carry a ticket.
pub(super) fn check(url: &str) -> Result<&str, TransportError> {
    if url.is_empty() {
        return Err(config("the WebSocket address is empty; give one such as wss://example.org/mcp"));
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(config("the WebSocket address contains white space; encode it as %20 or remove it"));
    }
    if !url.as_bytes().windows(3).any(|part| part == b"://") {
        return Err(config("the WebSocket address has no scheme; begin it with ws:// or wss://"));
    }
    let after = |scheme: &str| {
        let begin = url.get(..scheme.len()).filter(|begin| begin.eq_ignore_ascii_case(scheme));
        begin.and_then(|_| url.get(scheme.len()..))
    };
    let Some(rest) = after("wss://").or_else(|| after("ws://")) else {
        return Err(config("a WebSocket address begins with ws:// or wss://, and this one does not"));
    };
    if rest.bytes().any(|byte| byte == b'#') {
        return Err(config("a WebSocket address has no fragment (RFC 6455 section 3); remove everything from # on"));
    }
    let authority = before(rest, b"/?");
    if authority.bytes().any(|byte| byte == b'@') {
        return Err(config("the WebSocket address contains a user name; give a token or a header instead"));
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(config("the WebSocket address names no host; write it as ws://host:port/path"));
    }
    Ok(before(url, b"?"))
}

/// An error in how the transport was set up.
pub(super) fn config(detail: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Config, detail)
}

#[cfg(test)]
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
