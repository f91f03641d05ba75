//! The one accept loop of all listeners.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::Error;
use crate::platform::BoxFuture;
use crate::server::Peer;

/// The first and the longest pause after a failure to accept.
const PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Connections that are being told at the same time that there is no room; further ones are closed without a word.
const MAX_REFUSALS: usize = 64;

/// Where connections come from.
pub(super) trait Arrivals: Send {
    type Connection: Send + 'static;

    /// The next connection. Dropping the future loses none.
    fn next(&mut self) -> impl Future<Output = Arrival<Self::Connection>> + Send;
}

pub(super) enum Arrival<C> {
    Connection(C, Peer),
    Failed(io::Error),
    /// No more will come.
    End,
}

/// What happens to a connection.
pub(super) trait Reception<C>: Send + Sync + 'static {
    /// Serves a connection to its end.
    fn receive(self: Arc<Self>, connection: C, peer: Peer, stopping: Stopping) -> BoxFuture<'static, ()>;

    /// Tells a connection that there is no room for it, as far as its carrier can.
    fn refuse(self: Arc<Self>, connection: C) -> BoxFuture<'static, ()>;

    /// No more connections are taken; those that are there are to finish.
    fn stopping(&self) {}

    /// The time to finish is over.
    fn stopped(&self) {}
}

/// Whether the listener is shutting down.
#[derive(Clone)]
pub(super) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Completes when the listener begins to shut down.
    pub(super) fn wait(&self) -> BoxFuture<'static, ()> {
        let mut stopping = self.0.clone();
        Box::pin(async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        })
    }
}

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connections: usize,
    /// How long connections may take to finish at a shutdown.
    pub(super) drain: Duration,
}

/// Accepts until `shutdown` completes, or until there is nothing more to accept and every connection has ended.
pub(super) async fn run<A, R>(
    mut arrivals: A,
    reception: Arc<R>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error>
where
    A: Arrivals,
    R: Reception<A::Connection>,
{
    let (stop, stopping) = watch::channel(false);
    let stopping = Stopping(stopping);
    let permits = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let mut pause = Pause::default();
    let mut open = true;
    let ended = loop {
        if !open && connections.is_empty() {
            break Ok(());
        }
        let arrival = async {
            pause.over().await;
            arrivals.next().await
        };
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            arrival = arrival, if open => match arrival {
                Arrival::Connection(connection, peer) => {
                    pause = Pause::default();
                    if let Ok(permit) = permits.clone().try_acquire_owned() {
                        let served = reception.clone().receive(connection, peer, stopping.clone());
                        connections.spawn(async move {
                            served.await;
                            drop(permit);
                        });
                    } else if let Ok(permit) = refusals.clone().try_acquire_owned() {
                        let refused = reception.clone().refuse(connection);
                        connections.spawn(async move {
                            refused.await;
                            drop(permit);
                        });
                    }
                }
                Arrival::Failed(error) => match pause.after(&error) {
                    Ok(()) => {}
                    Err(error) => break Err(error),
                },
                Arrival::End => open = false,
            },
        }
    };
    drop(arrivals);
    let _ = stop.send(true);
    reception.stopping();
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(limits.drain, finished).await;
    reception.stopped();
    ended
}

/// The pause after failures to accept: out of file descriptors or memory, the next attempt fails alike until something
/// was closed, and would keep a core busy meanwhile.
#[derive(Default)]
struct Pause {
    length: Duration,
    until: Option<Instant>,
}

impl Pause {
    async fn over(&self) {
        if let Some(until) = self.until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// # Errors
    /// Where the socket itself is of no use any more.
    fn after(&mut self, error: &io::Error) -> Result<(), Error> {
        match error.kind() {
            // That client is gone; the next one is there or not.
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => {}
            io::ErrorKind::InvalidInput => {
                return Err(Error::config(format!("the listening socket stopped accepting: {error}")));
            }
            _ => {
                self.length = (self.length * 2).clamp(PAUSE, MAX_PAUSE);
                self.until = Some(Instant::now() + self.length);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Gives what it was given, and notes when it was asked.
    struct Script {
        arrivals: VecDeque<Arrival<usize>>,
        asked: Arc<std::sync::Mutex<Vec<Duration>>>,
        begun: Instant,
    }

    impl Arrivals for Script {
        type Connection = usize;

        async fn next(&mut self) -> Arrival<usize> {
            self.asked.lock().expect("no panic").push(self.begun.elapsed());
            match self.arrivals.pop_front() {
                Some(arrival) => arrival,
                None => std::future::pending().await,
            }
        }
    }

    /// Holds connections for as long as they are numbered, in seconds.
    #[derive(Default)]
    struct Host {
        received: AtomicUsize,
        refused: AtomicUsize,
        finished: AtomicUsize,
    }

    impl Reception<usize> for Host {
        fn receive(self: Arc<Self>, connection: usize, _: Peer, stopping: Stopping) -> BoxFuture<'static, ()> {
            self.received.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                stopping.wait().await;
                tokio::time::sleep(Duration::from_secs(connection as u64)).await;
                self.finished.fetch_add(1, Ordering::SeqCst);
            })
        }

        fn refuse(self: Arc<Self>, _: usize) -> BoxFuture<'static, ()> {
            self.refused.fetch_add(1, Ordering::SeqCst);
            Box::pin(std::future::pending())
        }
    }

