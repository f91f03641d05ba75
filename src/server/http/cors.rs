//! CORS for pages of allowed origins (WHATWG Fetch).
//!
//! The headers that a request mirrors its arguments into (`Mcp-Param-*`) cannot be listed ahead, and `*` does not cover
//! `Authorization`; so a preflight is answered with those that it asks for and that a client of MCP may send.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, VARY,
};
use http::{Method, StatusCode};

use super::reply::{self, Reply};

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// What a client of any revision may send.
const MAY_SEND: &[&str] = &[
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
];
const MAY_READ: &str = "Mcp-Session-Id, WWW-Authenticate, Retry-After";

pub(in crate::server) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight. [`apply`] says whose page it is.
pub(super) fn preflight(asked: &HeaderMap) -> Reply {
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    if let Ok(allowed) = HeaderValue::from_str(&allowed(asked))
        && !allowed.is_empty()
    {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    if asked.contains_key(REQUEST_PRIVATE_NETWORK) {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    reply
}

/// Those of the headers asked for that a client may send.
fn allowed(asked: &HeaderMap) -> String {
    let lists = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().filter_map(|value| value.to_str().ok());
    let names = lists.flat_map(|list| list.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let may = |name: &String| {
        MAY_SEND.contains(&name.as_str())
            || (name.strip_prefix("mcp-param-").is_some_and(|rest| !rest.is_empty())
                && HeaderName::try_from(name.as_str()).is_ok())
    };
    names.filter(may).collect::<Vec<_>>().join(", ")
}

/// Lets the page of this origin, which was checked, read an answer.
pub(super) fn apply(reply: &mut Reply, origin: Option<HeaderValue>) {
    let headers = reply.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(MAY_READ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_sends_is_allowed() {
        for (asked, granted) in [
            ("content-type,mcp-method", "content-type, mcp-method"),
            ("Authorization, Mcp-Session-Id, Last-Event-ID", "authorization, mcp-session-id, last-event-id"),
            ("mcp-param-region, mcp-param-Tenant-Id", "mcp-param-region, mcp-param-tenant-id"),
            ("mcp-param-, x-evil, cookie, mcp-parametric", ""),
            ("mcp-param-a b, mcp-param-a:b, mcp-param-ü", ""),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_bytes(asked.as_bytes()).expect("value"));
            assert_eq!(allowed(&headers), granted, "{asked}");
        }
    }
}
