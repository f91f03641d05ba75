//! This process's own streams.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::signal;
use crate::error::Error;
use crate::server::{Peer, Server};
use crate::transport::own_streams;

/// How long requests under way may take to finish when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

impl Server {
    /// Serves this process's own standard input and output, one JSON-RPC message of at most 16 MiB per line, until the
    /// input ends or the process is asked to stop (Ctrl-C, on Unix also SIGTERM). What is under way then is finished,
    /// within [`ServerBuilder::finish_timeout`](crate::server::ServerBuilder::finish_timeout) or 10 seconds.
    ///
    /// Nothing else may be written to standard output meanwhile: say what there is to say on standard error. Return from
    /// `main` when it returns.
    ///
    /// # Errors
    /// Where the streams are in use already (they are opened once), and where the input was more than was taken or no text.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the handlers; the streams cannot be opened again.
    pub async fn run_stdio(&self) -> Result<(), Error> {
        let link = own_streams(MAX_MESSAGE)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopping = Box::pin(async move {
            let _ = stopped.await;
        });
        let mut connection = self.connection(link, None, Peer::new("stdio"), stopping);
        tokio::select! {
            ended = &mut connection => return Ok(ended?),
            () = signal::asked_to_stop() => drop(stop),
        }
        // Who was asked to stop does not wait until its client has closed its end too.
        let finished = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Pending if connection.is_closing() => Poll::Ready(Ok(())),
            polled => polled,
        });
        match tokio::time::timeout(DRAIN, finished).await {
            Ok(ended) => Ok(ended?),
            Err(_) => Ok(()),
        }
    }
}
