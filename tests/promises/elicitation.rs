//! One handler answers the server's questions in both eras.

use std::future::IntoFuture as _;

use everywire::json::Json;
use everywire::proto::{ElicitRequest, ElicitResult};
use serde_json::json;

use crate::common::{Carrier, client, connected, each_carrier, each_carrier_and_era, soon};

each_carrier_and_era!(a_question_is_answered, a_question_is_declined);
each_carrier!(without_a_handler_nothing_is_declared_and_a_question_fails_the_call);

async fn a_question_is_answered(carrier: Carrier, era: &str) {
    let peer = carrier.peer(era).await;
    let modern = era == "modern";
    let client = client(&peer.url()).on_elicit(move |cx: everywire::InputContext, request: ElicitRequest| async move {
        assert_eq!(cx.in_answer, modern);
        assert!(cx.server.is_some());
        assert!(matches!(request, ElicitRequest::Form { .. }));
        ElicitResult::accept(Json::encode(&json!({ "name": "Ada" })).expect("JSON"))
    });
    let client = soon(client.connect()).await.expect("connected");
    let result = soon(client.call_tool("ask", json!({})).into_future()).await.expect("answered");
    assert_eq!(result.all_text(), "hello Ada");
    if modern {
        assert_eq!(peer.log("state ").await, ["state \"sealed\""]);
    }
}

async fn a_question_is_declined(carrier: Carrier, era: &str) {
    let peer = carrier.peer(era).await;
    let builder = client(&peer.url()).on_elicit(|_, _: ElicitRequest| async { ElicitResult::decline() });
    let client = soon(builder.connect()).await.expect("connected");
    let result = soon(client.call_tool("ask", json!({})).into_future()).await.expect("answered");
    assert_eq!(result.all_text(), "decline");
}

async fn without_a_handler_nothing_is_declared_and_a_question_fails_the_call(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("ask", json!({})).into_future()).await.expect_err("nobody can answer");
    assert!(!error.is_timeout(), "{error}");
    assert!(peer.log("\"elicitation\"").await.is_empty());
}
