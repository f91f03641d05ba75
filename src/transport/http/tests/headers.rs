//! What stands outside the message, in both eras.

use super::super::fetch::Method;
use super::fake::*;
use crate::frame::{Close, Outbound, Post};
use crate::platform::test;

#[test]
fn a_modern_request_says_what_it_is() {
    let mut world = World::new();
    let name = Some("get_weather".to_owned());
    world.post(Post { name, ..modern(1, "tools/call") });
    let (_, request) = world.one();
    assert_eq!((request.method, &*request.url, request.farewell), (Method::Post, URL, false));
    assert_eq!(
        names(&request),
        ["accept", "content-type", "mcp-method", "mcp-name", "mcp-protocol-version"],
        "and no session"
    );
    assert_eq!(header(&request, "accept"), Some(BOTH));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "mcp-method"), Some("tools/call"));
    assert_eq!(header(&request, "mcp-name"), Some("get_weather"));
    assert_eq!(header(&request, "mcp-protocol-version"), Some(MODERN));
    world.post(modern(2, "tools/list"));
    assert_eq!(header(&world.one().1, "mcp-name"), None);
}

#[test]
fn what_no_header_can_carry_is_encoded() {
    let mut world = World::new();
    let mirrored = [("Region", "us-west1"), ("Text", " padded "), ("Val", "=?base64?literal?="), ("Empty", "")];
    let mirrored = mirrored.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    world.post(Post { name: Some("Grüße".into()), mirrored, ..modern(1, "tools/call") });
    let (_, request) = world.one();
    assert_eq!(header(&request, "mcp-name"), Some("=?base64?R3LDvMOfZQ==?="));
    assert_eq!(header(&request, "mcp-param-region"), Some("us-west1"));
    assert_eq!(header(&request, "mcp-param-text"), Some("=?base64?IHBhZGRlZCA=?="));
    assert_eq!(header(&request, "mcp-param-val"), Some("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="));
    assert_eq!(header(&request, "mcp-param-empty"), Some(""));
}

#[test]
fn initialize_declares_nothing_and_all_after_it_the_version_and_the_session() {
    let mut world = World::new();
    let probe = world.send(modern(1, "server/discover"));
    world.answer(probe, 404, super::super::fetch::Content::Other, "");
    world.inbound();
    world.post(Post { version: None, ..post(Some(2), "initialize") });
    let (id, request) = world.one();
    assert_eq!(names(&request), ["accept", "content-type"], "nothing was agreed on yet");
    world.says(id, "mcp-session-id", "s-1");
    world.json(id, 200, r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    world.post(post(None, "notifications/initialized"));
    let (id, request) = world.one();
    let all = ["accept", "content-type", "mcp-protocol-version", "mcp-session-id"];
    assert_eq!(names(&request), all);
    world.accepted(id);
    world.post(post(Some(3), "tools/call"));
    world.post(Post { method: None, ..post(None, "") });
    for (_, request) in world.started() {
        assert_eq!(names(&request), all, "a request and a response");
        assert_eq!(header(&request, "mcp-session-id"), Some("s-1"));
        assert_eq!(header(&request, "mcp-protocol-version"), Some(LEGACY));
    }
    world.out(Outbound::Listen);
    let (_, request) = world.one();
    assert_eq!((request.method, request.body.is_none()), (Method::Get, true));
    assert_eq!(names(&request), ["accept", "mcp-protocol-version", "mcp-session-id"]);
    assert_eq!(header(&request, "accept"), Some(EVENTS));
    world.out(Outbound::Close(Close::NORMAL));
    let (_, request) = world.one();
    assert_eq!((request.method, request.body.is_none(), request.farewell), (Method::Delete, true, true));
    assert_eq!(header(&request, "mcp-session-id"), Some("s-1"));
    assert_eq!(header(&request, "mcp-protocol-version"), Some(LEGACY));
}

#[test]
fn a_session_that_no_header_can_carry_is_none() {
    for session in ["", "two words", "grün", "line\n"] {
        let mut world = World::new();
        let id = world.send(Post { version: None, ..post(Some(1), "initialize") });
        world.says(id, "mcp-session-id", session);
        world.json(id, 200, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        world.post(post(Some(2), "tools/list"));
        assert_eq!(header(&world.one().1, "mcp-session-id"), None, "{session:?}");
    }
    // Only the answer to initialize names one.
    let mut world = World::session();
    let id = world.send(post(Some(2), "tools/list"));
    world.says(id, "mcp-session-id", "other");
    world.json(id, 200, r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    world.post(post(Some(3), "tools/list"));
    assert_eq!(header(&world.one().1, "mcp-session-id"), Some("s-1"));
}

#[test]
fn the_users_headers_and_the_token_go_with_everything() {
    let mut world = World::with(|http| http.header("X-Tenant", "acme").expect("a header"), Some("t-1"));
    world.initialize_for_session();
    world.post(post(Some(1), "tools/list"));
    world.out(Outbound::Listen);
    world.out(Outbound::Close(Close::NORMAL));
    let all = world.started();
    assert_eq!(all.len(), 3);
    for (_, request) in &all {
        assert_eq!(header(request, "x-tenant"), Some("acme"));
        assert_eq!(header(request, "authorization"), Some("Bearer t-1"));
    }
}

impl World {
    fn initialize_for_session(&mut self) {
        self.initialize();
        self.started();
    }
}
