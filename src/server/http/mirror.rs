//! What a request's headers repeat of its body (2026-07-28 basic/transports/streamable-http, server validation).
//!
//! Somebody on the way may have decided by the headers, so a request that says two things is refused.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderName};

use super::head;
use crate::json::Json;
use crate::proto::{code, method};
use crate::server::Server;
use crate::server::answer::Failure;

pub(super) fn mismatch(text: String) -> Failure {
    Failure::new(code::HEADER_MISMATCH, format!("Header mismatch: {text}"))
}

/// Checks `Mcp-Method` and `Mcp-Name`.
pub(super) fn check(
    _server: &Server,
    headers: &HeaderMap,
    method: &str,
    name: Option<&Json>,
    uri: Option<&Json>,
    _arguments: Option<&Json>,
) -> Result<(), Failure> {
    let said = read(headers, &head::METHOD, "Mcp-Method")?;
    if said != method {
        return Err(mismatch(format!("the header Mcp-Method says {said:?}, the message's method is {method:?}")));
    }
    let named = match method {
        method::TOOLS_CALL | method::PROMPTS_GET => name,
        method::RESOURCES_READ => uri,
        _ => return Ok(()),
    };
    let said = read(headers, &head::NAME, "Mcp-Name")?;
    let said = decoded(said).ok_or_else(|| mismatch("the header Mcp-Name is not encoded as it says".to_owned()))?;
    // Without a name in the body the request is wrong in another way.
    let Some(named) = named.and_then(Json::as_str) else { return Ok(()) };
    if said != named {
        return Err(mismatch(format!("the header Mcp-Name says {said:?}, the message says {named:?}")));
    }
    Ok(())
}

fn read<'a>(headers: &'a HeaderMap, name: &HeaderName, shown: &str) -> Result<&'a str, Failure> {
    let value = head::one(headers, name).map_err(|error| mismatch(format!("the header {shown} {error}")))?;
    value.ok_or_else(|| mismatch(format!("the header {shown} is missing")))
}

/// A value as it was before it was made fit for a header (value encoding).
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|value| value.strip_suffix("?=")) else {
        return Some(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
