//! Byte streams as carriers: the server's ends of them as links, and transports over them that a test may damage.

use std::net::SocketAddr;
use std::path::PathBuf;

use everywire::BoxFuture;
use everywire::frame::{Liveness, Profile};
use everywire::testing::StreamFaults;
use everywire::transport::{Link, StreamTransport, Transport, TransportError, TransportErrorKind};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A byte stream as a link that a fresh one may follow.
async fn link<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S) -> Result<Link, TransportError> {
    let (reader, writer) = tokio::io::split(stream);
    let mut link = StreamTransport::new(reader, writer).connect().await?;
    link.profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Channel };
    Ok(link)
}

/// Every stream that arrives, as a link.
fn links<S: AsyncRead + AsyncWrite + Send + 'static>(
    streams: impl Stream<Item = std::io::Result<S>> + Send + 'static,
) -> impl Stream<Item = Link> + Send + 'static {
    streams.filter_map(|stream| async { link(stream.ok()?).await.ok() })
}

pub(crate) async fn listen_tcp() -> (SocketAddr, impl Stream<Item = Link> + Send + 'static) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let accept = |listener: TcpListener| async {
        let stream = listener.accept().await.map(|(stream, _)| stream);
        Some((stream, listener))
    };
    (address, links(futures_util::stream::unfold(listener, accept)))
}

pub(crate) fn listen_unix(name: &str) -> (PathBuf, impl Stream<Item = Link> + Send + 'static) {
    let path = std::env::temp_dir().join(format!("everywire-kit-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a free path");
    let accept = |listener: UnixListener| async {
        let stream = listener.accept().await.map(|(stream, _)| stream);
        Some((stream, listener))
    };
    (path, links(futures_util::stream::unfold(listener, accept)))
}

/// Where a byte stream leads.
#[derive(Clone)]
pub(crate) enum To {
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// A pipe in memory, whose other end is sent there. So many bytes fit into it.
    Duplex(futures_channel::mpsc::UnboundedSender<Link>, usize),
}

/// A transport over byte streams, which break in the middle of messages where faults are given.
pub(crate) struct Bytes {
    pub(crate) to: To,
    pub(crate) faults: Option<StreamFaults>,
}

impl Bytes {
    async fn wrap<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: std::io::Result<S>,
    ) -> Result<Link, TransportError> {
        let failed = |error: std::io::Error| TransportError::new(TransportErrorKind::ConnectFailed, error.to_string());
        let stream = stream.map_err(failed)?;
        match &self.faults {
            Some(faults) => link(faults.wrap(stream)).await,
            None => link(stream).await,
        }
    }
}

impl Transport for Bytes {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            match &self.to {
                To::Tcp(address) => self.wrap(TcpStream::connect(address).await).await,
                To::Unix(path) => self.wrap(UnixStream::connect(path).await).await,
                To::Duplex(listener, size) => {
                    let (ours, theirs) = tokio::io::duplex(*size);
                    let _ = listener.unbounded_send(link(theirs).await?);
                    self.wrap(Ok(ours)).await
                }
            }
        })
    }
}
