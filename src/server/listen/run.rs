//! A server's ways to be reached.

use std::path::PathBuf;

use super::bind::Bind;
use super::signal;
use crate::error::Error;
use crate::server::Server;

impl Server {
    /// Listens for WebSocket connections: `server.bind_websocket("127.0.0.1:0").await?` is a
    /// [`Listener`](super::Listener). Options come between the two.
    pub fn bind_websocket(&self, address: impl ToString) -> Bind {
        Bind::server_websocket(address.to_string(), self)
    }

    /// Listens for Streamable HTTP, every revision of it, over HTTP/1.1 and HTTP/2 (with prior knowledge):
    /// `server.bind_http("127.0.0.1:0").await?` is a [`Listener`](super::Listener). Options come between the two.
    pub fn bind_http(&self, address: impl ToString) -> Bind {
        Bind::server_http(address.to_string(), self)
    }

    /// Listens for TCP connections, which carry one JSON-RPC message per line:
    /// `server.bind_tcp("127.0.0.1:0").await?` is a [`Listener`](super::Listener). Options come between the two.
    ///
    /// There is neither authentication nor encryption: whoever reaches the port may use the server, every user of this
    /// machine too. A [Unix socket](Self::bind_unix) has permissions. Pages in browsers are kept out: a connection whose
    /// first line is no JSON is closed at once.
    pub fn bind_tcp(&self, address: impl ToString) -> Bind {
        Bind::tcp(address, self.clone())
    }

    /// Listens on a Unix socket, whose connections carry one JSON-RPC message per line:
    /// `server.bind_unix("/run/user/1000/mcp.sock").await?` is a [`Listener`](super::Listener). Options come between the
    /// two.
    ///
    /// The socket is its owner's alone unless [`Bind::mode`] says otherwise. A socket at the path that nobody listens on
    /// any more is replaced; a live server's, or anything that is no socket, is an error. The file is removed when the
    /// listener is dropped, if it is still the same. Handlers read who connects with
    /// [`RequestContext::peer`](crate::server::RequestContext::peer).
    ///
    /// On Linux a name that begins with `@` is an abstract one: it has no file and no permissions, every process in the
    /// same network namespace may connect. Elsewhere it is an error, and on platforms without Unix sockets any path is.
    pub fn bind_unix(&self, path: impl Into<PathBuf>) -> Bind {
        Bind::unix(path, self.clone())
    }

    /// Serves WebSocket connections until the future is dropped, which drops them all.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_websocket(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_websocket(address).await?.run(std::future::pending()).await
    }

    /// Serves WebSocket connections until the process is asked to stop (Ctrl-C, on Unix also SIGTERM), then finishes what
    /// is under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_websocket(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_websocket(address).await?.run(signal::asked_to_stop()).await
    }

    /// Serves Streamable HTTP until the future is dropped, which drops every connection.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_http(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_http(address).await?.run(std::future::pending()).await
    }

    /// Serves Streamable HTTP until the process is asked to stop (Ctrl-C, on Unix also SIGTERM), then finishes what is
    /// under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_http(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_http(address).await?.run(signal::asked_to_stop()).await
    }

    /// Serves TCP connections, as [`Self::bind_tcp`], until the future is dropped, which drops them all.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_tcp(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_tcp(address).await?.run(std::future::pending()).await
    }

    /// Serves TCP connections, as [`Self::bind_tcp`], until the process is asked to stop (Ctrl-C, on Unix also SIGTERM),
    /// then finishes what is under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_tcp(&self, address: impl ToString) -> Result<(), Error> {
        self.bind_tcp(address).await?.run(signal::asked_to_stop()).await
    }

    /// Serves a Unix socket, as [`Self::bind_unix`], until the future is dropped, which drops every connection.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn serve_unix(&self, path: impl Into<PathBuf>) -> Result<(), Error> {
        self.bind_unix(path).await?.run(std::future::pending()).await
    }

    /// Serves a Unix socket, as [`Self::bind_unix`], until the process is asked to stop (Ctrl-C, on Unix also SIGTERM),
    /// then finishes what is under way.
    ///
    /// # Errors
    /// As [`Bind`].
    pub async fn run_unix(&self, path: impl Into<PathBuf>) -> Result<(), Error> {
        self.bind_unix(path).await?.run(signal::asked_to_stop()).await
    }
}
