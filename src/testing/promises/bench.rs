//! What the promises are checked with.

use std::future::{Future, IntoFuture as _};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use serde_json::{Value, json};

use super::super::peer::Peer;
use super::report::Verdict;
use crate::client::{Builder, Client, Events};
use crate::error::Error;
use crate::frame::Profile;
use crate::platform::{BoxFuture, MaybeSend, sleep};
use crate::resilience::Reconnect;
use crate::session::Event;
use crate::transport::{Link, Transport};

/// A promise is broken by silence too.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a check ended before its end.
pub(super) enum Stop {
    Broken(String),
    Skipped(String),
}

pub(super) type Checked = Result<(), Stop>;

/// What was seen instead of what was promised.
pub(super) fn broken<T>(seen: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Broken(seen.into()))
}

pub(super) fn skip<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Skipped(why.into()))
}

pub(super) fn ensure(holds: bool, seen: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { broken(seen()) }
}

/// Any of the crate's errors where an answer was due.
pub(super) fn must<T>(what: &str, result: Result<T, Error>) -> Result<T, Stop> {
    result.or_else(|error| broken(format!("{what}: {error:?}")))
}

/// Waits, but not for ever.
pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> Result<T, Stop> {
    match select(pin!(future), sleep(PATIENCE)).await {
        Either::Left((value, _)) => Ok(value),
        Either::Right(_) => broken(format!("{what}: nothing for {PATIENCE:?}")),
    }
}

/// Makes the transport under test, connected to a server of its own.
pub(super) trait Open: MaybeSend {
    fn open(&mut self, peer: Peer) -> BoxFuture<'static, Box<dyn Transport>>;
}

pub(super) struct Opener<F>(pub(super) F);

impl<F, Fut, T> Open for Opener<F>
where
    F: FnMut(Peer) -> Fut + MaybeSend,
    Fut: Future<Output = T> + MaybeSend + 'static,
    T: Transport,
{
    fn open(&mut self, peer: Peer) -> BoxFuture<'static, Box<dyn Transport>> {
        let opening = (self.0)(peer);
        Box::pin(async move { Box::new(opening.await) as Box<dyn Transport> })
    }
}

pub(super) struct Bench<'a> {
    opener: Box<dyn Open + 'a>,
    /// The server of the promise that is being checked.
    pub(super) peer: Peer,
    /// What the first link said of itself.
    pub(super) profile: Option<Profile>,
    /// Links of the transport arrive at [`Self::peer`]: what happens to the server can be seen.
    pub(super) here: bool,
}

impl<'a> Bench<'a> {
    pub(super) fn new(opener: Box<dyn Open + 'a>) -> Self {
        Self { opener, peer: Peer::new(), profile: None, here: false }
    }

    /// A transport with a fresh server.
    pub(super) async fn transport(&mut self) -> Result<Box<dyn Transport>, Stop> {
        self.peer.stop();
        self.peer = Peer::new();
        soon("making a transport", self.opener.open(self.peer.clone())).await
    }

    /// A link to a fresh server, without a client.
    pub(super) async fn link(&mut self) -> Result<Link, Stop> {
        let mut transport = self.transport().await?;
        match soon("connecting", transport.connect()).await? {
            Ok(link) => Ok(link),
            Err(error) => broken(format!("connecting: {error:?}")),
        }
    }

    /// A client of a fresh server, with further options.
    pub(super) async fn client_with(&mut self, options: impl FnOnce(Builder) -> Builder) -> Result<Client, Stop> {
        let transport = self.transport().await?;
        let policy = Reconnect {
            base_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(100),
            ..Reconnect::default()
        };
        let builder = options(Client::over(transport).era_cache(None).reconnect(policy));
        must("the client's handshake", soon("the client's handshake", builder.connect()).await?)
    }

    pub(super) async fn client(&mut self) -> Result<Client, Stop> {
        self.client_with(|builder| builder).await
    }

    /// The transport opens fresh links.
    pub(super) fn reopens(&self) -> Checked {
        match self.profile {
            Some(profile) if profile.reopens() => Ok(()),
            _ => skip("the transport opens one link only"),
        }
    }

    /// The server is in this process.
    pub(super) fn is_here(&self) -> Checked {
        if self.here { Ok(()) } else { skip("the server is not in this process, and cannot be looked into") }
    }

    pub(super) async fn check(&mut self, check: super::Check) -> Verdict {
        let verdict = match check(self).await {
            Ok(()) => Verdict::Kept,
            Err(Stop::Broken(seen)) => Verdict::Broken(seen),
            Err(Stop::Skipped(why)) => Verdict::Skipped(why),
        };
        self.peer.stop();
        verdict
    }
}

/// Calls a tool whose answer is a text.
pub(super) async fn said(client: &Client, tool: &str, arguments: &Value) -> Result<String, Stop> {
    let what = format!("calling {tool}");
    Ok(must(&what, soon(&what, client.call_tool(tool, arguments).into_future()).await?)?.all_text())
}

pub(super) async fn echo(client: &Client, text: &str) -> Checked {
    let answer = said(client, "echo", &json!({ "text": text })).await?;
    ensure(answer == text, || format!("{text:?} came back as {answer:?}"))
}

/// Waits for an event, past all others.
pub(super) async fn event<T>(events: &mut Events, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Stop> {
    let found = async {
        loop {
            match events.next().await {
                Some(event) => match wanted(&event) {
                    Some(found) => return Some(found),
                    None => continue,
                },
                None => return None,
            }
        }
    };
    match soon(what, found).await? {
        Some(found) => Ok(found),
        None => broken(format!("{what}: the client closed before")),
    }
}

/// How often a call ran by its key, and the instance of the server that says so.
pub(super) async fn runs(client: &Client, key: &str) -> Result<(u64, u64), Stop> {
    let what = "asking what ran";
    // Repeatable: the link may be on its way back.
    let call = client.call_tool("runs", json!({ "key": key })).idempotent().into_future();
    let text = must(what, soon(what, call).await?)?.all_text();
    let facts: Value = serde_json::from_str(&text).unwrap_or_default();
    match (facts["instance"].as_u64(), facts["runs"].as_u64()) {
        (Some(instance), Some(runs)) => Ok((instance, runs)),
        _ => broken(format!("the server was asked what ran, and the answer is {text:?}")),
    }
}
