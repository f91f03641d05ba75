//! Pages: what a plain HTTP request is answered with.

use std::borrow::Cow;
use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::handshake::part;

/// A page that a listener serves beside its WebSocket: see [`Bind::page`](super::Bind::page). Each request is answered
/// with `200`, the page, and the end of the connection.
#[derive(Clone)]
pub struct Page {
    head: String,
    body: Cow<'static, [u8]>,
}

impl Page {
    /// A page of this media type, `text/html; charset=utf-8` say. It is sent with `X-Content-Type-Options: nosniff`.
    pub fn new(content_type: impl AsRef<str>, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let page = Self { head: String::new(), body: body.into() };
        page.header("Content-Type", content_type).header("X-Content-Type-Options", "nosniff")
    }

    /// One more header of the response. Control characters are left out of both.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let printable = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        self.head += &format!("{}: {}\r\n", printable(name.as_ref()), printable(value.as_ref()));
        self
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Answers and closes; a client that is gone concerns nobody.
pub(super) async fn send<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, page: &Page) {
    let head =
        format!("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n", page.head, page.body.len());
    if stream.write_all(head.as_bytes()).await.is_ok() && stream.write_all(&page.body).await.is_ok() {
        part(stream).await;
    }
}
