//! Reads the body of a request: at most so much, within so long.

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body;

use super::reply::{Reply, refuse};
use crate::platform;

/// Why there is no body.
enum Broken {
    TooLarge,
    Slow,
    Lost,
}

/// The whole body, not copied where it came in one piece.
pub(super) async fn receive<B: Body<Data = Bytes>>(body: B, limit: usize, timeout: Duration) -> Result<Bytes, Reply> {
    read(body, limit, timeout).await.map_err(|broken| match broken {
        Broken::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "the message is larger than the server takes"),
        Broken::Slow => refuse(StatusCode::REQUEST_TIMEOUT, "the body of the request did not arrive in time"),
        Broken::Lost => refuse(StatusCode::BAD_REQUEST, "the body of the request broke off"),
    })
}

async fn read<B: Body<Data = Bytes>>(body: B, limit: usize, timeout: Duration) -> Result<Bytes, Broken> {
    let mut body = std::pin::pin!(body);
    if body.size_hint().lower() > limit as u64 {
        return Err(Broken::TooLarge);
    }
    let mut whole = Whole::default();
    let mut patience = None;
    poll_fn(|cx| {
        loop {
            match body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers say nothing that we know.
                    let Ok(data) = frame.into_data() else { continue };
                    if whole.len().saturating_add(data.len()) > limit {
                        return Poll::Ready(Err(Broken::TooLarge));
                    }
                    whole.add(data);
                    if body.is_end_stream() {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(Broken::Lost)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    let patience = patience.get_or_insert_with(|| platform::sleep(timeout));
                    ready!(patience.as_mut().poll(cx));
                    return Poll::Ready(Err(Broken::Slow));
                }
            }
        }
    })
    .await?;
    Ok(whole.into_bytes())
}

#[derive(Default)]
enum Whole {
    #[default]
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn add(&mut self, data: Bytes) {
        *self = match std::mem::take(self) {
            Self::Nothing => Self::One(data),
            Self::One(first) => {
                let mut all = BytesMut::with_capacity((first.len() + data.len()) * 2);
                all.extend_from_slice(&first);
                all.extend_from_slice(&data);
                Self::Many(all)
            }
            Self::Many(mut all) => {
                all.extend_from_slice(&data);
                Self::Many(all)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}
