//! The fault layer does what its plan says, and the same for the same seed.

use std::time::Duration;

use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::testing::{Faults, Journal, Plan, StreamFaults};
use everywire::transport::memory::{Memory, MemoryListener};
use everywire::transport::{Link, StreamTransport, Transport, TransportError, TransportErrorKind};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

const REQUEST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const NOTICE: &str = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

fn message(text: &str) -> Outbound {
    Outbound::Message(Text::from(text.to_owned()))
}

struct Ends {
    client: Link,
    server: Link,
    journal: Journal,
    _transport: (Faults<Memory>, MemoryListener),
}

async fn open(plan: Plan) -> Result<Ends, TransportError> {
    let (memory, mut listener) = Memory::new();
    let mut transport = Faults::new(memory, plan);
    let journal = transport.journal();
    let client = transport.connect().await?;
    let server = listener.next().await.expect("it is open");
    Ok(Ends { client, server, journal, _transport: (transport, listener) })
}

/// What arrives before nothing more does.
async fn arrived(link: &mut Link) -> Vec<Result<String, TransportErrorKind>> {
    let mut all = Vec::new();
    // On a paused clock: until everybody waits.
    while let Ok(Some(item)) = timeout(Duration::from_secs(3600), link.rx.next()).await {
        match item {
            Ok(Inbound::Message(text)) => all.push(Ok(text.to_string())),
            Ok(_) => {}
            Err(error) => all.push(Err(error.kind().clone())),
        }
    }
    all
}

