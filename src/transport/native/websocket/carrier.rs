//! RFC 6455 by tungstenite. No other file knows that library, so that another carrier can stand beside it.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::handshake::{HandshakeError, client::ClientHandshake};
use tokio_tungstenite::tungstenite::http::header::{LOCATION, SEC_WEBSOCKET_PROTOCOL};
pub(super) use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue, Uri};
#[cfg(feature = "server")]
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::io::{Half, Io};
use crate::frame::Close;
use crate::json::Text;
use crate::transport::{TransportError, TransportErrorKind};

/// How much is read at once. It is allocated with the connection and cleared before each read, so that a larger one
/// costs idle connections memory and busy ones time; messages of any size pass through it.
const READ_BUFFER: usize = 16 * 1024;
/// How much is gathered before it is written without being flushed.
const WRITE_BUFFER: usize = 64 * 1024;

/// An open WebSocket, told by its user when to read and write.
pub(super) struct Carrier<S> {
    socket: WebSocket<Io<S>>,
    closing: bool,
}

/// What was read.
pub(super) enum Event {
    Message(Text),
    Alive,
    /// The peer's close frame; its answer is on the way.
    Closed {
        code: u16,
        reason: String,
    },
    /// The peer's answer to our close frame.
    Ended,
}

/// Why a handshake failed.
pub(super) enum Refusal {
    /// The peer answered with an HTTP status other than 101.
    Status { status: u16, location: Option<String> },
    /// The subprotocols: what the peer did wrong.
    Subprotocol(&'static str),
    /// The stream failed.
    Io(io::Error),
    /// The peer did not speak WebSocket.
    Alien(String),
}

/// Performs the client's handshake.
pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    uri: &Uri,
    headers: &HeaderMap,
    subprotocols: &[String],
    max_message: usize,
) -> Result<Carrier<S>, Refusal> {
    let request = request(uri, headers, subprotocols).map_err(refusal)?;
    let start = ClientHandshake::start(Io::new(stream), request, Some(config(max_message)));
    let mut step = Some(start.map_err(refusal)?);
    let socket = poll_fn(|cx| {
        let Some(mut now) = step.take() else { return Poll::Ready(Err(refusal(Error::AlreadyClosed))) };
        now.get_mut().get_mut().register(Half::Rx, cx.waker());
        match now.handshake() {
            Ok((socket, _response)) => Poll::Ready(Ok(socket)),
            Err(HandshakeError::Interrupted(later)) => {
                step = Some(later);
                Poll::Pending
            }
            Err(HandshakeError::Failure(error)) => Poll::Ready(Err(refusal(error))),
        }
    })
    .await?;
    Ok(Carrier { socket, closing: false })
}

fn config(max_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
}

fn request(uri: &Uri, headers: &HeaderMap, subprotocols: &[String]) -> Result<Request, Error> {
    let mut request = uri.into_client_request()?;
    request.headers_mut().extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    if !subprotocols.is_empty() {
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocols.join(", ").parse()?);
    }
    Ok(request)
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Http(response) => Refusal::Status { status: response.status().as_u16(), location: location(&response) },
        Error::Io(error) => Refusal::Io(error),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => Refusal::Io(io::ErrorKind::UnexpectedEof.into()),
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => Refusal::Subprotocol(match error {
            SubProtocolError::NoSubProtocol => "the server selected none of the subprotocols offered",
            SubProtocolError::InvalidSubProtocol => "the server selected a subprotocol that was not offered",
            SubProtocolError::ServerSentSubProtocolNoneRequested => {
                "the server selected a subprotocol although none was offered"
            }
        }),
        error => Refusal::Alien(error.to_string()),
    }
}

fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some(location.chars().take(200).collect())
}

impl<S: AsyncRead + AsyncWrite + Unpin> Carrier<S> {
    /// The server's end of a connection whose handshake is done; `read` is what came behind it already.
    #[cfg(feature = "server")]
    pub(super) fn served(stream: S, read: Vec<u8>, max_message: usize) -> Self {
        let socket = WebSocket::from_partially_read(Io::new(stream), read, Role::Server, Some(config(max_message)));
        Self { socket, closing: false }
    }

    /// The stream below.
    pub(super) fn io(&mut self) -> &mut Io<S> {
        self.socket.get_mut()
    }

    /// Queues a message. [`Carrier::poll_flush`] puts it on the wire, with all others at once.
    pub(super) fn send(&mut self, text: Text) -> Result<(), TransportError> {
        // A frame, not a text message: the text is UTF-8 by its type and is not looked at again.
        self.write(Message::Frame(Frame::message(text.into_bytes(), OpCode::Data(Data::Text), true)))
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self) -> Result<(), TransportError> {
        self.write(Message::Ping(Bytes::new()))
    }

