use everywire::BoxFuture;

pub(crate) use tokio::test;

pub(crate) fn spawn(task: BoxFuture<'static, ()>) {
    tokio::spawn(task);
}

/// On a paused clock time passes only where everything waits for a timer.
#[tokio::test(start_paused = true)]
async fn connecting_and_calling_wait_for_no_timer() {
    use crate::peer::{Answer, BOTH, connect};
    use serde_json::json;

    for version in BOTH {
        let before = tokio::time::Instant::now();
        let peer = connect(version, json!({"tools": {}}), |_, _| Answer::Result(json!({"content": []}))).await;
        peer.client.call_tool("t", ()).await.unwrap();
        assert_eq!(before.elapsed(), std::time::Duration::ZERO, "{version}");
    }
}
