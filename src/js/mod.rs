//! The npm package's wasm surface: one class over the session. Everything that JavaScript does as well as Rust (typed
//! methods, signals, pages of lists) is in `npm/*.mjs`; a call costs no Rust future and no timer of its own.

mod host;
mod options;
mod values;

use std::sync::Arc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::client::{Driver, Shared, start};
use crate::error::{Error, ErrorKind};
use crate::json::{Draft, Json};
use crate::platform::seed;
use crate::session::{CallId, Filter, InputId, Replay, Request, Session, SubKey};
use host::{Host, JsHost, JsTicket, Settle};

/// A page pays for the allocator's code: this one is a third of the standard library's, and as fast.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

thread_local! {
    /// The one method whose name is worth not copying.
    static TOOLS_CALL: JsValue = JsValue::from_str("tools/call");
}

/// One client's connection.
#[wasm_bindgen]
pub struct Core {
    shared: Arc<Shared<JsTicket>>,
    host: Host,
}

#[wasm_bindgen]
impl Core {
    /// A connection to be. Throws the host's error where the address or an option cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, options: JsValue, host: Host) -> Result<Core, JsValue> {
        let settings = options::read(url, Json::from_js(options), &host).map_err(|error| host.make_error(&error))?;
        let shared = Shared::new(Session::new(settings.session, None, seed()));
        let js = JsHost { host: host.clone_ref(), traces: settings.trace };
        start(Driver::new(shared.clone(), js, settings.transport));
        Ok(Self { shared, host })
    }

    /// Begins to connect; resolves with what the server said of itself.
    pub fn open(&self, resolve: Settle, reject: Settle) {
        let ticket = JsTicket::opening(resolve, reject, &self.shared);
        self.shared.command(|session, now| session.open(ticket, now));
    }

    /// Sends a request and returns the key to cancel it by.
    pub fn request(
        &self,
        method: &JsValue,
        params: JsValue,
        options: JsValue,
        resolve: Settle,
        reject: Settle,
        progress: Option<Function>,
    ) -> f64 {
        let ticket = JsTicket::calling(resolve, reject, progress);
        let replay = TOOLS_CALL.with(|call| {
            if call == method {
                Replay { safe: false, asks: true, lists_tools: false, kept: None }
            } else {
                Replay::of(&method.as_string().unwrap_or_default())
            }
        });
        let mut request = Request { draft: Draft::over(method, params), replay, options: Default::default() };
        if !options.is_undefined() {
            let options = Json::from_js(options);
            request.options = options::call(&options);
            request.draft = request.draft.user_meta(options.get("meta"));
        }
        self.shared.command(|session, now| session.request(ticket, request, now)).0 as f64
    }

    /// Gives a request up. Its promise is rejected as cancelled.
    pub fn cancel(&self, key: f64) {
        self.shared.command(|session, now| session.cancel(CallId(key as i64), now));
    }

    /// Subscribes; resolves with the filter that the server agreed to.
    pub fn listen(&self, filter: JsValue, resolve: Settle, reject: Settle) -> f64 {
        let ticket = JsTicket::calling(resolve, reject, None);
        let filter = Filter::from_json(&Json::from_js(filter));
        self.shared.command(|session, now| session.listen(ticket, filter, now)).0 as f64
    }

    /// Ends a subscription.
    pub fn unlisten(&self, key: f64) {
        self.shared.command(|session, now| session.unlisten(SubKey(key as u64), now));
    }

    /// Sets the least severe level that the server logs at.
    #[wasm_bindgen(js_name = setLogLevel)]
    pub fn set_log_level(&self, level: &str, resolve: Settle, reject: Settle) {
        let ticket = JsTicket::calling(resolve, reject, None);
        self.shared.command(|session, now| session.set_log_level(ticket, level, now));
    }

    /// Answers a request for input.
    pub fn answer(&self, key: f64, result: JsValue) {
        self.shared.command(|session, now| session.answer(InputId(key as u64), Ok(Json::from_js(result)), now));
    }

    /// Says that no input can be given, and why.
    pub fn fail(&self, key: f64, message: &str) {
        self.shared.command(|session, now| session.answer(InputId(key as u64), Err(message.to_owned()), now));
    }

    /// Where the connection stands.
    pub fn state(&self) -> JsValue {
        let state = self.shared.ask(|session| session.state().clone());
        values::state(&state, &self.host)
    }

    /// What the server said of itself; undefined before it did.
    pub fn info(&self) -> JsValue {
        self.shared.ask(|session| session.info().map_or(JsValue::UNDEFINED, values::info))
    }

    /// Counters since the client was made.
    pub fn metrics(&self) -> JsValue {
        values::metrics(&self.shared.ask(Session::metrics))
    }

    /// The network or the page is back: look after the connection now.
    pub fn wake(&self) {
        self.shared.command(Session::wake);
    }

    /// Closes the connection; every promise that waits is rejected.
    pub fn close(&self) {
        self.shared.command(Session::close);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.shared.command(Session::close);
    }
}

fn config(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config(detail.into()))
}
