use everywire::Event;
use serde_json::{Value, json};

use crate::host::test;
use crate::peer::{Answer, LEGACY, MODERN, Peer, connect, connect_with, event};

/// A server whose answers are numbered and hold for an hour.
fn numbered() -> impl FnMut(&str, &Value) -> Answer {
    let mut asked = 0;
    move |method, message| {
        asked += 1;
        let held = json!({"resultType": "complete", "ttlMs": 3_600_000, "cacheScope": "private"});
        let with = |key: &str, value: Value| {
            let mut result = held.clone();
            result[key] = value;
            Answer::Result(result)
        };
        let tool = json!({"name": format!("tool {asked}"), "inputSchema": {"type": "object"}});
        match method {
            "tools/list" => with("tools", json!([tool])),
            "resources/read" => {
                let text = json!({"uri": message["params"]["uri"], "text": format!("text {asked}")});
                with("contents", json!([text]))
            }
            "tools/call" => Answer::After(
                vec![json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})],
                Box::new(Answer::Result(json!({"resultType": "complete", "content": []}))),
            ),
            other => panic!("unexpected {other}"),
        }
    }
}

fn all() -> Value {
    json!({"tools": {"listChanged": true}, "resources": {}})
}

async fn tool(peer: &Peer) -> String {
    peer.client.list_tools(None).await.unwrap().tools.remove(0).name
}

#[test]
async fn what_the_server_said_to_hold_is_not_asked_for_again() {
    let peer = connect(MODERN, all(), numbered()).await;
    assert_eq!(tool(&peer).await, "tool 1");
    assert_eq!(tool(&peer).await, "tool 1");
    for _ in 0..2 {
        let read = peer.client.read_resource("test:a").await.unwrap();
        assert_eq!(read.contents.len(), 1);
    }
    assert_eq!((peer.seen.of("tools/list").len(), peer.seen.of("resources/read").len()), (1, 1));
    assert_eq!(peer.client.metrics().cache_hits, 2);
    let fresh = peer.client.list_tools(None).fresh().await.unwrap();
    assert_eq!(fresh.tools[0].name, "tool 3");
    assert_eq!(tool(&peer).await, "tool 3", "what it said now is kept instead");
}

#[test]
async fn a_notice_of_change_makes_it_void() {
    let peer = connect(MODERN, all(), numbered()).await;
    let mut events = peer.client.events();
    assert_eq!(tool(&peer).await, "tool 1");
    peer.client.call_tool("change", json!({})).await.unwrap();
    event(&mut events, |event| matches!(event, Event::ToolsChanged).then_some(())).await;
    assert_eq!(tool(&peer).await, "tool 3");
}

#[test]
async fn a_client_can_keep_nothing_and_older_servers_say_nothing() {
    for (version, cache) in [(MODERN, false), (LEGACY, true)] {
        let peer = connect_with(version, all(), numbered(), |builder| builder.cache(cache)).await;
        assert_eq!(tool(&peer).await, "tool 1");
        assert_eq!(tool(&peer).await, "tool 2");
        assert_eq!(peer.client.metrics().cache_hits, 0);
    }
}
