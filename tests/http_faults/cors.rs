//! Servers that do not let pages in. Only a browser cares; natively they are servers like any other.

use everywire::Era;

use crate::common::{Carrier, IN_BROWSER, Peer, client, promise, soon};
use crate::rules::{Rule, peer, verb};

const DISCOVERED: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}}"#;

async fn kept_out(rule: Rule) -> Peer {
    let peer = peer("modern", [rule]).await;
    let outcome = soon(client(&peer.url()).connect()).await;
    if IN_BROWSER {
        let error = outcome.expect_err("no page may read the answer");
        assert_eq!(error.code(), "cors_or_network", "{error}");
        assert!(error.to_string().contains("CORS"), "{error}");
    } else {
        assert_eq!(outcome.expect("nothing is wrong").server().expect("connected").transport, "http");
    }
    peer
}

/// The request arrived, and its answer is kept from the page.
#[promise]
async fn an_answer_without_cors_headers_is_named_as_such() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let peer = kept_out(verb("POST").raw(head).chunk(DISCOVERED).end()).await;
    // A page tries `initialize` too: its headers are fewer, and a server may allow those.
    assert!((1..=2).contains(&peer.log("request POST").await.len()));
}

/// The browser asks first, and what is not allowed is not sent.
#[promise]
async fn a_refused_preflight_sends_nothing() {
    for rule in [verb("OPTIONS").answer(405, &[], ""), verb("OPTIONS").close()] {
        let peer = kept_out(rule).await;
        let sent = peer.log("request POST").await.len();
        assert_eq!(sent > 0, !IN_BROWSER, "{sent} requests");
    }
}

/// Older servers name the headers that they know, and those of the probe are not among them.
#[promise]
async fn a_server_that_allows_what_older_clients_send_is_spoken_to_like_that() {
    let headers = "Content-Type, Mcp-Session-Id, Mcp-Protocol-Version, Last-Event-ID";
    let peer = peer("legacy", [verb("OPTIONS").answer(204, &[("Access-Control-Allow-Headers", headers)], "")]).await;
    let client = soon(client(&peer.url()).connect()).await.expect("in the older way");
    crate::common::echo(&client, "from a page").await;
    assert_eq!(client.server().expect("connected").era, Era::Legacy);
    assert_eq!(peer.log("server/discover ").await.len(), usize::from(!IN_BROWSER));
}

#[promise]
async fn our_own_server_lets_local_pages_in() {
    let peer = Carrier::Http.own().await;
    let client = soon(client(&peer.url()).connect()).await.expect("allowed");
    crate::common::echo(&client, "from a page").await;
}