    fn write(&mut self, message: Message) -> Result<(), TransportError> {
        if self.closing {
            return Err(closed_by_us());
        }
        settled(self.socket.write(message))
    }

    /// Queues a close frame, once.
    pub(super) fn close(&mut self, close: &Close) -> Result<(), TransportError> {
        if self.closing {
            return Ok(());
        }
        self.closing = true;
        // A reason longer than a control frame has room for is not worth losing the code.
        let reason = if close.reason.len() <= 123 { &*close.reason } else { "" };
        settled(self.socket.close(Some(CloseFrame { code: close.code.into(), reason: reason.into() })))
    }

    /// Whether our close frame is queued.
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Writes what is queued.
    pub(super) fn poll_flush(&mut self) -> Poll<Result<(), TransportError>> {
        match self.socket.flush() {
            Ok(()) | Err(Error::ConnectionClosed) => Poll::Ready(Ok(())),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(failure(&error))),
        }
    }

    /// Reads the next event. An error is final: nothing can be read afterwards.
    pub(super) fn poll_event(&mut self) -> Poll<Result<Event, TransportError>> {
        let message = match self.socket.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            Err(Error::ConnectionClosed) if self.closing => return Poll::Ready(Ok(Event::Ended)),
            Err(error) => {
                let failure = failure(&error);
                self.answer(&failure, matches!(error, Error::Utf8(_)));
                return Poll::Ready(Err(failure));
            }
        };
        Poll::Ready(match message {
            Message::Text(text) => match Text::from_utf8(text.into()) {
                Some(text) => Ok(Event::Message(text)),
                None => Err(not_utf8()),
            },
            Message::Ping(_) => {
                // The pong is queued and must not wait for somebody to write. What it meets is met again by reading.
                let _ = self.socket.flush();
                Ok(Event::Alive)
            }
            Message::Close(_) if self.closing => Ok(Event::Ended),
            Message::Close(frame) => {
                let _ = self.socket.flush();
                Ok(match frame {
                    Some(frame) => Event::Closed { code: frame.code.into(), reason: frame.reason.as_str().into() },
                    None => Event::Closed { code: 1005, reason: String::new() },
                })
            }
            Message::Binary(_) => {
                let _ = self.close(&Close::new(1003, "text frames only"));
                Err(TransportError::new(
                    TransportErrorKind::Protocol,
                    "the server sent a binary frame; MCP messages are text frames, so check that this is an MCP server",
                ))
            }
            Message::Pong(_) | Message::Frame(_) => Ok(Event::Alive),
        })
    }

    /// Tells the peer what it did wrong, as far as a close code can.
    fn answer(&mut self, failure: &TransportError, not_utf8: bool) {
        let close = match failure.kind() {
            TransportErrorKind::TooLarge { .. } => Close::new(1009, "message too large"),
            TransportErrorKind::Protocol if not_utf8 => Close::new(1007, "text is not UTF-8"),
            TransportErrorKind::Protocol => Close::new(1002, ""),
            _ => return,
        };
        let _ = self.close(&close);
    }
}

/// The stream takes everything at once; only its flush may have to wait, and that is not an error.
fn settled(result: Result<(), Error>) -> Result<(), TransportError> {
    match result {
        Ok(()) => Ok(()),
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(failure(&error)),
    }
}

fn closed_by_us() -> TransportError {
    TransportError::new(TransportErrorKind::Closed { code: 1000 }, "the link is closed; open a new one")
}

fn not_utf8() -> TransportError {
    TransportError::new(
        TransportErrorKind::Protocol,
        "the server sent text that is not UTF-8 (RFC 6455 section 8.1); the fault is the server's",
    )
}

fn failure(error: &Error) -> TransportError {
    let (kind, detail) = match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let (size, limit) = (*size, *max_size);
            (
                TransportErrorKind::TooLarge { size, limit },
                format!(
                    "the server sent a message of {size} bytes or more, over the limit of {limit}; raise max_message or ask for less"
                ),
            )
        }
        Error::Utf8(_) => return not_utf8(),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => vanished(),
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => vanished(),
        Error::Io(error) => (TransportErrorKind::Lost, format!("the connection broke: {error}")),
        error => (
            TransportErrorKind::Protocol,
            format!("the server broke the WebSocket protocol ({error}); the fault is the server's or a proxy's"),
        ),
    };
    TransportError::new(kind, detail)
}

fn vanished() -> (TransportErrorKind, String) {
    (
        TransportErrorKind::Closed { code: 1006 },
        "the server ended the connection without closing it (1006); it may have crashed or been restarted".into(),
    )
}
