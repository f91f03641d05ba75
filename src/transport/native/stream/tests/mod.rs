mod ending;
mod flow;
mod reading;
mod writing;

use std::task::{Context, Poll, Waker};

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};

use super::{LineOptions, lines};
use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::transport::{Link, TransportError, TransportErrorKind};

fn over<R, W>(reader: R, writer: W, max_message: usize) -> Link
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let profile = Profile::SharedChannel { reopen: false, liveness: Liveness::Channel };
    lines(reader, writer, LineOptions { transport: "stream", profile, max_message })
}

/// A link whose pipes hold `capacity` bytes each, and its peer.
fn link(capacity: usize, max_message: usize) -> (Link, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(capacity);
    let (reader, writer) = tokio::io::split(ours);
    (over(reader, writer, max_message), theirs)
}

fn message(text: &str) -> Outbound {
    Outbound::Message(text.to_owned().into())
}

/// The next message.
async fn next(link: &mut Link) -> String {
    match link.rx.next().await {
        Some(Ok(Inbound::Message(text))) => text.to_string(),
        other => panic!("no message: {other:?}"),
    }
}

/// The error that ends the link: it is the last item.
async fn error(link: &mut Link) -> TransportError {
    let error = match link.rx.next().await {
        Some(Err(error)) => error,
        other => panic!("no error: {other:?}"),
    };
    assert!(link.rx.next().await.is_none());
    error
}

fn poll<T>(step: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    step(&mut Context::from_waker(Waker::noop()))
}
