//! What a link with a reply channel for every request tells a session.

use serde_json::{Value, json};

use super::sim::*;
use crate::frame::{Body, Failure, Inbound, Post, Profile, Resume};
use crate::json::Text;
use crate::transport::{TransportError, TransportErrorKind};

pub(super) fn wire(request: &Value) -> i64 {
    request["id"].as_i64().expect("a request has a number")
}

pub(super) fn text(message: &Value) -> Text {
    Text::from(message.to_string())
}

pub(super) fn http_error(status: u16) -> TransportError {
    TransportError::new(TransportErrorKind::Refused { status }, format!("HTTP {status}"))
}

pub(super) fn refused(status: u16, body: Body) -> Failure {
    Failure {
        error: http_error(status),
        status: Some(status),
        body,
        credential_sent: false,
        retry_after: None,
        unprocessed: status == 429,
    }
}

pub(super) fn broken(kind: TransportErrorKind) -> Failure {
    let unprocessed = kind == TransportErrorKind::ConnectFailed;
    Failure {
        error: TransportError::new(kind, "the network"),
        status: None,
        body: Body::Other,
        credential_sent: false,
        retry_after: None,
        unprocessed,
    }
}

pub(super) fn expired() -> TransportError {
    TransportError::new(TransportErrorKind::SessionExpired, "the session is gone")
}

impl Sim {
    pub(super) fn http() -> Self {
        Self::new().over_http()
    }

    pub(super) fn over_http(mut self) -> Self {
        self.profile = Profile::PerRequest;
        self
    }

    pub(super) fn http_modern() -> Self {
        Self::http().http_into_modern()
    }

    pub(super) fn http_into_modern(mut self) -> Self {
        let probe = self.begin();
        self.reply(&probe, discovered());
        self.forget();
        self.posts.clear();
        self
    }

    pub(super) fn http_legacy() -> Self {
        Self::http().http_into_legacy()
    }

    pub(super) fn http_into_legacy(mut self) -> Self {
        let probe = self.begin();
        self.fails(&probe, refused(404, Body::Empty));
        self.http_initialize();
        self
    }

    /// Opens the first link; the probe.
    pub(super) fn begin(&mut self) -> Value {
        self.open();
        self.up();
        let probe = self.one();
        assert_eq!(probe["method"], "server/discover");
        probe
    }

    /// Answers `initialize`.
    pub(super) fn http_initialize(&mut self) {
        let initialize = self.one();
        assert_eq!(initialize["method"], "initialize");
        self.reply(&initialize, initialized(LEGACY));
        let methods = self.methods();
        assert_eq!(methods.first().map(String::as_str), Some("notifications/initialized"), "{methods:?}");
        self.forget();
        self.posts.clear();
    }

    pub(super) fn fact(&mut self, fact: Inbound) {
        self.session.exchanged(fact, self.now);
        self.drain();
    }

    /// A whole reply.
    pub(super) fn reply(&mut self, to: &Value, result: Value) {
        self.reply_with(to, 200, answer(to, result));
    }

    pub(super) fn reply_with(&mut self, to: &Value, status: u16, message: Value) {
        self.fact(Inbound::Reply(wire(to), status, text(&message)));
    }

    /// A message on a reply's stream.
    pub(super) fn on(&mut self, to: &Value, message: Value) {
        self.fact(Inbound::On(wire(to), text(&message)));
    }

    pub(super) fn ends(&mut self, to: &Value) {
        self.fact(Inbound::Ended(wire(to), None, None));
    }

    pub(super) fn resumable(&mut self, to: &Value, last_event_id: &str) {
        let resume = Resume { last_event_id: last_event_id.into(), retry: None, attempt: 0 };
        self.fact(Inbound::Ended(wire(to), Some(Box::new(resume)), None));
    }

    pub(super) fn fails(&mut self, to: &Value, failure: Failure) {
        self.fact(Inbound::Failed(wire(to), Box::new(failure)));
    }

    pub(super) fn unreached(&mut self, to: &Value) {
        self.fails(to, broken(TransportErrorKind::ConnectFailed));
    }

    /// What the link was asked to send, with its head.
    pub(super) fn post(&mut self) -> Post {
        assert_eq!(self.posts.len(), 1, "{:#?}", self.posts);
        self.wire.clear();
        self.posts.remove(0)
    }

    /// Goes on until something is sent, at most for `most`; what it is.
    pub(super) fn next_sent(&mut self, most: std::time::Duration) -> Value {
        let until = self.now + most;
        while self.wire.is_empty() && self.session.poll_timeout().is_some_and(|at| at <= until) {
            self.step();
        }
        self.one()
    }

    pub(super) fn acknowledge(&mut self, listen: &Value) {
        let params = json!({
            "notifications": listen["params"]["notifications"],
            "_meta": { "io.modelcontextprotocol/subscriptionId": listen["id"] }
        });
        self.on(listen, notification("notifications/subscriptions/acknowledged", params));
    }
}
