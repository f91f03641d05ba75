//! Tokens that the server refuses: another is asked for once, and then the caller hears of it.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everywire::transport::{TransportError, TransportErrorKind};
use everywire::{Client, Error};
use serde_json::json;

use crate::common::{Peer, client, echo, promise, soon};
use crate::rules::{JSON, RESULT, Rule, peer, tool};

const REFUSED: &[(&str, &str)] = &[("WWW-Authenticate", "Bearer error=\"invalid_token\"")];

/// A client whose tokens are `token-1`, `token-2`, and how many it asked for.
async fn connected(peer: &Peer) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let builder = client(&peer.url()).http(move |http| {
        http.token_provider(move || {
            let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move { Ok(format!("token-{number}")) })
        })
    });
    (soon(builder.connect()).await.expect("connected"), asked)
}

async fn call(client: &Client) -> Result<String, Error> {
    soon(client.call_tool("guarded", json!({})).into_future()).await.map(|result| result.all_text())
}

/// Refused it was not run, so it is sent again, whatever it does.
#[promise]
async fn a_refused_token_is_replaced_and_the_call_sent_again() {
    for era in ["modern", "legacy"] {
        let refusal = tool("guarded").times(1).answer(401, REFUSED, "");
        let peer = peer(era, [refusal, tool("guarded").answer(200, &[JSON], RESULT)]).await;
        let (client, asked) = connected(&peer).await;
        assert_eq!(call(&client).await.expect("with another token"), "result");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert_eq!(peer.log("tools/call guarded").await.len(), 2);
        echo(&client, "with the new token").await;
        assert_eq!(asked.load(Ordering::Relaxed), 2, "what works is kept");
        assert_eq!(peer.log("header authorization: Bearer token-2").await.len(), 2);
    }
}

#[promise]
async fn many_refused_at_once_ask_for_one_token() {
    // None is refused before all were sent, so none is sent for the second time among them.
    let refusals = tool("guarded").times(4).until("sent").answer(401, REFUSED, "");
    let peer = peer("modern", [refusals, tool("guarded").answer(200, &[JSON], RESULT)]).await;
    let (client, asked) = connected(&peer).await;
    let calls: Vec<_> = (0..4).map(|_| client.call_tool("guarded", json!({})).into_future()).collect();
    peer.noted("waits sent", 4).await;
    peer.release("sent").await;
    for call in calls {
        assert_eq!(soon(call).await.expect("with another token").all_text(), "result");
    }
    let asked = asked.load(Ordering::Relaxed);
    // Those whose refusal comes while a token is asked for get that one.
    assert!((2..=5).contains(&asked), "{asked} tokens");
    assert_eq!(peer.log("tools/call guarded").await.len(), 8);
}

#[promise]
async fn a_server_that_refuses_every_token_is_asked_twice() {
    let peer = peer("modern", [tool("guarded").answer(401, REFUSED, "")]).await;
    let (client, asked) = connected(&peer).await;
    let error = call(&client).await.expect_err("refused");
    assert!(error.is_auth_required() && !error.maybe_executed(), "{error}");
    assert!(!format!("{error} {error:?}").contains("token-"), "{error:?}");
    assert_eq!(peer.log("tools/call guarded").await.len(), 2);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    echo(&client, "goes on").await;
}

#[promise]
async fn a_provider_that_fails_is_heard_and_nothing_is_sent() {
    let peer = peer("modern", [] as [Rule; 0]).await;
    let builder = client(&peer.url()).http(|http| {
        http.token_provider(|| Box::pin(async { Err(TransportError::new(TransportErrorKind::Config, "signed out")) }))
    });
    let error = soon(builder.connect()).await.expect_err("no token");
    assert!(error.to_string().contains("signed out"), "{error}");
    assert!(peer.log("request").await.is_empty());
}
