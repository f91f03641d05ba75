//! One client and one server with a bad carrier between them: a mix of calls, and what has to hold of each.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture as _};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, ReadResourceResult, Resource, ResourceContents, SubscriptionFilter};
use everywire::server::{ReadRequest, RequestContext, Server};
use everywire::testing::{Faults, Journal, Plan};
use everywire::transport::{Link, Transport};
use everywire::{Client, EraChoice, Error, MaybeSend, Reconnect, State};
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::future::{Either, join_all, select};
use serde_json::json;

use crate::host;

/// How often each call ran, by its key.
#[derive(Clone, Default)]
pub(crate) struct Runs(Arc<Mutex<BTreeMap<String, u32>>>);

impl Runs {
    fn note(&self, key: &str) {
        *self.0.lock().expect("no panic").entry(key.to_owned()).or_default() += 1;
    }

    fn of(&self, key: &str) -> u32 {
        self.0.lock().expect("no panic").get(key).copied().unwrap_or_default()
    }
}

/// The server: every tool says which call it ran.
pub(crate) fn server(runs: &Runs) -> Server {
    let schema = || Json::encode(&json!({ "type": "object" })).expect("JSON");
    let noting = runs.clone();
    let count = move |arguments: Json, _: RequestContext| {
        let runs = noting.clone();
        async move {
            let key = arguments.get_str("key").unwrap_or_default();
            runs.note(&key);
            let wait = arguments.get("wait").and_then(|wait| wait.as_f64()).unwrap_or_default();
            if wait > 0.0 {
                everywire::sleep(Duration::from_millis(wait as u64)).await;
            }
            Ok(CallToolResult::text(key))
        }
    };
    let read = |request: ReadRequest, _: RequestContext| async move {
        Ok(ReadResourceResult::new([ResourceContents::text(request.uri(), "a note")]))
    };
    Server::builder("storm", "1.0.0")
        .tool_fn("count", schema(), count)
        .resource(Resource::new("note:one", "one"), read)
        .build()
}

/// Serves every link that arrives.
pub(crate) async fn serve(server: Server, links: impl Stream<Item = Link> + MaybeSend + 'static) {
    let mut links = pin!(links);
    while let Some(link) = links.next().await {
        let connection = server.serve_link(link);
        host::spawn(Box::pin(async move { _ = connection.await }));
    }
}

/// A small generator (splitmix64), for what the client does.
pub(crate) struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// How long everything takes: on a paused clock as in life, over real sockets as short as may be.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// The longest timeout of a call; the others are drawn below it.
    pub(crate) call: Duration,
    /// The longest delay of a message.
    pub(crate) delay: Duration,
    /// How long a half-open link stays unnoticed at most.
    pub(crate) half_open: Duration,
    /// How late a timer may be: nothing on a paused clock, a busy machine in life.
    pub(crate) slack: Duration,
    /// How many calls one seed makes.
    pub(crate) calls: usize,
}

