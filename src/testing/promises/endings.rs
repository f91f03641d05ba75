//! Promises of the end of a link.

use std::future::IntoFuture as _;
use std::pin::pin;
use std::task::{Context, Waker};

use futures_util::SinkExt as _;
use serde_json::json;

use super::bench::{Bench, Checked, broken, echo, ensure, event, must, runs, said, skip, soon};
use crate::client::{Client, Pending};
use crate::frame::{Close, Outbound};
use crate::json::Text;
use crate::proto::{CallToolResult, SubscriptionFilter};
use crate::session::{Event, State};

/// Calls that are not answered, and have all arrived.
async fn waiting(client: &Client) -> Result<Vec<Pending<CallToolResult>>, super::bench::Stop> {
    let calls = (0..50).map(|n| client.call_tool("never", json!({ "key": format!("waits {n}") })).into_future());
    let calls: Vec<_> = calls.collect();
    echo(client, "all of them are under way").await?;
    Ok(calls)
}

pub(super) async fn close(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let calls = waiting(&client).await?;
    client.close().await;
    for call in calls {
        match soon("a call under way at the close", call).await? {
            Err(error) if error.is_closed() => {}
            other => return broken(format!("a call under way at the close ended as {other:?}")),
        }
    }
    let state = client.state();
    ensure(matches!(state, State::Closed { reason: None }), || format!("closed, the client is {state:?}"))?;
    if bench.here {
        soon("the server sees the end of the link", bench.peer.until(|facts| facts.ended == facts.links)).await?;
    }
    Ok(())
}

pub(super) async fn dropped(bench: &mut Bench<'_>) -> Checked {
    bench.is_here()?;
    let client = bench.client().await?;
    echo(&client, "hello").await?;
    drop(client);
    soon("the server sees the end of the link", bench.peer.until(|facts| facts.ended == facts.links)).await
}

pub(super) async fn flushed(bench: &mut Bench<'_>) -> Checked {
    bench.is_here()?;
    let mut link = bench.link().await?;
    let count = 200;
    for n in 0..count {
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/note", "params": { "n": n } });
        if let Err(error) = soon("sending", link.tx.feed(Outbound::Message(Text::from(note.to_string())))).await? {
            return broken(format!("sending: {error:?}"));
        }
    }
    let sent = async {
        link.tx.flush().await?;
        link.tx.send(Outbound::Close(Close::NORMAL)).await?;
        link.tx.close().await
    };
    if let Err(error) = soon("closing", sent).await? {
        return broken(format!("closing: {error:?}"));
    }
    let over = bench.peer.until(|facts| facts.links > 0 && facts.ended == facts.links);
    soon("the server sees the end of the link", over).await?;
    let notes = bench.peer.ask(|facts| facts.notes.clone());
    ensure(notes == (0..count).collect::<Vec<u64>>(), || format!("of {count} messages these arrived: {notes:?}"))
}

pub(super) async fn loss(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let mut calls = waiting(&client).await?;
    calls.push(client.call_tool("lose", json!({ "key": "loses" })).into_future());
    for call in calls {
        match soon("a call under way at the loss", call).await? {
            Err(error) if error.maybe_executed() || error.transport().is_some() => {}
            other => return broken(format!("a call under way at the loss ended as {other:?}")),
        }
    }
    let waiting = client.metrics().in_flight;
    ensure(waiting == 0, || format!("{waiting} calls are still under way"))
}

/// The link is lost, and the client has noticed.
async fn lose(client: &Client) -> Checked {
    match soon("a call that loses the link", client.call_tool("lose", json!({ "key": "loses" })).into_future()).await? {
        Err(error) if error.is_interrupted() => Ok(()),
        other => broken(format!("a call whose link was lost ended as {other:?}")),
    }
}

pub(super) async fn reopen(bench: &mut Bench<'_>) -> Checked {
    bench.reopens()?;
    let client = bench.client().await?;
    for round in 1..=3 {
        lose(&client).await?;
        echo(&client, "over a fresh link").await?;
        let reconnects = client.metrics().reconnects;
        ensure(reconnects == round, || format!("after {round} losses there were {reconnects} fresh links"))?;
    }
    Ok(())
}

pub(super) async fn once(bench: &mut Bench<'_>) -> Checked {
    bench.reopens()?;
    let client = bench.client().await?;
    let (before, _) = runs(&client, "loses").await?;
    lose(&client).await?;
    let (after, count) = runs(&client, "loses").await?;
    // A server that was started anew has forgotten the first time.
    let expected = u64::from(before == after);
    ensure(count == expected, || format!("the call ran {count} times on the server that answers now"))
}

pub(super) async fn repeated(bench: &mut Bench<'_>) -> Checked {
    bench.reopens()?;
    let client = bench.client().await?;
    let (before, _) = runs(&client, "again").await?;
    lose(&client).await?;
    if runs(&client, "again").await?.0 != before {
        return skip("the server starts anew with every link");
    }
    let call = client.call_tool("lose once", json!({ "key": "again" })).idempotent().into_future();
    must("a repeatable call", soon("a repeatable call", call).await?)?;
    let (_, count) = runs(&client, "again").await?;
    ensure(count == 2, || format!("it ran {count} times"))
}

pub(super) async fn subscriptions(bench: &mut Bench<'_>) -> Checked {
    bench.reopens()?;
    let client = bench.client().await?;
    let mut events = client.events();
    let listening = soon("a subscription", client.listen(SubscriptionFilter::new().tools())).await?;
    let _subscription = must("a subscription", listening)?;
    said(&client, "touch", &json!({})).await?;
    let changed = |event: &Event| matches!(event, Event::ToolsChanged).then_some(());
    event(&mut events, "a notice of change", changed).await?;
    lose(&client).await?;
    let resynced = |event: &Event| matches!(event, Event::Resynced).then_some(());
    event(&mut events, "the event that tells of a gap", resynced).await?;
    said(&client, "touch", &json!({})).await?;
    event(&mut events, "a notice of change after a loss", changed).await
}

pub(super) async fn abandoned(bench: &mut Bench<'_>) -> Checked {
    bench.reopens()?;
    let mut transport = bench.transport().await?;
    for _ in 0..3 {
        let mut attempt = pin!(transport.connect());
        // Begun, and given up at its first wait; a carrier that does not wait has opened a link that is dropped.
        let _ = attempt.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    let builder = Client::over(transport).era_cache(None);
    let client = must("connecting", soon("connecting", builder.connect()).await?)?;
    echo(&client, "hello").await
}
