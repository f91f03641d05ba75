//! Streamable HTTP as revision 2026-07-28 has it (basic/transports/streamable-http).
#![cfg(all(feature = "server", not(target_arch = "wasm32")))]

mod server_http_support;

use http::Method;
use serde_json::json;
use server_http_support::*;

#[tokio::test]
async fn a_call_is_answered_with_json() {
    let site = Site::new(&builder().build()).await;
    let answer = site.call("echo", json!({"a": "ü\n"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("mcp-session-id"), None);
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let answer = answer.json().await;
    assert_eq!(answer["id"], 1);
    assert_eq!(text(&answer), r#"{"a":"ü\n"}"#);
    assert_eq!(answer["result"]["resultType"], "complete");
}

#[tokio::test]
async fn without_a_session_there_is_only_post() {
    let site = Site::new(&builder().build()).await;
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS] {
        let answer = site.send(method.clone(), &[("accept", BOTH)], "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{method}");
    }
}
