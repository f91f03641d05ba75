//! The promises that matter most, against the server of this crate, in both eras.

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};

use everywire::json::Json;
use everywire::proto::{ElicitRequest, ElicitResult};
use everywire::{Client, Era, EraChoice};
use serde_json::json;

use crate::common::{Carrier, Peer, client, each_carrier, each_carrier_and_era, echo, echo_again, soon};

each_carrier_and_era!(a_kill_is_survived, elicitation_progress_and_cancellation_work);
each_carrier!(left_to_itself_the_client_finds_the_modern_era);

fn choice(era: &str) -> EraChoice {
    if era == "legacy" { EraChoice::Legacy } else { EraChoice::Modern }
}

async fn connected(peer: &Peer, era: EraChoice) -> Client {
    let builder = client(&peer.url()).era(era).on_elicit(|_, request: ElicitRequest| async move {
        assert_eq!(request.message(), "What is your name?");
        ElicitResult::accept(Json::encode(&json!({ "name": "Ada" })).expect("JSON"))
    });
    soon(builder.connect()).await.expect("the server speaks both eras")
}

async fn a_kill_is_survived(carrier: Carrier, era: &str) {
    let peer = carrier.own().await;
    let client = connected(&peer, choice(era)).await;
    echo(&client, "before").await;
    let mut events = client.events();
    let call = client.call_tool("count", json!({ "text": "once" })).into_future();
    let opted = client.call_tool("count", json!({ "text": "twice" })).idempotent().into_future();
    peer.noted("run count", 2).await;
    peer.kill().await;
    let error = soon(call).await.expect_err("its answer was lost");
    assert!(error.is_interrupted() && error.maybe_executed(), "{error}");
    carrier.loss(&mut events).await;
    peer.start().await;
    assert_eq!(soon(opted).await.expect("repeated").all_text(), "generation 1");
    echo_again(&client, "after").await;
    assert_eq!(peer.log("run count once").await.len(), 1);
    assert_eq!(peer.log("run count twice").await.len(), 2);
}

async fn elicitation_progress_and_cancellation_work(carrier: Carrier, era: &str) {
    let peer = carrier.own().await;
    let client = connected(&peer, choice(era)).await;
    let asked = soon(client.call_tool("ask", json!({})).into_future()).await.expect("answered");
    assert_eq!(asked.all_text(), "hello Ada");

    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let steps = client.call_tool("steps", json!({})).progress(move |step| {
        sink.lock().expect("no panic").push(step.progress);
    });
    assert_eq!(soon(steps.into_future()).await.expect("done").all_text(), "done");
    assert_eq!(*seen.lock().expect("no panic"), [1.0, 2.0, 3.0]);

    let call = client.call_tool("never", json!({ "text": "dropped" })).into_future();
    peer.noted("run never dropped", 1).await;
    drop(call);
    peer.noted("cancelled dropped", 1).await;
    echo(&client, "goes on").await;
}

async fn left_to_itself_the_client_finds_the_modern_era(carrier: Carrier) {
    let peer = carrier.own().await;
    let client = connected(&peer, EraChoice::Auto).await;
    assert_eq!(client.server().map(|server| server.era), Some(Era::Modern));
}
