//! A peer that talks nonsense harms only itself: no panic, no wrong answer, and what can go on goes on.

use std::future::IntoFuture as _;
use std::time::Duration;

use serde_json::json;

use crate::common::{Carrier, connected, each_carrier, each_channel, echo, promise, soon};

each_carrier!(
    answers_to_nothing_are_for_nobody,
    the_first_of_two_answers_counts,
    invalid_json_is_passed_over,
    a_number_is_no_message,
    an_array_is_no_message,
    an_id_of_another_type_is_another_id,
    a_connection_that_just_ends_is_noticed,
);
each_channel!(what_is_no_text_ends_the_client_with_a_reason);

/// The tool talks nonsense and then answers; the nonsense must not count.
async fn shrugged_off(carrier: Carrier, tool: &str, answer: &str) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let result = soon(client.call_tool(tool, json!({})).into_future()).await;
    assert_eq!(result.expect("the answer after the nonsense").all_text(), answer);
    echo(&client, "goes on").await;
}

async fn answers_to_nothing_are_for_nobody(carrier: Carrier) {
    shrugged_off(carrier, "stranger", "for you").await;
}

async fn the_first_of_two_answers_counts(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    assert_eq!(soon(client.call_tool("twice", json!({})).into_future()).await.expect("one").all_text(), "first");
    echo(&client, "goes on").await;
    // Over HTTP nobody waits for more of a stream that brought the answer.
    if carrier != Carrier::Http {
        assert_eq!(client.metrics().late, 1);
    }
}

async fn invalid_json_is_passed_over(carrier: Carrier) {
    shrugged_off(carrier, "invalid", "after the invalid one").await;
}

async fn a_number_is_no_message(carrier: Carrier) {
    shrugged_off(carrier, "scalar", "after the number").await;
}

async fn an_array_is_no_message(carrier: Carrier) {
    shrugged_off(carrier, "batch", "after the array").await;
}

async fn an_id_of_another_type_is_another_id(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("wrong-id", json!({})).timeout(Duration::from_millis(300)).into_future())
        .await
        .expect_err("no answer");
    assert!(error.is_timeout(), "{error}");
    echo(&client, "goes on").await;
}

async fn what_is_no_text_ends_the_client_with_a_reason(carrier: Carrier) {
    let peer = carrier.stub("peer", "modern").await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("binary", json!({})).into_future()).await.expect_err("no text");
    let says = if carrier == Carrier::WebSocket { "binary" } else { "UTF-8" };
    assert!(error.is_interrupted() && error.to_string().contains(says), "{error}");
    // The server would do it again: what it is must be found out by a person.
    let error = soon(client.call_tool("echo", json!({})).into_future()).await.expect_err("closed");
    assert!(!error.maybe_executed(), "{error}");
    assert!(matches!(client.state(), everywire::State::Closed { reason: Some(_) }), "{:?}", client.state());
}

#[promise]
async fn an_answer_that_is_no_text_fails_its_call_alone_over_http() {
    let peer = Carrier::Http.peer("modern").await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("binary", json!({})).into_future()).await.expect_err("no text");
    assert_eq!(error.code(), "protocol", "{error}");
    echo(&client, "goes on").await;
}

async fn a_connection_that_just_ends_is_noticed(carrier: Carrier) {
    let peer = carrier.peer("modern").await;
    let client = connected(&peer.url()).await;
    for (tool, arguments) in
        [("drop", json!({})), ("close", json!({ "code": 1011 })), ("close", json!({ "code": 1001 }))]
    {
        let error = soon(client.call_tool(tool, arguments).into_future()).await.expect_err("no answer");
        assert!(error.is_interrupted(), "{tool}: {error}");
        echo(&client, "over a new connection").await;
    }
}
