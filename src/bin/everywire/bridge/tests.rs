//! The relay between links in memory.

use std::sync::Arc;
use std::time::Duration;

use everywire::BoxFuture;
use everywire::frame::{Close, Inbound, Liveness, Outbound, Profile};
use everywire::json::Text;
use everywire::transport::memory::pair;
use everywire::transport::{Link, TransportError, TransportErrorKind};
use futures_channel::{mpsc, oneshot};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::task::JoinHandle;

use super::meter::{Counts, Direction, Meter};
use super::relay::Relay;

/// A relay in a task, its outer ends, and what it counted.
struct Running {
    client: Link,
    server: Link,
    counts: Arc<Counts>,
    stop: oneshot::Sender<()>,
    /// What it said when it was over.
    over: JoinHandle<String>,
}

fn start() -> Running {
    start_over(pair(), pair())
}

fn start_over((client, inner): (Link, Link), (backend, server): (Link, Link)) -> Running {
    let counts = Arc::new(Counts::default());
    let meters =
        [Direction::ToServer, Direction::ToClient].map(|way| Meter::new(way, counts.clone(), Arc::default(), None));
    let (stop, stopped) = oneshot::channel::<()>();
    let over = tokio::spawn(async move {
        let mut shutdown: BoxFuture<'static, ()> = Box::pin(async move {
            if stopped.await.is_err() {
                std::future::pending().await
            }
        });
        let mut said = String::new();
        Relay::new(inner, backend, meters).run(None, &mut shutdown, |ended| said = format!("{ended:?}")).await;
        said
    });
    Running { client, server, counts, stop, over }
}

fn text(text: &str) -> Text {
    Text::from_utf8(text.to_owned().into()).expect("UTF-8")
}

async fn send(link: &mut Link, message: &str) {
    link.tx.send(Outbound::Message(text(message))).await.expect("sent");
}

async fn next(link: &mut Link) -> Option<String> {
    match link.rx.next().await {
        Some(Ok(Inbound::Message(text))) => Some(text.as_str().to_owned()),
        Some(other) => panic!("{other:?}"),
        None => None,
    }
}

/// A link of which the test holds the inside: what is written to it, and what it reads.
type Inside = (mpsc::UnboundedReceiver<Outbound>, mpsc::UnboundedSender<Result<Inbound, TransportError>>);

fn scripted(transport: &'static str, liveness: Liveness) -> (Link, Inside) {
    let (tx, written) = mpsc::unbounded();
    let (reads, rx) = mpsc::unbounded();
    let gone = |_| TransportError::new(TransportErrorKind::Lost, "gone");
    let profile = Profile::SharedChannel { reopen: true, liveness };
    (Link { profile, transport, tx: Box::pin(tx.sink_map_err(gone)), rx: Box::pin(rx) }, (written, reads))
}

