//! The floor under everything: the bytes of one POST, sent over and over, and its body sent back as it is. Both ends know
//! how long the other's head is.

use std::cell::RefCell;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Echo, Fault};

/// Padded to this.
const HEAD: usize = 256;

fn head(first: &str, length: usize) -> String {
    let head = format!("{first}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nx: ");
    format!("{head:-<width$}\r\n\r\n", width = HEAD - 4)
}

/// The length of the body behind a head.
fn length(head: &[u8]) -> Result<usize, Fault> {
    let head = std::str::from_utf8(head)?;
    let (_, rest) = head.split_once("content-length: ").ok_or("no length")?;
    Ok(rest.split_once("\r\n").ok_or("no length")?.0.parse()?)
}

/// Sends bodies back.
pub(crate) async fn serve(mut stream: TcpStream) -> Result<(), Fault> {
    let mut message = Vec::new();
    loop {
        while message.len() < HEAD {
            if stream.read_buf(&mut message).await? == 0 {
                return Ok(());
            }
        }
        let whole = HEAD + length(&message[..HEAD])?;
        message.reserve(whole.saturating_sub(message.len()));
        while message.len() < whole {
            stream.read_buf(&mut message).await?;
        }
        message[..HEAD].copy_from_slice(head("HTTP/1.1 200 OK", whole - HEAD).as_bytes());
        stream.write_all(&message).await?;
        message.clear();
    }
}

/// As many connections as there are requests at once.
pub(crate) struct Client {
    address: String,
    idle: RefCell<Vec<(TcpStream, Vec<u8>)>>,
    request: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(url: &str, text: &str) -> Self {
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}"}}}}}}"#
        );
        let request = (head("POST / HTTP/1.1\r\nhost: localhost", body.len()) + &body).into_bytes();
        Self { address, idle: RefCell::default(), request }
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let idle = self.idle.borrow_mut().pop();
        let (mut stream, mut message) = match idle {
            Some(idle) => idle,
            None => {
                let stream = TcpStream::connect(&self.address).await?;
                stream.set_nodelay(true)?;
                (stream, Vec::with_capacity(self.request.len()))
            }
        };
        stream.write_all(&self.request).await?;
        message.clear();
        while message.len() < self.request.len() {
            if stream.read_buf(&mut message).await? == 0 {
                return Err("closed".into());
            }
        }
        self.idle.borrow_mut().push((stream, message));
        Ok(text.to_owned())
    }
}
