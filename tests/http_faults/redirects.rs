//! Redirects: within the origin they are followed where the platform can, and nothing is sent anywhere else.

use std::future::IntoFuture as _;

use serde_json::json;

use crate::common::{IN_BROWSER, client, connected, echo, promise, soon};
use crate::rules::{JSON, RESULT, method, peer, tool};

#[promise]
async fn nothing_is_sent_to_another_origin() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = peer("modern", [tool("echo").answer(200, &[JSON], RESULT)]).await;
        let location = format!("{}?ticket=t1cket", elsewhere.url());
        let peer = peer("modern", [tool("moved").answer(status, &[("Location", &location)], "")]).await;
        let builder = client(&peer.url()).token("s3cr3t").header("x-key", "k3y");
        let client = soon(builder.connect()).await.expect("connected");
        let error = soon(client.call_tool("moved", json!({})).into_future()).await.expect_err("moved");
        assert_eq!(error.code(), "refused", "{error}");
        assert!(!error.to_string().contains("t1cket"), "{error}");
        assert!(IN_BROWSER || error.to_string().contains(&elsewhere.url()), "{error}");
        echo(&client, "goes on here").await;
        assert!(elsewhere.log("").await.is_empty(), "{:?}", elsewhere.log("").await);
        assert_eq!(peer.log("tools/call moved").await.len(), 1);
    }
}

/// The other server is at the same host, on another port: that is another origin too, also for the handshake.
#[promise]
async fn the_handshake_is_not_made_elsewhere() {
    let elsewhere = peer("modern", [tool("echo").answer(200, &[JSON], RESULT)]).await;
    let rule = method("server/discover").answer(307, &[("Location", &elsewhere.url())], "");
    let peer = peer("modern", [rule]).await;
    let error = soon(client(&peer.url()).token("s3cr3t").connect()).await.expect_err("moved");
    assert_eq!(error.code(), "refused", "{error}");
    assert!(elsewhere.log("").await.is_empty(), "{:?}", elsewhere.log("").await);
    assert!(peer.log("request POST").await.len() <= 3);
}

#[promise]
async fn a_redirect_within_the_origin_is_followed_where_the_platform_can() {
    for status in [307, 308] {
        let moved = tool("moved").times(1).answer(status, &[("Location", "/other?x=1")], "");
        let peer = peer("modern", [moved, tool("moved").answer(200, &[JSON], RESULT)]).await;
        let client = connected(&peer.url()).await;
        let result = soon(client.call_tool("moved", json!({})).into_future()).await;
        if IN_BROWSER {
            // A page would not learn where to, and so not whether to.
            assert_eq!(result.expect_err("not followed").code(), "refused");
            continue;
        }
        assert_eq!(result.expect("followed").all_text(), "result");
        assert_eq!(peer.log("request POST /other?x=1 tools/call moved").await.len(), 1);
    }
}

#[promise]
async fn a_circle_of_redirects_ends() {
    let peer = peer("modern", [tool("moved").answer(307, &[("Location", "/mcp")], "")]).await;
    let client = connected(&peer.url()).await;
    let error = soon(client.call_tool("moved", json!({})).into_future()).await.expect_err("round and round");
    assert_eq!(error.code(), "refused", "{error}");
    let sent = peer.log("tools/call moved").await.len();
    assert!((1..=6).contains(&sent), "{sent} requests");
    echo(&client, "goes on").await;
}
