//! Threads: tokio's clock and tasks, `Send` everywhere.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `Send` where there are threads, nothing on wasm32.
pub trait MaybeSend: Send {}
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync` where there are threads, nothing on wasm32.
pub trait MaybeSync: Sync {}
impl<T: Sync + ?Sized> MaybeSync for T {}

/// A boxed future, `Send` where there are threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed stream, `Send` where there are threads.
pub type BoxStream<T> = Pin<Box<dyn futures_core::Stream<Item = T> + Send>>;
/// A boxed sink, `Send` where there are threads.
pub type BoxSink<T, E> = Pin<Box<dyn futures_util::Sink<T, Error = E> + Send>>;

/// A mutex whose holder never awaits. A panic of another holder does not spread.
#[derive(Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running task; dropping it aborts it.
pub(crate) struct Task(Option<tokio::task::JoinHandle<()>>);

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.abort();
        }
    }
}

impl Task {
    /// Lets the task run on by itself.
    pub(crate) fn detach(mut self) {
        self.0 = None;
    }

    /// Whether there is nothing left to abort.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(|handle| handle.is_finished())
    }
}

/// Runs `future` on the current tokio runtime.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Task {
    Task(Some(tokio::spawn(future)))
}

/// Completes after `duration`.
pub fn sleep(duration: Duration) -> BoxFuture<'static, ()> {
    Box::pin(tokio::time::sleep(duration))
}

/// Monotonic time since the first question.
pub(crate) fn now() -> Duration {
    // tokio's clock, so that a test with a paused runtime moves ours too.
    static START: OnceLock<tokio::time::Instant> = OnceLock::new();
    let start = *START.get_or_init(tokio::time::Instant::now);
    tokio::time::Instant::now().saturating_duration_since(start)
}

/// Wall-clock time since the Unix epoch.
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A fresh random seed from the operating system.
pub(crate) fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| wall().as_nanos() as u64)
}

/// Fills `bytes` from the operating system's generator; `false` where it has none to give.
pub(crate) fn fill_random(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

/// The first CR or LF.
#[cfg(feature = "http")]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', bytes)
}

/// A date of HTTP's (RFC 9110 section 5.6.7), since the Unix epoch.
#[cfg(feature = "http")]
pub(crate) fn http_date(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}

/// A text's UTF-8 in Base64 (RFC 4648 section 4).
#[cfg(any(feature = "http", feature = "server"))]
pub(crate) fn base64(text: &str) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

/// `#[test]`, on both targets.
#[cfg(test)]
pub(crate) use core::prelude::v1::test;
