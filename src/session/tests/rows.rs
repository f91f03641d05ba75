//! Every outcome of the probe over HTTP, and what the session does about it.

use serde_json::{Value, json};

use super::carrier::*;
use super::sim::*;
use crate::frame::{Body, Failure};
use crate::platform::test;
use crate::session::{Era, EraChoice, Verdict};
use crate::transport::{TransportError, TransportErrorKind};

/// A session whose probe met `outcome`.
fn met(outcome: impl FnOnce(&mut Sim, &Value)) -> Sim {
    let mut sim = Sim::http();
    let probe = sim.begin();
    outcome(&mut sim, &probe);
    sim
}

fn replied(status: u16, code: i64, data: Value) -> Sim {
    met(|sim, probe| sim.reply_with(probe, status, error(probe["id"].clone(), code, data)))
}

fn failed(failure: Failure) -> Sim {
    met(|sim, probe| sim.fails(probe, failure))
}

fn discovers(versions: Value) -> Sim {
    met(|sim, probe| sim.reply(probe, json!({ "supportedVersions": versions, "capabilities": {} })))
}

fn modern(mut sim: Sim) {
    assert_eq!(sim.era(), Some(Era::Modern));
    assert!(sim.reply_to("open").is_ok());
    sim.nothing_sent();
}

/// It begins the legacy way, at `version`; how many verdicts are worth keeping.
fn legacy(mut sim: Sim, version: &str, verdicts: usize) {
    let initialize = sim.one();
    assert_eq!(initialize["method"], "initialize");
    assert_eq!(initialize["params"]["protocolVersion"], version);
    sim.reply(&initialize, initialized(version));
    assert_eq!(sim.era(), Some(Era::Legacy));
    assert!(sim.reply_to("open").is_ok());
    assert_eq!(sim.verdicts.len(), verdicts);
}

fn ends_with(mut sim: Sim, code: &str) -> crate::Error {
    let error = sim.error_of("open");
    assert_eq!(error.code(), code, "{error}");
    assert!(sim.is_closed());
    sim.nothing_sent();
    error
}

#[test]
fn row_1_a_discovery_with_a_modern_version() {
    modern(discovers(json!(["2099-01-01", MODERN, LEGACY])));
}

#[test]
fn row_2_a_discovery_with_legacy_versions_only() {
    legacy(discovers(json!(["2025-06-18", "2024-11-05"])), "2025-06-18", 1);
}

#[test]
fn row_3_a_discovery_with_nothing_in_common() {
    ends_with(discovers(json!(["2099-01-01"])), "unsupported_version");
}

#[test]
fn row_4_an_unsupported_version_is_tried_again_once_at_one_of_the_list() {
    let supported = json!({ "supported": [MODERN], "requested": "x" });
    let mut sim = replied(400, -32022, supported.clone());
    let again = sim.one();
    assert_eq!(again["method"], "server/discover");
    sim.reply_with(&again, 400, error(again["id"].clone(), -32022, supported));
    ends_with(sim, "unsupported_version");
}

#[test]
fn row_5_an_unsupported_version_with_a_legacy_one_in_common() {
    legacy(replied(400, -32022, json!({ "supported": ["2025-03-26"] })), "2025-03-26", 1);
}

#[test]
fn row_6_an_unsupported_version_with_nothing_in_common() {
    ends_with(replied(400, -32022, json!({ "supported": ["2099-01-01"] })), "unsupported_version");
}

#[test]
fn row_7_errors_that_only_the_modern_era_has_are_surfaced() {
    for code in [-32020, -32021] {
        let error = ends_with(replied(400, code, json!(null)), "rpc");
        assert_eq!(error.rpc().map(|error| error.code), Some(code));
    }
}

#[test]
fn row_8_any_other_error_below_500() {
    for (status, code) in [(200, -32601), (400, -32600), (400, -32000), (404, -32601), (405, -32000), (422, 7)] {
        legacy(replied(status, code, json!(null)), LEGACY, 1);
    }
    // The id was never read, or was replaced.
    for id in [json!(null), json!("server-error"), json!(99)] {
        legacy(met(|sim, probe| sim.reply_with(probe, 400, error(id, -32600, json!(null)))), LEGACY, 1);
    }
    for status in [502, 503] {
        ends_with(replied(status, -32603, json!(null)), "rpc");
    }
    // The unknown method was too much for some: `initialize` decides, and nothing is remembered.
    for status in [500, 501] {
        legacy(replied(status, -32603, json!(null)), LEGACY, 0);
        legacy(failed(refused(status, Body::Html)), LEGACY, 0);
    }
}

