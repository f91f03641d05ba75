//! A connection that cannot be made says why, as far as the platform lets anybody know.

use std::time::Duration;

use serde_json::json;

use crate::common::{
    Carrier, IN_BROWSER, Peer, client, connected, each_address, each_channel, each_web_carrier, echo, promise, soon,
};

each_channel!(a_server_that_never_says_a_word_is_given_up);
each_address!(a_port_without_a_listener_is_named);
each_web_carrier!(
    a_certificate_for_somebody_else_is_refused,
    the_token_travels_as_the_platform_lets_it_and_shows_nowhere,
);

/// What a browser says of an address that it does not get to, whatever the reason.
fn natively_or_hidden(carrier: Carrier, natively: &'static str) -> &'static str {
    match carrier {
        _ if !IN_BROWSER => natively,
        Carrier::Http => "cors_or_network",
        _ => "connect_failed",
    }
}

/// The code of the error that connecting to such a peer ends with, and what it says.
async fn refused(kind: &str, carrier: Carrier) -> (String, String) {
    let peer = carrier.stub(kind, "modern").await;
    let builder = client(&peer.url())
        .connect_timeout(Duration::from_millis(800))
        .probe_timeout(Duration::from_millis(200))
        .handshake_timeout(Duration::from_millis(400));
    let error = soon(builder.connect()).await.expect_err("nothing to talk to");
    (error.code().to_owned(), error.to_string())
}

/// What a page sees of any failure before the socket opens.
async fn expect(kind: &str, natively: &str, says: &str) {
    let (code, text) = refused(kind, Carrier::WebSocket).await;
    if IN_BROWSER {
        assert_eq!(code, "connect_failed", "{kind}: {text}");
    } else {
        assert_eq!(code, natively, "{kind}: {text}");
        assert!(text.contains(says), "{kind}: {text}");
    }
}

#[promise]
async fn status_401_asks_for_a_token() {
    expect("401", "auth_required", "401").await;
}

#[promise]
async fn status_403_asks_for_another_token() {
    expect("403", "auth_required", "403").await;
}

#[promise]
async fn status_404_is_named() {
    expect("404", "refused", "404").await;
}

#[promise]
async fn a_redirect_is_named_and_not_followed() {
    expect("302", "refused", "302").await;
}

#[promise]
async fn a_web_page_is_no_websocket() {
    expect("html", "refused", "200").await;
}

#[promise]
async fn a_server_that_never_answers_the_handshake_is_given_up() {
    let (code, text) = refused("silent", Carrier::WebSocket).await;
    assert!(["timeout", "connect_failed"].contains(&code.as_str()), "{code}: {text}");
}

async fn a_server_that_never_says_a_word_is_given_up(carrier: Carrier) {
    let (code, text) = refused("mute", carrier).await;
    assert_eq!(code, "timeout", "{text}");
}

async fn a_port_without_a_listener_is_named(carrier: Carrier) {
    let peer = carrier.spawn("modern").await;
    peer.kill().await;
    let error = soon(client(&peer.url()).connect()).await.expect_err("nobody listens");
    assert_eq!(error.code(), natively_or_hidden(carrier, "connect_failed"), "{error}");
}

async fn a_certificate_for_somebody_else_is_refused(carrier: Carrier) {
    let peer = Peer::stub("wrong-name", "modern").await;
    let error = soon(client(&peer.url_tls(carrier)).connect()).await.expect_err("not its name");
    assert_eq!(error.code(), natively_or_hidden(carrier, "tls"), "{error}");
}

#[promise]
async fn a_server_that_takes_no_subprotocol_is_tried_once_without() {
    let peer = Peer::stub("no-subprotocol", "modern").await;
    let client = connected(&peer.url()).await;
    echo(&client, "after all").await;
    assert_eq!(peer.log("connection").await.iter().filter(|line| *line == "connection").count(), 2);
}

async fn the_token_travels_as_the_platform_lets_it_and_shows_nowhere(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = soon(client(&peer.url()).token("s3cr3t").connect()).await.expect("connected");
    let seen = peer.log("s3cr3t").await;
    let subprotocol = IN_BROWSER && carrier == Carrier::WebSocket;
    let expected = if subprotocol { "mcp.auth.s3cr3t" } else { "header authorization: Bearer s3cr3t" };
    assert!(seen.len() == 1 && seen[0].contains(expected), "{seen:?}");
    assert!(!format!("{client:?}").contains("s3cr3t"));

    let peer = match carrier {
        Carrier::Http => {
            let refusal = json!({ "answer": { "status": 401, "headers": { "WWW-Authenticate": "Bearer" } } });
            Peer::http("modern", &json!([{ "steps": [refusal] }])).await
        }
        _ => Peer::stub("401", "modern").await,
    };
    let error = soon(crate::common::client(&peer.url()).token("s3cr3t").connect()).await.expect_err("refused");
    assert!(error.is_auth_required() || IN_BROWSER, "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}
