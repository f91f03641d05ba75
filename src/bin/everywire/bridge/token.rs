//! The token, and the link that carries it.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::failure::Failure;

/// 128 random bits, in hexadecimal.
///
/// # Errors
/// Where the operating system has no randomness to give.
pub(super) fn random() -> Result<String, Failure> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)
        .map_err(|error| Failure::Usage(format!("no token can be made ({error}); give one with --token")))?;
    Ok(bits.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The page's address. What stands in the fragment stays in the browser: no server and no log sees it.
pub(super) fn link(address: SocketAddr, path: &str, token: Option<&str>, name: &str) -> String {
    let address = reachable(address);
    let socket = escaped(&format!("ws://{address}{path}"));
    let token = token.map(|token| format!("&token={}", escaped(token))).unwrap_or_default();
    format!("http://{address}/#url={socket}{token}&bridge={}", escaped(name))
}

/// A listener on all addresses is reached from here over the loopback one.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

/// Percent-encoding as a fragment's parameters need it (RFC 3986 section 2.3 says what may stay).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What the page calls the backend: a program and, where that only starts others, what it starts. Further arguments may
/// hold secrets and are left out.
pub(super) fn name_of(program: &str, arguments: &[String]) -> String {
    let program = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let starter = matches!(
        program.trim_end_matches(".cmd").trim_end_matches(".exe"),
        "npx" | "bunx" | "uvx" | "pipx" | "node" | "deno" | "bun" | "python" | "python3"
    );
    let started = arguments.iter().find(|argument| {
        !argument.starts_with('-') && !argument.contains("://") && !argument.contains('=') && argument.as_str() != "run"
    });
    let name = match started.filter(|_| starter) {
        Some(started) => format!("{program} {started}"),
        None => program.to_owned(),
    };
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_of_128_bits_and_differ() {
        let [one, other] = [random().expect("a token"), random().expect("a token")];
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn the_link_has_all_in_its_fragment() {
        let address = "127.0.0.1:8931".parse().expect("an address");
        assert_eq!(
            link(address, "/mcp", Some("a b&c"), "npx some-server"),
            "http://127.0.0.1:8931/#url=ws://127.0.0.1:8931/mcp&token=a%20b%26c&bridge=npx%20some-server"
        );
        let everywhere = "[::]:80".parse().expect("an address");
        assert_eq!(link(everywhere, "/", None, "x"), "http://127.0.0.1:80/#url=ws://127.0.0.1:80/&bridge=x");
    }

    #[test]
    fn a_name_holds_no_secrets() {
        let table: [(&str, &[&str], &str); 6] = [
            ("npx", &["-y", "@scope/server", "--key", "hunter2"], "npx @scope/server"),
            ("/usr/bin/server", &["hunter2"], "server"),
            ("C:\\tools\\npx.cmd", &["-y", "server"], "npx.cmd server"),
            ("npx", &["postgres://user:hunter2@host/"], "npx"),
            ("uvx", &["--from=x", "key=hunter2", "mcp-server"], "uvx mcp-server"),
            ("deno", &["run", "server.ts"], "deno server.ts"),
        ];
        for (program, arguments, expected) in table {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            assert_eq!(name_of(program, &arguments), expected);
        }
    }
}
