//! How a session begins, in both eras, with and without a remembered verdict.

use serde_json::{Value, json};

use super::sim::*;
use crate::frame::Liveness;
use crate::platform::test;
use crate::session::{Era, EraChoice, State, Verdict};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn remembered() -> Option<Verdict> {
    Some(Verdict::Modern { version: MODERN, discover: Some(json_of(&discovered())) })
}

fn cached_modern() -> Sim {
    let mut sim = Sim::with(|_| {}, remembered());
    sim.open();
    sim
}

#[test]
fn a_modern_server_is_ready_after_one_round_trip() {
    let mut sim = Sim::new();
    sim.open();
    assert_eq!(sim.connects, 1);
    sim.list("queued");
    sim.up();
    let probe = sim.one();
    assert_eq!(probe["method"], "server/discover");
    assert_eq!(probe["params"]["_meta"][VERSION], MODERN);
    sim.nobody_answered();
    sim.deliver(answer(&probe, discovered()));
    assert!(sim.reply_to("open").is_ok());
    let list = sim.one();
    assert_eq!(list["method"], "tools/list", "what was queued follows");
    assert_ne!(list["id"], probe["id"]);
    let info = sim.session.info().expect("known");
    assert_eq!((info.era, info.version), (Era::Modern, MODERN));
    assert_eq!(info.server.as_ref().and_then(|server| server.get_str("name")).as_deref(), Some("scripted"));
    assert!(matches!(sim.verdicts.as_slice(), [Verdict::Modern { version: MODERN, discover: Some(_) }]));
    assert_eq!(sim.has_event(|event| matches!(event, crate::Event::State(State::Connected))), 1);
}

#[test]
fn every_modern_request_carries_the_identity_and_no_legacy_one_does() {
    let mut sim = Sim::modern();
    sim.call("a", "tools/list", json!({ "_meta": { "mine": 1, VERSION: "forged" } }));
    let meta = sim.one()["params"]["_meta"].clone();
    assert_eq!(meta[VERSION], MODERN, "the protocol's entries win");
    assert_eq!(meta["mine"], 1);
    assert_eq!(meta["io.modelcontextprotocol/clientInfo"], json!({ "name": "sim", "version": "1.0" }));
    assert!(meta[CAPABILITIES]["elicitation"].is_object());
    assert!(meta["progressToken"].is_number());
    sim.call_with("b", "tools/call", json!({ "name": "x" }), |options| options.non_interactive = true);
    let meta = sim.one()["params"]["_meta"].clone();
    assert!(meta[CAPABILITIES]["elicitation"].is_null(), "nobody can be asked");
    assert!(meta[CAPABILITIES]["roots"].is_object());

    let mut sim = Sim::legacy();
    sim.list("a");
    let list = sim.one();
    assert_eq!(list["params"]["_meta"], json!({ "progressToken": list["id"] }));
}

#[test]
fn a_legacy_server_is_initialized_at_whatever_version_it_has() {
    for version in ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] {
        let mut sim = Sim::new();
        sim.open();
        sim.up();
        let probe = sim.one();
        sim.deliver(refusal(&probe, -32601));
        let initialize = sim.one();
        assert_eq!(initialize["method"], "initialize");
        assert_ne!(initialize["id"], probe["id"]);
        assert!(initialize["params"]["_meta"].is_null());
        assert_eq!(initialize["params"]["protocolVersion"], LEGACY);
        assert!(initialize["params"]["capabilities"]["elicitation"].is_object());
        assert_eq!(initialize["params"]["clientInfo"]["name"], "sim");
        sim.list("queued");
        sim.nothing_sent();
        sim.deliver(answer(&initialize, initialized(version)));
        assert!(sim.reply_to("open").is_ok());
        assert_eq!(sim.methods(), ["notifications/initialized", "tools/list"]);
        let info = sim.session.info().expect("known");
        assert_eq!((info.era, info.version), (Era::Legacy, version));
        assert_eq!(info.instructions.as_deref(), Some("be kind"));
        let Some(Verdict::Legacy { version: Some(known), cacheable: true }) = sim.verdicts.last() else { panic!() };
        assert_eq!(*known, version);
    }
}

#[test]
fn a_version_that_nobody_here_speaks_is_named() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.up();
    let initialize = sim.one();
    assert_eq!(initialize["method"], "initialize", "no probe");
    sim.deliver(answer(&initialize, initialized("2030-01-01")));
    let error = sim.error_of("open");
    assert!(error.is_unsupported_version());
    assert!(error.to_string().contains("2030-01-01"), "{error}");
}

