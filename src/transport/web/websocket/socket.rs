//! The host's WebSocket and what its events leave behind, as one guard: dropped, it is unhooked and closed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Waker;

use js_sys::{Array, Function, JsString};
use wasm_bindgen::prelude::*;

use crate::frame::Close;
use crate::json::Text;
use crate::text::{decimal, join};
use crate::transport::address::config;
use crate::transport::web::thrown::{said, without_query};
use crate::transport::{TransportError, TransportErrorKind};

#[wasm_bindgen]
extern "C" {
    type Global;
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: Global;
    /// Absent on hosts without one (Node 20).
    #[wasm_bindgen(structural, method, getter, js_name = WebSocket)]
    fn web_socket(this: &Global) -> Option<Function>;
    /// A function that does nothing: that is what the host's own prototype of functions is.
    #[wasm_bindgen(thread_local_v2, js_namespace = Function, js_name = prototype)]
    static NOTHING: Function;
    #[wasm_bindgen(js_namespace = Reflect, catch)]
    fn construct(class: &Function, arguments: &Array) -> Result<JsValue, JsValue>;

    /// Any object with the members of a WebSocket: the host's own, or that of a library.
    type Host;
    #[wasm_bindgen(structural, method, getter, js_name = readyState)]
    fn ready_state(this: &Host) -> u32;
    #[wasm_bindgen(structural, method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &Host) -> f64;
    #[wasm_bindgen(structural, method, setter, js_name = onopen)]
    fn set_onopen(this: &Host, listener: &JsValue);
    #[wasm_bindgen(structural, method, setter, js_name = onmessage)]
    fn set_onmessage(this: &Host, listener: &JsValue);
    #[wasm_bindgen(structural, method, setter, js_name = onerror)]
    fn set_onerror(this: &Host, listener: &JsValue);
    #[wasm_bindgen(structural, method, setter, js_name = onclose)]
    fn set_onclose(this: &Host, listener: &JsValue);
    #[wasm_bindgen(structural, method, catch)]
    fn send(this: &Host, text: &JsString) -> Result<(), JsValue>;
    #[wasm_bindgen(structural, method, catch)]
    fn close(this: &Host, code: u16, reason: &str) -> Result<(), JsValue>;

    /// Any of the socket's events.
    type Happening;
    #[wasm_bindgen(structural, method, getter)]
    fn data(this: &Happening) -> JsValue;
    #[wasm_bindgen(structural, method, getter)]
    fn code(this: &Happening) -> Option<f64>;
    #[wasm_bindgen(structural, method, getter)]
    fn reason(this: &Happening) -> Option<String>;
}

/// Messages that may wait to be taken.
const MAX_MESSAGES: usize = 1024;
/// UTF-16 code units that may wait to be taken, at most as many as their bytes.
const MAX_UNITS: usize = 64 << 20;

/// What the events left behind.
#[derive(Default)]
pub(super) struct State {
    pub(super) opened: bool,
    messages: VecDeque<Text>,
    units: usize,
    /// Our side has begun to close.
    pub(super) closing: bool,
    /// Why nothing more arrives: orderly, or with an error.
    pub(super) end: Option<Result<(), TransportError>>,
    /// The one task that waits on this socket for something to arrive.
    pub(super) reader: Option<Waker>,
    /// The one that waits to close it, or for room to send.
    pub(super) writer: Option<Waker>,
}

impl State {
    /// The next message that waits.
    pub(super) fn pop(&mut self) -> Option<Text> {
        let message = self.messages.pop_front()?;
        self.units = self.units.saturating_sub(message.len());
        Some(message)
    }
}

/// An open or opening socket.
pub(super) struct Socket {
    host: Host,
    pub(super) state: Rc<RefCell<State>>,
    _on_message: Closure<dyn Fn(Happening)>,
    _on_open: Closure<dyn Fn(Happening)>,
    _on_close: Closure<dyn Fn(Happening)>,
}

impl Socket {
    /// Begins to connect.
    pub(super) fn open(
        class: Option<&Function>,
        url: &str,
        offer: &[String],
        max_message: usize,
    ) -> Result<Self, TransportError> {
        let arguments = Array::of1(&url.into());
        if !offer.is_empty() {
            let names: Array = offer.iter().map(|name| JsValue::from_str(name)).collect();
            arguments.push(&names);
        }
        let class = class.cloned().or_else(|| GLOBAL.with(Global::web_socket));
        let class = class.ok_or_else(|| {
            config("this host has no WebSocket; pass a constructor (in Node 20: the class of the package `ws`)")
        })?;
        let host: Host = construct(&class, &arguments).map_err(|thrown| refused(&thrown, url))?.unchecked_into();
        let state = Rc::new(RefCell::new(State::default()));
        let on_open = {
            let state = state.clone();
            Closure::<dyn Fn(Happening)>::new(move |_| {
                state.borrow_mut().opened = true;
                wake(&state);
            })
        };
        let on_close = {
            let state = state.clone();
            Closure::<dyn Fn(Happening)>::new(move |event: Happening| closed(&state, &event))
        };
        let on_message = {
            let (state, host) = (state.clone(), host.clone().unchecked_into::<Host>());
            Closure::<dyn Fn(Happening)>::new(move |event: Happening| {
                if let Err((code, error)) = arrived(&state, event.data(), max_message) {
                    state.borrow_mut().end.get_or_insert(Err(error));
                    let _ = host.close(code, "");
                    wake(&state);
                } else {
                    wake_reader(&state);
                }
            })
        };
        host.set_onopen(on_open.as_ref());
        host.set_onmessage(on_message.as_ref());
        host.set_onclose(on_close.as_ref());
        // An error says nothing and is followed by a close; but Node's `ws` throws where nobody listens for one.
        NOTHING.with(|nothing| host.set_onerror(nothing));
        Ok(Self { host, state, _on_message: on_message, _on_open: on_open, _on_close: on_close })
    }

