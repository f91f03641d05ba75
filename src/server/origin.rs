//! Which pages may connect, and under which names the server may be addressed.
//!
//! A browser sends `Origin` with every WebSocket handshake and does not apply CORS to it, so any page could talk to a
//! server on the visitor's own machine. DNS rebinding makes a foreign page's host name point there; the `Host` header
//! still tells (2026-07-28 basic/transports/streamable-http, security warning).

use std::net::IpAddr;

use http::Uri;

use crate::error::Error;

/// An origin, parsed: scheme, host and port (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// `None` where it is no origin: a path, credentials, no host, `null`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return None;
        }
        let port = match (authority.port_u16(), scheme.as_str()) {
            (Some(port), _) => port,
            (None, "http" | "ws") => 80,
            (None, "https" | "wss") => 443,
            (None, _) => return None,
        };
        // `example:` and `example:x` have no port that could be read, but are not without one.
        if authority.port().is_none() && authority.as_str() != authority.host() {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }

    /// All that were allowed.
    ///
    /// # Errors
    /// Names the one that is no origin.
    pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Self>, Error> {
        let parsed = texts.iter().map(|text| {
            Self::parse(text).ok_or_else(|| {
                Error::config(format!("{text:?} is no origin; write scheme and host, https://app.example"))
            })
        });
        parsed.collect()
    }

    fn is_loopback(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https") && is_loopback(&self.host)
    }
}

/// A host as it stands in a URI: `localhost` or a loopback address, IPv6 in brackets.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Who may connect.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    pub(super) origins: Vec<Origin>,
    pub(super) hosts: Vec<String>,
    /// The server is bound to a loopback address: nobody should know it by another name.
    pub(super) loopback: bool,
    /// Of the pages on loopback only those that came from this very address may connect.
    pub(super) own_pages: bool,
}

impl Policy {
    /// The `Host` header and the `Origin` header.
    ///
    /// # Errors
    /// What to tell the client, with status 403.
    pub(super) fn check(&self, host: Option<&str>, origin: Option<&str>) -> Result<(), &'static str> {
        self.check_host(host)?;
        // Programs send none; browsers always do.
        let Some(text) = origin else { return Ok(()) };
        // The name in `Host` was looked at: it is not one that somebody made point here.
        let own = || host.and_then(|host| Origin::parse(&format!("http://{host}")));
        let allowed = Origin::parse(text).is_some_and(|origin| {
            let near = if self.own_pages { own().as_ref() == Some(&origin) } else { origin.is_loopback() };
            near || self.origins.contains(&origin)
        });
        if allowed { Ok(()) } else { Err("pages of this origin may not connect; the server has to allow it") }
    }

    fn check_host(&self, host: Option<&str>) -> Result<(), &'static str> {
        let Some(host) = host else { return Err("the request has no Host header") };
        if !self.loopback && !self.own_pages {
            return Ok(());
        }
        let Some(origin) = Origin::parse(&format!("http://{host}")) else { return Err("the Host header is malformed") };
        if is_loopback(&origin.host) || self.hosts.contains(&origin.host) {
            return Ok(());
        }
        if !self.loopback {
            // What a page is served from is its origin, so a name that was made to point here would be let in.
            let address = origin.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
            return if address {
                Ok(())
            } else {
                Err("the server is not known under this host name; it has to allow it")
            };
        }
        Err("this server is on a loopback address and is not known under this host name; the server has to allow it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            origins: vec![Origin::parse("https://app.example").expect("origin")],
            hosts: vec!["mcp.example".into()],
            loopback: true,
            own_pages: false,
        }
    }

    #[test]
    fn origins() {
        let table = [
            (None, true),
            (Some("http://localhost"), true),
            (Some("http://localhost:5173"), true),
            (Some("https://LOCALHOST:1"), true),
            (Some("http://127.0.0.1:8080"), true),
            (Some("http://127.8.9.1"), true),
            (Some("http://[::1]:3000"), true),
            (Some("https://app.example"), true),
            (Some("https://app.example:443"), true),
            (Some("https://APP.example"), true),
            (Some("http://app.example"), false),
            (Some("https://app.example:8443"), false),
            (Some("https://app.example.evil.com"), false),
            (Some("https://sub.app.example"), false),
            (Some("http://localhost.evil.com"), false),
            (Some("http://localhost@evil.com"), false),
            (Some("http://evil.com/localhost"), false),
            (Some("http://evil.com#localhost"), false),
            (Some("http://127.0.0.1.evil.com"), false),
            (Some("http://localhost:5173/path"), false),
            (Some("ftp://localhost"), false),
            (Some("http://localhost:x"), false),
            (Some("http://2130706433"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("localhost"), false),
            (Some("file://"), false),
        ];
        for (origin, allowed) in table {
            assert_eq!(policy().check(Some("localhost"), origin).is_ok(), allowed, "{origin:?}");
        }
    }

    #[test]
    fn hosts() {
        let table = [
            (Some("localhost"), true),
            (Some("localhost:9001"), true),
            (Some("127.0.0.1:9001"), true),
            (Some("[::1]:9001"), true),
            (Some("mcp.example"), true),
            (Some("mcp.example:8443"), true),
            (Some("evil.example:9001"), false),
            (Some("localhost.evil.com"), false),
            (Some("a@localhost"), false),
            (Some("localhost/evil"), false),
            (Some(""), false),
            (None, false),
        ];
        for (host, allowed) in table {
            assert_eq!(policy().check(host, None).is_ok(), allowed, "{host:?}");
        }
        let remote = Policy { loopback: false, ..policy() };
        assert!(remote.check(Some("anything.example"), None).is_ok());
        assert!(remote.check(None, None).is_err());
    }

    #[test]
    fn own_pages_alone() {
        let own = Policy { own_pages: true, ..policy() };
        let table = [
            ("127.0.0.1:8931", Some("http://127.0.0.1:8931"), true),
            ("localhost:8931", Some("http://localhost:8931"), true),
            ("[::1]:8931", Some("http://[::1]:8931"), true),
            ("127.0.0.1:8931", None, true),
            ("127.0.0.1:8931", Some("https://app.example"), true),
            ("mcp.example", Some("http://mcp.example"), true),
            ("127.0.0.1:8931", Some("http://127.0.0.1:8932"), false),
            ("127.0.0.1:8931", Some("http://localhost:8931"), false),
            ("127.0.0.1:8931", Some("https://127.0.0.1:8931"), false),
            ("127.0.0.1:8931", Some("http://127.0.0.1"), false),
            ("127.0.0.1:8931", Some("null"), false),
            ("evil.example:8931", Some("http://evil.example:8931"), false),
        ];
        for (host, origin, allowed) in table {
            assert_eq!(own.check(Some(host), origin).is_ok(), allowed, "{host} {origin:?}");
        }
        let remote = Policy { loopback: false, ..own };
        let table = [
            ("192.0.2.7:8931", Some("http://192.0.2.7:8931"), true),
            ("[2001:db8::1]:8931", Some("http://[2001:db8::1]:8931"), true),
            ("mcp.example:8931", Some("http://mcp.example:8931"), true),
            ("evil.example:8931", Some("http://evil.example:8931"), false),
            ("evil.example:8931", None, false),
            ("192.0.2.7:8931", Some("http://localhost:8931"), false),
        ];
        for (host, origin, allowed) in table {
            assert_eq!(remote.check(Some(host), origin).is_ok(), allowed, "{host} {origin:?}");
        }
    }
}
