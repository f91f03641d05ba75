//! A WebSocket where it opens, HTTP where it does not; and `server().transport` says which.

use std::time::Duration;

use everywire::Client;

use crate::common::{Carrier, IN_BROWSER, Peer, client, connected, echo, promise, soon};
use crate::rules::{Rule, head, method, peer, verb};

async fn preferring(peer: &Peer) -> Client {
    let builder = client(&peer.url()).prefer_websocket().connect_timeout(Duration::from_secs(1));
    let client = soon(builder.connect()).await.expect("one of the two");
    echo(&client, "over one of the two").await;
    client
}

fn transport(client: &Client) -> String {
    client.server().expect("connected").transport.to_string()
}

#[promise]
async fn a_server_with_both_is_spoken_to_over_websocket() {
    let peer = Carrier::Http.own().await;
    assert_eq!(transport(&preferring(&peer).await), "websocket");
    // Who does not ask for it gets what the address says.
    assert_eq!(transport(&connected(&peer.url()).await), "http");
}

#[promise]
async fn a_server_with_http_only_is_spoken_to_over_http() {
    for era in ["modern", "legacy"] {
        let peer = peer(era, [method("nothing").close()]).await;
        assert_eq!(transport(&preferring(&peer).await), "http");
    }
}

#[promise]
async fn a_websocket_that_does_not_open_is_no_obstacle() {
    let upgrade = || verb("GET");
    let rules: [Rule; 6] = [
        upgrade().answer(404, &[], ""),
        upgrade().answer(200, &[("Content-Type", "text/html")], "<p>A page.</p>"),
        upgrade().answer(503, &[], ""),
        upgrade().raw("HTTP/1.1 101 Switching Pro").close(),
        upgrade()
            .raw(&head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
            .close(),
        upgrade().reset(),
    ];
    for rule in rules {
        let peer = peer("modern", [rule]).await;
        assert_eq!(transport(&preferring(&peer).await), "http");
    }
}

/// A proxy that swallows the handshake costs the time that connecting may take.
#[promise]
async fn a_websocket_that_hangs_is_given_up() {
    let peer = peer("modern", [verb("GET").hold()]).await;
    let client = preferring(&peer).await;
    assert_eq!(transport(&client), "http");
    let tries = peer.log("request GET").await.len();
    // What won is kept: nothing is tried again behind the caller's back.
    echo(&client, "goes on").await;
    assert_eq!(peer.log("request GET").await.len(), tries);
}

/// HTTP would only be refused as well, and the caller would not hear why.
#[promise]
async fn a_refused_credential_is_the_callers_to_see() {
    let peer = peer("modern", [verb("GET").answer(401, &[("WWW-Authenticate", "Bearer")], "")]).await;
    let outcome = soon(client(&peer.url()).prefer_websocket().connect()).await;
    if IN_BROWSER {
        // No browser tells why a WebSocket did not open.
        return assert_eq!(transport(&outcome.expect("over HTTP")), "http");
    }
    let error = outcome.expect_err("a credential is wanted");
    assert!(error.is_auth_required(), "{error}");
    assert!(peer.log("request POST").await.is_empty());
}

/// Nothing answers at all: one error, and soon.
#[promise]
async fn a_server_that_is_not_there_is_not_there_over_either() {
    let peer = Carrier::Http.spawn("modern").await;
    peer.kill().await;
    let error = soon(client(&peer.url()).prefer_websocket().connect()).await.expect_err("nobody");
    assert_eq!(error.code(), if IN_BROWSER { "cors_or_network" } else { "connect_failed" }, "{error}");
}

#[promise]
async fn what_won_is_kept_over_a_restart() {
    let peer = Carrier::Http.own().await;
    let client = preferring(&peer).await;
    assert_eq!(transport(&client), "websocket");
    let mut events = client.events();
    peer.kill().await;
    crate::common::loss(&mut events).await;
    peer.start().await;
    echo(&client, "back").await;
    assert_eq!(transport(&client), "websocket");
}