#[test]
fn an_answer_to_initialize_without_a_version_is_not_mcp() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, json!({})));
    assert!(sim.error_of("open").is_not_mcp());
}

#[test]
fn only_modern_means_no_initialize() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Modern, None);
    sim.open();
    sim.up();
    let probe = sim.one();
    sim.deliver(refusal(&probe, -32601));
    assert_eq!(sim.error_of("open").rpc().map(|rpc| rpc.code), Some(-32601));
    sim.nothing_sent();

    let mut sim = Sim::with(|options| options.era = EraChoice::Modern, None);
    sim.open();
    sim.up();
    sim.one();
    sim.lose();
    assert_eq!(sim.connects, 0, "no reopening for initialize");
    assert!(sim.reply_to("open").is_err());
}

#[test]
fn a_remembered_modern_server_costs_no_round_trip() {
    let mut sim = cached_modern();
    sim.list("first");
    sim.up();
    assert_eq!(sim.methods(), ["tools/list"]);
    assert!(sim.reply_to("open").is_ok());
}

#[test]
fn a_stale_modern_verdict_heals_by_asking_again_once() {
    let mut sim = cached_modern();
    sim.tool("a");
    sim.list("b");
    sim.up();
    sim.forget();
    let sent = sim.sent();
    sim.deliver(refusal(&sent[0], -32602));
    assert_eq!(sim.one()["method"], "server/discover");
    sim.deliver(refusal(&sent[1], -32600));
    sim.list("c");
    sim.nothing_sent();
    sim.nobody_answered();
    let again = sim.session.next_id - 1;
    sim.deliver(error(Value::Null, -32600, json!(again)));
    let initialize = sim.one();
    assert_eq!(initialize["method"], "initialize");
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    let sent = sim.sent();
    let names: Vec<_> = sent.iter().map(|message| message["method"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["notifications/initialized", "tools/call", "tools/list", "tools/list"], "in order");
    assert!(sent.iter().all(|message| message["params"]["_meta"][VERSION].is_null()));
    sim.deliver(refusal(&sent[1], -32602));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32602), "the second refusal is the caller's");
}

#[test]
fn a_stale_verdict_heals_where_the_refusal_has_no_id() {
    let mut sim = cached_modern();
    sim.list("a");
    sim.up();
    sim.one();
    sim.deliver(error(Value::Null, -32022, json!({ "supported": ["2025-06-18"] })));
    let probe = sim.one();
    assert_eq!(probe["method"], "server/discover");
    sim.deliver(error(Value::Null, -32022, json!({ "supported": ["2025-06-18"] })));
    assert_eq!(sim.one()["params"]["protocolVersion"], "2025-06-18");
}

#[test]
fn a_stalled_first_request_on_a_remembered_verdict_asks_again() {
    let mut sim = cached_modern();
    sim.tool("a");
    sim.up();
    sim.sent();
    sim.forget();
    sim.advance(secs(60));
    assert!(sim.error_of("a").is_timeout());
    assert_eq!(sim.methods(), ["notifications/cancelled", "server/discover"]);
}

#[test]
fn a_tool_that_failed_in_its_own_way_is_not_run_again() {
    let mut sim = cached_modern();
    sim.tool("a");
    sim.up();
    let call = sim.one();
    sim.forget();
    sim.deliver(refusal(&call, -32000));
    assert_eq!(sim.error_of("a").rpc().map(|rpc| rpc.code), Some(-32000));
}

#[test]
fn a_confirmed_modern_server_is_never_demoted() {
    let mut sim = cached_modern();
    sim.tool("a");
    sim.up();
    let call = sim.one();
    sim.deliver(answer(&call, done()));
    sim.forget();
    sim.tool("b");
    let call = sim.one();
    sim.deliver(refusal(&call, -32601));
    assert_eq!(sim.error_of("b").rpc().map(|rpc| rpc.code), Some(-32601));
    sim.nothing_sent();
    assert_eq!(sim.era(), Some(Era::Modern));
}

#[test]
fn an_answer_without_result_type_confirms_nothing() {
    let mut sim = cached_modern();
    sim.list("a");
    sim.up();
    let list = sim.one();
    sim.forget();
    sim.deliver(answer(&list, json!({ "tools": [] })));
    assert!(sim.reply_to("a").is_ok());
    sim.tool("b");
    let call = sim.one();
    sim.deliver(refusal(&call, -32601));
    assert_eq!(sim.one()["method"], "server/discover");
}

