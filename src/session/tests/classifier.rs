//! Every row of the classifier's table, in both profiles, and what the session does about it on a channel.

use serde_json::{Value, json};

use super::super::era::{Ours, Probe, Ruling, classify};
use super::sim::*;
use crate::frame::Body;
use crate::frame::{Liveness, Profile};
use crate::platform::test;
use crate::session::{Era, Verdict};
use crate::transport::{TransportError, TransportErrorKind};

const HTTP: Profile = Profile::PerRequest;
const CHANNEL: Profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Request };
const PIPE: Profile = Profile::SharedChannel { reopen: false, liveness: Liveness::Channel };

fn legacy(version: Option<&'static str>) -> Ruling {
    Ruling::Legacy { version, cacheable: true }
}

fn versions(all: &[&str]) -> Option<Vec<String>> {
    Some(all.iter().map(|version| (*version).to_owned()).collect())
}

fn rules(outcome: &Probe, expected: &Ruling) {
    for profile in [HTTP, CHANNEL, PIPE] {
        assert_eq!(&classify(outcome.clone(), profile, Ours::ALL), expected, "{outcome:?} on {profile:?}");
    }
}

fn discovered_versions(all: &[&str]) -> Probe {
    Probe::Discovered(versions(all))
}

fn failed(code: i64, supported: Option<Vec<String>>) -> Probe {
    Probe::Error { code, supported, status: None }
}

fn http(status: u16, body: Body, credential_sent: bool) -> Ruling {
    classify(Probe::Http { status, body, credential_sent }, HTTP, Ours::ALL)
}

#[test]
fn rows_1_to_3_a_discovery_is_ruled_by_its_versions() {
    rules(&discovered_versions(&["2099-01-01", MODERN, LEGACY]), &Ruling::Modern { version: MODERN });
    rules(&discovered_versions(&["2025-06-18", "2024-11-05"]), &legacy(Some("2025-06-18")));
    rules(&discovered_versions(&["2099-01-01"]), &Ruling::UnsupportedVersion { theirs: vec!["2099-01-01".into()] });
    rules(&discovered_versions(&[]), &Ruling::UnsupportedVersion { theirs: vec![] });
}

#[test]
fn rows_4_to_6_an_unsupported_version_is_ruled_by_the_list() {
    rules(&failed(-32022, versions(&[LEGACY, MODERN])), &Ruling::ResendAt(MODERN));
    rules(&failed(-32022, versions(&["2025-03-26"])), &legacy(Some("2025-03-26")));
    rules(
        &failed(-32022, versions(&["2099-01-01"])),
        &Ruling::UnsupportedVersion { theirs: vec!["2099-01-01".into()] },
    );
    let again = Ours { resent: true, ..Ours::ALL };
    let second = classify(failed(-32022, versions(&[MODERN])), CHANNEL, again);
    assert_eq!(second, Ruling::UnsupportedVersion { theirs: vec![MODERN.into()] }, "the second -32022 is an error");
}

#[test]
fn row_7_modern_errors_never_lead_to_initialize() {
    rules(&failed(-32020, None), &Ruling::ModernError);
    rules(&failed(-32021, None), &Ruling::ModernError);
}

#[test]
fn row_8_any_other_error_is_legacy_and_never_keyed_to_one_code() {
    for code in [-32601, -32602, -32600, -32000, -32603, -32700, -32022, 0, 1, 404] {
        rules(&failed(code, None), &legacy(None));
    }
    let at = |status| classify(Probe::Error { code: -32000, supported: None, status: Some(status) }, HTTP, Ours::ALL);
    for status in [200, 400, 404, 405, 422] {
        assert_eq!(at(status), legacy(None), "{status}");
    }
    for status in [401, 403, 407] {
        assert_eq!(at(status), Ruling::AuthRequired, "{status}");
    }
    for status in [408, 429, 502, 503] {
        assert_eq!(at(status), Ruling::Transient, "{status}");
    }
    for status in [500, 501] {
        assert_eq!(at(status), Ruling::Arbitrate, "{status}: how some servers answer an unknown method");
    }
}

