//! Requests of revision 2026-07-28: each stands for itself (basic/transports/streamable-http).

use std::sync::Arc;

use http::header::HeaderMap;

use super::exchange::Exchange;
use super::head;
use super::mirror;
use super::reply::{self, Reply};
use super::service::{Caller, Endpoint};
use crate::json::{Json, Object};
use crate::proto::code;
use crate::proto::meta::PROTOCOL_VERSION;
use crate::server::answer::{self, Failure, answer};
use crate::server::dispatch::{Asked, Params, Started, begin};
use crate::server::meta::{RequestMeta, unsupported};
use crate::server::shared::Shared;
use crate::server::subscriptions::subscription_meta;

impl Endpoint {
    /// Answers one request.
    pub(super) async fn answer_modern(
        &self,
        headers: &HeaderMap,
        caller: Caller,
        asked: Asked,
        params: Params,
        meta: Result<RequestMeta, Failure>,
    ) -> Reply {
        let meta = match checked(&self.server, headers, &asked, &params, meta) {
            Ok(meta) => meta,
            Err(refused) => return *refused,
        };
        let server = &self.server.inner;
        let shared = Arc::new(Shared::new(caller.principal, caller.peer));
        match begin(server, &shared, 1, &asked, params, meta) {
            Err(failure) => reply::failure(&failure, Some(&asked.id)),
            Ok(Started::Answered(text)) => reply::json(http::StatusCode::OK, text),
            Ok(Started::Running(running)) => Exchange::run(shared, running).reply(self.options.keep_alive).await,
            Ok(Started::Open) => {
                server.register(&shared);
                let (server, closing) = (server.clone(), self.closing());
                let end = async move {
                    closing.await;
                    // Subscriptions, graceful closure.
                    let ended = Object::new().json("_meta", &subscription_meta(&asked.id)).build();
                    answer(&server, &asked.id, true, &Ok(answer::Reply::with_meta(ended)))
                };
                Exchange::listen(shared, Box::pin(end)).reply(self.options.keep_alive).await
            }
        }
    }
}

/// Whether body and headers say what they have to, and the same.
fn checked(
    server: &crate::server::Server,
    headers: &HeaderMap,
    asked: &Asked,
    params: &Params,
    meta: Result<RequestMeta, Failure>,
) -> Result<RequestMeta, Box<Reply>> {
    let refused =
        |failure: Failure| Box::new(reply::json(http::StatusCode::BAD_REQUEST, failure.text(Some(&asked.id))));
    let said = head::one(headers, &head::VERSION);
    let said = said.map_err(|error| refused(mirror::mismatch(format!("MCP-Protocol-Version {error}"))))?;
    let meta = match meta {
        Ok(meta) => meta,
        Err(failure) => {
            // A version that is not spoken here is the client's news only if both places name it.
            let version = params.meta.as_ref().and_then(|meta| meta.get_str(PROTOCOL_VERSION));
            if let Some(version) = version.filter(|_| failure.0.code == code::UNSUPPORTED_PROTOCOL_VERSION) {
                same_version(said, &version).map_err(refused)?;
            }
            return Err(refused(failure));
        }
    };
    let Some(client) = &meta.client else {
        let spoken = said.is_none_or(|said| crate::proto::versions::MODERN.contains(&said));
        return Err(refused(match said {
            Some(said) if !spoken => unsupported(said),
            _ => Failure::params(format!("_meta[\"{PROTOCOL_VERSION}\"] is required on every request")),
        }));
    };
    same_version(said, &client.version).map_err(refused)?;
    mirror::check(server, headers, &asked.method, params).map_err(refused)?;
    Ok(meta)
}

fn same_version(said: Option<&str>, version: &str) -> Result<(), Failure> {
    match said {
        Some(said) if said == version => Ok(()),
        Some(said) => Err(mirror::mismatch(format!(
            "the header MCP-Protocol-Version says {said:?}, the message's _meta says {version:?}"
        ))),
        None => Err(mirror::mismatch("the header MCP-Protocol-Version is missing".to_owned())),
    }
}

/// Whether a request is for here: it says so in its `_meta`, or in its header.
pub(super) fn is_modern(headers: &HeaderMap, meta: &Result<RequestMeta, Failure>, params_meta: Option<&Json>) -> bool {
    match meta {
        Ok(meta) if meta.client.is_some() => return true,
        // Something is wrong with it; whether with a modern request, its members tell.
        Err(_) if params_meta.is_some_and(|meta| meta.mentions("io.modelcontextprotocol/")) => return true,
        _ => {}
    }
    match head::one(headers, &head::VERSION) {
        Ok(Some(said)) => !crate::proto::versions::LEGACY.contains(&said),
        Ok(None) => false,
        Err(_) => true,
    }
}
