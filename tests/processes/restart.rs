use std::future::IntoFuture as _;
use std::time::Duration;

use everywire::proto::SubscriptionFilter;
use everywire::{Event, Events, Reconnect, State};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::support::{call, client, fork, group, lives, pid, server, soon, status, vanishes};

/// The process that the next notice of a change names.
async fn told(events: &mut Events) -> u32 {
    loop {
        if let Event::ResourceUpdated { uri } = soon(events.next()).await.expect("the client is open") {
            return uri.strip_prefix("test:").and_then(|pid| pid.parse().ok()).expect("a number");
        }
    }
}

fn quickly() -> Reconnect {
    Reconnect { base_delay: Duration::from_millis(1), ..Reconnect::default() }
}

async fn restarted(options: &'static [&'static str]) {
    let client = soon(client(server(options)).reconnect(quickly()).connect()).await.expect("connected");
    let mut events = client.events();
    let filter = SubscriptionFilter::new().resource("test:any");
    let _listening = soon(client.listen(filter)).await.expect("granted");
    let first = told(&mut events).await;
    assert_eq!(pid(&client).await, first);
    let old = group(first);
    let forked = fork(&client, json!({"how": "ignores"})).await;

    let error = soon(client.call_tool("crash", json!({"code": 1})).into_future()).await.expect_err("it crashed");
    assert!(error.maybe_executed(), "{error}");
    let second = told(&mut events).await;
    assert_ne!(second, first);
    // What the first one left was ended before the second was started.
    assert!(!lives(first) && !lives(forked) && !lives(old));
    vanishes(old).await;
    assert_eq!(pid(&client).await, second);
    assert_eq!(call(&client, "echo", json!({"text": "x"})).await, "x");
    assert_eq!(client.metrics().reconnects, 1);
}

#[tokio::test]
async fn a_crashed_server_is_started_again_with_its_subscriptions() {
    restarted(&[]).await;
}

#[tokio::test]
async fn a_crashed_older_server_is_started_again_with_its_subscriptions() {
    restarted(&["--legacy"]).await;
}

#[tokio::test]
async fn a_server_that_cannot_be_started_again_is_not_tried_for_ever() {
    let copy = std::env::temp_dir().join(format!("everywire-copy-{}", std::process::id()));
    std::os::unix::fs::symlink(crate::support::program(), &copy).expect("a link");
    let transport = everywire::transport::StdioTransport::command(&copy).arg("serve");
    let client = soon(client(transport).reconnect(quickly()).connect()).await.expect("connected");
    let server = pid(&client).await;
    std::fs::remove_file(&copy).expect("it was there");
    let mut events = client.events();
    let _ = soon(client.call_tool("crash", json!({"code": 1})).into_future()).await.expect_err("it crashed");
    while soon(events.next()).await.is_some() {}
    let State::Closed { reason: Some(reason) } = client.state() else { panic!("{:?}", client.state()) };
    assert!(reason.to_string().contains("does not exist"), "{reason}");
    assert!(status(server).is_none());
}
