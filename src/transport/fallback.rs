//! Two ways to one server.

use super::{Link, Transport, TransportError, TransportErrorKind};
use crate::platform::BoxFuture;

/// Tries one transport, and another where the first cannot connect: a WebSocket where proxies let it through, HTTP
/// otherwise. Which of them connected first is kept for every reconnect.
///
/// A refused credential, a failed TLS handshake and a mistake in the settings are the caller's to see: then the second is not
/// tried.
#[derive(Debug)]
pub struct Fallback<A, B> {
    first: A,
    then: B,
    /// The second is the way.
    second: Option<bool>,
}

impl<A: Transport, B: Transport> Fallback<A, B> {
    /// `first`, and `then` where that does not connect.
    pub fn new(first: A, then: B) -> Self {
        Self { first, then, second: None }
    }
}

impl<A: Transport, B: Transport> Transport for Fallback<A, B> {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            if self.second != Some(true) {
                match self.first.connect().await {
                    Ok(link) => {
                        self.second = Some(false);
                        return Ok(link);
                    }
                    Err(error) if self.second.is_some() || is_final(&error) => return Err(error),
                    Err(_) => {}
                }
            }
            let link = self.then.connect().await?;
            self.second = Some(true);
            Ok(link)
        })
    }
}

fn is_final(error: &TransportError) -> bool {
    error.is_auth() || matches!(error.kind(), TransportErrorKind::Tls | TransportErrorKind::Config)
}
