use std::sync::{Arc, Weak};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::values;
use crate::client::{Shared, driver};
use crate::error::Error;
use crate::json::Json;
use crate::session::{Event, InputEnd, InputId, InputRequest, Ticket, Verdict};

#[wasm_bindgen]
extern "C" {
    /// What the JavaScript layer gives: it makes the errors, and hears of events and requests for input.
    pub type Host;
    #[wasm_bindgen(structural, method)]
    fn error(this: &Host, fields: &JsValue) -> JsValue;
    #[wasm_bindgen(structural, method, catch)]
    fn event(this: &Host, kind: &str, detail: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(structural, method, catch)]
    fn input(this: &Host, key: f64, method: &str, params: &JsValue, context: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(structural, method, js_name = inputCancelled, catch)]
    fn input_cancelled(this: &Host, key: f64, reason: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(structural, method, getter)]
    pub(super) fn token(this: &Host) -> JsValue;

    /// One end of a promise. It does not throw, so nothing need be caught on every answer.
    pub type Settle;
    #[wasm_bindgen(method, js_name = call)]
    fn settle(this: &Settle, receiver: &JsValue, value: &JsValue);
}

impl Host {
    pub(super) fn clone_ref(&self) -> Self {
        AsRef::<JsValue>::as_ref(self).clone().unchecked_into()
    }

    pub(super) fn make_error(&self, error: &Error) -> JsValue {
        self.error(&values::error(error))
    }
}

/// A JavaScript caller who waits: its promise's two ends.
pub(crate) struct JsTicket {
    resolve: Settle,
    reject: Settle,
    progress: Option<Function>,
    /// The opener's answer is what the server said of itself.
    opening: Option<Weak<Shared<JsTicket>>>,
}

impl JsTicket {
    pub(super) fn calling(resolve: Settle, reject: Settle, progress: Option<Function>) -> Self {
        Self { resolve, reject, progress, opening: None }
    }

    pub(super) fn opening(resolve: Settle, reject: Settle, shared: &Arc<Shared<JsTicket>>) -> Self {
        Self { opening: Some(Arc::downgrade(shared)), ..Self::calling(resolve, reject, None) }
    }
}

impl Ticket for JsTicket {
    type Progress = Function;

    fn progress(&self) -> Option<Function> {
        self.progress.clone()
    }
}

/// Acts on a session's outputs for JavaScript. No borrow is held meanwhile: a callback may call the client again.
pub(super) struct JsHost {
    pub(super) host: Host,
    pub(super) traces: bool,
}

impl driver::Host for JsHost {
    type Ticket = JsTicket;

    fn reply(&mut self, ticket: JsTicket, result: Result<Json, Error>) {
        match result {
            Ok(value) => match ticket.opening.and_then(|shared| shared.upgrade()) {
                Some(shared) => {
                    let info = shared.ask(|session| session.info().map_or(JsValue::UNDEFINED, values::info));
                    ticket.resolve.settle(&JsValue::UNDEFINED, &info)
                }
                None => ticket.resolve.settle(&JsValue::UNDEFINED, value.as_js()),
            },
            Err(error) => ticket.reject.settle(&JsValue::UNDEFINED, &self.host.make_error(&error)),
        }
    }

    fn progress(&mut self, to: Function, params: Json) {
        let _ = to.call1(&JsValue::UNDEFINED, params.as_js());
    }

    fn input(&mut self, request: InputRequest) {
        let context = values::input_context(&request);
        let _ = self.host.input(request.id.0 as f64, request.kind.method(), request.params.as_js(), &context);
    }

    fn input_cancelled(&mut self, id: InputId, why: InputEnd) {
        let reason = match why {
            InputEnd::Timeout => "timeout",
            InputEnd::Cancelled => "cancelled",
        };
        let _ = self.host.input_cancelled(id.0 as f64, reason);
    }

    fn event(&mut self, event: Event) {
        let (kind, detail) = values::event(event, &self.host);
        let _ = self.host.event(kind, &detail);
    }

    fn verdict(&mut self, _verdict: Verdict) {}

    fn traces(&self) -> bool {
        self.traces
    }
}
