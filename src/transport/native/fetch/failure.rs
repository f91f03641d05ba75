//! What went wrong, and whether the request can have left.

use std::error::Error;
use std::fmt::Write;

use super::redirect::without_query;
use crate::transport::native::tls::late_refusal;
use crate::transport::{TransportError, TransportErrorKind};

/// An error with what caused it, each cause once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            let _ = write!(text, ": {cause}");
        }
    }
    text
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Why no head came.
pub(super) fn before_head(error: &hyper_util::client::legacy::Error, url: &str) -> TransportError {
    // What the connector says is precise already.
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<TransportError>()) {
        return error.clone();
    }
    let label = without_query(url);
    if let Some(error) = causes(error).find_map(|cause| late_refusal(cause, label)) {
        return error;
    }
    let why = error.source().map_or_else(|| error.to_string(), chain);
    let unsent = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    if error.is_connect() || unsent.is_some_and(hyper::Error::is_canceled) {
        return TransportError::new(
            TransportErrorKind::ConnectFailed,
            format!("{label} closed the connection before the request was sent ({why}); check that the server runs"),
        );
    }
    if unsent.is_some_and(hyper::Error::is_parse) {
        return TransportError::new(
            TransportErrorKind::Protocol,
            format!("{label} did not answer in HTTP ({why}); check the address, and https:// against http://"),
        );
    }
    TransportError::new(
        TransportErrorKind::Lost,
        format!("the connection to {label} broke before an answer came ({why}); the request may have been executed"),
    )
}

/// Why a body ended before its end.
pub(super) fn in_body(error: &(dyn Error + 'static), url: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::Lost,
        format!(
            "the answer of {} broke off ({}); the server or a proxy ended it early",
            without_query(url),
            chain(error)
        ),
    )
}

/// A body that breaks a rule.
pub(super) fn bad_body(url: &str, what: &str) -> TransportError {
    let label = without_query(url);
    TransportError::new(
        TransportErrorKind::Protocol,
        format!("{label} sent {what}; the fault is the server's or a proxy's"),
    )
}

/// A body over the limit.
pub(super) fn too_large(url: &str, size: usize, limit: usize) -> TransportError {
    let label = without_query(url);
    TransportError::new(
        TransportErrorKind::TooLarge { size, limit },
        format!(
            "the answer of {label} has {size} bytes or more, over the limit of {limit}; raise max_message or ask for less"
        ),
    )
}
