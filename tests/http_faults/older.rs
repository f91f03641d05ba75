//! What looks like a server of 2024-11-05, whose stream names the address to post to, and is none.

use everywire::Error;

use crate::common::{Peer, client, promise, soon};
use crate::rules::{EVENTS, RESULT, Rule, peer, verb};

/// What connecting with a token ends with, where nothing can be posted to the address itself.
async fn refused(get: Rule) -> (Error, Peer) {
    let peer = peer("modern", [get, verb("POST").answer(405, &[], "")]).await;
    let error = soon(client(&peer.url()).token("s3cr3t").connect()).await.expect_err("no server");
    let requests = peer.log("request ").await;
    assert!(requests.len() <= 4, "{requests:?}");
    (error, peer)
}

#[promise]
async fn nothing_is_posted_to_another_origin_that_a_stream_names() {
    let elsewhere = peer("legacy", [verb("POST").answer(200, &[], RESULT)]).await;
    for named in
        [elsewhere.url(), elsewhere.url().replace("http:", ""), elsewhere.url().replace("127.0.0.1", "localhost")]
    {
        let get = verb("GET").begin(&[EVENTS]).chunk(&format!("event: endpoint\ndata: {named}\n\n")).hold();
        let (error, peer) = refused(get).await;
        assert!(error.to_string().contains("another origin"), "{error}");
        assert!(elsewhere.log("").await.is_empty(), "{:?}", elsewhere.log("").await);
        peer.noted("aborted GET", 1).await;
    }
}

#[promise]
async fn a_stream_that_ends_or_is_none_is_an_error_at_once() {
    for get in [
        verb("GET").begin(&[EVENTS]).end(),
        verb("GET").begin(&[EVENTS]).chunk("data: {}\n\n").end(),
        verb("GET").begin(&[EVENTS]).chunk("event: endpoint\ndata: /mes").close(),
        verb("GET").answer(200, &[("Content-Type", "text/html")], "<p>hello</p>"),
        verb("GET").answer(404, &[], ""),
    ] {
        let (error, _) = refused(get).await;
        // The first refusal is the closer one, and both are told.
        assert!(error.to_string().contains("405"), "{error}");
    }
}

/// Every post to the address that it names is refused.
#[promise]
async fn an_endpoint_that_takes_nothing_is_an_error() {
    let (error, peer) =
        refused(verb("GET").begin(&[EVENTS]).chunk("event: endpoint\ndata: /messages?session=1\n\n").hold()).await;
    assert!(error.to_string().contains("405"), "{error}");
    assert_eq!(peer.log("request POST /messages?session=1 initialize").await.len(), 1);
    peer.noted("aborted GET", 1).await;
}
