//! Promises of a conversation.

use std::future::IntoFuture as _;
use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, Checked, broken, echo, ensure, said, soon};
use crate::json::Json;
use crate::proto::{ElicitRequest, ElicitResult};
use crate::session::{Era, EraChoice};

pub(super) async fn opens(bench: &mut Bench<'_>) -> Checked {
    let link = bench.link().await?;
    if link.profile.is_per_request() {
        return broken(
            "its profile is that of a carrier with a channel for every request; this kit has no such server",
        );
    }
    bench.profile = Some(link.profile);
    ensure(!link.transport.is_empty(), || "`Link::transport` names nothing".into())?;
    drop(link);
    let client = bench.client().await?;
    echo(&client, "hello").await?;
    bench.here = bench.peer.is_here();
    Ok(())
}

pub(super) async fn eras(bench: &mut Bench<'_>) -> Checked {
    for (choice, expected) in
        [(EraChoice::Auto, Era::Modern), (EraChoice::Modern, Era::Modern), (EraChoice::Legacy, Era::Legacy)]
    {
        let client = bench.client_with(|builder| builder.era(choice)).await?;
        let era = client.server().map(|server| server.era);
        ensure(era == Some(expected), || format!("{choice:?} led to {era:?}"))?;
        echo(&client, "hello").await?;
        client.close().await;
    }
    Ok(())
}

pub(super) async fn texts(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let controls: String = (0..32u8).map(char::from).collect();
    let texts = [
        "",
        " ",
        "\n",
        "\r\n",
        "a\nb\r\nc\rd",
        "\u{2028}\u{2029}\u{85}",
        "\u{0}",
        &controls,
        "\"quotes\" and \\ and \\n and \\u000a",
        "{\"jsonrpc\":\"2.0\",\"id\":1}\n{\"jsonrpc\":\"2.0\",\"id\":2}",
        "grüße, 中文, العربية, 👩‍👩‍👧‍👦, e\u{301}",
        "\u{FEFF}a byte order mark",
        "\u{10FFFF}\u{FFFE}",
        "</script><!--",
    ];
    for text in texts {
        echo(&client, text).await?;
    }
    Ok(())
}

pub(super) async fn line_breaks(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    for kind in ["lf", "crlf"] {
        let text = "one\ntwo";
        let answer = said(&client, "pretty", &json!({ "text": text, "key": kind })).await?;
        ensure(answer == text, || format!("{text:?} came back as {answer:?}"))?;
    }
    let malformed = client.metrics().malformed;
    ensure(malformed == 0, || format!("{malformed} of what arrived were no messages"))
}

pub(super) async fn cancellation(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let call = client.call_tool("never", json!({ "key": "given up" })).into_future();
    echo(&client, "it is on its way").await?;
    drop(call);
    let told = said(&client, "cancelled", &json!({ "key": "given up" })).await?;
    ensure(told == "given up", || format!("the server says {told:?}"))?;
    let waiting = client.metrics().in_flight;
    ensure(waiting == 0, || format!("{waiting} calls are still under way"))
}

pub(super) async fn deadline(bench: &mut Bench<'_>) -> Checked {
    let client = bench.client().await?;
    let call = client.call_tool("never", json!({ "key": "late" })).timeout(Duration::from_millis(60)).into_future();
    match soon("a call with a deadline of 60 ms", call).await? {
        Err(error) if error.is_timeout() && error.maybe_executed() => {}
        other => return broken(format!("a call that is never answered ended as {other:?}")),
    }
    echo(&client, "others go on").await
}

pub(super) async fn questions(bench: &mut Bench<'_>) -> Checked {
    for era in [EraChoice::Modern, EraChoice::Legacy] {
        let handler = |_, _: ElicitRequest| async {
            Json::encode(&json!({ "name": "Ada" })).map_or_else(|_| ElicitResult::cancel(), ElicitResult::accept)
        };
        let client = bench.client_with(|builder| builder.era(era).on_elicit(handler)).await?;
        let answer = said(&client, "ask", &json!({})).await?;
        ensure(answer == "Ada", || format!("{era:?}: the server was answered {answer:?}"))?;
    }
    Ok(())
}
