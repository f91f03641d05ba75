//! HTTP exchanges over the host's `fetch`, or one that the user brings.
//!
//! A body is read by its reader throughout: that costs no more than `text()` (3 % in Chromium, for a small answer), and
//! counts every byte, whatever a server announces and however well it was compressed.

mod exchange;
mod host;
mod rejected;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell, RefMut};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use self::exchange::Exchange;
use self::host::{AbortController, Fetching, GLOBAL, Global, Handler, Init, Pending};
use crate::json::Json;
use crate::transport::http::{ExchangeId, Fact, Fetch, Method, Reading, Request};
use crate::transport::{Http, TransportError, TransportErrorKind};

/// What only a script can choose.
#[derive(Clone, Default)]
pub(crate) struct HttpOptions {
    fetch: Option<Function>,
    credentials: Option<Credentials>,
}

impl HttpOptions {
    /// Those to begin with for an address; the host itself refuses what it cannot talk to.
    pub(crate) fn of(_url: &str) -> Result<Self, TransportError> {
        Ok(Self::default())
    }
}

impl Http {
    /// Uses this function instead of the host's global `fetch`: any that takes and gives the same. It is called with `this`
    /// undefined, an address and the usual members: `method`, `headers` (an object), `body` (a string), `redirect`
    /// (`manual`) and `signal`.
    pub fn fetch(mut self, function: Function) -> Self {
        self.own.fetch = Some(function);
        self
    }

    /// Whether requests carry the browser's cookies for the server. Default: as the host does by itself, which in browsers
    /// is [`Credentials::SameOrigin`].
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.own.credentials = Some(credentials);
        self
    }
}

/// Whether requests carry the cookies and HTTP credentials that the browser keeps for a server's site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Never.
    Omit,
    /// To the page's own origin only: what browsers do by themselves.
    SameOrigin,
    /// To every origin. Then the server must name the page's origin in `Access-Control-Allow-Origin`, where `*` is not
    /// enough, and answer with `Access-Control-Allow-Credentials: true`.
    Include,
}

/// All exchanges of one link.
pub(crate) struct Fetcher {
    options: HttpOptions,
    number: u32,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    exchanges: Vec<Exchange>,
    waker: Option<Waker>,
}

impl State {
    fn find(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        self.exchanges.iter_mut().find(|exchange| exchange.id == id)
    }

    fn remove(&mut self, id: ExchangeId) -> Option<Exchange> {
        let at = self.exchanges.iter().position(|exchange| exchange.id == id)?;
        Some(self.exchanges.swap_remove(at))
    }
}

