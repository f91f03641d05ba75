//! The stream of what an older server says unasked.

use std::time::Duration;

use everywire::Client;
use everywire::proto::{ElicitRequest, ElicitResult};

use crate::common::{IN_BROWSER, Peer, client, echo, promise, soon};
use crate::rules::{EVENTS, Rule, peer, verb};

/// Somebody who can be asked something, and so listens.
async fn listening<const N: usize>(rules: [Rule; N]) -> (Peer, Client) {
    let peer = peer("legacy", rules).await;
    let builder = client(&peer.url()).on_elicit(|_, _: ElicitRequest| async { ElicitResult::decline() });
    let client = soon(builder.connect()).await.expect("connected");
    peer.noted("request GET", 1).await;
    (peer, client)
}

#[promise]
async fn a_server_without_the_stream_is_asked_once() {
    for status in [405, 404, 400, 501] {
        let (peer, client) = listening([verb("GET").answer(status, &[], "")]).await;
        for _ in 0..5 {
            echo(&client, "goes on").await;
        }
        // Longer than the first waits of a stream that is opened again.
        everywire::sleep(Duration::from_millis(1200)).await;
        echo(&client, "goes on").await;
        assert_eq!(peer.log("request GET").await.len(), 1, "{status}");
        assert_eq!(client.metrics().reconnects, 0);
    }
}

/// However a stream fails, even one whose server wants it back at once: the requests become fewer, and the session stays.
#[promise]
async fn a_stream_that_fails_is_opened_again_ever_less_often() {
    let mut fails = vec![
        verb("GET").begin(&[EVENTS]).chunk("retry: 0\n\n").end(),
        verb("GET").begin(&[EVENTS]).chunk("retry: 0\n\n").close(),
        verb("GET").begin(&[EVENTS]).chunk("retry: 0\nid: 7\n\n").reset(),
        verb("GET").answer(503, &[], ""),
    ];
    if !IN_BROWSER {
        // A browser itself asks again at once, and up to ten times, where a connection ends without an answer.
        fails.push(verb("GET").close());
    }
    let mut all = Vec::new();
    for rule in fails {
        all.push(listening([rule]).await);
    }
    everywire::sleep(Duration::from_secs(3)).await;
    for (peer, client) in &all {
        let gets = peer.log("request GET").await.len();
        // 100 ms, 1 to 1.5 s, 2 to 3 s.
        assert!((2..=4).contains(&gets), "{gets} requests in 3 s");
        echo(client, "goes on").await;
        assert_eq!(client.metrics().reconnects, 0);
    }
}

#[promise]
async fn what_the_server_says_is_heard_after_an_outage() {
    let asks = "data: {\"jsonrpc\":\"2.0\",\"id\":\"alive?\",\"method\":\"ping\"}\n\n";
    let rules = [
        verb("GET").times(1).begin(&[EVENTS]).chunk("id: 7\nretry: 100\ndata:\n\n").end(),
        verb("GET").times(1).answer(502, &[], ""),
        verb("GET").begin(&[EVENTS]).chunk(asks).hold(),
    ];
    let (peer, client) = listening(rules).await;
    let answered = peer.noted("\"alive?\"", 1).await;
    assert!(answered[0].contains("\"result\""), "{answered:?}");
    assert_eq!(peer.log("header last-event-id: 7").await.len(), 2);
    echo(&client, "goes on").await;
}

/// Nobody who could be asked anything: then no connection is spent on it.
#[promise]
async fn nobody_listens_without_need() {
    let peer = peer("legacy", [verb("DELETE").answer(204, &[], "")]).await;
    let client = soon(client(&peer.url()).connect()).await.expect("connected");
    echo(&client, "goes on").await;
    soon(client.close()).await;
    peer.noted("request DELETE", 1).await;
    assert!(peer.log("request GET").await.is_empty());
}