fn ok(texts: &[&str]) -> Vec<Result<String, TransportErrorKind>> {
    texts.iter().map(|text| Ok((*text).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_arrives_nowhere_and_the_link_goes_on() {
    let mut ends = open(Plan::sound(1).drop(1000)).await.expect("open");
    ends.client.tx.send(message(REQUEST)).await.expect("taken");
    ends.server.tx.send(message(ANSWER)).await.expect("taken");
    assert_eq!(arrived(&mut ends.server).await, []);
    assert_eq!(arrived(&mut ends.client).await, []);
    assert_eq!(ends.journal.count(), 2);
    ends.journal.calm();
    ends.client.tx.send(message(REQUEST)).await.expect("taken");
    assert_eq!(arrived(&mut ends.server).await, ok(&[REQUEST]));
}

#[tokio::test(start_paused = true)]
async fn answers_and_notifications_are_duplicated_and_requests_never() {
    let mut ends = open(Plan::sound(1).duplicate(1000)).await.expect("open");
    for text in [REQUEST, NOTICE] {
        ends.client.tx.send(message(text)).await.expect("taken");
    }
    ends.server.tx.send(message(ANSWER)).await.expect("taken");
    assert_eq!(arrived(&mut ends.server).await, ok(&[REQUEST, NOTICE, NOTICE]));
    assert_eq!(arrived(&mut ends.client).await, ok(&[ANSWER, ANSWER]));
}

#[tokio::test(start_paused = true)]
async fn what_is_delayed_holds_up_what_is_behind_it() {
    let mut ends = open(Plan::sound(1).delay(1000, Duration::from_secs(10))).await.expect("open");
    let began = Instant::now();
    let texts: Vec<String> = (0..20).map(|n| NOTICE.replace('x', &n.to_string())).collect();
    for text in &texts {
        ends.client.tx.send(message(text)).await.expect("taken");
    }
    let passed = began.elapsed();
    assert!(passed > Duration::from_secs(20) && passed < Duration::from_secs(200), "{passed:?}");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(arrived(&mut ends.server).await, ok(&texts));
}

#[tokio::test(start_paused = true)]
async fn a_cut_loses_the_link_before_or_after_the_message() {
    let mut after = 0;
    for seed in 0..20 {
        let mut ends = open(Plan::sound(seed).cut(1000)).await.expect("open");
        let sent = ends.client.tx.send(message(REQUEST)).await;
        assert_eq!(arrived(&mut ends.client).await, [Err(TransportErrorKind::Lost)]);
        drop(ends.client);
        let got = arrived(&mut ends.server).await;
        assert!(sent.is_err() || got.is_empty(), "what arrives is followed by the loss at once");
        after += got.len();
    }
    assert!((3..=17).contains(&after), "half of them arrive: {after} of 20");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_link_swallows_everything_until_it_is_noticed() {
    let mut ends = open(Plan::sound(1).half_open(1000, Duration::from_secs(5))).await.expect("open");
    let began = Instant::now();
    for _ in 0..100 {
        ends.client.tx.send(message(REQUEST)).await.expect("swallowed");
    }
    ends.server.tx.send(message(ANSWER)).await.expect("taken");
    assert_eq!(began.elapsed(), Duration::ZERO);
    let error = ends.client.rx.next().await.expect("noticed").expect_err("nobody is there");
    assert_eq!((error.kind(), began.elapsed()), (&TransportErrorKind::Dead, Duration::from_secs(5)));
    assert_eq!(arrived(&mut ends.server).await, []);
}

#[tokio::test(start_paused = true)]
async fn attempts_to_connect_are_refused() {
    let error = open(Plan::sound(1).refuse(1000)).await.err().expect("refused");
    assert_eq!(error.kind(), &TransportErrorKind::ConnectFailed);
}

/// The faults of a conversation of two hundred messages each way, on links one after the other.
async fn faults(seed: u64) -> Vec<String> {
    let (memory, mut listener) = Memory::new();
    let mut transport = Faults::new(memory, Plan::drawn(seed));
    let journal = transport.journal();
    for _ in 0..10 {
        let Ok(mut client) = transport.connect().await else { continue };
        let mut server = listener.next().await.expect("it is open");
        for _ in 0..20 {
            let _ = client.tx.send(message(NOTICE)).await;
            let _ = server.tx.send(message(ANSWER)).await;
            let _ = timeout(Duration::from_secs(1), client.rx.next()).await;
            let _ = timeout(Duration::from_secs(1), server.rx.next()).await;
        }
    }
    journal.faults()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_faults_and_another_others() {
    let (mut some, mut differ) = (0, 0);
    for seed in 0..20 {
        let first = faults(seed).await;
        assert_eq!(first, faults(seed).await, "seed {seed}");
        some += usize::from(!first.is_empty());
        differ += usize::from(first != faults(seed + 1).await);
    }
    assert!(some > 10 && differ > 10, "{some} seeds have faults, {differ} differ from the next");
}

#[test]
fn a_plan_says_what_it_is_in_one_line() {
    let plan = Plan::sound(7).drop(15).half_open(2, Duration::from_secs(5));
    assert_eq!(plan.to_string(), "seed 7: drop 1.5 % half-open 0.2 % (up to 5s)");
    assert_eq!(Plan::sound(3).to_string(), "seed 3: a sound carrier");
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_in_pieces_and_all_of_them_arrive() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    let mut faulty = StreamFaults::new(Plan::sound(1)).wrap(ours);
    let sent: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    let first = faulty.write(&sent).await.expect("open");
    assert!(first <= 512, "{first} bytes passed at once");
    faulty.write_all(&sent[first..]).await.expect("open");
    let mut got = vec![0; sent.len()];
    theirs.read_exact(&mut got).await.expect("open");
    assert!(got == sent);
    theirs.write_all(&sent).await.expect("open");
    let first = faulty.read(&mut got).await.expect("open");
    assert!(first <= 512, "{first} bytes passed at once");
    faulty.read_exact(&mut got[first..]).await.expect("open");
    assert!(got == sent);
}

#[tokio::test(start_paused = true)]
async fn a_stream_breaks_in_the_middle_of_a_message() {
    let long = format!(r#"{{"jsonrpc":"2.0","method":"notifications/{}"}}"#, "x".repeat(5000));
    let mut lost = 0;
    for seed in 0..20 {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let faults = StreamFaults::new(Plan::sound(seed).cut(100));
        let (reader, writer) = tokio::io::split(faults.wrap(ours));
        let mut link = StreamTransport::new(reader, writer).connect().await.expect("open");
        for _ in 0..10 {
            theirs.write_all(format!("{long}\n").as_bytes()).await.expect("room");
        }
        let got = arrived(&mut link).await;
        let whole = got.iter().filter(|item| item.as_deref() == Ok(&long)).count();
        assert!(whole < 10 && whole + 1 >= got.len(), "seed {seed}: nothing but whole messages arrives");
        lost += usize::from(matches!(got.last(), Some(Err(TransportErrorKind::Lost))));
        assert_eq!(faults.journal().count(), 1, "seed {seed}");
    }
    assert!(lost > 15, "{lost} of 20 ended in the middle of a message");
}
