//! This process's own standard streams, without a thread where that is possible.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Standard input.
pub(in super::super) fn own_input() -> Own<Reader> {
    let stdin = std::io::stdin();
    let opened = own(stdin.as_fd(), |file, kind| -> Option<Reader> {
        match kind {
            Kind::Pipe => Some(Box::new(pipe::Receiver::from_owned_fd(file).ok()?)),
            Kind::Socket => Some(Box::new(socket(file)?)),
        }
    });
    opened.unwrap_or_else(|| Own { stream: Box::new(tokio::io::stdin()), restore: None })
}

/// Standard output.
pub(in super::super) fn own_output() -> Own<Writer> {
    let stdout = std::io::stdout();
    let opened = own(stdout.as_fd(), |file, kind| -> Option<Writer> {
        match kind {
            Kind::Pipe => Some(Box::new(pipe::Sender::from_owned_fd(file).ok()?)),
            Kind::Socket => Some(Box::new(socket(file)?)),
        }
    });
    opened.unwrap_or_else(|| Own { stream: Box::new(tokio::io::stdout()), restore: None })
}

enum Kind {
    Pipe,
    Socket,
}

/// A Unix socket: what Node.js gives its children.
fn socket(file: OwnedFd) -> Option<UnixStream> {
    let socket = StdUnixStream::from(file);
    // Sockets of another family have no such address.
    socket.local_addr().ok()?;
    socket.set_nonblocking(true).ok()?;
    UnixStream::from_std(socket).ok()
}

/// A duplicate of `from` as a stream of the runtime's; `None` where that cannot be.
fn own<T>(from: BorrowedFd<'_>, open: impl FnOnce(OwnedFd, Kind) -> Option<T>) -> Option<Own<T>> {
    let file = from.try_clone_to_owned().ok()?;
    let about = File::from(file.try_clone().ok()?).metadata().ok()?;
    let kind = match about.file_type() {
        kind if kind.is_fifo() => Kind::Pipe,
        kind if kind.is_socket() => Kind::Socket,
        _ => return None,
    };
    // Being non-blocking is a property of what duplicates share. Whoever writes to standard error does not expect it.
    let stderr = File::from(std::io::stderr().as_fd().try_clone_to_owned().ok()?).metadata().ok();
    if stderr.is_some_and(|stderr| (stderr.dev(), stderr.ino()) == (about.dev(), about.ino())) {
        return None;
    }
    let restore = Restore::of(file.try_clone().ok()?)?;
    Some(Own { stream: open(file, kind)?, restore: Some(restore) })
}

/// A stream, and how it was found.
pub(in super::super) struct Own<T> {
    stream: T,
    /// Dropped after the stream, for which it is there.
    #[expect(dead_code, reason = "it acts when it is dropped")]
    restore: Option<Restore>,
}

/// Sets a descriptor's flags back.
struct Restore {
    file: OwnedFd,
    flags: OFlag,
}

impl Restore {
    fn of(file: OwnedFd) -> Option<Self> {
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL).ok()?);
        Some(Self { file, flags })
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = fcntl(&self.file, FcntlArg::F_SETFL(self.flags));
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Own<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Own<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