    fn script(arrivals: impl IntoIterator<Item = Arrival<usize>>) -> (Script, Arc<std::sync::Mutex<Vec<Duration>>>) {
        let asked = Arc::default();
        (Script { arrivals: arrivals.into_iter().collect(), asked: Arc::clone(&asked), begun: Instant::now() }, asked)
    }

    fn arrival(seconds: usize) -> Arrival<usize> {
        Arrival::Connection(seconds, Peer::new("test"))
    }

    const LIMITS: Limits = Limits { connections: 3, drain: Duration::from_secs(10) };

    #[tokio::test(start_paused = true)]
    async fn failures_to_accept_are_waited_out_and_not_for_ever() {
        let failed = || Arrival::Failed(io::Error::from_raw_os_error(24));
        let (script, asked) = script((0..9).map(|_| failed()).chain([arrival(0), failed(), failed()]));
        let host = Arc::new(Host::default());
        let shutdown = tokio::time::sleep(Duration::from_secs(60));
        run(script, host.clone(), LIMITS, shutdown).await.expect("an orderly end");
        assert_eq!(host.finished.load(Ordering::SeqCst), 1);
        let asked: Vec<_> = asked.lock().expect("no panic").iter().map(Duration::as_millis).collect();
        let expected = [0, 10, 30, 70, 150, 310, 630, 1270, 2270, 3270, 3270, 3280, 3300];
        assert_eq!(asked.len(), expected.len(), "{asked:?}");
        for (asked, expected) in asked.iter().zip(expected) {
            assert!(asked.abs_diff(expected) < 10, "{asked} is not about {expected}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_keeps_nobody_waiting() {
        let gone = || Arrival::Failed(io::ErrorKind::ConnectionAborted.into());
        let (script, asked) = script([gone(), gone(), arrival(0)]);
        let host = Arc::new(Host::default());
        run(script, host.clone(), LIMITS, tokio::time::sleep(Duration::from_secs(1))).await.expect("an orderly end");
        assert!(asked.lock().expect("no panic").iter().all(|asked| asked.as_millis() == 0));
        assert_eq!(host.received.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_of_no_use_ends_the_loop() {
        let (script, _) = script([Arrival::Failed(io::ErrorKind::InvalidInput.into())]);
        let ended = run(script, Arc::new(Host::default()), LIMITS, std::future::pending()).await;
        assert!(ended.expect_err("an error").to_string().contains("stopped accepting"));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_over_the_limit_are_told_and_so_are_not_more_than_can_be() {
        let (script, _) = script((0..200).map(|_| arrival(0)));
        let host = Arc::new(Host::default());
        run(script, host.clone(), LIMITS, tokio::time::sleep(Duration::from_secs(1))).await.expect("an orderly end");
        assert_eq!(host.received.load(Ordering::SeqCst), 3);
        assert_eq!(host.refused.load(Ordering::SeqCst), MAX_REFUSALS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_waits_for_what_is_under_way_until_the_deadline() {
        let (script, _) = script([arrival(2), arrival(9), arrival(11)]);
        let host = Arc::new(Host::default());
        let begun = Instant::now();
        run(script, host.clone(), LIMITS, tokio::time::sleep(Duration::from_secs(1))).await.expect("an orderly end");
        assert_eq!((begun.elapsed().as_secs(), host.finished.load(Ordering::SeqCst)), (11, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_loop_ends_with_its_source() {
        let (script, _) = script([Arrival::End]);
        run(script, Arc::new(Host::default()), LIMITS, std::future::pending()).await.expect("an orderly end");
    }
}
