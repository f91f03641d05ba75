//! The kit finds what is wrong with a transport, and says which promise it breaks.

use std::sync::{Arc, Mutex};

use everywire::BoxFuture;
use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::testing::{Peer, Verdict, promises};
use everywire::transport::memory::Memory;
use everywire::transport::{Link, Transport, TransportError, TransportErrorKind};
use futures_util::stream::{iter, pending};
use futures_util::{SinkExt as _, StreamExt as _};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    Reorders,
    SendsTwice,
    Truncates,
    SplitsLines,
    Ascii,
    HoldsNotices,
    NeverEnds,
    HidesLoss,
    OpensOnce,
    SendsAgain,
    SpoiltByAttempts,
}

/// The in-memory transport, with a flaw.
struct Flawed {
    inner: Memory,
    flaw: Flaw,
    links: u32,
    trying: bool,
    last: Arc<Mutex<Option<Outbound>>>,
}

type Item = Result<Inbound, TransportError>;

fn refused() -> TransportError {
    TransportError::new(TransportErrorKind::ConnectFailed, "refused")
}

fn message(item: &Item) -> Option<String> {
    match item {
        Ok(Inbound::Message(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn said(text: impl Into<String>) -> Item {
    Ok(Inbound::Message(Text::from(text.into())))
}

impl Flawed {
    /// What becomes of a message of the server.
    fn inbound(&self) -> impl FnMut(Item) -> Vec<Item> + Send + use<> {
        let flaw = self.flaw;
        let mut held = None;
        move |item| {
            let text = message(&item);
            match (flaw, text) {
                // Two neighbours that nobody waits for by themselves change places.
                (Flaw::Reorders, Some(text)) if text.contains("notifications/message") => match held.take() {
                    Some(before) => vec![item, before],
                    None => {
                        held = Some(item);
                        vec![]
                    }
                },
                (Flaw::Truncates, Some(text)) if text.len() > 100_000 => vec![said(&text[..100_000])],
                (Flaw::SplitsLines, Some(text)) => text.lines().map(said).collect(),
                (Flaw::Ascii, Some(text)) => vec![said(text.replace(|c: char| !c.is_ascii(), "?"))],
                _ => vec![item],
            }
        }
    }

    /// What becomes of a message of the client.
    fn outbound(&self) -> impl FnMut(Outbound) -> Vec<Outbound> + Send + use<> {
        let (flaw, last) = (self.flaw, self.last.clone());
        let mut held = Vec::new();
        move |out| {
            let Outbound::Message(text) = &out else { return vec![out] };
            if text.as_str().contains("tools/call") {
                *last.lock().expect("no panic") = Some(out.clone());
            }
            match flaw {
                Flaw::SendsTwice if text.as_str().contains("\"note\"") => vec![out.clone(), out],
                Flaw::HoldsNotices if !text.as_str().contains("\"id\"") => {
                    held.push(out);
                    vec![]
                }
                Flaw::HoldsNotices => std::mem::take(&mut held).into_iter().chain([out]).collect(),
                _ => vec![out],
            }
        }
    }
}

impl Transport for Flawed {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        Box::pin(async {
            self.links += 1;
            let spoilt = self.flaw == Flaw::SpoiltByAttempts && std::mem::replace(&mut self.trying, true);
            if spoilt || (self.flaw == Flaw::OpensOnce && self.links > 1) {
                return Err(refused());
            }
            // Gives an attempt the time to be abandoned.
            tokio::task::yield_now().await;
            let mut link = self.inner.connect().await?;
            self.trying = false;
            let last = self.last.lock().expect("no panic").take();
            if let (Flaw::SendsAgain, Some(last)) = (self.flaw, last) {
                link.tx.send(last).await?;
            }
            let (mut inbound, mut outbound) = (self.inbound(), self.outbound());
            let tx = link.tx.with_flat_map(move |out| iter(outbound(out)).map(Ok));
            let rx = link.rx.flat_map(move |item| iter(inbound(item)));
            link.tx = Box::pin(tx);
            link.rx = match self.flaw {
                Flaw::HidesLoss => Box::pin(rx.chain(pending())),
                _ => Box::pin(rx),
            };
            if self.flaw == Flaw::NeverEnds {
                let (ours, mut theirs) = everywire::transport::memory::pair();
                tokio::spawn(async move {
                    // Carries on for as long as the server wants it, whatever the client does.
                    let forward = async {
                        while let Some(Ok(Inbound::Message(text))) = theirs.rx.next().await {
                            let _ = link.tx.send(Outbound::Message(text)).await;
                        }
                        std::future::pending::<()>().await;
                    };
                    let back = async {
                        while let Some(Ok(Inbound::Message(text))) = link.rx.next().await {
                            let _ = theirs.tx.send(Outbound::Message(text)).await;
                        }
                    };
                    futures_util::future::select(Box::pin(forward), Box::pin(back)).await;
                });
                return Ok(Link { profile: link.profile, ..ours });
            }
            Ok(link)
        })
    }
}

/// The promises that a flaw breaks.
async fn broken(flaw: Flaw) -> Vec<&'static str> {
    let report = promises(move |server: Peer| async move {
        let (inner, links) = Memory::new();
        server.listen(links);
        Flawed { inner, flaw, links: 0, trying: false, last: Arc::default() }
    });
    let report = report.await;
    for (promise, verdict) in &report.promises {
        if let Verdict::Broken(seen) = verdict {
            assert!(!seen.is_empty(), "{promise}");
        }
    }
    report.broken()
}

async fn breaks(flaw: Flaw, words: &[&str]) {
    let found = broken(flaw).await;
    for word in words {
        assert!(found.iter().any(|promise| promise.contains(word)), "{flaw:?}, {word}: {found:#?}");
    }
    assert!(found.len() <= words.len() + 4, "{flaw:?} breaks what it should not: {found:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_sound_transport_is_not_blamed() {
    assert_eq!(broken(Flaw::None).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_messages_is_found() {
    breaks(Flaw::Reorders, &["in the order"]).await;
    breaks(Flaw::SendsTwice, &["in the order"]).await;
    breaks(Flaw::Truncates, &["every size"]).await;
    breaks(Flaw::SplitsLines, &["line breaks"]).await;
    breaks(Flaw::Ascii, &["any text"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_at_the_end_is_found() {
    breaks(Flaw::HoldsNotices, &["before the close"]).await;
    breaks(Flaw::NeverEnds, &["sees the end", "ends the link"]).await;
    breaks(Flaw::HidesLoss, &["losing the link answers"]).await;
    breaks(Flaw::OpensOnce, &["opened again"]).await;
    breaks(Flaw::SendsAgain, &["run twice"]).await;
    breaks(Flaw::SpoiltByAttempts, &["given up leaves"]).await;
}
