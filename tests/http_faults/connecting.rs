//! Addresses at which nothing speaks MCP, or not now: one clear error, after few requests.

use std::time::Duration;

use serde_json::json;

use crate::common::{IN_BROWSER, Peer, client, promise, soon};
use crate::rules::{JSON, Rule, method, peer, verb};

/// What connecting ends with where everything is answered so, and how many requests that took.
async fn refused(rules: [Rule; 1], patience: Duration) -> (everywire::Error, usize) {
    let peer = peer("modern", rules).await;
    let builder = client(&peer.url()).probe_timeout(patience).handshake_timeout(patience);
    let error = soon(builder.connect()).await.expect_err("no server");
    (error, peer.log("request ").await.len())
}

/// Longer than any answer takes to come.
const LONG: Duration = Duration::from_secs(15);
/// Where no answer comes.
const SHORT: Duration = Duration::from_millis(300);

#[promise]
async fn what_is_no_server_is_named() {
    let any = || method("server/discover");
    for (rule, code, says, patience) in [
        (any().answer(200, &[("Content-Type", "text/html")], "<p>Sign in.</p>"), "not_mcp", "web page", LONG),
        (any().answer(401, &[], ""), "auth_required", "token", LONG),
        (any().answer(403, &[], ""), "auth_required", "403", LONG),
        (any().answer(429, &[("Retry-After", "7")], ""), "refused", "in 7 s", LONG),
        (any().answer(502, &[], ""), "refused", "502", LONG),
        (any().answer(503, &[], "later"), "refused", "later", LONG),
        (any().answer(302, &[("Location", "http://127.0.0.1:9/mcp")], ""), "refused", "redirects", LONG),
        (any().begin(&[("Content-Type", "text/event-stream")]).end(), "connection_lost", "without an answer", LONG),
        (any().begin(&[JSON]).chunk("{\"json").close(), "connection_lost", "", LONG),
        (any().hold(), "timeout", "server/discover", SHORT),
        (any().begin(&[JSON]).hold(), "timeout", "server/discover", SHORT),
    ] {
        let (error, requests) = refused([rule], patience).await;
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(requests <= 1, "{requests} requests: {error}");
    }
}

/// Some older servers fail at what they do not know: `initialize` decides.
#[promise]
async fn a_server_that_fails_at_everything_is_asked_twice() {
    for (status, body) in [(500, ""), (500, "<p>Oops.</p>"), (501, "")] {
        let peer =
            Peer::http("modern", &json!([{ "steps": [{ "answer": { "status": status, "body": body } }] }])).await;
        let error = soon(client(&peer.url()).connect()).await.expect_err("nothing");
        assert_eq!(error.code(), "refused", "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        let requests = peer.log("request ").await;
        assert!(requests.len() <= 2, "{requests:?}");
    }
}

/// The probe, `initialize`, and the look for a stream of 2024-11-05.
#[promise]
async fn an_address_with_nothing_at_it_takes_three_requests() {
    for (status, body) in [(404, ""), (404, "<p>Not found.</p>"), (405, ""), (400, "no")] {
        let peer =
            Peer::http("modern", &json!([{ "steps": [{ "answer": { "status": status, "body": body } }] }])).await;
        let error = soon(client(&peer.url()).connect()).await.expect_err("nothing");
        assert_eq!(error.code(), "refused", "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        let requests = peer.log("request ").await;
        assert!(requests.len() <= 3, "{requests:?}");
    }
}

/// Whatever is asked is answered with nothing.
#[promise]
async fn a_server_that_accepts_everything_and_answers_nothing_is_none() {
    for status in [200, 202, 204] {
        let peer = Peer::http("modern", &json!([{ "steps": [{ "answer": { "status": status } }] }])).await;
        let error = soon(client(&peer.url()).connect()).await.expect_err("no answer");
        assert_eq!(error.code(), "protocol", "{status}: {error}");
        assert!(error.to_string().contains("without answering"), "{error}");
        assert!(peer.log("request ").await.len() <= 2);
    }
}

/// Errors name the address without its query, which may hold secrets, and no header's value.
#[promise]
async fn no_secret_is_in_an_error() {
    for rule in [method("server/discover").answer(401, &[], ""), method("server/discover").close()] {
        let peer = peer("modern", [rule]).await;
        let url = peer.url() + "?key=s3cr3t";
        let error = soon(client(&url).header("x-key", "s3cr3t").connect()).await.expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
        assert!(!peer.log("header x-key: s3cr3t").await.is_empty());
    }
}

#[promise]
async fn a_server_that_closes_every_connection_is_given_up() {
    for rule in [verb("POST").close(), verb("POST").reset()] {
        let (error, requests) = refused([rule], LONG).await;
        let code = if IN_BROWSER { "cors_or_network" } else { "connection_lost" };
        assert_eq!(error.code(), code, "{error}");
        // Browsers themselves send a request again where a kept connection ends under it.
        assert!(requests <= if IN_BROWSER { 22 } else { 1 }, "{requests} requests");
    }
}
