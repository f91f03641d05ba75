//! Servers on TCP and Unix sockets, and a client of lines, so that the server's tests do not lean on our own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use everywire::proto::{CallToolResult, Content};
use everywire::server::{Bind, Listener, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;

pub use crate::server_support::{PATIENCE, builder, modern, schema, text};

/// A directory of one test, which others may enter.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ew-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a folder");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        Self(path)
    }

    pub fn socket(&self) -> PathBuf {
        self.0.join("mcp.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    Tcp,
    Unix,
}

pub const BOTH: [Carrier; 2] = [Carrier::Tcp, Carrier::Unix];

/// The text that a tool answered with.
pub fn said(result: &CallToolResult) -> &str {
    result.content.first().and_then(Content::as_text).expect("a text")
}

/// A running server.
pub struct Site {
    pub url: String,
    pub address: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), everywire::Error>>,
    _folder: Option<Folder>,
}

impl Site {
    pub async fn new(server: &Server, carrier: Carrier) -> Self {
        Self::with(server, carrier, |bind| bind).await
    }

    pub async fn with(server: &Server, carrier: Carrier, options: impl FnOnce(Bind) -> Bind) -> Self {
        match carrier {
            Carrier::Tcp => Self::over(options(server.bind_tcp("127.0.0.1:0")).await.expect("bound"), None),
            Carrier::Unix => {
                let folder = Folder::new();
                Self::over(options(server.bind_unix(folder.socket())).await.expect("bound"), Some(folder))
            }
        }
    }

    pub fn over(listener: Listener, folder: Option<Folder>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (url, address) = (listener.url().to_owned(), listener.local_addr());
        let task = tokio::spawn(listener.run(async move {
            let _ = stopped.await;
        }));
        Self { url, address, stop: Some(stop), task, _folder: folder }
    }

    pub async fn connect(&self) -> Lines {
        match self.address {
            Some(address) => {
                let stream = TcpStream::connect(address).await.expect("connected");
                // A second small message would wait for the first one's acknowledgement, and a paused clock run on meanwhile.
                stream.set_nodelay(true).expect("an option");
                Lines::over(stream)
            }
            None => {
                let path = self.url.strip_prefix("unix:").expect("a path");
                Lines::over(UnixStream::connect(path).await.expect("connected"))
            }
        }
    }

    /// Begins to shut down.
    pub fn stop(&mut self) {
        self.stop.take();
    }

    /// Waits for the end of the shutdown.
    pub async fn stopped(mut self) {
        self.stop();
        tokio::time::timeout(PATIENCE * 2, &mut self.task)
            .await
            .expect("in time")
            .expect("no panic")
            .expect("in order");
    }
}

pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection that was made by hand.
pub struct Lines {
    pub stream: BufReader<Box<dyn Duplex>>,
    last: i64,
}

impl Lines {
    pub fn over(stream: impl Duplex + 'static) -> Self {
        Self { stream: BufReader::new(Box::new(stream)), last: 0 }
    }

    /// `Err`: the server is gone.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    pub async fn send(&mut self, message: Value) {
        self.write(format!("{message}\n").as_bytes()).await.expect("the server reads");
    }

    /// Sends a request and gives its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last += 1;
        self.send(json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})).await;
        self.last
    }

    /// The next line, or `None` where the server ended the connection.
    pub async fn try_next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await;
        match read {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("JSON, not {line:?}"))),
        }
    }

    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("a message")
    }

    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Calls the tool `echo` as a modern client.
    pub async fn echo(&mut self, arguments: Value) -> Value {
        let answer = self.ask("tools/call", modern(json!({"name": "echo", "arguments": arguments}))).await;
        serde_json::from_str(text(&answer)).expect("JSON")
    }

    pub async fn initialize(&mut self) -> Value {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "raw", "version": "0"},
        });
        let answer = self.ask("initialize", params).await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }

    /// Ends this side, reading on.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }

    /// Waits until the server ends the connection, without a word.
    pub async fn ended(&mut self) {
        assert_eq!(self.try_next().await, None);
    }
}
