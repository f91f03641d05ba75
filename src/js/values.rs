//! Values for JavaScript, as `npm/index.d.ts` describes them.

use wasm_bindgen::prelude::*;

use super::host::Host;
use crate::error::Error;
use crate::json::{Json, Object};
use crate::session::{Era, Event, Info, InputRequest, Metrics, State};
use crate::transport::{TransportError, TransportErrorKind};

pub(super) fn error(error: &Error) -> JsValue {
    let mut fields = Object::new().str("code", error.code()).str("message", &error.text());
    if let Some(rpc) = error.rpc() {
        fields = fields.num("rpcCode", rpc.code as f64).str("message", &rpc.message);
        if let Some(data) = &rpc.data {
            fields = fields.json("data", data);
        }
    }
    match error.transport().map(TransportError::kind) {
        Some(TransportErrorKind::Opaque) => fields = fields.bool("opaque", true),
        Some(TransportErrorKind::Refused { status }) => fields = fields.num("status", f64::from(*status)),
        _ => {}
    }
    if error.maybe_executed() {
        fields = fields.bool("maybeExecuted", true);
    }
    if let Some(state) = error.request_state() {
        fields = fields.str("requestState", state);
    }
    fields.into_js()
}

pub(super) fn info(info: &Info) -> JsValue {
    let era = match info.era {
        Era::Modern => "modern",
        Era::Legacy => "legacy",
    };
    let mut all = Object::new()
        .str("era", era)
        .str("transport", info.transport)
        .str("protocolVersion", info.version)
        .json("capabilities", &info.capabilities);
    if let Some(server) = &info.server {
        all = all.json("serverInfo", server);
    }
    if let Some(instructions) = &info.instructions {
        all = all.str("instructions", instructions);
    }
    all.into_js()
}

pub(super) fn state(state: &State, host: &Host) -> JsValue {
    let with = |all: Object, reason: &Error| all.json("reason", &Json::from_js(host.make_error(reason)));
    match state {
        State::Connecting => Object::new().str("status", "connecting"),
        State::Connected => Object::new().str("status", "connected"),
        State::Reconnecting { attempt, delay, reason } => {
            let all = Object::new().str("status", "reconnecting").num("attempt", f64::from(*attempt));
            with(all.num("retryInMs", delay.as_millis() as f64), reason)
        }
        State::Closed { reason: Some(reason) } => with(Object::new().str("status", "closed"), reason),
        State::Closed { reason: None } => Object::new().str("status", "closed"),
    }
    .into_js()
}

pub(super) fn metrics(metrics: &Metrics) -> JsValue {
    let buckets: js_sys::Array = metrics.latency.buckets.iter().map(|count| JsValue::from_f64(*count as f64)).collect();
    let latency = Object::new()
        .json("buckets", &Json::from_js(buckets.into()))
        .num("sumMicros", metrics.latency.sum_micros as f64)
        .build();
    let counters = [
        ("messagesOut", metrics.messages_out),
        ("messagesIn", metrics.messages_in),
        ("bytesOut", metrics.bytes_out),
        ("bytesIn", metrics.bytes_in),
        ("reconnects", metrics.reconnects),
        ("pings", metrics.pings),
        ("inFlight", metrics.in_flight),
        ("completed", metrics.completed),
        ("cacheHits", metrics.cache_hits),
        ("errors", metrics.errors),
        ("timeouts", metrics.timeouts),
        ("cancelled", metrics.cancelled),
        ("inputs", metrics.inputs),
        ("late", metrics.late),
        ("malformed", metrics.malformed),
    ];
    let all = counters.into_iter().fold(Object::new(), |all, (name, count)| all.num(name, count as f64));
    all.json("latency", &latency).into_js()
}

pub(super) fn input_context(request: &InputRequest) -> JsValue {
    Object::new().str("source", if request.round { "round" } else { "push" }).into_js()
}

pub(super) fn event(event: Event, host: &Host) -> (&'static str, JsValue) {
    let mut detail = Object::new();
    let kind = match event {
        Event::State(value) => {
            detail = detail.json("state", &Json::from_js(state(&value, host)));
            "state"
        }
        Event::Log { level, logger, data } => {
            detail = detail.str("level", &level).json("data", &data);
            if let Some(logger) = logger {
                detail = detail.str("logger", &logger);
            }
            "log"
        }
        Event::ToolsChanged => "toolsChanged",
        Event::PromptsChanged => "promptsChanged",
        Event::ResourcesChanged => "resourcesChanged",
        Event::ResourceUpdated { uri } => {
            detail = detail.str("uri", &uri);
            "resourceUpdated"
        }
        Event::Resynced => "resynced",
        Event::SubscriptionEnded { key, reason } => {
            detail = detail.num("key", key as f64);
            if let Some(reason) = reason {
                detail = detail.json("reason", &Json::from_js(host.make_error(&reason)));
            }
            "subscriptionEnded"
        }
        Event::InputTimedOut => "inputTimedOut",
        Event::Warning(message) => {
            detail = detail.str("message", &message);
            "warning"
        }
        Event::Lagged { missed } => {
            detail = detail.num("missed", missed as f64);
            "lagged"
        }
        Event::Frame { outbound, text } => {
            detail = detail.str("direction", if outbound { "out" } else { "in" });
            detail = detail.json("text", &Json::from_js(text.as_js().clone().into()));
            "frame"
        }
    };
    (kind, detail.into_js())
}
