//! From an address to an open link.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::carrier::{HeaderMap, HeaderValue, Refusal, handshake};
use super::link::link;
use super::{Target, WebSocket};
use crate::transport::address::config;
use crate::transport::native::tls::{HTTP_1, cause};
use crate::transport::{Link, Subprotocols, TransportError, TransportErrorKind};

/// Why an attempt failed.
enum Failure {
    Final(TransportError),
    /// The handshake failed in a way that an offer of subprotocols can cause.
    MaybeOffer(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Final(error)
    }
}

impl WebSocket {
    /// Opens a link, with the second attempt that [`Subprotocols::Auto`] allows.
    pub(super) async fn open(&mut self, headers: &HeaderMap) -> Result<Link, TransportError> {
        let error = match self.attempt(headers).await {
            Ok(link) => return Ok(link),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::MaybeOffer(error)) => error,
        };
        if self.bare || self.subprotocols != Subprotocols::Auto {
            return Err(error);
        }
        self.bare = true;
        let second = self.attempt(headers).await;
        if second.is_err() {
            // The offer was not the reason, or not the only one: it stands the next time.
            self.bare = false;
        }
        second.map_err(|failure| match failure {
            Failure::Final(error) | Failure::MaybeOffer(error) => error,
        })
    }

    async fn attempt(&mut self, headers: &HeaderMap) -> Result<Link, Failure> {
        let tcp = tcp(&self.target).await?;
        if self.target.secure {
            let tls = self.trust.connect(tcp, &self.target.host, &self.target.label, HTTP_1).await?;
            self.upgrade(tls, headers).await
        } else {
            self.upgrade(tcp, headers).await
        }
    }

    async fn upgrade<S>(&self, stream: S, headers: &HeaderMap) -> Result<Link, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let offer = self.subprotocols.offer(self.bare);
        handshake(stream, &self.target.uri, headers, &offer, self.max_message)
            .await
            .map(link)
            .map_err(|refusal| refused(refusal, &self.target, self.has_token()))
    }
}

/// A bearer token as a header; marked so that nothing prints it.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::try_from(["Bearer ", token].concat())
        .map_err(|_| config("the token cannot be sent in a header; it may hold visible ASCII only"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn tcp(target: &Target) -> Result<TcpStream, TransportError> {
    let failed = |error: io::Error| {
        TransportError::new(
            TransportErrorKind::ConnectFailed,
            format!("cannot connect to {}: {error}; check the address and that the server runs", target.label),
        )
    };
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(failed)?;
    // Small messages go at once; many at once are gathered above.
    stream.set_nodelay(true).map_err(failed)?;
    Ok(stream)
}

fn refused(refusal: Refusal, target: &Target, with_token: bool) -> Failure {
    let label = &target.label;
    let failed = |detail: String| TransportError::new(TransportErrorKind::ConnectFailed, detail);
    match refusal {
        Refusal::Status { status, location } => status_failure(status, location, label, with_token),
        Refusal::Subprotocol(what) => Failure::MaybeOffer(failed(format!(
            "{label}: {what}; set `subprotocols` to what the server selects, or to none"
        ))),
        Refusal::Io(error) => Failure::Final(cause(&error, &target.label).unwrap_or_else(|| {
            failed(format!("{label} broke off the WebSocket handshake ({error}); check that it is a WebSocket server"))
        })),
        Refusal::Alien(what) => Failure::MaybeOffer(failed(format!(
            "{label} did not answer as a WebSocket server ({what}); check the address"
        ))),
    }
}

fn status_failure(status: u16, location: Option<String>, label: &str, with_token: bool) -> Failure {
    let advice = match status {
        401 | 407 | 403 if with_token => "the token was refused; give a valid one or sign in again".to_owned(),
        401 | 407 => "it wants a credential; give a token".to_owned(),
        403 => "it refuses this client; give a token, or allow this client at the server".to_owned(),
        404 => "there is no WebSocket at this path; check the address".to_owned(),
        300..=399 => match location {
            Some(location) => format!("it points to {location}; connect to that address"),
            None => "it points elsewhere without saying where; ask for its WebSocket address".to_owned(),
        },
        408 | 429 | 502..=504 => "it is busy or not up yet; try again later".to_owned(),
        200..=299 => "this is an HTTP server and no WebSocket; check the path".to_owned(),
        500..=599 => "it failed; look at its log".to_owned(),
        _ => "it does not accept a WebSocket here; check the address".to_owned(),
    };
    let kind = TransportErrorKind::Refused { status };
    let error = TransportError::new(kind, format!("{label} answered the handshake with HTTP {status}: {advice}"));
    match status {
        // These speak of something else than the offer, and a second knock is not wanted.
        300..=399 | 401 | 403 | 404 | 407 | 408 | 429 | 502..=504 => Failure::Final(error),
        _ => Failure::MaybeOffer(error),
    }
}
