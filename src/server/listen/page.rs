//! Pages: what a plain HTTP request is answered with.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::door::part;
use crate::server::http::HttpBody;

/// A page that a listener serves beside its endpoint: see [`Bind::page`](super::Bind::page).
#[derive(Clone)]
pub struct Page {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Page {
    /// A page of this media type, `text/html; charset=utf-8` say. It is sent with `X-Content-Type-Options: nosniff`.
    pub fn new(content_type: impl AsRef<str>, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let body = match body.into() {
            Cow::Borrowed(body) => Bytes::from_static(body),
            Cow::Owned(body) => Bytes::from(body),
        };
        let page = Self { headers: Vec::new(), body };
        page.header("Content-Type", content_type).header("X-Content-Type-Options", "nosniff")
    }

    /// One more header of the response. Control characters are left out of both; a name that cannot be one is left out
    /// altogether.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let printable = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let name = HeaderName::try_from(printable(name.as_ref()));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(printable(value.as_ref()))) {
            self.headers.push((name, value));
        }
        self
    }

    pub(super) fn response(&self) -> Response<HttpBody> {
        let mut response = Response::new(HttpBody::whole(self.body.clone()));
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Answers and closes; a client that is gone concerns nobody.
pub(super) async fn send<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, page: &Page) {
    let mut head = Vec::from(*b"HTTP/1.1 200 OK\r\n");
    for (name, value) in &page.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(format!("Content-Length: {}\r\nConnection: close\r\n\r\n", page.body.len()).as_bytes());
    if stream.write_all(&head).await.is_ok() && stream.write_all(&page.body).await.is_ok() {
        part(stream).await;
    }
}