    /// Gives the host a message.
    pub(super) fn send(&self, text: &Text) -> Result<(), TransportError> {
        self.host.send(text.as_js()).map_err(|thrown| {
            TransportError::new(TransportErrorKind::Lost, said(&thrown, "the host refused to send on this socket"))
        })
    }

    /// Begins to close. Script may use 1000 and 3000-4999 only; every other code becomes 1000.
    pub(super) fn close(&self, close: &Close) {
        self.state.borrow_mut().closing = true;
        let code = if matches!(close.code, 3000..=4999) { close.code } else { 1000 };
        let reason = if close.reason.len() <= 123 { &*close.reason } else { "" };
        let _ = self.host.close(code, reason);
    }

    /// Bytes that the host has not sent yet.
    pub(super) fn buffered(&self) -> f64 {
        self.host.buffered_amount()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.host.set_onopen(&JsValue::NULL);
        self.host.set_onmessage(&JsValue::NULL);
        self.host.set_onclose(&JsValue::NULL);
        // CONNECTING or OPEN. The listener for errors stays: it holds nothing, and `ws` reports an abandoned handshake.
        if self.host.ready_state() < 2 {
            let _ = self.host.close(1000, "");
        }
    }
}

/// Takes one message in, or says with which code to close and why.
fn arrived(state: &RefCell<State>, data: JsValue, max_message: usize) -> Result<(), (u16, TransportError)> {
    let mut state = state.borrow_mut();
    if state.end.is_some() {
        return Ok(());
    }
    if !data.is_string() {
        let detail =
            "the server sent a binary frame; MCP messages are text frames, so check that this is an MCP server";
        return Err((4003, TransportError::new(TransportErrorKind::Protocol, detail)));
    }
    let text = Text::from(data.unchecked_into::<JsString>());
    let size = text.len();
    if size > max_message {
        let kind = TransportErrorKind::TooLarge { size, limit: max_message };
        let detail = join(&[
            "the server sent a message of ",
            &decimal(size as u64),
            " characters, over the limit of ",
            &decimal(max_message as u64),
            "; raise max_message or ask for less",
        ]);
        return Err((4009, TransportError::new(kind, detail)));
    }
    if state.messages.len() >= MAX_MESSAGES || state.units + size > MAX_UNITS.max(max_message) {
        let detail = "messages came faster than they were taken, and a browser cannot slow the server down; ask for less at once";
        return Err((4008, TransportError::new(TransportErrorKind::Overloaded, detail)));
    }
    state.units += size;
    state.messages.push_back(text);
    Ok(())
}

fn closed(state: &RefCell<State>, event: &Happening) {
    {
        let mut state = state.borrow_mut();
        let end = if !state.opened {
            Err(never_opened())
        } else if state.closing {
            Ok(())
        } else {
            let code = event.code().unwrap_or(1006.0) as u16;
            Err(TransportError::new(TransportErrorKind::Closed { code }, closed_text(code, event.reason())))
        };
        state.end.get_or_insert(end);
    }
    wake(state);
}

/// Wakers are called with nothing borrowed: they may pump at once and come back here.
fn wake_reader(state: &RefCell<State>) {
    let waker = state.borrow_mut().reader.take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn wake(state: &RefCell<State>) {
    let writer = state.borrow_mut().writer.take();
    wake_reader(state);
    if let Some(writer) = writer {
        writer.wake();
    }
}

fn refused(thrown: &JsValue, url: &str) -> TransportError {
    let said = without_query(&said(thrown, "no reason given"), url);
    config(join(&["the host refused to make the WebSocket: ", &said]))
}

fn never_opened() -> TransportError {
    TransportError::new(
        TransportErrorKind::ConnectFailed,
        "the WebSocket did not open, and the host does not say why: the address may be wrong, the server down, \
         the handshake refused (a missing or invalid token, this page's origin, the subprotocol), the certificate not \
         trusted, or ws:// blocked in a page from https://; the host's console may tell more",
    )
}

fn closed_text(code: u16, reason: Option<String>) -> String {
    let what = match code {
        1006 => "the connection was lost without being closed (1006); the server or the network may have failed",
        1008 | 4401 | 4403 => "the server refused this client; give a valid token or sign in again",
        1009 => "the server says that a message was too large for it (1009); send less or raise its limit",
        4409 => "another client took this one's place (4409); close one of the two",
        _ => "the server closed the connection",
    };
    let reason = reason.filter(|reason| !reason.is_empty());
    match reason {
        Some(reason) => join(&[what, " [close code ", &decimal(code.into()), "]: ", &reason]),
        None => join(&[what, " [close code ", &decimal(code.into()), "]"]),
    }
}
