//! What every transport has to keep.

mod bench;
mod endings;
mod report;
mod talk;
mod traffic;

use std::future::Future;

pub use report::{Report, Verdict};

use super::Peer;
use crate::platform::{BoxFuture, MaybeSend};
use crate::transport::Transport;
use bench::{Bench, Checked, Opener};

type Check = for<'a, 'b> fn(&'a mut Bench<'b>) -> BoxFuture<'a, Checked>;

macro_rules! checks {
    ($($text:literal => $($path:ident)::+,)*) => {
        &[$(($text, |bench| Box::pin($($path)::+(bench)))),*]
    };
}

const PROMISES: &[(&str, Check)] = checks! {
    "a link opens, says what it is, and carries a call" => talk::opens,
    "both eras are spoken over it" => talk::eras,
    "each of many calls at once gets its own answer, in whatever order they come" => traffic::correlation,
    "messages arrive in the order in which they were sent, both ways" => traffic::order,
    "messages of every size arrive whole" => traffic::sizes,
    "any text that JSON can hold arrives as it was" => talk::texts,
    "a message with line breaks of its own arrives as one message" => talk::line_breaks,
    "a message over the limit is not sent, and the link goes on" => traffic::too_large_to_send,
    "a message over the limit is not delivered, and its call is told" => traffic::too_large_to_take,
    "large messages both ways at once do not block each other" => traffic::both_ways,
    "a server that stops reading for a while loses nothing" => traffic::server_stops_reading,
    "a client that stops reading for a while loses nothing" => traffic::client_stops_reading,
    "a call that is given up is cancelled on the wire" => talk::cancellation,
    "a call that is late is answered by its deadline, and the others go on" => talk::deadline,
    "questions of the server are answered" => talk::questions,
    "closing answers every call, and the server sees the end" => endings::close,
    "dropping the client ends the link" => endings::dropped,
    "what was sent and flushed before the close arrives" => endings::flushed,
    "losing the link answers every call" => endings::loss,
    "a lost link is opened again" => endings::reopen,
    "what was under way when the link was lost does not run twice" => endings::once,
    "what may be repeated is repeated after a loss" => endings::repeated,
    "subscriptions stand again after a loss" => endings::subscriptions,
    "an attempt to connect that is given up leaves the transport as good as before" => endings::abandoned,
};

/// Runs a transport through everything that one has to keep, each promise with a fresh transport and a fresh server.
///
/// `open` is given the server ([`Peer`]) and returns a transport that reaches it; how is the carrier's own business. For
/// carriers of the kind *shared channel*: a transport that has a channel for every request needs an HTTP server.
///
/// It takes a few seconds of the crate's clock, which must not be paused where real sockets are involved.
///
/// ```
/// # #[cfg(not(target_arch = "wasm32"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use everywire::testing::promises;
/// use everywire::transport::memory::Memory;
///
/// let report = promises(async |server| {
///     let (transport, links) = Memory::new();
///     server.listen(links);
///     transport
/// })
/// .await;
/// report.assert();
/// # }
/// # #[cfg(target_arch = "wasm32")]
/// # fn main() {}
/// ```
///
/// # Cancel safety
/// Dropping the future ends what it started.
pub async fn promises<F, Fut, T>(open: F) -> Report
where
    F: FnMut(Peer) -> Fut + MaybeSend,
    Fut: Future<Output = T> + MaybeSend + 'static,
    T: Transport,
{
    let mut bench = Bench::new(Box::new(Opener(open)));
    let mut report = Report::default();
    for (promise, check) in PROMISES {
        let verdict = bench.check(*check).await;
        report.promises.push((promise, verdict));
    }
    report
}