#[test]
fn row_9_a_refusal_that_is_no_message() {
    for status in [400, 404, 405, 406, 410, 415, 422] {
        for body in [Body::Empty, Body::Html, Body::Other] {
            legacy(failed(refused(status, body)), LEGACY, 1);
        }
    }
}

#[test]
fn row_10_an_acceptance_without_an_answer() {
    for (status, body) in [(200, Body::Empty), (202, Body::Empty), (202, Body::Other), (204, Body::Empty)] {
        legacy(failed(refused(status, body)), LEGACY, 1);
    }
}

#[test]
fn row_11_without_a_credential_it_is_asked_for() {
    for status in [401, 403, 407] {
        let error = ends_with(failed(refused(status, Body::Empty)), "auth_required");
        assert!(error.is_auth_required());
    }
}

#[test]
fn row_11_with_a_credential_initialize_decides_and_nothing_is_remembered() {
    for status in [401, 403, 407] {
        let with = |status| Failure { credential_sent: true, ..refused(status, Body::Other) };
        legacy(failed(with(status)), LEGACY, 0);

        let mut sim = failed(with(status));
        let initialize = sim.one();
        sim.fails(&initialize, with(status));
        let error = ends_with(sim, "auth_required");
        assert!(error.to_string().contains("server/discover") && error.to_string().contains("initialize"), "{error}");
    }
}

#[test]
fn row_12_a_server_that_is_busy_is_no_verdict() {
    for status in [408, 429, 502, 503, 504, 524] {
        let sim = failed(refused(status, Body::Html));
        assert!(sim.verdicts.is_empty());
        ends_with(sim, "refused");
    }
}

#[test]
fn row_13_a_web_page() {
    ends_with(failed(refused(200, Body::Html)), "not_mcp");
    legacy(failed(refused(200, Body::Other)), LEGACY, 0);
    ends_with(failed(refused(307, Body::Empty)), "refused");
}

#[test]
fn row_14_silence_is_an_outage() {
    let mut sim = Sim::http();
    sim.begin();
    sim.advance(millis(9_999));
    sim.nobody_answered();
    sim.advance(millis(1));
    ends_with(sim, "timeout");
}

#[test]
fn row_15_a_reply_that_breaks_off() {
    ends_with(met(|sim, probe| sim.ends(probe)), "connection_lost");
    ends_with(failed(broken(TransportErrorKind::Lost)), "connection_lost");
}

#[test]
fn row_16_an_opaque_failure_is_tried_the_legacy_way_and_not_remembered() {
    legacy(failed(broken(TransportErrorKind::Opaque)), LEGACY, 0);

    let mut sim = failed(broken(TransportErrorKind::Opaque));
    let initialize = sim.one();
    sim.fails(&initialize, broken(TransportErrorKind::Opaque));
    let error = ends_with(sim, "cors_or_network");
    assert!(error.to_string().contains("server/discover failed"), "{error}");
}

#[test]
fn row_17_any_other_failure_of_the_network() {
    ends_with(failed(broken(TransportErrorKind::ConnectFailed)), "connect_failed");
    ends_with(failed(broken(TransportErrorKind::Tls)), "tls");
}

#[test]
fn row_18_what_is_no_answer_is_passed_over() {
    let mut sim = Sim::http();
    let probe = sim.begin();
    sim.on(&probe, notification("notifications/message", json!({ "level": "info", "data": 1 })));
    sim.on(&probe, json!({ "jsonrpc": "2.0", "id": 77, "result": {} }));
    sim.nobody_answered();
    sim.on(&probe, answer(&probe, discovered()));
    modern(sim);
}

// ---- The transport of 2024-11-05

#[test]
fn a_refused_initialize_is_tried_over_the_older_transport_once() {
    for status in [400, 404, 405] {
        let mut sim = failed(refused(405, Body::Empty));
        let initialize = sim.one();
        sim.fails(&initialize, refused(status, Body::Html));
        assert_eq!(sim.connects, 1, "{status}");
        sim.profile = channel(crate::frame::Liveness::Request);
        sim.up();
        let initialize = sim.one();
        assert_eq!(initialize["method"], "initialize", "and no probe");
        assert!(sim.posts.iter().all(|post| post.id != Some(wire(&initialize))), "it is a message there");
        sim.deliver(answer(&initialize, initialized("2024-11-05")));
        assert!(sim.reply_to("open").is_ok());
    }
    // No other status is a sign of it, nor is a modern error.
    let mut sim = failed(refused(405, Body::Empty));
    let initialize = sim.one();
    sim.fails(&initialize, refused(410, Body::Html));
    assert_eq!(sim.connects, 0);
    ends_with(sim, "refused");
}

