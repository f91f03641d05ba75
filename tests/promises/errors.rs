//! Errors arrive whole, and say which of the many things went wrong.

use std::future::IntoFuture as _;

use serde_json::{Value, json};

use crate::common::{Carrier, connected, each_carrier_and_era, soon};

each_carrier_and_era!(an_error_arrives_whole);

async fn an_error_arrives_whole(carrier: Carrier, era: &str) {
    let peer = carrier.peer(era).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("error", json!({})).into_future()).await.expect_err("an error");
    let rpc = error.rpc().expect("the server's own");
    assert_eq!((rpc.code, rpc.message.as_str()), (-32099, "out of ink"));
    let data: Value = rpc.data.as_ref().expect("data").parse().expect("JSON");
    assert_eq!(data, json!({ "colours": ["cyan", "magenta"] }));
    assert_eq!(error.code(), "rpc");
    assert!(!error.maybe_executed());

    let error = soon(client.call_tool("no such tool", json!({})).into_future()).await.expect_err("unknown");
    assert_eq!(error.rpc().map(|rpc| rpc.code), Some(-32602));
    assert!(error.to_string().contains("Unknown tool: no such tool"), "{error}");

    let failed = soon(client.call_tool("fail", json!({})).into_future()).await.expect("a tool that fails has a result");
    assert!(failed.is_error);
    assert_eq!(failed.all_text(), "it broke");
}
