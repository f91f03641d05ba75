//! The bearer token that a listener asks its clients for.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use subtle::ConstantTimeEq;

use crate::error::Error;

/// What the client is told with a 401.
pub(super) const MISSING: &str = "this server wants its token: in the header Authorization: Bearer, or as the WebSocket subprotocol mcp.auth.<token>";

/// A page's script can set no header on a WebSocket, so that the token comes as a subprotocol behind this.
const SUBPROTOCOL: &str = "mcp.auth.";

/// A token that every request has to bring.
#[derive(Clone)]
pub(super) struct Token {
    plain: Box<[u8]>,
    /// As a client writes it into a subprotocol, where only some characters may stand: base64url, without padding.
    encoded: Box<[u8]>,
}

impl Token {
    /// # Errors
    /// Where no header could carry it; the token itself stays out of the error.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::config("the token has to be of visible ASCII characters, at least one"));
        }
        Ok(Self { plain: text.as_bytes().into(), encoded: URL_SAFE_NO_PAD.encode(text).into_bytes().into() })
    }

    /// Whether a request brings it. How long that takes does not tell how much of it was right.
    pub(super) fn is_brought(&self, headers: &HeaderMap, websocket: bool) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        if let (Some(header), None) = (given.next(), given.next()) {
            return bearer(header.as_bytes()).is_some_and(|token| token.ct_eq(&self.plain).into());
        }
        let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
        let offered = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let mut tokens = offered.filter_map(|name| name.trim().strip_prefix(SUBPROTOCOL)).map(str::as_bytes);
        websocket && tokens.any(|token| (token.ct_eq(&self.plain) | token.ct_eq(&self.encoded)).into())
    }
}

/// The token of an `Authorization` header, whose scheme is written in any case (RFC 9110 section 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn brought(token: &str, websocket: bool, headers: &[(HeaderName, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        Token::new(token).expect("a token").is_brought(&map, websocket)
    }

    #[test]
    fn by_header() {
        for (value, right) in [
            ("Bearer s3cr3t", true),
            ("bearer s3cr3t", true),
            ("BEARER  s3cr3t ", true),
            ("Bearer s3cr3", false),
            ("Bearer s3cr3tt", false),
            ("Bearer S3CR3T", false),
            ("Bearer ", false),
            ("Bearer", false),
            ("s3cr3t", false),
            ("Basic s3cr3t", false),
            ("Bearers3cr3t", false),
            ("", false),
        ] {
            assert_eq!(brought("s3cr3t", false, &[(AUTHORIZATION, value)]), right, "{value:?}");
        }
        assert!(!brought("s3cr3t", false, &[]));
        // Two may be read differently by a proxy and by us.
        assert!(!brought("s3cr3t", false, &[(AUTHORIZATION, "Bearer s3cr3t"), (AUTHORIZATION, "Bearer x")]));
    }

    #[test]
    fn by_subprotocol() {
        let table: &[(&str, &[&'static str], bool)] = &[
            ("s3cr3t", &["mcp, mcp.auth.s3cr3t"], true),
            ("s3cr3t", &["mcp", "mcp.auth.s3cr3t"], true),
            ("s3cr3t", &["mcp.auth.czNjcjN0"], true),
            ("a/b+c=", &["mcp,mcp.auth.YS9iK2M9"], true),
            ("s3cr3t", &["mcp, mcp.auth.wrong"], false),
            ("s3cr3t", &["mcp, mcp.auth."], false),
            ("s3cr3t", &["mcp, s3cr3t"], false),
            ("s3cr3t", &["mcp"], false),
        ];
        for (token, offers, right) in table {
            let headers: Vec<_> = offers.iter().map(|offer| (SEC_WEBSOCKET_PROTOCOL, *offer)).collect();
            assert_eq!(brought(token, true, &headers), *right, "{offers:?}");
            assert!(!brought(token, false, &headers), "a request that is no handshake has a header");
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_and_not_repeated() {
        for bad in ["", "two words", "line\n", "grün"] {
            let error = Token::new(bad).expect_err("a bad token").to_string();
            assert!(bad.is_empty() || !error.contains(bad));
        }
        assert!(!format!("{:?}", Token::new("s3cr3t").expect("a token")).contains("s3cr3t"));
    }
}
