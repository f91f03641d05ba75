//! Everything a server does, over both carriers and in both eras.

use everywire::proto::CallToolResult;
use everywire::server::RequestContext;
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::*;

#[tokio::test]
async fn both_eras_and_who_connects() {
    for carrier in BOTH {
        let server = builder()
            .tool_fn("who", schema(), async |_, cx: RequestContext| {
                let peer = cx.peer();
                let (address, credentials) = (peer.address, peer.credentials);
                Ok(CallToolResult::text(format!(
                    "{} {} {:?}",
                    peer.transport,
                    address.is_some_and(|address| address.ip().is_loopback()),
                    credentials.map(|told| (told.uid, told.pid)),
                )))
            })
            .build();
        let site = Site::new(&server, carrier).await;
        let mut modern_client = site.connect().await;
        assert_eq!(
            modern_client.echo(json!({"text": "héllo\n\"\u{2028}"})).await,
            json!({"text": "héllo\n\"\u{2028}"})
        );
        let who = modern_client.ask("tools/call", modern(json!({"name": "who"}))).await;
        let uid = std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok();
        match (carrier, uid) {
            (Carrier::Tcp, _) => assert_eq!(text(&who), "tcp true None"),
            (Carrier::Unix, Some(uid)) => {
                assert_eq!(text(&who), format!("unix false Some(({uid}, Some({})))", std::process::id()));
            }
            (Carrier::Unix, None) => assert!(text(&who).starts_with("unix false Some(("), "{who}"),
        }
        let mut legacy = site.connect().await;
        let answer = legacy.initialize().await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
        let echoed = legacy.ask("tools/call", json!({"name": "echo", "arguments": {"a": 1}})).await;
        assert_eq!(text(&echoed), r#"{"a":1}"#);
        site.stopped().await;
        legacy.ended().await;
    }
}

#[tokio::test]
async fn changes_reach_the_clients_of_both_eras() {
    for carrier in BOTH {
        let server = builder().build();
        let site = Site::new(&server, carrier).await;
        let mut legacy = site.connect().await;
        legacy.initialize().await;
        let mut listening = site.connect().await;
        let filter = json!({"notifications": {"toolsListChanged": true}});
        let id = listening.request("subscriptions/listen", modern(filter)).await;
        let acknowledged = listening.next().await;
        assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
        server.add_tool_fn("later", schema(), async |_, _| Ok(CallToolResult::text("added")));
        assert_eq!(legacy.next().await["method"], "notifications/tools/list_changed");
        assert_eq!(listening.next().await["method"], "notifications/tools/list_changed");
        assert_eq!(text(&legacy.ask("tools/call", json!({"name": "later"})).await), "added");
        // The end of this side ends the subscription with its result, and the connection.
        listening.finish().await;
        let ended = listening.next().await;
        assert_eq!((&ended["id"], &ended["result"]["resultType"]), (&json!(id), &json!("complete")));
        assert_eq!(listening.next().await["method"], "notifications/cancelled");
        listening.ended().await;
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    for carrier in BOTH {
        let mut server = builder().page_size(10);
        for n in 0..25 {
            server = server.tool_fn(format!("tool{n:02}"), schema(), async |_, _| Ok(CallToolResult::text("x")));
        }
        let site = Site::new(&server.build(), carrier).await;
        for legacy in [false, true] {
            let mut client = site.connect().await;
            if legacy {
                client.initialize().await;
            }
            let (mut cursor, mut names) = (None::<String>, Vec::new());
            loop {
                let params = cursor.take().map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}));
                let page = client.ask("tools/list", if legacy { params } else { modern(params) }).await;
                let tools = page["result"]["tools"].as_array().expect("tools");
                assert!(tools.len() <= 10);
                names.extend(tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()));
                match page["result"]["nextCursor"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 26);
        }
    }
}

#[tokio::test]
async fn no_more_run_than_may_over_one_connection() {
    for carrier in BOTH {
        let (began, mut beginnings) = mpsc::unbounded_channel();
        let door = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
        let opened = door.clone();
        let server = builder()
            .max_in_flight(2)
            .tool_fn("hold", schema(), move |_, _| {
                let (began, door) = (began.clone(), door.clone());
                async move {
                    began.send(())?;
                    door.acquire().await?.forget();
                    Ok(CallToolResult::text("held"))
                }
            })
            .build();
        let site = Site::new(&server, carrier).await;
        let (mut one, mut two) = (site.connect().await, site.connect().await);
        for client in [&mut one, &mut two] {
            for _ in 0..3 {
                client.request("tools/call", modern(json!({"name": "hold"}))).await;
            }
        }
        // Two of each: the limit is the connection's.
        for _ in 0..4 {
            beginnings.recv().await.expect("it begins");
        }
        let (mut waiting, mut another) = (site.connect().await, site.connect().await);
        assert_eq!(waiting.echo(json!({})).await, json!({}));
        assert_eq!(another.echo(json!({})).await, json!({}));
        assert!(beginnings.try_recv().is_err(), "a third of them runs");
        opened.add_permits(6);
        for client in [&mut one, &mut two] {
            for _ in 0..3 {
                assert_eq!(text(&client.next().await), "held");
            }
        }
    }
}
