//! Peers that say what the test wants, byte by byte.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::json::Text;
use crate::transport::TransportError;
use crate::transport::http::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};
use crate::transport::native::fetch::{Fetcher, HttpOptions};

/// A server that runs `handler` for every connection, until dropped.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    pub(super) async fn start<F>(handler: impl Fn(Wire) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                count.fetch_add(1, Ordering::SeqCst);
                connections.spawn(handler(Wire::new(stream)));
            }
        });
        Self { address, accepted, task }
    }

    /// Answers every request with `answer`, made of what was asked.
    pub(super) async fn answering(answer: impl Fn(&Asked) -> String + Clone + Send + Sync + 'static) -> Self {
        Self::start(move |mut wire| {
            let answer = answer.clone();
            async move {
                while let Some(asked) = wire.asked().await {
                    wire.say(answer(&asked)).await;
                }
            }
        })
        .await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// A connection as the peer sees it.
pub(super) struct Wire<S = TcpStream>(pub(super) BufReader<S>);

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    /// The first line.
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// The next request; `None` where the client hung up.
    pub(super) async fn asked(&mut self) -> Option<Asked> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let mut asked = Asked { head, body: String::new() };
        let length = asked.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        asked.body = String::from_utf8(body).expect("UTF-8");
        Some(asked)
    }

    pub(super) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        // The client may have gone, which the test sees by itself.
        let _ = self.0.write_all(bytes.as_ref()).await;
        let _ = self.0.flush().await;
    }

    /// Says nothing more.
    pub(super) async fn hang_up(&mut self) {
        let _ = self.0.shutdown().await;
    }

    /// Waits until the client hangs up.
    pub(super) async fn gone(&mut self) {
        while self.0.read_u8().await.is_ok() {}
    }
}

/// A whole answer.
pub(super) fn json(body: &str) -> String {
    answer(200, "content-type: application/json\r\n", body)
}

/// A whole answer with more header lines.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Word\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn fetcher() -> Fetcher {
    // Whatever proxies the machine of the test has.
    fetcher_with(HttpOptions::no_proxy)
}

pub(super) fn fetcher_with(set: impl FnOnce(&mut HttpOptions)) -> Fetcher {
    let mut options = HttpOptions::default();
    set(&mut options);
    Fetcher::new(&options).expect("a fetcher")
}

pub(super) fn get(url: &str) -> Request {
    Request { method: Method::Get, url: url.into(), headers: Vec::new(), body: None, farewell: false }
}

pub(super) fn post(url: &str, body: &str) -> Request {
    let headers = vec![("content-type".into(), "application/json".into())];
    let body = Some(Text::from(body.to_owned()));
    Request { method: Method::Post, url: url.into(), headers, body, farewell: false }
}

/// The next fact.
pub(super) async fn next(fetcher: &mut Fetcher) -> (ExchangeId, Fact) {
    poll_fn(|cx| fetcher.poll(cx)).await
}

/// The head of the only exchange.
pub(super) async fn head(fetcher: &mut Fetcher) -> (u16, Content) {
    match next(fetcher).await.1 {
        Fact::Head { status, content } => (status, content),
        other => panic!("not a head: {other:?}"),
    }
}

/// What went wrong with the only exchange.
pub(super) async fn failure(fetcher: &mut Fetcher) -> TransportError {
    match next(fetcher).await.1 {
        Fact::Failed(error) => error,
        other => panic!("not a failure: {other:?}"),
    }
}

/// Runs one exchange: its status and body.
pub(super) async fn exchange(fetcher: &mut Fetcher, request: Request) -> Result<(u16, String), TransportError> {
    fetcher.start(7, request);
    let status = match next(fetcher).await {
        (7, Fact::Head { status, .. }) => status,
        (7, Fact::Failed(error)) => return Err(error),
        other => panic!("neither head nor failure: {other:?}"),
    };
    fetcher.read(7, Reading::Text { limit: 1 << 20 });
    match next(fetcher).await {
        (7, Fact::Text(text)) => Ok((status, text.to_string())),
        (7, Fact::Failed(error)) => Err(error),
        other => panic!("neither text nor failure: {other:?}"),
    }
}

/// Waits until everybody waits: a paused clock moves on when there is nothing else to do.
pub(super) async fn settled() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