#[test]
fn rows_9_to_13_http_without_json_rpc_is_ruled_by_its_status() {
    for status in [400, 404, 405, 410, 415] {
        assert_eq!(http(status, Body::Empty, false), legacy(None), "row 9: {status}");
        assert_eq!(http(status, Body::Html, false), legacy(None), "row 9: {status}");
    }
    assert_eq!(http(200, Body::Empty, false), legacy(None), "row 10");
    assert_eq!(http(202, Body::Other, false), legacy(None), "row 10");
    for status in [401, 403, 407] {
        assert_eq!(http(status, Body::Empty, false), Ruling::AuthRequired, "row 11: {status}");
        assert_eq!(http(status, Body::Empty, true), Ruling::Arbitrate, "row 11: {status}");
    }
    for status in [408, 429, 502, 503, 504] {
        assert_eq!(http(status, Body::Html, true), Ruling::Transient, "row 12: {status}");
    }
    for status in [500, 501] {
        assert_eq!(http(status, Body::Other, false), Ruling::Arbitrate, "{status}: the Java SDK answers so");
    }
    assert_eq!(http(200, Body::Other, false), Ruling::Arbitrate, "an intermediary's words");
    assert_eq!(http(200, Body::Html, false), Ruling::NotMcp, "row 13");
    for status in [300, 301, 307, 308] {
        assert_eq!(http(status, Body::Empty, true), Ruling::Failed, "{status}: nothing is sent where it leads");
    }
}

#[test]
fn rows_14_to_18_silence_closing_and_the_rest() {
    for alive in [None, Some(true), Some(false)] {
        assert_eq!(classify(Probe::Silence { alive }, HTTP, Ours::ALL), Ruling::Failed, "row 14: an outage is no era");
    }
    assert_eq!(classify(Probe::Silence { alive: Some(true) }, CHANNEL, Ours::ALL), legacy(None));
    assert_eq!(classify(Probe::Silence { alive: None }, CHANNEL, Ours::ALL), legacy(None));
    assert_eq!(classify(Probe::Silence { alive: Some(false) }, CHANNEL, Ours::ALL), Ruling::Failed);
    let close = |reopened, profile| classify(Probe::ChannelClosed { reopened }, profile, Ours::ALL);
    assert_eq!(close(false, CHANNEL), Ruling::ReopenLegacy, "row 15");
    assert_eq!(close(true, CHANNEL), Ruling::Failed, "row 15: once");
    assert_eq!(close(false, PIPE), Ruling::Failed, "row 15");
    assert_eq!(close(false, HTTP), Ruling::Failed, "row 15");
    let opaque = classify(Probe::Opaque, HTTP, Ours::ALL);
    assert_eq!(opaque, Ruling::Legacy { version: None, cacheable: false }, "row 16");
    rules(&Probe::Network, &Ruling::Failed);
}

// ---- The same rows, lived through on a channel

fn probing(profile: Profile) -> (Sim, Value) {
    let mut sim = Sim::new();
    sim.profile = profile;
    sim.open();
    sim.up();
    let probe = sim.one();
    assert_eq!(probe["method"], "server/discover");
    sim.forget();
    (sim, probe)
}

#[test]
fn row_4_the_probe_is_sent_once_more_and_a_second_refusal_is_final() {
    let (mut sim, probe) = probing(CHANNEL);
    sim.deliver(error(probe["id"].clone(), -32022, json!({ "supported": [MODERN] })));
    let second = sim.one();
    assert_eq!(second["method"], "server/discover");
    assert_ne!(second["id"], probe["id"]);
    sim.deliver(error(second["id"].clone(), -32022, json!({ "supported": [MODERN] })));
    assert!(sim.error_of("open").is_unsupported_version());
    assert!(sim.is_closed());
    sim.nothing_sent();
}

#[test]
fn row_6_disjoint_versions_are_named_and_nothing_else_is_tried() {
    let (mut sim, probe) = probing(CHANNEL);
    sim.deliver(error(probe["id"].clone(), -32022, json!({ "supported": ["2099-01-01"] })));
    let error = sim.error_of("open");
    assert!(error.is_unsupported_version());
    let text = error.to_string();
    assert!(text.contains("2099-01-01") && text.contains(MODERN) && text.contains("2024-11-05"), "{text}");
    sim.nothing_sent();
}

#[test]
fn row_7_the_servers_own_error_is_the_callers() {
    let (mut sim, probe) = probing(CHANNEL);
    sim.deliver(error(probe["id"].clone(), -32021, json!({ "requiredCapabilities": { "roots": {} } })));
    let error = sim.error_of("open");
    assert_eq!(error.rpc().map(|rpc| rpc.code), Some(-32021));
    sim.nothing_sent();
}

#[test]
fn row_8_an_error_with_a_null_or_unknown_id_answers_the_probe() {
    for id in [Value::Null, json!("server-error"), json!(999_999), json!(1.5)] {
        let (mut sim, probe) = probing(CHANNEL);
        sim.deliver(error(id.clone(), -32600, Value::Null));
        let initialize = sim.one();
        assert_eq!(initialize["method"], "initialize", "{id}");
        assert_ne!(initialize["id"], probe["id"]);
    }
    let (mut sim, _) = probing(CHANNEL);
    sim.deliver(error(Value::Null, -32022, json!({ "supported": ["2025-06-18", "2025-03-26"] })));
    assert_eq!(sim.one()["params"]["protocolVersion"], "2025-06-18", "tower-mcp says so without an id");
}