#[test]
fn where_the_older_transport_fails_too_what_the_newer_one_met_is_told() {
    let mut sim = failed(refused(405, Body::Empty));
    let initialize = sim.one();
    sim.fails(&initialize, refused(404, Body::Html));
    assert_eq!(sim.connects, 1);
    sim.link = false;
    sim.session.link_failed(http_error(406), sim.now);
    sim.drain();
    let error = ends_with(sim, "refused");
    assert!(error.to_string().contains("405") && error.to_string().contains("406"), "{error}");
}

#[test]
fn calls_that_were_under_way_are_answered_when_the_older_transport_is_tried() {
    let known = Verdict::Modern { version: MODERN, discover: Some(json_of(&discovered())) };
    let mut sim = Sim::with(|_| {}, Some(known)).over_http();
    sim.open();
    sim.up();
    for name in ["refused", "runs"] {
        sim.tool(name);
    }
    sim.list("reads");
    let [first, ..] = &sim.sent()[..] else { panic!("three calls") };
    sim.forget();
    sim.fails(first, refused(404, Body::Empty));
    let probe = sim.one();
    sim.fails(&probe, refused(404, Body::Empty));
    let initialize = sim.one();
    sim.fails(&initialize, refused(404, Body::Empty));
    let error = sim.error_of("runs");
    assert!(error.is_interrupted() && error.maybe_executed());
    sim.profile = channel(crate::frame::Liveness::Request);
    sim.up();
    let initialize = sim.one();
    sim.deliver(answer(&initialize, initialized("2024-11-05")));
    assert_eq!(sim.methods(), ["notifications/initialized", "tools/call", "tools/list"]);
}

// ---- What is remembered

#[test]
fn a_remembered_era_that_does_not_hold_is_asked_anew_and_nothing_is_lost() {
    for answers_with in [None, Some(-32601)] {
        let known = Verdict::Modern { version: MODERN, discover: Some(json_of(&discovered())) };
        let mut sim = Sim::with(|_| {}, Some(known)).over_http();
        sim.open();
        sim.up();
        assert!(sim.reply_to("open").is_ok());
        for name in ["a", "b", "c"] {
            sim.tool(name);
        }
        let calls = sim.sent();
        let refuse = |sim: &mut Sim, call: &Value| match answers_with {
            Some(code) => sim.reply_with(call, 404, error(call["id"].clone(), code, json!(null))),
            None => sim.fails(call, refused(405, Body::Empty)),
        };
        refuse(&mut sim, &calls[0]);
        let probe = sim.one();
        assert_eq!(probe["method"], "server/discover");
        // The others of the same moment: while it is asked, and while it is initialized.
        refuse(&mut sim, &calls[1]);
        sim.fails(&probe, refused(405, Body::Empty));
        refuse(&mut sim, &calls[2]);
        let initialize = sim.one();
        sim.nobody_answered();
        sim.reply(&initialize, initialized(LEGACY));
        assert_eq!(sim.methods(), ["notifications/initialized", "tools/call", "tools/call", "tools/call"]);
    }
}

#[test]
fn a_subscription_of_an_era_in_doubt_leaves_no_stream_behind() {
    let known = Verdict::Modern { version: MODERN, discover: Some(json_of(&discovered())) };
    let mut sim = Sim::with(|_| {}, Some(known)).over_http();
    sim.open();
    sim.up();
    sim.listen("sub", json!({ "toolsListChanged": true }));
    let listen = sim.one();
    sim.list("a");
    let call = sim.one();
    sim.fails(&call, refused(405, Body::Empty));
    assert_eq!(sim.aborts, [wire(&listen)]);
}

#[test]
fn a_chosen_era_is_kept_to() {
    let mut sim = Sim::with(|options| options.era = EraChoice::Legacy, None).over_http();
    sim.open();
    sim.up();
    assert_eq!(sim.methods(), ["initialize"]);

    let mut sim = Sim::with(|options| options.era = EraChoice::Modern, None).over_http();
    let probe = sim.begin();
    sim.fails(&probe, refused(404, Body::Empty));
    ends_with(sim, "refused");
}

#[test]
fn a_credential_that_is_refused_on_the_way_back_is_final() {
    let mut sim = Sim::http_legacy();
    sim.lose_with(expired());
    sim.up();
    let initialize = sim.one();
    let error = TransportError::new(TransportErrorKind::Refused { status: 401 }, "give a token");
    sim.fails(&initialize, Failure { error, credential_sent: true, ..refused(401, Body::Empty) });
    assert!(sim.is_closed(), "{:?}", sim.session.state());
    sim.list("late");
    assert!(sim.error_of("late").is_auth_required());
}