impl Fetcher {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        if options.fetch.is_none() && GLOBAL.with(Global::fetch).is_none() {
            return Err(TransportError::new(
                TransportErrorKind::Config,
                "this host has no fetch; pass a function like it as the option fetch",
            ));
        }
        let state = Rc::new(RefCell::default());
        let number = NEXT.get();
        NEXT.set(number.wrapping_add(1));
        OPEN.with_borrow_mut(|all| all.push((number, Rc::downgrade(&state))));
        Ok(Self { options: options.clone(), number, state })
    }

    /// A promise of the response. `fetch` is called in a turn of its own, right after this one: with a stack of WebAssembly
    /// below it a browser takes a tenth longer for it, to remember who asked.
    fn send(&self, request: &Request, controller: Option<&AbortController>) -> Result<Pending, JsValue> {
        let fetch = self.options.fetch.clone().or_else(|| GLOBAL.with(Global::fetch));
        let fetch: Fetching =
            fetch.ok_or_else(|| JsValue::from_str("this host has no fetch any more"))?.unchecked_into();
        let text = self.init_text(request);
        let init = Json::from_text(&text).map_err(|error| JsValue::from_str(error.detail()))?;
        let init: &Init = init.as_js().unchecked_ref();
        if let Some(body) = &request.body {
            init.set_body(body.as_js());
        }
        if let Some(controller) = controller {
            init.set_signal(&controller.signal());
        }
        let prepared = fetch.prepared(&JsValue::UNDEFINED, &JsValue::from_str(&request.url), init.as_ref());
        Ok(READY.with(|ready| ready.then(&prepared, &JsValue::UNDEFINED)))
    }

    /// What can cross as one text: each crossing counts.
    fn init_text(&self, request: &Request) -> String {
        // Some hosts throw for members that mean nothing to them, so only those are set that are needed.
        let mut text = String::from(match request.method {
            Method::Get => r#"{"method":"GET","cache":"no-store","#,
            Method::Post => r#"{"method":"POST","#,
            Method::Delete => r#"{"method":"DELETE","#,
        });
        text.push_str(match self.options.credentials {
            None => "",
            Some(Credentials::Omit) => r#""credentials":"omit","#,
            Some(Credentials::SameOrigin) => r#""credentials":"same-origin","#,
            Some(Credentials::Include) => r#""credentials":"include","#,
        });
        if request.farewell && GLOBAL.with(Global::location).is_some() {
            text.push_str(r#""keepalive":true,"#);
        }
        text.push_str(r#""redirect":"manual","headers":{"#);
        for (at, (name, value)) in request.headers.iter().enumerate() {
            text.push_str(if at == 0 { "\"" } else { ",\"" });
            text.push_str(name);
            text.push_str("\":\"");
            for c in value.chars() {
                // No other character that a header may have is written otherwise in JSON.
                if matches!(c, '"' | '\\' | '\t') {
                    text.push('\\');
                }
                text.push(if c == '\t' { 't' } else { c });
            }
            text.push('"');
        }
        text.push_str("}}");
        text
    }
}

impl Fetch for Fetcher {
    fn start(&mut self, id: ExchangeId, request: Request) {
        let controller = (!request.farewell).then(AbortController::new);
        let sent = self.send(&request, controller.as_ref());
        let mut exchange = Exchange::new(self.number, id, request, controller);
        match sent {
            Ok(response) => settle_later(self.number, id, &response),
            Err(thrown) => exchange.settled(Err(thrown)),
        }
        let mut state = self.state.borrow_mut();
        state.exchanges.push(exchange);
        wake(state);
    }

    fn header(&self, id: ExchangeId, name: &str) -> Option<String> {
        self.state.borrow_mut().find(id)?.header(&JsValue::from_str(name))
    }

    fn read(&mut self, id: ExchangeId, reading: Reading) {
        let mut state = self.state.borrow_mut();
        if let Some(exchange) = state.find(id) {
            exchange.read(reading);
            wake(state);
        }
    }

    fn abort(&mut self, id: ExchangeId) {
        // Dropped when nothing is borrowed: whoever listens to its signal is told at once.
        let exchange = self.state.borrow_mut().remove(id);
        drop(exchange);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)> {
        let mut state = self.state.borrow_mut();
        let ready = state.exchanges.iter_mut().find_map(|exchange| Some((exchange.id, exchange.take()?)));
        let Some((id, fact)) = ready else {
            match &state.waker {
                Some(known) if known.will_wake(cx.waker()) => {}
                _ => state.waker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        };
        let over = if matches!(fact, Fact::Head { .. } | Fact::Chunk(_)) { None } else { state.remove(id) };
        drop(state);
        drop(over);
        Poll::Ready((id, fact))
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|all| all.retain(|(number, _)| *number != self.number));
        let exchanges = std::mem::take(&mut self.state.borrow_mut().exchanges);
        drop(exchanges);
    }
}

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(0) };
    /// Whose exchanges are open. A promise cannot be told that nobody waits any more: it finds nothing here.
    static OPEN: RefCell<Vec<(u32, Weak<RefCell<State>>)>> = const { RefCell::new(Vec::new()) };
    static READY: Pending = host::pending(&JsValue::UNDEFINED);
    /// The one function behind all promises, bound to what each is of.
    static SETTLED: Closure<dyn Fn(u32, f64, bool, JsValue)> = Closure::new(settled);
}

/// Hears of the next that happens to an exchange.
fn settle_later(fetcher: u32, exchange: ExchangeId, promise: &Pending) {
    SETTLED.with(|settled| {
        let handler: &Handler = settled.as_ref().unchecked_ref();
        let [kept, broken] =
            [true, false].map(|kept| handler.bind(&JsValue::UNDEFINED, fetcher, exchange as f64, kept));
        promise.then(&kept, &broken);
    });
}

fn settled(fetcher: u32, exchange: f64, kept: bool, value: JsValue) {
    let found = OPEN.with_borrow(|all| all.iter().find(|(number, _)| *number == fetcher)?.1.upgrade());
    let id = exchange as ExchangeId;
    let Some(state) = found else { return exchange::abandon(&value) };
    let mut state = state.borrow_mut();
    let Some(exchange) = state.find(id) else { return exchange::abandon(&value) };
    exchange.settled(if kept { Ok(value) } else { Err(value) });
    wake(state);
}

/// Wakes whoever waits, if there is something to tell, with nothing borrowed: it may poll at once.
fn wake(mut state: RefMut<'_, State>) {
    let told = state.exchanges.iter().any(Exchange::is_ready);
    let waker = if told { state.waker.take() } else { None };
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
