//! One tokio task per client.

use crate::client::driver::{Driver, Host};
use crate::platform::spawn;

/// Runs the driver until its client is closed. Needs a tokio runtime.
pub(crate) fn start<H>(mut driver: Driver<H>)
where
    H: Host + Send,
    Driver<H>: Send,
{
    spawn(std::future::poll_fn(move |cx| driver.pump(cx))).detach();
}
