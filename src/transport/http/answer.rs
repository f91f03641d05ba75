//! What an answer means that is no message.

use std::time::Duration;

use super::fetch::Content;
use crate::json::Text;
use crate::platform::{http_date, wall};
use crate::text::{before, decimal, join, number, says};
use crate::transport::{TransportError, TransportErrorKind};

/// What the headers of a refusal say.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) retry_after: Option<Duration>,
    pub(super) location: Option<String>,
}

impl Refused {
    pub(super) fn read(header: impl Fn(&str) -> Option<String>) -> Self {
        let retry_after = header("retry-after").and_then(|value| after(&value));
        Self { retry_after, location: header("location") }
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3). At most a day.
fn after(value: &str) -> Option<Duration> {
    let value = value.trim_ascii();
    let wait = match number(value.as_bytes()) {
        Some(secs) => Duration::from_secs(secs),
        None => http_date(value)?.saturating_sub(wall()),
    };
    Some(wait.min(Duration::from_secs(24 * 3600)))
}

/// A session id is visible ASCII (2025-11-25 basic/transports, "Session Management").
pub(super) fn is_session_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a JSON-RPC error stands in the body of a refusal. Refusals that are about the carrier (a credential, the rate)
/// are the carrier's, whatever their body.
pub(super) fn is_reply(status: u16, text: &Text) -> bool {
    !matches!(status, 200..=399 | 401 | 403 | 407 | 408 | 429)
        && text.read().is_ok_and(|message| message.error.is_some())
}

/// Whether a server says that it does not know the session that was named: 404, or a 400 that says so (several servers).
pub(super) fn is_session_gone(status: u16, text: &Text) -> bool {
    match status {
        404 => !text.read().is_ok_and(|message| {
            // A method that a server does not have is a 404 too, where it speaks both eras.
            message.error.and_then(|error| error.get("code")?.as_f64()) == Some(-32601.0)
        }),
        // What is said of the arguments of a request is about those.
        400 if text
            .read()
            .is_ok_and(|message| message.error.and_then(|error| error.get("code")?.as_f64()) == Some(-32602.0)) =>
        {
            false
        }
        400 => {
            let text = text.to_string();
            let words =
                ["not found", "expired", "invalid", "unknown", "missing", "terminated", "no valid", "no longer"];
            says(&text, "session") && words.iter().any(|word| says(&text, word))
        }
        _ => false,
    }
}

/// Whether a refusal of `initialize` is how a server of 2024-11-05 answers at the address of its stream (2026-07-28
/// basic/transports/streamable-http, "HTTP+SSE Transport").
pub(super) fn is_older(status: u16, text: &Text) -> bool {
    let modern = |code: f64| (-32022.0..=-32020.0).contains(&code);
    let code = || text.read().ok()?.error?.get("code")?.as_f64();
    matches!(status, 400 | 404 | 405) && !code().is_some_and(modern)
}

/// The error for an answer that is no message: what came, and what to do about it.
pub(super) fn error(label: &str, status: u16, content: Content, text: &Text, refused: &Refused) -> TransportError {
    let code = decimal(status.into());
    if (200..300).contains(&status) {
        let what: &str = match content {
            _ if text.is_empty() => "accepted the request without answering it",
            Content::Html => "answered with a web page; check the address, or sign in where a portal stands before it",
            _ => {
                "answered with neither application/json nor text/event-stream; check that the address is an MCP endpoint"
            }
        };
        return TransportError::new(TransportErrorKind::Protocol, join(&[label, " (HTTP ", &code, ") ", what]));
    }
    let hint = match status {
        300..=399 => {
            "redirects elsewhere, where neither the message nor a credential is sent; if it is right, connect there"
        }
        400 => "does not accept the request",
        401 | 407 => "wants a credential; give a token, or a newer one",
        403 => "refuses the request: the credential may not do this, or the server does not allow this origin or host",
        404 => "has nothing at this address; check the path",
        405 => "does not take this at this address; check the path",
        406 | 415 => "does not accept the request's media types; it may not be an MCP endpoint",
        408 => "waited too long for the request; try again",
        413 => "finds the request too large; send less",
        429 => "wants fewer requests; try again later",
        502..=504 => "is not reachable behind its gateway; try again",
        500.. => "failed; what became of the request is not known",
        _ => "refuses the request",
    };
    let mut detail = join(&[label, " ", hint, " (HTTP ", &code]);
    if let Some(location) = refused.location.as_deref().map(shown) {
        detail.push_str(", to ");
        detail.push_str(&location);
    }
    if let Some(wait) = refused.retry_after {
        detail.push_str(", in ");
        detail.push_str(&decimal(wait.as_secs()));
        detail.push_str(" s");
    }
    detail.push(')');
    let said = said(content, text);
    if !said.is_empty() {
        detail.push_str(": ");
        detail.push_str(&said);
    }
    TransportError::new(TransportErrorKind::Refused { status }, detail)
}

/// An address without its query, which may hold secrets.
fn shown(location: &str) -> String {
    before(location, b"?#").chars().take(200).collect()
}

/// What the server said in words, shortened: a JSON-RPC message, or plain text.
fn said(content: Content, text: &Text) -> String {
    if content == Content::Html || text.is_empty() {
        return String::new();
    }
    let error = text.read().ok().and_then(|message| message.error?.get_str("message"));
    let words = error.unwrap_or_else(|| if content == Content::Json { String::new() } else { text.to_string() });
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test;

    fn text(text: &str) -> Text {
        Text::from(text.to_owned())
    }

    #[test]
    fn dates_and_seconds_say_how_long_to_wait() {
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(after("99999999"), Some(Duration::from_secs(86_400)), "a day at most");
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO), "past");
        for bad in
            ["", "soon", "-1", "Sun, 06 Nov", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 99999999 08:49:37 GMT"]
        {
            assert_eq!(after(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_session_is_gone_where_the_server_says_so() {
        for (status, body, gone) in [
            (404, "", true),
            (404, r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#, true),
            (404, r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}"#, false),
            (400, r#"{"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#, true),
            (400, r#"{"error":{"code":-32600,"message":"Session expired"}}"#, true),
            (400, r#"{"error":{"code":-32602,"message":"unknown argument"}}"#, false),
            (500, "session not found", false),
        ] {
            assert_eq!(is_session_gone(status, &text(body)), gone, "{status} {body}");
        }
    }

    #[test]
    fn an_error_says_what_came_and_what_to_do() {
        let refused =
            Refused { retry_after: Some(Duration::from_secs(7)), location: Some("https://b.example/x?key=1".into()) };
        let of = |status, content, body: &str| {
            error("https://a.example/mcp", status, content, &text(body), &refused).to_string()
        };
        let redirect = of(307, Content::Other, "");
        assert!(redirect.contains("https://b.example/x") && !redirect.contains("key"), "{redirect}");
        assert!(of(429, Content::Other, "slow down\n").ends_with("in 7 s): slow down "));
        assert!(!of(503, Content::Html, "<html>secret").contains("secret"));
        assert!(of(200, Content::Html, "<html>").contains("web page"));
        assert!(of(202, Content::Other, "").contains("without answering"));
        let json =
            of(403, Content::Json, r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"Origin not allowed"}}"#);
        assert!(json.ends_with("Origin not allowed"), "{json}");
    }
}
