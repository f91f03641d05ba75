//! The scripted server that the promises are checked against.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;

use super::script::{Act, Script};
use crate::frame::{Close, Inbound, Outbound};
use crate::json::Text;
use crate::platform::{Lock, MaybeSend, Task, seed, sleep, spawn};
use crate::transport::{Link, TransportError};

/// The server at the other end of the transport under test: see [`promises`](super::promises). Cheap to clone.
///
/// It speaks both eras over any link whose profile is a shared channel. Where the server end of a carrier is in this
/// process, give its links to [`listen`](Self::listen). Where it is not (a child process, another machine), run
/// `Peer::new().serve(link)` there: the promises that need to look into the server are then left out and reported so.
#[derive(Clone, Default)]
pub struct Peer {
    state: Arc<State>,
}

/// What outlives a link.
pub(super) struct State {
    /// Tells this server from one that was started anew.
    pub(super) instance: u64,
    facts: Lock<Facts>,
    tasks: Lock<Vec<Task>>,
}

impl Default for State {
    fn default() -> Self {
        Self { instance: seed() & 0xffff_ffff, facts: Lock::default(), tasks: Lock::default() }
    }
}

/// What a promise may ask about.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) links: u64,
    pub(super) ended: u64,
    /// How often each call ran, by its key.
    pub(super) runs: BTreeMap<String, u64>,
    /// The notes of the tool `note`, and of the notification of that name, in order.
    pub(super) notes: Vec<u64>,
    /// The keys of calls that their caller gave up.
    pub(super) cancelled: BTreeSet<String>,
    waiting: Vec<Waker>,
}

impl State {
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Facts) -> R) -> R {
        let (result, waiting) = {
            let mut facts = self.facts.lock();
            (change(&mut facts), std::mem::take(&mut facts.waiting))
        };
        waiting.into_iter().for_each(Waker::wake);
        result
    }
}

impl Peer {
    /// A server that nothing has happened to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves every link that arrives, in tasks of its own, until the promise is checked.
    pub fn listen(&self, links: impl Stream<Item = Link> + MaybeSend + 'static) {
        let peer = self.clone();
        self.run(async move {
            let mut links = pin!(links);
            while let Some(link) = links.next().await {
                let one = peer.clone();
                peer.run(async move { one.serve(link).await });
            }
        });
    }

    fn run(&self, task: impl Future<Output = ()> + MaybeSend + 'static) {
        let task = spawn(task);
        let mut tasks = self.state.tasks.lock();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    /// Serves one link until it ends.
    ///
    /// # Cancel safety
    /// Dropping the future drops the link.
    pub async fn serve(&self, link: Link) {
        self.state.change(|facts| facts.links += 1);
        // The link ends one way or another; whoever is at the other end judges how.
        let _ = self.talk(link).await;
        self.state.change(|facts| facts.ended += 1);
    }

    async fn talk(&self, link: Link) -> Result<(), TransportError> {
        let Link { mut tx, mut rx, .. } = link;
        let mut script = Script::new(self.state.clone());
        while let Some(inbound) = rx.next().await {
            let Inbound::Message(text) = inbound? else { continue };
            let Ok(message) = serde_json::from_str::<Value>(&text.to_string()) else { continue };
            for act in script.receive(&message) {
                match act {
                    Act::Say(message) => tx.feed(Outbound::Message(Text::from(message.to_string()))).await?,
                    Act::Raw(text) => tx.feed(Outbound::Message(Text::from(text))).await?,
                    Act::Pause(time) => {
                        tx.flush().await?;
                        sleep(time).await;
                    }
                    Act::Lose => return Ok(()),
                }
            }
            tx.flush().await?;
        }
        tx.send(Outbound::Close(Close::NORMAL)).await?;
        tx.close().await
    }

    /// Whether links of the transport under test arrive here, so that this value knows what the server knows.
    pub(super) fn is_here(&self) -> bool {
        self.state.facts.lock().links > 0
    }

    /// What holds of the server now.
    pub(super) fn ask<R>(&self, question: impl FnOnce(&Facts) -> R) -> R {
        question(&self.state.facts.lock())
    }

    /// Waits until this holds of the server.
    pub(super) async fn until(&self, holds: impl Fn(&Facts) -> bool) {
        poll_fn(|cx| {
            let mut facts = self.state.facts.lock();
            if holds(&facts) {
                return Poll::Ready(());
            }
            facts.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Ends everything that runs for it.
    pub(super) fn stop(&self) {
        let tasks = std::mem::take(&mut *self.state.tasks.lock());
        drop(tasks);
    }
}

/// How long the tool `stop` does not read, where its caller does not say.
pub(super) const STOPPED: Duration = Duration::from_millis(100);
