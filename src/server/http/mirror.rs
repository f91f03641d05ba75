//! What a request's headers repeat of its body (2026-07-28 basic/transports/streamable-http, server validation).
//!
//! Somebody on the way may have decided by the headers, so a request that says two things is refused.

use http::header::{HeaderMap, HeaderName};

use super::head;
use crate::frame::header_value::decode;
use crate::json::Json;
use crate::proto::mirror::Mirror;
use crate::proto::{code, method};
use crate::server::Server;
use crate::server::answer::Failure;
use crate::server::dispatch::Params;

pub(super) fn mismatch(text: String) -> Failure {
    Failure::new(code::HEADER_MISMATCH, format!("Header mismatch: {text}"))
}

/// Checks `Mcp-Method`, `Mcp-Name` and, for tools that annotate their arguments, `Mcp-Param-*`.
pub(super) fn check(server: &Server, headers: &HeaderMap, method: &str, params: &Params) -> Result<(), Failure> {
    let said = read(headers, &head::METHOD, "Mcp-Method")?;
    if said != method {
        return Err(mismatch(format!("the header Mcp-Method says {said:?}, the message's method is {method:?}")));
    }
    let named = match method {
        method::TOOLS_CALL | method::PROMPTS_GET => params.name.as_ref(),
        method::RESOURCES_READ => params.uri.as_ref(),
        _ => return Ok(()),
    };
    let said = read(headers, &head::NAME, "Mcp-Name")?;
    let said = decode(said).ok_or_else(|| mismatch("the header Mcp-Name is not encoded as it says".to_owned()))?;
    // Without a name in the body the request is wrong in another way.
    let Some(named) = named.and_then(Json::as_str) else { return Ok(()) };
    if said != named {
        return Err(mismatch(format!("the header Mcp-Name says {said:?}, the message says {named:?}")));
    }
    if method != method::TOOLS_CALL {
        return Ok(());
    }
    // An unknown tool is told by who looks for it to run it.
    let Some(tool) = server.inner.registry.tools.find(&named) else { return Ok(()) };
    tool.mirrors.iter().try_for_each(|mirror| check_argument(headers, mirror, params.arguments.as_ref()))
}

/// Checks the header of one argument (server behavior for custom headers).
fn check_argument(headers: &HeaderMap, mirror: &Mirror, arguments: Option<&Json>) -> Result<(), Failure> {
    let shown = format!("Mcp-Param-{}", mirror.header);
    let Ok(name) = HeaderName::try_from(shown.as_str()) else { return Ok(()) };
    let said = head::one(headers, &name).map_err(|error| mismatch(format!("the header {shown} {error}")))?;
    let meant = arguments.and_then(|arguments| mirror.value(arguments));
    let (said, meant) = match (said, meant) {
        (None, None) => return Ok(()),
        (Some(said), Some(meant)) => (said, meant),
        (None, Some(_)) => {
            return Err(mismatch(format!("the header {shown} is missing; the tool's inputSchema asks for it")));
        }
        (Some(_), None) => {
            return Err(mismatch(format!("the header {shown} stands for an argument that is not there")));
        }
    };
    let said = decode(said).ok_or_else(|| mismatch(format!("the header {shown} is not encoded as it says")))?;
    if said == meant || (is_number(mirror, arguments) && same_number(&said, &meant)) {
        return Ok(());
    }
    Err(mismatch(format!("the header {shown} says {said:?}, the argument is {meant:?}")))
}

fn is_number(mirror: &Mirror, arguments: Option<&Json>) -> bool {
    let value =
        arguments.and_then(|arguments| mirror.path.iter().try_fold(arguments.clone(), |value, name| value.get(name)));
    value.is_some_and(|value| value.as_f64().is_some())
}

/// Whether both are the same number however it is written: `42` and `42.0`.
fn same_number(a: &str, b: &str) -> bool {
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        plain.then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
    };
    number(a).is_some_and(|a| number(b) == Some(a))
}

fn read<'a>(headers: &'a HeaderMap, name: &HeaderName, shown: &str) -> Result<&'a str, Failure> {
    let value = head::one(headers, name).map_err(|error| mismatch(format!("the header {shown} {error}")))?;
    value.ok_or_else(|| mismatch(format!("the header {shown} is missing")))
}
