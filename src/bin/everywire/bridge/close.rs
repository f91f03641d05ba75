//! What a client is told when its link ends.

use everywire::frame::Close;
use everywire::transport::{TransportError, TransportErrorKind};

/// A control frame has room for no more (RFC 6455 section 5.5).
const MAX_REASON: usize = 123;

/// The backend ended: 1011, after which a client connects again and gets a new one; or the code with which the backend
/// itself closed its WebSocket, which may say that trying again is of no use.
pub(super) fn backend_ended(error: Option<&TransportError>) -> Close {
    let Some(error) = error else { return Close::new(1011, "the backend ended the connection") };
    let code = match error.kind() {
        TransportErrorKind::Closed { code } if may_be_sent(*code) => *code,
        _ => 1011,
    };
    Close::new(code, reason(&format!("backend: {}", first_line(error))))
}

/// The backend could not be started or reached.
pub(super) fn no_backend(error: &TransportError) -> Close {
    Close::new(1011, reason(&format!("no backend: {}", first_line(error))))
}

/// The program ends.
pub(super) fn stopping() -> Close {
    Close::new(1001, "the bridge is stopping")
}

/// Somebody speaks another protocol.
pub(super) fn alien() -> Close {
    Close::new(1002, "this is an MCP bridge; what came first is not JSON")
}

/// Codes of RFC 6455 section 7.4 that an endpoint may send.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What happened, without what the backend wrote to its standard error: that stands in the lines below and may hold secrets.
pub(super) fn first_line(error: &TransportError) -> &str {
    error.detail().lines().next().unwrap_or_default()
}

fn reason(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    if text.len() > MAX_REASON {
        let end = (0..=MAX_REASON - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(detail: &str) -> TransportError {
        TransportError::new(TransportErrorKind::Lost, detail)
    }

    #[test]
    fn a_reason_fits_and_holds_nothing_of_standard_error() {
        let close = backend_ended(Some(&lost("the server process ended (exit status: 3)\nTOKEN=hunter2")));
        assert_eq!((close.code, &*close.reason), (1011, "backend: the server process ended (exit status: 3)"));
        for text in ["x".repeat(500), "ä".repeat(200), "€\u{1b}[31m".repeat(100)] {
            let close = no_backend(&lost(&text));
            assert!(close.reason.len() <= MAX_REASON && close.reason.ends_with('…'), "{}", close.reason);
            assert!(!close.reason.contains('\u{1b}'));
        }
    }

    #[test]
    fn a_backends_own_code_is_passed_on_where_it_may_be() {
        for (theirs, ours) in
            [(1008, 1008), (4409, 4409), (1000, 1000), (1005, 1011), (1006, 1011), (1015, 1011), (999, 1011)]
        {
            let error = TransportError::new(TransportErrorKind::Closed { code: theirs }, "closed");
            assert_eq!(backend_ended(Some(&error)).code, ours, "{theirs}");
        }
        assert_eq!(backend_ended(None).code, 1011);
    }
}
