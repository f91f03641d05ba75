//! The stream of a modern subscription, which lasts: opened again when it breaks, never in a storm.

use std::time::Duration;

use everywire::proto::SubscriptionFilter;
use everywire::{Client, Event, Subscription};
use futures_util::StreamExt as _;

use crate::common::{Peer, client, echo, promise, soon};
use crate::rules::{EVENTS, Rule, method, peer};

fn listen() -> Rule {
    method("subscriptions/listen")
}

fn agreed() -> Rule {
    let ack = r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/subscriptionId":$ID}}}"#;
    listen().begin(&[EVENTS]).chunk(&format!("data: {ack}\n\n"))
}

fn tools() -> SubscriptionFilter {
    SubscriptionFilter::new().tools()
}

async fn subscribed<const N: usize>(rules: [Rule; N]) -> (Peer, Client, Subscription) {
    let peer = peer("modern", rules).await;
    // The policy that users have.
    let client =
        soon(client(&peer.url()).reconnect(everywire::Reconnect::default()).connect()).await.expect("connected");
    let subscription = soon(client.listen(tools())).await.expect("agreed");
    (peer, client, subscription)
}

#[promise]
async fn a_stream_that_breaks_is_opened_again_and_the_gap_is_told() {
    for broken in [agreed().until("seen").end(), agreed().until("seen").close(), agreed().until("seen").reset()] {
        let (peer, client, _subscription) = subscribed([broken.times(1), agreed().hold()]).await;
        let mut events = client.events();
        peer.release("seen").await;
        while !matches!(soon(events.next()).await.expect("told"), Event::Resynced) {}
        assert_eq!(peer.log("subscriptions/listen ").await.len(), 2);
        echo(&client, "goes on").await;
    }
}

/// A server that closes the stream as soon as it has agreed, or fails from then on, is asked ever less often.
#[promise]
async fn a_stream_that_fails_is_opened_again_ever_less_often() {
    let mut all = Vec::new();
    for rules in [
        [agreed().end(), listen().hold()],
        [agreed().times(1).end(), listen().answer(503, &[], "")],
        [agreed().times(1).end(), listen().answer(429, &[("Retry-After", "1")], "")],
        [agreed().times(1).end(), listen().begin(&[EVENTS]).end()],
    ] {
        all.push(subscribed(rules).await);
    }
    everywire::sleep(Duration::from_secs(3)).await;
    for (peer, client, _subscription) in &all {
        let asked = peer.log("subscriptions/listen ").await.len();
        // Waits of at most 0.5, 1, 2, 4 s, each between nothing and that: by chance they may all be short, but hardly eight.
        assert!((2..=10).contains(&asked), "{asked} requests in 3 s");
        echo(client, "goes on").await;
    }
}

#[promise]
async fn who_subscribes_in_vain_hears_why() {
    for (rule, code) in [
        (listen().answer(403, &[], ""), "auth_required"),
        (listen().answer(404, &[], "no such thing"), "refused"),
        (listen().answer(200, &[("Content-Type", "text/html")], "<p>hello</p>"), "protocol"),
    ] {
        let peer = peer("modern", [rule]).await;
        let client = soon(client(&peer.url()).connect()).await.expect("connected");
        let error = soon(client.listen(tools())).await.expect_err("refused");
        assert_eq!(error.code(), code, "{error}");
        assert!(peer.log("subscriptions/listen ").await.len() <= 2);
        echo(&client, "goes on").await;
    }
}

#[promise]
async fn ending_a_subscription_closes_its_stream() {
    let (peer, client, subscription) = subscribed([agreed().hold()]).await;
    subscription.end();
    peer.noted("aborted POST", 1).await;
    echo(&client, "goes on").await;
    assert_eq!(peer.log("subscriptions/listen ").await.len(), 1);
}
