//! Requests of the revisions before 2026-07-28, with sessions or without (2025-11-25 basic/transports).

use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderMap, HeaderValue};

use super::event::EventId;
use super::exchange::Exchange;
use super::head;
use super::reply::{self, Reply, busy, refuse};
use super::service::{ALLOW, ALLOW_STATELESS, Caller, Endpoint};
use super::session::{Busy, Visit};
use super::sessions::Refused;
use super::stream::{Carrier, Rest, Stream};
use crate::frame::RequestId;
use crate::json::{Json, Object};
use crate::proto::versions::LEGACY;
use crate::proto::{LogLevel, method};
use crate::server::answer::{Failure, rpc_error};
use crate::server::dispatch::{Asked, Params, Started, begin, try_start};
use crate::server::meta::{ClientFacts, MetaReader, RequestMeta};
use crate::server::shared::{Session as Agreed, Shared};

/// What is assumed of a client that does not say which revision it speaks (2025-11-25 basic/transports, protocol version
/// header).
const UNSAID: &str = "2025-03-26";

impl Endpoint {
    /// Answers one request.
    pub(super) async fn answer_legacy(
        &self,
        headers: &HeaderMap,
        caller: Caller,
        asked: Asked,
        params: Params,
        meta: RequestMeta,
    ) -> Reply {
        if asked.method == method::INITIALIZE {
            return self.initialize(caller, &asked);
        }
        if !self.options.sessions {
            return self.answer_stateless(headers, caller, asked, params, meta).await;
        }
        let visit = match self.visit(headers, caller.principal.as_deref()) {
            Ok(visit) => visit,
            Err(refused) => return *refused,
        };
        let session = visit.session().clone();
        match session.admit(&asked.id, self.server.inner.limits.in_flight) {
            Ok(()) => {}
            Err(Busy::SameId) => {
                let failure = Failure::request("a request with this id is under way already");
                return reply::json(StatusCode::BAD_REQUEST, failure.text(Some(&asked.id)));
            }
            Err(Busy::Full) => {
                let text = "the session has as many requests under way as the server takes; wait for their answers";
                return busy(StatusCode::TOO_MANY_REQUESTS, Some(&asked.id), text);
            }
        }
        let number = session.number();
        let shared = Arc::new(session.shared.call(number, session.primes, caller.peer));
        let running = match begin(&self.server.inner, &shared, number, &asked, params, meta) {
            Ok(Started::Running(running)) => running,
            Ok(Started::Answered(text)) => return reply::json(StatusCode::OK, text),
            Ok(Started::Open) => return refuse(StatusCode::BAD_REQUEST, "subscriptions are of a later revision"),
            Err(failure) => return reply::json(StatusCode::OK, failure.text(Some(&asked.id))),
        };
        let request = running.request.clone();
        let mut exchange = Exchange::run(shared, running);
        if let Some(text) = exchange.answer_at_once().await {
            return reply::json(StatusCode::OK, text);
        }
        let stream = Arc::new(Stream::call(number, asked.id, exchange));
        if !session.began(request, stream.clone()) {
            return unknown_session();
        }
        Carrier::new(visit, stream, Some(0)).reply(self.options.keep_alive).await
    }

    fn initialize(&self, caller: Caller, asked: &Asked) -> Reply {
        let server = &self.server.inner;
        let shared = Arc::new(Shared::new(caller.principal, caller.peer));
        let text = match try_start(server, &shared, &mut MetaReader::default(), 0, asked) {
            Ok(Started::Answered(text)) => text,
            Err(failure) => return reply::json(StatusCode::BAD_REQUEST, failure.text(Some(&asked.id))),
            Ok(_) => return refuse(StatusCode::BAD_REQUEST, "this is no initialize"),
        };
        if !self.options.sessions {
            return reply::json(StatusCode::OK, text);
        }
        let id = match self.sessions.begin(shared.clone(), &self.options) {
            Ok(id) => id,
            Err(Refused::Full) => {
                let text = "the server has as many sessions as it takes, and all are in use; try again later";
                return busy(StatusCode::SERVICE_UNAVAILABLE, Some(&asked.id), text);
            }
            Err(Refused::NoRandomness) => {
                let failure = Failure::internal("the server has no source of randomness to name a session with");
                return reply::json(StatusCode::INTERNAL_SERVER_ERROR, failure.text(Some(&asked.id)));
            }
        };
        server.register(&shared);
        let mut reply = reply::json(StatusCode::OK, text);
        if let Ok(mut value) = HeaderValue::from_str(&id) {
            value.set_sensitive(true);
            reply.headers_mut().insert(head::SESSION, value);
        }
        reply
    }

    /// A request of a client without a session: all that is known of it is the revision that it says.
    async fn answer_stateless(
        &self,
        headers: &HeaderMap,
        caller: Caller,
        asked: Asked,
        params: Params,
        meta: RequestMeta,
    ) -> Reply {
        let said = head::one(headers, &head::VERSION).ok().flatten();
        let version = said.filter(|said| LEGACY.contains(said)).unwrap_or(UNSAID).to_owned();
        let capabilities = Object::new().build();
        let client = Arc::new(ClientFacts { modern: false, version, info: None, capabilities });
        let shared = Arc::new(Shared::new(caller.principal, caller.peer));
        shared.state.lock().session = Some(Agreed { client, level: LogLevel::Info, subscribed: Default::default() });
        match begin(&self.server.inner, &shared, 1, &asked, params, meta) {
            Ok(Started::Running(running)) => Exchange::run(shared, running).reply(self.options.keep_alive).await,
            Ok(Started::Answered(text)) => reply::json(StatusCode::OK, text),
            Ok(Started::Open) => refuse(StatusCode::BAD_REQUEST, "subscriptions are of a later revision"),
            Err(failure) => reply::json(StatusCode::OK, failure.text(Some(&asked.id))),
        }
    }

