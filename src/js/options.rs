//! Reads what `connect` was given. The JavaScript layer has checked the names; types are checked here.

use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::config;
use super::host::Host;
use crate::error::Error;
use crate::json::Json;
use crate::platform::BoxFuture;
use crate::resilience::Reconnect;
use crate::session::{CallOptions, EraChoice, Options};
use crate::text::join;
use crate::transport::{
    Credentials, Fallback, Http, Subprotocols, Transport, TransportError, TransportErrorKind, WebSocket,
};

pub(super) struct Settings {
    pub(super) session: Options,
    pub(super) transport: Box<dyn Transport>,
    pub(super) trace: bool,
}

fn millis(json: &Json, key: &str) -> Option<Duration> {
    json.get(key)?.as_f64().filter(|ms| *ms >= 0.0).map(|ms| Duration::from_micros((ms * 1000.0) as u64))
}

fn count(json: &Json, key: &str) -> Option<usize> {
    json.get(key)?.as_f64().filter(|count| *count >= 0.0).map(|count| count as usize)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn read(url: &str, given: Json, host: &Host) -> Result<Settings, Error> {
    let mut session = Options::default();
    set(&mut session.name, given.get_str("name"));
    set(&mut session.version, given.get_str("version"));
    session.title = given.get_str("title");
    set(&mut session.capabilities, given.get("capabilities"));
    session.era = match given.get_str("era").as_deref() {
        None | Some("auto") => EraChoice::Auto,
        Some("modern") => EraChoice::Modern,
        Some("legacy") => EraChoice::Legacy,
        Some(_) => return Err(config("era is \"auto\", \"modern\" or \"legacy\"")),
    };
    set(&mut session.timeouts.call, millis(&given, "timeout"));
    set(&mut session.timeouts.call_total, millis(&given, "totalTimeout"));
    set(&mut session.max_message, count(&given, "maxMessage"));
    set(&mut session.cache, given.get("cache").and_then(|keep| keep.as_bool()));
    set(&mut session.inputs.max_concurrent, count(&given, "maxConcurrentInputs"));
    set(&mut session.inputs.timeout, millis(&given, "inputTimeout"));
    if let Some(policy) = given.get("reconnect") {
        session.reconnect = reconnect(&policy);
    }
    let transport = transport(url, &given, host, &mut session).map_err(Error::from)?;
    let trace = given.get("trace").and_then(|trace| trace.as_bool()).unwrap_or_default();
    Ok(Settings { session, transport, trace })
}

fn reconnect(given: &Json) -> Reconnect {
    let mut policy = Reconnect::default();
    if given.as_bool() == Some(false) {
        return Reconnect::never();
    }
    set(&mut policy.base_delay, millis(given, "baseDelay"));
    set(&mut policy.max_delay, millis(given, "maxDelay"));
    set(&mut policy.budget, millis(given, "budget"));
    policy.max_attempts = count(given, "maxAttempts").map(|most| most as u32);
    policy
}

fn transport(
    url: &str,
    given: &Json,
    host: &Host,
    session: &mut Options,
) -> Result<Box<dyn Transport>, TransportError> {
    let timeout = millis(given, "connectTimeout");
    // The JavaScript layer gives addresses as browsers write them.
    if !url.starts_with("http") {
        return Ok(Box::new(socket(url, given, host, session.max_message, timeout)?));
    }
    if let Some(timeout) = timeout {
        // There is no connection to be seen: what can take too long is the first answer.
        session.timeouts.handshake = timeout;
        session.timeouts.probe = Some(timeout);
    }
    let http = http(url, given, host, session.max_message)?;
    if given.get("prefer").is_none() {
        return Ok(Box::new(http));
    }
    // The same host and path: "https" and "wss", or "http" and "ws".
    let url = join(&["ws", url.get(4..).unwrap_or_default()]);
    Ok(Box::new(Fallback::new(socket(&url, given, host, session.max_message, timeout)?, http)))
}

fn http(url: &str, given: &Json, host: &Host, max_message: usize) -> Result<Http, TransportError> {
    let mut http = Http::new(url)?.max_message(max_message);
    for (name, value) in given.get("headers").and_then(|headers| headers.entries()).unwrap_or_default() {
        http = http.header(&name, &value.as_str().unwrap_or_default())?;
    }
    http = match given.get_str("credentials").as_deref() {
        Some("omit") => http.credentials(Credentials::Omit),
        Some("include") => http.credentials(Credentials::Include),
        Some(_) => http.credentials(Credentials::SameOrigin),
        None => http,
    };
    if let Some(fetch) = function(given, "fetch") {
        http = http.fetch(fetch);
    }
    match token(host) {
        Some(Token::Fixed(token)) => http.token(token),
        Some(Token::Asked(ask)) => http.token_provider(ask),
        None => Ok(http),
    }
}

fn socket(
    url: &str,
    given: &Json,
    host: &Host,
    max_message: usize,
    timeout: Option<Duration>,
) -> Result<WebSocket, TransportError> {
    let mut socket = WebSocket::new(url)?.max_message(max_message);
    if let Some(timeout) = timeout {
        socket = socket.connect_timeout(timeout);
    }
    let protocols = given.get("protocols");
    socket = match protocols.as_ref().and_then(|protocols| protocols.as_str()).as_deref() {
        None | Some("auto") => socket,
        Some(_) => socket.subprotocols(Subprotocols::None)?,
    };
    if let Some(list) = protocols.and_then(|protocols| protocols.as_strings()) {
        socket = socket.subprotocols(Subprotocols::List(list))?;
    }
    if let Some(class) = function(given, "WebSocket") {
        socket = socket.constructor(class);
    }
    match token(host) {
        Some(Token::Fixed(token)) => socket.token(token),
        Some(Token::Asked(ask)) => socket.token_provider(ask),
        None => Ok(socket),
    }
}

fn function(given: &Json, key: &str) -> Option<Function> {
    given.get(key)?.as_js().clone().dyn_into().ok()
}

/// Where the bearer token comes from.
enum Token<F> {
    Fixed(String),
    Asked(F),
}

fn token(host: &Host) -> Option<Token<impl Fn() -> BoxFuture<'static, Result<String, TransportError>> + 'static>> {
    let given = host.token();
    if let Some(token) = given.as_string() {
        return Some(Token::Fixed(token));
    }
    let token = given.dyn_into::<Function>().ok()?;
    let host = host.clone_ref();
    Some(Token::Asked(move || {
        let asked = token.call0(host.as_ref());
        let given: BoxFuture<'static, _> = Box::pin(async move {
            let told = match asked {
                // A text and a promise of one are alike here.
                Ok(value) => JsFuture::from(Promise::resolve(&value)).await,
                Err(thrown) => Err(thrown),
            };
            let failed = || TransportError::new(TransportErrorKind::Config, "the token function gave no text");
            told.ok().and_then(|token| token.as_string()).ok_or_else(failed)
        });
        given
    }))
}

/// What one call may choose.
pub(super) fn call(given: &Json) -> CallOptions {
    let flag = |key| given.get(key).and_then(|flag| flag.as_bool()).unwrap_or_default();
    CallOptions {
        timeout: millis(given, "timeout"),
        total_timeout: millis(given, "totalTimeout"),
        idempotent: flag("idempotent"),
        manual: flag("manual"),
        non_interactive: flag("nonInteractive"),
        fresh: flag("fresh"),
    }
}
