//! Answers: their status, their headers, their body.

use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};

use super::body::{HttpBody, Source};
use crate::frame::RequestId;
use crate::json::Text;
use crate::proto::code;
use crate::server::answer::Failure;

pub(in crate::server) type Reply = Response<HttpBody>;

/// Tells nginx and its like not to gather events before they pass them on.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

fn reply(status: StatusCode, cache: &'static str, body: HttpBody) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

/// No body.
pub(super) fn empty(status: StatusCode) -> Reply {
    reply(status, "no-store", HttpBody::empty())
}

/// One message.
pub(super) fn json(status: StatusCode, text: Text) -> Reply {
    let mut reply = reply(status, "no-store", HttpBody::whole(text.into_bytes()));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// A stream of events.
pub(super) fn events(source: Box<dyn Source>, keep_alive: Option<Duration>) -> Reply {
    let mut reply = reply(StatusCode::OK, "no-cache, no-transform", HttpBody::events(source, keep_alive));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    reply
}

/// What is wrong with a request as HTTP: a status, and a JSON-RPC error without an id that says it in words.
pub(in crate::server) fn refuse(status: StatusCode, why: &str) -> Reply {
    json(status, Failure::request(why).text(None))
}

/// [`refuse`], by the methods that are allowed.
pub(super) fn not_allowed(allow: &'static str, why: &str) -> Reply {
    let mut reply = refuse(StatusCode::METHOD_NOT_ALLOWED, why);
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    reply
}

/// There is no room at the moment.
pub(super) fn busy(status: StatusCode, id: Option<&RequestId>, why: &str) -> Reply {
    let mut reply = json(status, Failure::internal(why).text(id));
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

/// A modern request's error, before anything else was said.
pub(super) fn failure(failure: &Failure, id: Option<&RequestId>) -> Reply {
    json(status_of(failure.0.code), failure.text(id))
}

/// The status that the protocol gives an error (2026-07-28 basic/transports/streamable-http and basic/index); `200`
/// where it has none: the exchange worked, its outcome stands in the message.
pub(super) fn status_of(code: i64) -> StatusCode {
    match code {
        code::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        code::PARSE_ERROR
        | code::INVALID_REQUEST
        | code::HEADER_MISMATCH
        | code::MISSING_REQUIRED_CLIENT_CAPABILITY
        | code::UNSUPPORTED_PROTOCOL_VERSION => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
