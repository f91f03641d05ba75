//! What requests wait for at the beginning of a legacy session.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Config;
use super::core::Core;
use super::fetch::{Content, ExchangeId, Fact, Fetch, Method, Reading, Request};
use crate::frame::{Outbound, Post};

/// Only remembers what was sent: the tests tell the core what came back.
#[derive(Default)]
struct Sent(Vec<(ExchangeId, Method)>);

impl Fetch for Sent {
    fn start(&mut self, id: ExchangeId, request: Request) {
        self.0.push((id, request.method));
    }

    fn header(&self, _id: ExchangeId, _name: &str) -> Option<String> {
        None
    }

    fn read(&mut self, _id: ExchangeId, _reading: Reading) {}

    fn abort(&mut self, _id: ExchangeId) {}

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)> {
        Poll::Pending
    }
}

const START: Duration = Duration::from_secs(100);

fn post(id: Option<i64>, method: &str) -> Outbound {
    Outbound::Post(Box::new(Post {
        id,
        method: Some(method.to_owned()),
        name: None,
        version: Some("2025-11-25"),
        modern: false,
        mirrored: Vec::new(),
        text: "{}".to_owned().into(),
    }))
}

/// `notifications/initialized`, the stream of what the server says unasked, a call: what a session begins with.
fn begun() -> Core<Sent> {
    let config = Config {
        url: "http://127.0.0.1:9/mcp".into(),
        label: "http://127.0.0.1:9/mcp".to_owned(),
        headers: Vec::new(),
        token: None,
        idle: Duration::from_secs(300),
        first_byte: None,
        max_message: 1 << 20,
        older: AtomicBool::new(false),
    };
    let mut core = Core::new(Sent::default(), Arc::new(config), None);
    core.accept(post(None, "notifications/initialized"), START);
    core.accept(Outbound::Listen, START);
    core.accept(post(Some(1), "tools/call"), START);
    core
}

fn methods(core: &Core<Sent>) -> Vec<Method> {
    core.fetch.0.iter().map(|(_, method)| *method).collect()
}

fn head(status: u16, content: Content) -> Fact {
    Fact::Head { status, content }
}

/// The exchange of `notifications/initialized`, and that of the stream.
const INITIALIZED: ExchangeId = 1;
const STREAM: ExchangeId = 2;

#[test]
fn a_call_waits_until_the_server_is_told_and_the_stream_stands() {
    for stream_first in [false, true] {
        let mut core = begun();
        assert_eq!(methods(&core), [Method::Post, Method::Get]);
        let told = |core: &mut Core<Sent>| {
            core.take(INITIALIZED, head(202, Content::Other), START);
            core.take(INITIALIZED, Fact::End, START);
        };
        if stream_first {
            core.take(STREAM, head(200, Content::Events), START);
        } else {
            told(&mut core);
        }
        assert_eq!(methods(&core).len(), 2);
        if stream_first {
            told(&mut core);
        } else {
            core.take(STREAM, head(200, Content::Events), START);
        }
        assert_eq!(methods(&core), [Method::Post, Method::Get, Method::Post]);
    }
}

#[test]
fn a_server_without_the_stream_holds_nobody_back() {
    let refused = head(405, Content::Other);
    let broken = || {
        let kind = crate::transport::TransportErrorKind::Lost;
        Fact::Failed(crate::transport::TransportError::new(kind, "reset"))
    };
    for answer in [refused, broken()] {
        let mut core = begun();
        core.take(INITIALIZED, head(202, Content::Other), START);
        core.take(INITIALIZED, Fact::End, START);
        core.take(STREAM, answer, START);
        assert_eq!(methods(&core), [Method::Post, Method::Get, Method::Post]);
    }
}

#[test]
fn a_stream_whose_head_is_kept_back_is_not_waited_for_long() {
    let mut core = begun();
    core.take(INITIALIZED, head(202, Content::Other), START);
    core.take(INITIALIZED, Fact::End, START);
    let until = core.next_time().expect("a time to look again");
    assert_eq!(until, START + Duration::from_secs(1));
    core.timeout(until - Duration::from_millis(1));
    assert_eq!(methods(&core).len(), 2);
    core.timeout(until);
    assert_eq!(methods(&core), [Method::Post, Method::Get, Method::Post]);
    // It is kept open all the same.
    core.take(STREAM, head(200, Content::Events), until);
    assert_eq!(methods(&core).len(), 3);
}

/// A stream that is opened while the session is under way.
#[test]
fn requests_under_way_are_not_disturbed() {
    let mut core = begun();
    core.take(INITIALIZED, head(202, Content::Other), START);
    core.take(INITIALIZED, Fact::End, START);
    core.take(STREAM, head(200, Content::Events), START);
    core.take(STREAM, Fact::End, START);
    let again = core.next_time().expect("it is opened again");
    core.timeout(again);
    core.accept(post(Some(2), "tools/call"), again);
    assert_eq!(methods(&core), [Method::Post, Method::Get, Method::Post, Method::Get, Method::Post]);
}
