//! Reads what `connect` was given. The JavaScript layer has checked the names; types are checked here.

use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::config;
use super::host::Host;
use crate::error::Error;
use crate::json::Json;
use crate::resilience::Reconnect;
use crate::session::{CallOptions, EraChoice, Options};
use crate::transport::{Subprotocols, TransportError, TransportErrorKind, WebSocket};

pub(super) struct Settings {
    pub(super) session: Options,
    pub(super) transport: WebSocket,
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
    let transport = transport(url, &given, host, &session).map_err(Error::from)?;
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

fn transport(url: &str, given: &Json, host: &Host, session: &Options) -> Result<WebSocket, TransportError> {
    let mut socket = WebSocket::new(url)?.max_message(session.max_message);
    if let Some(timeout) = millis(given, "connectTimeout") {
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
    if let Some(class) = given.get("WebSocket").and_then(|class| class.as_js().clone().dyn_into::<Function>().ok()) {
        socket = socket.constructor(class);
    }
    if let Ok(token) = host.token().dyn_into::<Function>() {
        let host = host.clone_ref();
        socket = socket.token_provider(move || {
            let asked = token.call0(host.as_ref());
            Box::pin(async move {
                let told = match asked {
                    // A text and a promise of one are alike here.
                    Ok(value) => JsFuture::from(Promise::resolve(&value)).await,
                    Err(thrown) => Err(thrown),
                };
                let failed = || TransportError::new(TransportErrorKind::Config, "the token function gave no text");
                told.ok().and_then(|token| token.as_string()).ok_or_else(failed)
            })
        })?;
    }
    Ok(socket)
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
