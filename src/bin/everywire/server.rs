//! A transport to the server that the command line names.

use std::path::Path;
use std::sync::Arc;

use everywire::BoxFuture;
use everywire::transport::{Http, StdioCommand, StdioTransport, Tcp, Transport, TransportError, Unix, WebSocket};

use crate::config::{Child, Server};
use crate::failure::Failure;
use crate::show::plain;

/// Holds what `--token` does, which is meant for the server at an address and not for a command.
pub(crate) const TOKEN: &str = "EVERYWIRE_TOKEN";
/// Holds what the bridge asks its clients for.
const BRIDGE_TOKEN: &str = "EVERYWIRE_BRIDGE_TOKEN";

/// Where the lines go that a child writes to its standard error.
#[derive(Clone, Default)]
pub(crate) struct Stderr(Option<Arc<Said>>);

/// Takes one line.
type Said = dyn Fn(&str) + Send + Sync;

impl Stderr {
    /// Nowhere.
    pub(crate) fn quiet() -> Self {
        Self(None)
    }

    /// To our own standard error, with nothing in them that could steer the terminal.
    pub(crate) fn show() -> Self {
        Self::to(|line| eprintln!("{}", plain(line)))
    }

    /// To whoever wants them.
    pub(crate) fn to(lines: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lines)))
    }
}

/// A transport, and what completes when it is awaited and no process of it lives any more.
pub(crate) struct Reached {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) ended: BoxFuture<'static, ()>,
}

/// A transport of its own at every call.
pub(crate) fn transport(server: &Server, stderr: Stderr) -> Result<Reached, Failure> {
    match server {
        Server::Url { url, headers } => {
            let transport = over_address(url, headers).map_err(|error| Failure::Client(error.into()))?;
            Ok(Reached { transport, ended: Box::pin(std::future::ready(())) })
        }
        Server::Child(child) => {
            let command = command(child, stderr);
            let ended = Box::pin(command.ended());
            Ok(Reached { transport: Box::new(command), ended })
        }
    }
}

/// Whether a carrier has headers at all.
pub(crate) fn takes_headers(url: &str) -> bool {
    begins(url, "http") || begins(url, "ws")
}

/// The `file` URI of an absolute path (RFC 8089).
pub(crate) fn file_uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let mut uri = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b':' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

fn begins(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
}

fn over_address(url: &str, headers: &[(String, String)]) -> Result<Box<dyn Transport>, TransportError> {
    if begins(url, "http") {
        let http = headers.iter().try_fold(Http::new(url)?, |http, (name, value)| http.header(name, value))?;
        return Ok(Box::new(http));
    }
    if begins(url, "tcp://") {
        return Ok(Box::new(Tcp::new(url.get("tcp://".len()..).unwrap_or_default())?));
    }
    if begins(url, "unix:") {
        return Ok(Box::new(Unix::new(url.get("unix:".len()..).unwrap_or_default())?));
    }
    let socket = headers.iter().try_fold(WebSocket::new(url)?, |socket, (name, value)| socket.header(name, value))?;
    Ok(Box::new(socket))
}

/// A command is given what this program was given, as a shell passes it on, and what a list adds or takes away.
fn command(child: &Child, Stderr(lines): Stderr) -> StdioCommand {
    let mut command = StdioTransport::command(&child.program).args(&child.args).env_inherit();
    command = command.env_remove(TOKEN).env_remove(BRIDGE_TOKEN);
    for (name, value) in &child.env {
        command = match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(dir) = &child.dir {
        command = command.current_dir(dir);
    }
    match lines {
        Some(lines) => command.on_stderr(move |line| lines(line)),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_uris() {
        assert_eq!(file_uri(Path::new("/a b/ü%")), "file:///a%20b/%C3%BC%25");
    }
}
