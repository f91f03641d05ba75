//! A served WebSocket as a [`Link`].

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::{Sink, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Utf8Bytes};

use crate::frame::{Inbound, Liveness, Outbound, Profile};
use crate::json::Text;
use crate::transport::{Link, TransportError, TransportErrorKind};

/// The link over an open WebSocket.
pub(super) fn link<S>(socket: WebSocketStream<S>) -> Link
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (tx, rx) = socket.split();
    Link {
        profile: Profile::SharedChannel { reopen: false, liveness: Liveness::Ping },
        tx: Box::pin(Sender(tx)),
        rx: Box::pin(Receiver(rx)),
    }
}

struct Sender<T>(T);

impl<T: Sink<Message, Error = WsError> + Unpin> Sink<Outbound> for Sender<T> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.0).poll_ready(cx).map_err(error)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Outbound) -> Result<(), TransportError> {
        let message = match item {
            Outbound::Message(text) => Message::Text(utf8(text)),
            Outbound::Ping => Message::Ping(Bytes::new()),
            Outbound::Close(close) => Message::Close(Some(CloseFrame {
                code: CloseCode::from(close.code),
                reason: Utf8Bytes::from_static(close.reason),
            })),
        };
        Pin::new(&mut self.0).start_send(message).map_err(error)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(error)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(error)
    }
}

fn utf8(text: Text) -> Utf8Bytes {
    Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default()
}

struct Receiver<T>(T);

impl<T: Stream<Item = Result<Message, WsError>> + Unpin> Stream for Receiver<T> {
    type Item = Result<Inbound, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(message) = ready!(Pin::new(&mut self.0).poll_next(cx)) else { return Poll::Ready(None) };
        Poll::Ready(Some(match message.map_err(error) {
            Ok(Message::Text(text)) => Text::from_utf8(text.into()).map(Inbound::Message).ok_or_else(|| {
                TransportError::new(TransportErrorKind::Protocol, "the client sent text that is not UTF-8")
            }),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Ok(Inbound::Alive),
            Ok(Message::Binary(_)) => {
                Err(TransportError::new(TransportErrorKind::Protocol, "the client sent a binary frame"))
            }
            // The library answers it while the end of the stream is read.
            Ok(Message::Close(_)) => Ok(Inbound::Alive),
            Err(error) => Err(error),
        }))
    }
}

fn error(error: WsError) -> TransportError {
    let kind = match &error {
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            TransportErrorKind::TooLarge { size: *size, limit: *max_size }
        }
        WsError::Protocol(_) | WsError::Utf8(_) => TransportErrorKind::Protocol,
        _ => TransportErrorKind::Lost,
    };
    TransportError::new(kind, format!("the client's connection broke: {error}"))
}