#[tokio::test]
async fn messages_pass_in_order_and_byte_for_byte() {
    let mut running = start();
    // Spelling that any reader of JSON would change.
    let odd = "{ \"id\" : 1.0e0,\n\t\"method\":\"\\u0070ing\" , \"z\":1,\"a\":2 }";
    for number in 0..300 {
        send(&mut running.client, &format!("{odd}{number}")).await;
        assert_eq!(next(&mut running.server).await, Some(format!("{odd}{number}")));
    }
    send(&mut running.server, odd).await;
    assert_eq!(next(&mut running.client).await.as_deref(), Some(odd));
    assert_eq!((running.counts.to_server.messages(), running.counts.to_client.messages()), (300, 1));
    assert_eq!(running.counts.to_client.bytes(), odd.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_reads_nothing_holds_its_client_back_and_not_its_own_answers() {
    let mut running = start();
    let mut sent = 0;
    let message = text("{}");
    // Every queue on the way fills up, and then the client has to wait.
    loop {
        tokio::task::yield_now().await;
        let filled = tokio::time::timeout(
            Duration::from_millis(100),
            running.client.tx.send(Outbound::Message(message.clone())),
        );
        match filled.await {
            Ok(done) => done.expect("the relay lives"),
            Err(_) => break,
        }
        sent += 1;
        assert!(sent < 1_000, "nothing held the client back");
    }
    send(&mut running.server, r#"{"late":true}"#).await;
    assert_eq!(next(&mut running.client).await.as_deref(), Some(r#"{"late":true}"#));
    for _ in 0..sent {
        assert_eq!(next(&mut running.server).await.as_deref(), Some("{}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_takes_its_backend_along_after_what_it_said() {
    let mut running = start();
    send(&mut running.client, r#"{"last":"words"}"#).await;
    running.client.tx.send(Outbound::Close(Close::NORMAL)).await.expect("sent");
    assert_eq!(next(&mut running.server).await.as_deref(), Some(r#"{"last":"words"}"#));
    assert_eq!(next(&mut running.server).await, None);
    drop(running.server);
    assert_eq!(running.over.await.expect("over"), "Client(None)");
}

#[tokio::test(start_paused = true)]
async fn who_only_ended_its_own_direction_still_gets_the_answers() {
    let mut running = start();
    send(&mut running.client, r#"{"id":1}"#).await;
    running.client.tx.send(Outbound::Close(Close::NORMAL)).await.expect("sent");
    assert_eq!(next(&mut running.server).await.as_deref(), Some(r#"{"id":1}"#));
    for wait in [900, 900, 900] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        send(&mut running.server, r#"{"id":1,"result":{}}"#).await;
        assert_eq!(next(&mut running.client).await.as_deref(), Some(r#"{"id":1,"result":{}}"#));
    }
    assert_eq!(next(&mut running.client).await, None);
}

#[tokio::test]
async fn a_backend_that_ends_is_told_to_the_client_with_code_and_reason_after_what_it_said() {
    let (client, (mut written, _reads)) = scripted("websocket", Liveness::Channel);
    let (backend, (_, answers)) = scripted("stdio", Liveness::Channel);
    let (unused, _) = pair();
    let running = start_over((unused, client), (backend, pair().0));
    answers.unbounded_send(Ok(Inbound::Message(text(r#"{"id":1,"result":{}}"#)))).expect("sent");
    let error = TransportError::new(TransportErrorKind::Lost, "the server process ended (exit status: 7)\nKEY=hunter2");
    answers.unbounded_send(Err(error)).expect("sent");
    drop(answers);
    assert!(matches!(written.next().await, Some(Outbound::Message(text)) if text.as_str().contains("result")));
    match written.next().await {
        Some(Outbound::Close(close)) => {
            assert_eq!((close.code, &*close.reason), (1011, "backend: the server process ended (exit status: 7)"));
        }
        other => panic!("{other:?}"),
    }
    assert!(running.over.await.expect("over").starts_with("Backend(Some"));
}

#[tokio::test]
async fn a_backend_that_takes_nothing_more_may_still_say_why() {
    let (client, (mut written, asks)) = scripted("websocket", Liveness::Channel);
    let (backend, (taken, answers)) = scripted("stdio", Liveness::Channel);
    drop(taken);
    let _running = start_over((pair().0, client), (backend, pair().0));
    asks.unbounded_send(Ok(Inbound::Message(text("{}")))).expect("sent");
    tokio::task::yield_now().await;
    answers.unbounded_send(Err(TransportError::new(TransportErrorKind::Lost, "exit status: 9"))).expect("sent");
    assert!(matches!(written.next().await, Some(Outbound::Close(close)) if close.reason == "backend: exit status: 9"));
}

#[tokio::test]
async fn a_stop_closes_both_in_order() {
    let (client, (mut written, _asks)) = scripted("websocket", Liveness::Channel);
    let (backend, (mut taken, _answers)) = scripted("stdio", Liveness::Channel);
    let running = start_over((pair().0, client), (backend, pair().0));
    running.stop.send(()).expect("it runs");
    assert!(matches!(written.next().await, Some(Outbound::Close(close)) if close.code == 1001));
    assert!(matches!(taken.next().await, Some(Outbound::Close(close)) if close == Close::NORMAL));
    assert_eq!(running.over.await.expect("over"), "Stopped");
}

#[tokio::test]
async fn what_is_no_json_never_reaches_the_backend_over_a_plain_socket() {
    let (client, (mut written, asks)) = scripted("tcp", Liveness::Channel);
    let (backend, (mut taken, _answers)) = scripted("stdio", Liveness::Channel);
    let running = start_over((pair().0, client), (backend, pair().0));
    for line in ["POST / HTTP/1.1", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#] {
        asks.unbounded_send(Ok(Inbound::Message(text(line)))).expect("sent");
    }
    assert!(matches!(written.next().await, Some(Outbound::Close(_))));
    assert_eq!(running.over.await.expect("over"), "Alien");
    assert!(matches!(taken.next().await, Some(Outbound::Close(_))));
    assert!(taken.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_answers_no_pings_is_given_up() {
    let (client, (mut written, asks)) = scripted("websocket", Liveness::Ping);
    let (backend, _inside) = scripted("stdio", Liveness::Channel);
    let mut running = start_over((pair().0, client), (backend, pair().0));
    for _ in 0..5 {
        assert!(matches!(written.next().await, Some(Outbound::Ping)));
        asks.unbounded_send(Ok(Inbound::Alive)).expect("sent");
    }
    assert!((&mut running.over).now_or_never().is_none());
    while let Some(Outbound::Ping) = written.next().await {}
    assert_eq!(running.over.await.expect("over"), "Silent");
}
