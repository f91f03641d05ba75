//! From a path to an open link.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::Unix;
use crate::frame::{Liveness, Profile};
use crate::transport::address::config;
use crate::transport::native::stream::{LineOptions, lines};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Between attempts at a socket whose queue is full. The system tells nobody when there is room again.
const FULL: Duration = Duration::from_millis(5);

/// The path as the system is told it.
pub(super) fn checked(path: &Path, label: &str) -> Result<PathBuf, TransportError> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() || bytes == b"@" {
        return Err(config("the path of the Unix socket is empty; give one such as unix:/run/mcp.sock"));
    }
    let bad = |why: &str| config(format!("{label} cannot be a Unix socket's path: {why}"));
    if bytes.contains(&0) {
        return Err(bad("it holds a zero byte"));
    }
    let told = match bytes.strip_prefix(b"@") {
        Some(name) => {
            let address = super::named::abstract_address(name);
            address.map_err(|why| bad(&why.to_string()))?;
            PathBuf::from(OsStr::from_bytes(&[b"\0", name].concat()))
        }
        None => {
            let address = std::os::unix::net::SocketAddr::from_pathname(path);
            address.map_err(|_| bad("it is too long; give a shorter one, or one that is relative"))?;
            path.to_owned()
        }
    };
    Ok(told)
}

impl Unix {
    pub(super) async fn open(&self) -> Result<Link, TransportError> {
        let stream = match timeout(self.connect_timeout, self.stream()).await {
            Ok(stream) => stream.map_err(|error| self.failed(&self.advice(&error)))?,
            Err(_) => {
                let time = self.connect_timeout.as_millis();
                let why = format!(
                    "it did not accept within {time} ms; the server is busy or hangs, or raise connect_timeout"
                );
                return Err(self.failed(&why));
            }
        };
        let (reader, writer) = stream.into_split();
        let profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Channel };
        Ok(lines(reader, writer, LineOptions { transport: "unix", profile, max_message: self.max_message }))
    }

    async fn stream(&self) -> io::Result<UnixStream> {
        loop {
            match UnixStream::connect(&self.path).await {
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(FULL).await,
                result => return result,
            }
        }
    }

    pub(super) fn advice(&self, error: &io::Error) -> String {
        let is_file = std::fs::metadata(&self.path).is_ok_and(|file| !file.file_type().is_socket());
        match error.kind() {
            _ if is_file => "this is no socket; check the path".to_owned(),
            ErrorKind::NotFound => "there is no such socket; is the server running, and is the path right?".to_owned(),
            ErrorKind::PermissionDenied => {
                "permission denied; the socket's owner must allow this user (write permission on the socket, search permission on its folders)".to_owned()
            }
            ErrorKind::ConnectionRefused => "nobody listens there; the server is not running, or it has ended without removing its socket".to_owned(),
            _ => format!("{error}; check the path and that the server runs"),
        }
    }

    fn failed(&self, why: &str) -> TransportError {
        TransportError::new(TransportErrorKind::ConnectFailed, format!("cannot connect to unix:{}: {why}", self.label))
    }
}
