//! Promises of many messages, and of large ones.

use std::future::IntoFuture as _;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};

use super::bench::{Bench, Checked, broken, echo, ensure, event, must, said, soon};
use crate::frame::{Inbound, Outbound};
use crate::json::Text;
use crate::platform::sleep;
use crate::session::Event;

pub(super) async fn correlation(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let calls: Vec<_> = (0..64)
        .map(|n| {
            let text = n.to_string();
            (client.call_tool("hold", json!({ "text": text })).into_future(), text)
        })
        .collect();
    // All of them are answered now, the last one first.
    said(&client, "release", &json!({})).await?;
    for (call, text) in calls {
        let answer = must("one of many calls", soon("one of many calls", call).await?)?.all_text();
        ensure(answer == text, || format!("call {text} got the answer of call {answer}"))?;
    }
    Ok(())
}

pub(super) async fn order(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let calls: Vec<_> = (0..300).map(|n| client.call_tool("note", json!({ "n": n })).into_future()).collect();
    for call in calls {
        must("one of many calls", soon("one of many calls", call).await?)?;
    }
    let notes = said(&client, "notes", &json!({})).await?;
    let expected = json!((0..300).collect::<Vec<u64>>()).to_string();
    ensure(notes == expected, || format!("the server got them in this order: {notes}"))?;

    let mut events = client.events();
    said(&client, "notify", &json!({ "n": 300 })).await?;
    for next in 0..300 {
        let data = event(&mut events, "a notification", |event| match event {
            Event::Log { data, .. } => Some(data.clone()),
            _ => None,
        });
        let data = data.await?;
        let n = data.get("n").and_then(|n| n.as_f64());
        ensure(n == Some(f64::from(next)), || format!("notification {next} was due, and {data} came"))?;
    }
    Ok(())
}

/// Around the sizes at which buffers and length fields change.
const SIZES: [usize; 12] = [0, 1, 64, 125, 126, 4_095, 4_096, 8_193, 65_535, 65_536, 1 << 20, (2 << 20) + 1];

pub(super) async fn sizes(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    for size in SIZES {
        // Not one character over and over: what is exchanged within a message would not show.
        let text: String = (0..size).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
        let answer = said(&client, "echo", &json!({ "text": text })).await?;
        ensure(answer == text, || {
            let same = answer.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
            format!("of {size} bytes {} came back, the first {same} as they were", answer.len())
        })?;
    }
    Ok(())
}

const LIMIT: usize = 64 << 10;

pub(super) async fn too_large_to_send(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client_with(|builder| builder.max_message(LIMIT)).await?;
    let call = client.call_tool("echo", json!({ "text": "x".repeat(2 * LIMIT) })).into_future();
    match soon("a call over the limit", call).await? {
        Err(error) if error.is_too_large() && !error.maybe_executed() => {}
        other => return broken(format!("a call of {} bytes ended as {:?}", 2 * LIMIT, other.map(|_| "answered"))),
    }
    echo(&client, "goes on").await?;
    let reconnects = client.metrics().reconnects;
    ensure(reconnects == 0, || "the link was lost over it".into())
}

pub(super) async fn too_large_to_take(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client_with(|builder| builder.max_message(LIMIT)).await?;
    let fits = said(&client, "large", &json!({ "n": LIMIT / 2 })).await?;
    ensure(fits.len() == LIMIT / 2, || format!("of {} bytes {} came", LIMIT / 2, fits.len()))?;
    let call = client.call_tool("large", json!({ "n": 2 * LIMIT })).into_future();
    match soon("an answer over the limit", call).await? {
        Err(error) if error.to_string().contains(&LIMIT.to_string()) => Ok(()),
        Err(error) => broken(format!("the error does not name the limit of {LIMIT}: {error}")),
        Ok(answer) => broken(format!("an answer of {} bytes was taken", answer.all_text().len())),
    }
}

pub(super) async fn both_ways(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let text = "0123456789abcdef".repeat(16 << 10);
    let calls: Vec<_> = (0..24).map(|_| client.call_tool("echo", json!({ "text": text })).into_future()).collect();
    for call in calls {
        let answer = must("one of many large calls", soon("one of many large calls", call).await?)?;
        ensure(answer.all_text() == text, || "a large answer came back changed".into())?;
    }
    Ok(())
}

pub(super) async fn server_stops_reading(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let padding = "x".repeat(32 << 10);
    let stopped = client.call_tool("stop", json!({})).into_future();
    let calls: Vec<_> =
        (0..100).map(|n| client.call_tool("note", json!({ "n": n, "padding": padding })).into_future()).collect();
    must("the call that stops the server", soon("the call that stops the server", stopped).await?)?;
    for call in calls {
        must("a call behind a full carrier", soon("a call behind a full carrier", call).await?)?;
    }
    let notes = said(&client, "notes", &json!({})).await?;
    let expected = json!((0..100).collect::<Vec<u64>>()).to_string();
    ensure(notes == expected, || format!("the server got them in this order: {notes}"))
}

pub(super) async fn client_stops_reading(bench: &mut Bench<'_>) -> Checked {
    let mut link = bench.link().await?;
    let count = 1000;
    let params = json!({ "name": "notify", "arguments": { "n": count, "text": "x".repeat(4 << 10) } });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let sent = link.tx.send(Outbound::Message(Text::from(call.to_string())));
    if let Err(error) = soon("sending", sent).await? {
        return broken(format!("sending: {error:?}"));
    }
    // Time for everything on the way to fill up; however much that is, nothing may be lost.
    sleep(Duration::from_millis(100)).await;
    let mut next = 0;
    loop {
        match soon("a message that was held up", link.rx.next()).await? {
            Some(Ok(Inbound::Message(text))) => {
                let message: Value = serde_json::from_str(&text.to_string()).unwrap_or_default();
                if message["id"] == 1 {
                    return ensure(next == count, || format!("{next} of {count} came before the answer"));
                }
                let n = message["params"]["data"]["n"].as_u64();
                ensure(n == Some(next), || format!("message {next} was due, and {n:?} came"))?;
                next += 1;
            }
            Some(Ok(_)) => {}
            other => return broken(format!("after {next} of {count} messages: {other:?}")),
        }
    }
}