#[test]
fn row_14_a_silent_server_that_lives_is_legacy() {
    let (mut sim, _) = probing(channel(Liveness::Ping));
    sim.advance(millis(500));
    sim.alive();
    sim.advance(millis(1600));
    assert_eq!(sim.one()["method"], "initialize");
}

#[test]
fn row_14_a_silent_server_that_is_dead_is_an_error() {
    let (mut sim, _) = probing(channel(Liveness::Ping));
    sim.advance(secs(3));
    assert!(sim.error_of("open").is_timeout());
    assert!(sim.is_closed());
    sim.nothing_sent();
}

#[test]
fn row_14_a_silent_server_of_which_nothing_is_known_is_legacy() {
    for liveness in [Liveness::Request, Liveness::Channel] {
        let (mut sim, _) = probing(channel(liveness));
        sim.advance(millis(1999));
        sim.nothing_sent();
        sim.advance(millis(1));
        assert_eq!(sim.methods(), ["initialize"], "and the probe is not cancelled");
    }
}

#[test]
fn row_14_a_late_discovery_is_remembered_for_the_next_connect_only() {
    let (mut sim, probe) = probing(CHANNEL);
    sim.advance(secs(2));
    let initialize = sim.one();
    sim.deliver(answer(&probe, discovered()));
    sim.deliver(answer(&initialize, initialized(LEGACY)));
    assert_eq!(sim.era(), Some(Era::Legacy));
    let [Verdict::Modern { version: MODERN, .. }] = sim.verdicts.as_slice() else {
        panic!("the legacy verdict must not stand over the late one: {:?}", sim.verdicts);
    };
}

#[test]
fn row_14_a_late_refusal_of_the_probe_is_no_answer_to_initialize() {
    for null in [false, true] {
        let (mut sim, probe) = probing(CHANNEL);
        sim.advance(secs(2));
        let initialize = sim.one();
        sim.deliver(error(if null { Value::Null } else { probe["id"].clone() }, -32602, Value::Null));
        sim.nobody_answered();
        sim.deliver(answer(&initialize, initialized(LEGACY)));
        assert_eq!(sim.era(), Some(Era::Legacy));
    }
}

#[test]
fn row_15_a_channel_that_closes_on_the_probe_is_reopened_at_most_once() {
    let (mut sim, _) = probing(CHANNEL);
    sim.lose_with(closed(1006));
    assert_eq!(sim.connects, 1);
    sim.up();
    assert_eq!(sim.one()["method"], "initialize");
    sim.connects = 0;
    sim.lose_with(closed(1006));
    assert_eq!(sim.connects, 0);
    let text = sim.error_of("open").to_string();
    assert!(text.contains("server/discover failed") && text.contains("initialize failed"), "{text}");
}

#[test]
fn row_15_is_not_remembered_where_it_fails_and_not_cached_where_it_holds() {
    let (mut sim, _) = probing(CHANNEL);
    sim.lose_with(closed(1006));
    sim.up();
    sim.initialize();
    assert_eq!(sim.era(), Some(Era::Legacy));
    assert!(sim.verdicts.is_empty());
}

#[test]
fn row_15_does_not_stand_for_refused_credentials_or_a_channel_that_cannot_be_reopened() {
    for code in [4401, 4403, 4409] {
        let (mut sim, _) = probing(CHANNEL);
        sim.lose_with(closed(code));
        assert_eq!(sim.connects, 0, "{code}");
        assert!(sim.reply_to("open").is_err());
    }
    let (mut sim, _) = probing(PIPE);
    sim.lose();
    assert_eq!(sim.connects, 0);
    assert!(sim.reply_to("open").is_err());
}

#[test]
fn row_17_a_link_that_does_not_open_is_an_error() {
    let mut sim = Sim::new();
    sim.open();
    sim.session.link_failed(TransportError::new(TransportErrorKind::ConnectFailed, "refused"), sim.now);
    sim.drain();
    assert_eq!(sim.error_of("open").code(), "connect_failed");
}

#[test]
fn row_18_what_has_nothing_to_do_with_the_probe_is_ignored_and_pings_are_answered() {
    let (mut sim, probe) = probing(CHANNEL);
    sim.deliver(json!({ "jsonrpc": "2.0", "id": 77, "result": {} }));
    sim.deliver(notification("notifications/message", json!({ "level": "info", "data": "hello" })));
    sim.nothing_sent();
    sim.deliver(json!({ "jsonrpc": "2.0", "id": "p", "method": "ping" }));
    assert_eq!(sim.one(), json!({ "jsonrpc": "2.0", "id": "p", "result": {} }));
    sim.deliver(answer(&probe, discovered()));
    assert_eq!(sim.era(), Some(Era::Modern));
}
