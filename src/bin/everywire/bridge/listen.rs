//! `--listen`: where clients come in.

use crate::failure::Failure;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listen {
    /// Host and port; the only path that is served.
    WebSocket { address: String, path: Option<String> },
    /// Host and port.
    Tcp(String),
    /// A path, or `@` and a name.
    Unix(String),
    /// This process's own streams: one client.
    Stdio,
}

impl Listen {
    /// # Errors
    /// Says how it is written.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let after = |scheme: &str| {
            let begin = text.get(..scheme.len()).filter(|begin| begin.eq_ignore_ascii_case(scheme));
            begin.and_then(|_| text.get(scheme.len()..))
        };
        if let Some(rest) = after("ws://") {
            let (address, path) = match rest.find(['/', '?', '#']) {
                Some(at) => rest.split_at(at),
                None => (rest, "/"),
            };
            if path.contains(['?', '#']) {
                return refuse(text, "has a query or a fragment, which a listener has not");
            }
            let path = (path != "/").then(|| path.to_owned());
            return Ok(Self::WebSocket { address: with_port(text, address)?, path });
        }
        if let Some(rest) = after("tcp://") {
            return Ok(Self::Tcp(with_port(text, rest.trim_end_matches('/'))?));
        }
        match (after("unix:"), after("stdio:"), after("wss://")) {
            (Some(""), _, _) => refuse(text, "names no socket"),
            (Some(path), _, _) => Ok(Self::Unix(path.to_owned())),
            (_, Some(""), _) => Ok(Self::Stdio),
            (_, _, Some(_)) => {
                refuse(text, "asks for TLS: listen on ws:// and put a proxy with a certificate in front")
            }
            _ => refuse(text, "cannot be listened on"),
        }
    }
}

fn with_port(text: &str, address: &str) -> Result<String, Failure> {
    let port = address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if port { Ok(address.to_owned()) } else { refuse(text, "names no host and port") }
}

fn refuse<T>(text: &str, why: &str) -> Result<T, Failure> {
    Err(Failure::Usage(format!(
        "--listen {text} {why}; write ws://127.0.0.1:8931, tcp://127.0.0.1:8931, unix:/path, unix:@name or stdio:"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_listen() {
        let websocket = |address: &str, path: Option<&str>| Listen::WebSocket {
            address: address.into(),
            path: path.map(Into::into),
        };
        let table = [
            ("ws://127.0.0.1:8931", Some(websocket("127.0.0.1:8931", None))),
            ("WS://127.0.0.1:8931/", Some(websocket("127.0.0.1:8931", None))),
            ("ws://[::1]:0/mcp", Some(websocket("[::1]:0", Some("/mcp")))),
            ("tcp://localhost:1", Some(Listen::Tcp("localhost:1".into()))),
            ("unix:/run/mcp.sock", Some(Listen::Unix("/run/mcp.sock".into()))),
            ("unix:@mcp", Some(Listen::Unix("@mcp".into()))),
            ("stdio:", Some(Listen::Stdio)),
            ("ws://127.0.0.1", None),
            ("ws://127.0.0.1:8931/?token=x", None),
            ("ws://:8931", None),
            ("tcp://127.0.0.1:70000", None),
            ("unix:", None),
            ("stdio:x", None),
            ("wss://127.0.0.1:1", None),
            ("http://127.0.0.1:1", None),
            ("127.0.0.1:8931", None),
            ("", None),
        ];
        for (text, expected) in table {
            match (Listen::parse(text), expected) {
                (Ok(listen), Some(expected)) => assert_eq!(listen, expected, "{text}"),
                (Err(Failure::Usage(why)), None) => assert!(why.contains("write ws://"), "{why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
