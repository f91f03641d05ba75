//! What a rejected `fetch` tells, which depends on who runs the script.

use std::borrow::Cow;

use wasm_bindgen::prelude::*;

use super::host::{GLOBAL, Global, Location};
use crate::text::{join, says};
use crate::transport::address;
use crate::transport::web::thrown::{said, thrown, without_query};
use crate::transport::{TransportError, TransportErrorKind};

/// A header of the request: its name, and its value, which no error shows.
pub(super) type Header = (Cow<'static, str>, Cow<'static, str>);

/// Reasons of Node, Deno and Bun for which nothing was sent.
const NOT_CONNECTED: [&str; 10] = [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
    "ConnectionRefused",
    "FailedToOpenSocket",
    "client error (Connect)",
    "dns error",
];
/// Of the names of OpenSSL's verification errors, and Node's own.
const TLS: [&str; 5] = ["CERT", "_TLS_", "_SSL_", "UNABLE_TO_VERIFY", "EPROTO"];

/// A request that failed before its answer began.
pub(super) fn rejected(value: &JsValue, url: &str, sent: &[Header]) -> TransportError {
    match GLOBAL.with(Global::location) {
        Some(location) => in_a_page(value, &location, url, sent),
        None => elsewhere(value, url),
    }
}

/// An answer that broke off.
pub(super) fn midway(value: &JsValue, url: &str) -> TransportError {
    let said = without_query(&said(value, "no reason given"), url);
    TransportError::new(TransportErrorKind::Lost, join(&["the server's answer broke off: ", &said]))
}

/// A browser says no more than that it failed, so it may as well have failed after the server had acted.
fn in_a_page(value: &JsValue, location: &Location, url: &str, sent: &[Header]) -> TransportError {
    let said = without_query(&said(value, "no reason given"), url);
    let page = location.origin().as_string().unwrap_or_default();
    if page == address::plain_origin(url) {
        return TransportError::new(
            TransportErrorKind::Lost,
            join(&["the request failed (", &said, "); the server may be down, or the network"]),
        );
    }
    let mut detail = join(&[
        "the request failed (",
        &said,
        "), and a browser does not say why across origins: the server may be down, the network or its certificate bad, or \
         its CORS headers may not allow the origin ",
        &page,
        " or one of the request's headers",
    ]);
    let mut between = " ";
    // `accept` needs no permission, and `content-type` does for JSON.
    for (name, _) in sent.iter().filter(|(name, _)| name != "accept") {
        detail.push_str(between);
        detail.push_str(name);
        between = ", ";
    }
    TransportError::new(TransportErrorKind::Opaque, detail)
}

/// Where there is no page there is no secret about the network.
fn elsewhere(value: &JsValue, url: &str) -> TransportError {
    let cause = thrown(value).map_or(JsValue::UNDEFINED, |thrown| thrown.cause());
    let first = if cause.is_object() { &cause } else { value };
    let code = thrown(first).and_then(|thrown| thrown.code().as_string()).unwrap_or_default();
    let said = without_query(&said(first, if code.is_empty() { "no reason given" } else { &code }), url);
    let tells = |words: &[&str]| words.iter().any(|word| says(&code, word) || says(&said, word));
    let (kind, hint) = if tells(&TLS) {
        (TransportErrorKind::Tls, "; check the server's certificate")
    } else if tells(&NOT_CONNECTED) {
        (TransportErrorKind::ConnectFailed, "; check the address, and that the server runs")
    } else {
        (TransportErrorKind::Lost, "")
    };
    TransportError::new(kind, join(&["the request failed: ", &said, hint]))
}
