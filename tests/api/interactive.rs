use everywire::proto::{ElicitRequest, ElicitResult};
use everywire::{Outcome, Resumable};
use serde_json::{Value, json};

use crate::host::test;
use crate::peer::{Answer, LEGACY, MODERN, connect};

/// Asks for a name, then for a confirmation, then is done.
fn booking(_: &str, message: &Value) -> Answer {
    let params = &message["params"];
    let ask = |key: &str, state: &str| {
        let form =
            json!({"method": "elicitation/create", "params": {"message": key, "requestedSchema": {"type": "object"}}});
        Answer::Result(json!({"resultType": "input_required", "inputRequests": {key: form}, "requestState": state}))
    };
    match params["requestState"].as_str() {
        None => ask("name", "s1"),
        Some("s1") => ask("sure", "s2"),
        Some("s2") => {
            Answer::Result(json!({"resultType": "complete", "content": [{"type": "text", "text": "booked"}]}))
        }
        Some(other) => panic!("unknown state {other}"),
    }
}

fn needs_input(outcome: Outcome) -> Resumable {
    match outcome {
        Outcome::InputRequired(call) => call,
        other => panic!("{other:?}"),
    }
}

#[test]
async fn a_call_is_resumed_by_another_client() {
    let tools = json!({"tools": {}});
    let first = connect(MODERN, tools.clone(), booking).await;
    let call = needs_input(first.client.call_once("book", json!({"seat": 7})).await.unwrap());
    assert_eq!((call.name.as_str(), call.request_state.as_deref()), ("book", Some("s1")));
    let request: ElicitRequest = call.input_requests["name"].params.as_ref().unwrap().parse().unwrap();
    assert_eq!(request.message(), "name");

    assert_eq!(first.client.resume(call.clone()).await.unwrap_err().code(), "config", "nothing is answered yet");
    assert_eq!(call.clone().answer("other", &ElicitResult::decline()).unwrap_err().code(), "config");
    assert_eq!(first.seen.of("tools/call").len(), 1);
    let answer = ElicitResult::accept(everywire::json::Json::from_text(r#"{"name":"Ada"}"#).unwrap());
    let call = call.answer("name", &answer).unwrap();

    let stored = everywire::json::Json::encode(&call).unwrap().to_text();
    drop(first);
    let second = connect(MODERN, tools, booking).await;
    let call: Resumable = everywire::json::Json::from_text(&stored).unwrap().parse().unwrap();
    let call = needs_input(second.client.resume(call).await.unwrap());
    assert_eq!(
        second.seen.params("tools/call"),
        json!({"name": "book", "arguments": {"seat": 7}, "requestState": "s1",
               "inputResponses": {"name": {"action": "accept", "content": {"name": "Ada"}}}})
    );
    let call = call.answer("sure", &ElicitResult::decline()).unwrap();
    let Outcome::Complete(result) = second.client.resume(call).await.unwrap() else { panic!("it is complete") };
    assert_eq!(result.all_text(), "booked");
    let last = &second.seen.of("tools/call")[1]["params"];
    assert_eq!(last["inputResponses"], json!({"sure": {"action": "decline"}}), "each round has its own answers");
    assert_eq!(last["arguments"], json!({"seat": 7}));
}

#[test]
async fn a_call_that_needs_nothing_is_complete_at_once() {
    for version in [MODERN, LEGACY] {
        let script =
            |_: &str, _: &Value| Answer::Result(json!({"content": [{"type": "text", "text": "input_required"}]}));
        let peer = connect(version, json!({"tools": {}}), script).await;
        let Outcome::Complete(result) = peer.client.call_once("t", ()).await.unwrap() else { panic!("it is complete") };
        assert_eq!(result.all_text(), "input_required", "the word alone asks for nothing");
        assert!(peer.seen.of("tools/call")[0]["params"].get("arguments").is_none());
    }
}

#[test]
async fn a_state_alone_is_given_back() {
    let script = |_: &str, message: &Value| match message["params"]["requestState"].as_str() {
        None => Answer::Result(json!({"resultType": "input_required", "requestState": "later"})),
        Some(_) => Answer::Result(json!({"resultType": "complete", "content": []})),
    };
    let peer = connect(MODERN, json!({"tools": {}}), script).await;
    let call = needs_input(peer.client.call_once("t", ()).await.unwrap());
    assert!(call.input_requests.is_empty());
    assert!(matches!(peer.client.resume(call).await.unwrap(), Outcome::Complete(_)));
    let params = peer.seen.of("tools/call")[1]["params"].clone();
    assert!(params.get("inputResponses").is_none() && params["requestState"] == "later");
}

#[test]
async fn errors_stay_errors() {
    let peer = connect(MODERN, json!({"tools": {}}), |_, _| Answer::Error(-32602, "unknown tool")).await;
    assert_eq!(peer.client.call_once("t", ()).await.unwrap_err().rpc().unwrap().code, -32602);
}