#[test]
fn a_subscription_outlives_a_stale_verdict() {
    let mut sim = cached_modern();
    sim.listen("sub", json!({ "toolsListChanged": true }));
    sim.up();
    let listen = sim.one();
    sim.forget();
    sim.deliver(refusal(&listen, -32601));
    let probe = sim.one();
    sim.deliver(refusal(&probe, -32601));
    sim.nobody_answered();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.reply_to("sub").expect("agreed"), json!({ "toolsListChanged": true }));
}

#[test]
fn a_link_lost_before_the_remembered_verdict_held_is_followed_by_a_probe() {
    let mut sim = cached_modern();
    sim.list("a");
    sim.up();
    sim.sent();
    sim.connects = 0;
    sim.lose();
    sim.reconnect();
    assert_eq!(sim.methods(), ["server/discover"]);
}

#[test]
fn a_remembered_legacy_server_that_became_modern_is_asked_again() {
    let known = Some(Verdict::Legacy { version: Some("2025-06-18"), cacheable: true });
    let mut sim = Sim::with(|_| {}, known);
    sim.open();
    sim.up();
    let initialize = sim.one();
    assert_eq!(initialize["params"]["protocolVersion"], "2025-06-18");
    sim.deliver(refusal(&initialize, -32601));
    let probe = sim.one();
    assert_eq!(probe["method"], "server/discover");
    sim.deliver(answer(&probe, discovered()));
    assert!(sim.reply_to("open").is_ok());
    assert_eq!(sim.era(), Some(Era::Modern));
}

/// A program that is slow to start: both questions wait for it.
fn slow() -> (Sim, Value, Value) {
    let mut sim = Sim::new();
    sim.open();
    sim.profile = channel(Liveness::Channel);
    sim.up();
    let probe = sim.one();
    sim.advance(secs(2));
    let initialize = sim.one();
    assert_eq!(initialize["method"], "initialize");
    (sim, probe, initialize)
}

#[test]
fn a_late_answer_to_the_probe_holds_where_initialize_is_refused() {
    let (mut sim, probe, initialize) = slow();
    sim.list("queued");
    sim.deliver(answer(&probe, discovered()));
    sim.nobody_answered();
    sim.deliver(refusal(&initialize, -32601));
    assert!(sim.reply_to("open").is_ok());
    assert_eq!(sim.session.info().map(|info| info.era), Some(Era::Modern));
    let list = sim.one();
    assert_eq!(list["params"]["_meta"][VERSION], MODERN);
    assert!(matches!(sim.verdicts.as_slice(), [Verdict::Modern { version: MODERN, discover: Some(_) }]));
}

#[test]
fn a_late_answer_to_the_probe_is_remembered_where_initialize_is_answered() {
    let (mut sim, probe, initialize) = slow();
    sim.deliver(answer(&probe, discovered()));
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert!(sim.reply_to("open").is_ok());
    assert_eq!(sim.session.info().map(|info| info.era), Some(Era::Legacy));
    assert!(matches!(sim.verdicts.as_slice(), [Verdict::Modern { version: MODERN, .. }]));
}

#[test]
fn a_failure_in_both_eras_reports_both_causes() {
    let mut sim = Sim::new();
    sim.open();
    sim.up();
    let probe = sim.one();
    sim.deliver(refusal(&probe, -32601));
    let initialize = sim.one();
    sim.deliver(refusal(&initialize, -32603));
    let text = sim.error_of("open").to_string();
    assert!(text.contains("-32601") && text.contains("-32603"), "{text}");
    sim.nothing_sent();
}

#[test]
fn initialize_is_never_cancelled() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.up();
    sim.one();
    sim.advance(secs(31));
    assert!(sim.error_of("open").is_timeout());
    sim.nothing_sent();

    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.up();
    sim.one();
    sim.close();
    assert!(sim.error_of("open").is_closed());
    sim.nothing_sent();
    assert_eq!(sim.closes, 1);
}

#[test]
fn a_probe_pings_where_the_carrier_can() {
    let mut sim = Sim::new();
    sim.profile = channel(Liveness::Ping);
    sim.open();
    sim.up();
    assert_eq!(sim.pings, 1);
}

#[test]
fn garbage_instead_of_a_handshake_is_called_by_its_name() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None);
    sim.open();
    sim.up();
    sim.deliver_text("<html>");
    sim.advance(secs(31));
    let error = sim.error_of("open");
    assert!(error.is_not_mcp(), "{error}");
}