    /// Takes a notification.
    pub(super) fn notified(
        &self,
        headers: &HeaderMap,
        principal: Option<&str>,
        method: &str,
        params: Option<&Json>,
    ) -> Reply {
        if !self.options.sessions {
            return reply::empty(StatusCode::ACCEPTED);
        }
        let visit = match self.visit(headers, principal) {
            Ok(visit) => visit,
            Err(refused) => return *refused,
        };
        if method == method::CANCELLED
            && let Some(id) = params.and_then(|params| params.get_id("requestId"))
        {
            visit.session().cancel(&id);
        }
        reply::empty(StatusCode::ACCEPTED)
    }

    /// Takes the client's answer to a question.
    pub(super) fn answered(
        &self,
        headers: &HeaderMap,
        principal: Option<&str>,
        id: Option<&RequestId>,
        result: Option<Json>,
        error: Option<&Json>,
    ) -> Reply {
        let visit = match self.visit(headers, principal) {
            Ok(visit) => visit,
            Err(refused) => return *refused,
        };
        if let Some(id) = id {
            visit.session().shared.answered(id, result.ok_or_else(|| rpc_error(error)));
        }
        reply::empty(StatusCode::ACCEPTED)
    }

    /// The session's own stream, or the rest of one that broke off.
    pub(super) fn get(&self, headers: &HeaderMap, principal: Option<&str>) -> Reply {
        let visit = match self.with_session(headers, principal) {
            Ok(visit) => visit,
            Err(refused) => return *refused,
        };
        if !head::accepts(headers, "text/event-stream") {
            let text = "the answer is a stream of events: send the header Accept: text/event-stream";
            return refuse(StatusCode::NOT_ACCEPTABLE, text);
        }
        let session = visit.session().clone();
        let since = match head::one(headers, &head::LAST_EVENT_ID) {
            Ok(None) => None,
            Ok(Some(text)) => match EventId::parse(text).filter(|id| session.had(id.stream)) {
                Some(id) => Some(id),
                None => return unknown_event(),
            },
            Err(_) => return unknown_event(),
        };
        let keep_alive = self.options.keep_alive;
        match session.stream(since.map_or(0, |since| since.stream)) {
            Some(stream) => {
                Carrier::new(visit, stream, since.map(|since| since.number)).listen(since.is_none(), keep_alive)
            }
            None => match since {
                Some(since) => reply::events(Box::new(Rest { visit, since }), keep_alive),
                None => unknown_session(),
            },
        }
    }

    /// Ends a session.
    pub(super) fn delete(&self, headers: &HeaderMap, principal: Option<&str>) -> Reply {
        let visit = match self.with_session(headers, principal) {
            Ok(visit) => visit,
            Err(refused) => return *refused,
        };
        match self.sessions.end(&visit.session().id) {
            true => reply::empty(StatusCode::NO_CONTENT),
            false => unknown_session(),
        }
    }

    /// What only exists within a session: without one the method is not there (2026-07-28
    /// basic/transports/streamable-http, earlier revisions).
    fn with_session(&self, headers: &HeaderMap, principal: Option<&str>) -> Result<Visit, Box<Reply>> {
        if !self.options.sessions || !headers.contains_key(head::SESSION) {
            let allow = if self.options.sessions { ALLOW } else { ALLOW_STATELESS };
            return Err(Box::new(reply::not_allowed(allow, "without a session there is only POST")));
        }
        match head::one(headers, &head::VERSION) {
            Ok(said) if said.is_none_or(|said| LEGACY.contains(&said)) => self.visit(headers, principal),
            _ => Err(Box::new(refuse(
                StatusCode::BAD_REQUEST,
                "MCP-Protocol-Version names no revision that has sessions here",
            ))),
        }
    }

    fn visit(&self, headers: &HeaderMap, principal: Option<&str>) -> Result<Visit, Box<Reply>> {
        let id = match head::one(headers, &head::SESSION) {
            Ok(Some(id)) => id,
            Ok(None) => {
                let text = "the Mcp-Session-Id header is missing: send initialize first, or put the protocol version \
                            2026-07-28 into every request's _meta";
                return Err(Box::new(refuse(StatusCode::BAD_REQUEST, text)));
            }
            Err(_) => return Err(Box::new(refuse(StatusCode::BAD_REQUEST, "the Mcp-Session-Id header is malformed"))),
        };
        self.sessions.visit(id, principal).ok_or_else(|| Box::new(unknown_session()))
    }
}

fn unknown_event() -> Reply {
    let text = "Last-Event-ID names no event of this session; send the request again";
    refuse(StatusCode::BAD_REQUEST, text)
}

fn unknown_session() -> Reply {
    refuse(StatusCode::NOT_FOUND, "there is no such session, or it has ended; send initialize to begin another")
}