impl Pace {
    pub(crate) const PAUSED: Self = Self {
        call: Duration::from_secs(3),
        delay: Duration::from_millis(50),
        half_open: Duration::from_secs(5),
        slack: Duration::from_millis(10),
        calls: 40,
    };
    pub(crate) const REAL: Self = Self {
        call: Duration::from_millis(120),
        delay: Duration::from_millis(2),
        half_open: Duration::from_millis(100),
        slack: Duration::from_secs(20),
        calls: 24,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Once,
    Repeatable,
    Slow,
    Dropped,
    Read,
    List,
    Listen,
}

/// One thing that the client does.
#[derive(Debug, Clone)]
struct Deed {
    kind: Kind,
    key: String,
    begins: Duration,
    timeout: Duration,
    wait: Duration,
}

fn deeds(seed: u64, pace: Pace) -> Vec<Deed> {
    let mut draw = Draw(seed);
    let kinds =
        [Kind::Once, Kind::Once, Kind::Repeatable, Kind::Slow, Kind::Dropped, Kind::Read, Kind::List, Kind::Listen];
    let part = |draw: &mut Draw, of: Duration| of.mul_f64(draw.below(1000) as f64 / 1000.0);
    (0..pace.calls)
        .map(|n| Deed {
            kind: kinds[draw.below(8) as usize],
            key: format!("{seed}-{n}"),
            begins: part(&mut draw, pace.call * 2),
            timeout: part(&mut draw, pace.call) + pace.call / 50,
            wait: part(&mut draw, pace.call / 10),
        })
        .collect()
}

/// Answered, or so late that it counts as never.
async fn within<T>(patience: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), everywire::sleep(patience)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

async fn call(client: &Client, deed: &Deed) -> Result<(), Error> {
    let arguments = |wait: Duration| json!({ "key": deed.key, "wait": wait.as_millis() as u64 });
    let count = |wait| client.call_tool("count", arguments(wait)).timeout(deed.timeout);
    let answer = match deed.kind {
        Kind::Once => count(Duration::ZERO).await,
        Kind::Slow => count(deed.wait).await,
        Kind::Repeatable => count(Duration::ZERO).idempotent().await,
        Kind::Dropped => {
            within(deed.wait, count(deed.wait).into_future()).await;
            return Ok(());
        }
        Kind::Read => {
            let read = client.read_resource("note:one").timeout(deed.timeout).fresh().await?;
            assert_eq!(read.contents.len(), 1);
            return Ok(());
        }
        Kind::List => {
            let list = client.list_tools(None).timeout(deed.timeout).fresh().await?;
            assert_eq!(list.tools.len(), 1);
            return Ok(());
        }
        Kind::Listen => {
            let subscription = within(deed.timeout, client.listen(SubscriptionFilter::new().tools())).await;
            everywire::sleep(deed.wait).await;
            drop(subscription);
            return Ok(());
        }
    };
    assert_eq!(answer?.all_text(), deed.key, "somebody else's answer");
    Ok(())
}

/// What has to hold of a call that ended so, given how often it ran.
fn judge(deed: &Deed, answer: &Result<(), Error>, ran: u32) -> Result<(), String> {
    let may_repeat = deed.kind == Kind::Repeatable;
    if ran > 1 && !may_repeat {
        return Err(format!("ran {ran} times"));
    }
    match (deed.kind, answer) {
        (Kind::Once | Kind::Repeatable | Kind::Slow, Ok(())) if ran == 0 => Err("was answered and did not run".into()),
        // Of one that may be repeated every error but this one only says that repeating it does no harm.
        (Kind::Repeatable, Err(error)) if !error.is_timeout() => Ok(()),
        (Kind::Once | Kind::Repeatable | Kind::Slow, Err(error)) if ran > 0 && !error.maybe_executed() => {
            Err(format!("ran and its error says that it did not: {error:?}"))
        }
        _ => Ok(()),
    }
}

/// A transport with these faults.
pub(crate) fn faulty<T: Transport>(transport: T, plan: Plan) -> (Faults<T>, Journal) {
    let faults = Faults::new(transport, plan);
    let journal = faults.journal();
    (faults, journal)
}

/// One seed: `Err` says what was broken.
pub(crate) async fn storm<T: Transport>(
    seed: u64,
    pace: Pace,
    runs: &Runs,
    mut transport: impl FnMut(Plan) -> (T, Journal),
) -> Result<(), String> {
    let eras = [EraChoice::Auto, EraChoice::Modern, EraChoice::Legacy];
    let era = eras[(seed % 3) as usize];
    let mut attempt = 0;
    // The first connect is tried once. A seed whose carrier does not even begin goes on with another one.
    let (client, journal) = loop {
        let mut plan = Plan::drawn(seed ^ (attempt << 32));
        plan = plan.delays_below(pace.delay).half_open_below(pace.half_open);
        let (transport, journal) = transport(plan);
        if attempt == 8 {
            journal.calm();
        }
        let (handshake, probe) = (pace.call, pace.call / 2);
        let policy = Reconnect {
            base_delay: pace.delay,
            max_delay: pace.delay * 4,
            budget: Duration::from_secs(3600),
            ..Reconnect::default()
        };
        let builder = Client::over(transport)
            .era(era)
            .era_cache(None)
            .reconnect(policy)
            .keep_alive(pace.half_open)
            .timeout(pace.call)
            .handshake_timeout(handshake)
            .probe_timeout(probe);
        let patience = (handshake + probe) * 8 + pace.slack;
        match within(patience, builder.connect()).await {
            None => return Err(format!("connect is still under way after {patience:?}\n{journal}")),
            Some(Ok(client)) => break (client, journal),
            Some(Err(error)) if attempt == 8 => return Err(format!("a sound carrier does not connect: {error:?}")),
            Some(Err(_)) => attempt += 1,
        }
    };
    let broken = |what: String| Err(format!("{what}\n{era:?}, {:?}\n{journal}", client.state()));

    let deeds = deeds(seed, pace);
    let answers = join_all(deeds.iter().map(|deed| async {
        everywire::sleep(deed.begins).await;
        let begun = host::now();
        let patience = deed.timeout + deed.wait + pace.slack;
        // Silence is what the patience is for; the time is looked at by itself, as both timers may be due at once.
        let answer = within(patience * 4, call(&client, deed)).await;
        (answer, host::now() - begun, patience)
    }))
    .await;
    for (deed, (answer, took, patience)) in deeds.iter().zip(answers) {
        let Some(answer) = answer else { return broken(format!("{deed:?} was never answered")) };
        if took > patience {
            return broken(format!("{deed:?} was answered after {took:?}: {answer:?}"));
        }
        if let Err(what) = judge(deed, &answer, runs.of(&deed.key)) {
            return broken(format!("{deed:?} {what}"));
        }
    }

    // The carrier is sound from now on: the client finds its way back, and owes nobody anything.
    journal.calm();
    let patience = pace.half_open * 4 + pace.call * 4 + pace.slack;
    let ping = client.list_tools(None).timeout(patience).fresh().into_future();
    match within(patience * 2, ping).await {
        Some(Ok(_)) => {}
        Some(Err(error)) => return broken(format!("over a sound carrier: {error:?}")),
        None => return broken("nothing is answered over a sound carrier".into()),
    }
    let waiting = client.metrics().in_flight;
    if waiting != 0 {
        return broken(format!("{waiting} calls are waiting still, and nobody waits for them"));
    }
    client.close().await;
    match client.state() {
        State::Closed { reason: None } => {}
        state => return broken(format!("closed, it is {state:?}")),
    }
    // What was on its way when its caller left may have run meanwhile.
    for deed in &deeds {
        if runs.of(&deed.key) > 1 && deed.kind != Kind::Repeatable {
            return broken(format!("{deed:?} ran {} times in the end", runs.of(&deed.key)));
        }
    }
    Ok(())
}
