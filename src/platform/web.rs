//! One thread: the host's clock and event loop, no `Send` anywhere.
//!
//! Globals are bound as plain names, so that a page, every worker kind, Node, Deno, Bun and workerd are alike.

use std::cell::{Cell, RefCell, RefMut};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable};
use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

/// `Send` where there are threads, nothing on wasm32.
pub trait MaybeSend {}
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` where there are threads, nothing on wasm32.
pub trait MaybeSync {}
impl<T: ?Sized> MaybeSync for T {}

/// A boxed future, `Send` where there are threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
/// A boxed stream, `Send` where there are threads.
pub type BoxStream<T> = Pin<Box<dyn futures_core::Stream<Item = T>>>;
/// A boxed sink, `Send` where there are threads.
pub type BoxSink<T, E> = Pin<Box<dyn futures_util::Sink<T, Error = E>>>;

/// The same door as the native mutex; its holder never awaits and never calls out.
#[derive(Default)]
pub(crate) struct Lock<T>(RefCell<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    pub(crate) fn lock(&self) -> RefMut<'_, T> {
        self.0.borrow_mut()
    }
}

/// A running task; dropping it aborts it.
pub(crate) struct Task {
    handle: Option<AbortHandle>,
    finished: Rc<Cell<bool>>,
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.abort();
        }
    }
}

impl Task {
    /// Lets the task run on by itself.
    #[allow(dead_code, reason = "its native twin is called; here the driver needs no task")]
    pub(crate) fn detach(mut self) {
        self.handle = None;
    }

    /// Whether there is nothing left to abort.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.get()
    }
}

/// Runs `future` on the host's event loop.
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) -> Task {
    let (handle, registration) = AbortHandle::new_pair();
    let finished = Rc::new(Cell::new(false));
    let done = finished.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let _ = Abortable::new(future, registration).await;
        done.set(true);
    });
    Task { handle: Some(handle), finished }
}

/// A timer of the host, and whom it wakes. Dropped, it is cleared.
struct Sleep {
    duration: Duration,
    timer: Option<Timeout>,
    state: Rc<RefCell<Ring>>,
}

#[derive(Default)]
struct Ring {
    rung: bool,
    waker: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.state.borrow_mut();
        if state.rung {
            return Poll::Ready(());
        }
        match &state.waker {
            Some(known) if known.will_wake(cx.waker()) => {}
            _ => state.waker = Some(cx.waker().clone()),
        }
        if this.timer.is_none() {
            let state = this.state.clone();
            this.timer = Some(Timeout::new(this.duration.as_millis() as u32, move || {
                let waker = {
                    let mut state = state.borrow_mut();
                    state.rung = true;
                    state.waker.take()
                };
                // Nothing is borrowed: the woken may poll at once.
                if let Some(waker) = waker {
                    waker.wake();
                }
            }));
        }
        Poll::Pending
    }
}

/// Completes after `duration`, at the earliest.
pub fn sleep(duration: Duration) -> BoxFuture<'static, ()> {
    Box::pin(Sleep { duration, timer: None, state: Rc::default() })
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    fn btoa(binary: &str) -> String;
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn math_random() -> f64;
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// Monotonic time since the context began.
#[inline(never)]
pub(crate) fn now() -> Duration {
    Duration::from_micros((performance_now() * 1000.0) as u64)
}

/// Wall-clock time since the Unix epoch.
pub(crate) fn wall() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}

/// A fresh random seed from the host.
pub(crate) fn seed() -> u64 {
    (math_random() * (1u64 << 52) as f64) as u64
}

/// Fills `bytes` from the host's generator; `false` where it has none to give.
pub(crate) fn fill_random(bytes: &mut [u8]) -> bool {
    get_random_values(bytes).is_ok()
}

/// A date of HTTP's (RFC 9110 section 5.6.7), since the Unix epoch.
#[cfg(feature = "http")]
pub(crate) fn http_date(text: &str) -> Option<Duration> {
    let millis = js_sys::Date::parse(text);
    // Hosts make a date of nearly anything.
    (millis >= 0.0 && text.ends_with("GMT")).then(|| Duration::from_millis(millis as u64))
}

/// A text's UTF-8 in Base64 (RFC 4648 section 4).
#[cfg(any(feature = "http", feature = "websocket", feature = "server"))]
pub(crate) fn base64(text: &str) -> String {
    // The host takes a character for a byte.
    btoa(&text.bytes().map(char::from).collect::<String>())
}

/// The first CR or LF.
#[cfg(feature = "http")]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    // Eight at a time: long lines are the rule, and memchr would be a larger download than all of this file.
    const ONES: u64 = u64::MAX / 255;
    let holds = |word: u64, byte: u8| {
        let zero = word ^ (ONES * u64::from(byte));
        zero.wrapping_sub(ONES) & !zero & (ONES << 7) != 0
    };
    let (words, _) = bytes.as_chunks::<8>();
    let clear = words.iter().take_while(|word| {
        let word = u64::from_le_bytes(**word);
        !holds(word, b'\r') && !holds(word, b'\n')
    });
    let clear = clear.count() * 8;
    let rest = bytes.get(clear..)?;
    rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|at| clear + at)
}

/// `#[test]`, on both targets.
#[cfg(test)]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
