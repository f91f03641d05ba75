//! How a legacy client and this server come together, and what the server offers in either era.

use std::sync::Arc;

use super::Inner;
use super::answer::{Failure, Reply};
use super::dispatch::Params;
use super::meta::ClientFacts;
use super::shared::{Session, Shared};
use crate::json::{Json, Object};
use crate::proto::versions::LEGACY;
use crate::proto::{LogLevel, ServerCapabilities};

/// Answers `initialize` (2025-11-25 basic/lifecycle).
pub(super) fn initialize(server: &Inner, shared: &Shared, params: Option<&Json>) -> Result<Reply, Failure> {
    let picked = params.and_then(|params| params.pick(["protocolVersion", "capabilities", "clientInfo"]));
    let [version, capabilities, info] = picked.ok_or_else(|| Failure::params("initialize needs params"))?;
    let requested = Params::string(version.as_ref(), "protocolVersion")?;
    // A version that we do not speak is answered with our latest that begins with initialize (2025-11-25
    // basic/lifecycle, version negotiation).
    let version = LEGACY.iter().find(|known| **known == requested).or(LEGACY.first()).copied().unwrap_or_default();
    let client = Arc::new(ClientFacts {
        modern: false,
        version: version.to_owned(),
        info,
        capabilities: capabilities.filter(Json::is_object).unwrap_or_else(|| Object::new().build()),
    });
    let mut state = shared.state.lock();
    if state.session.is_some() {
        return Err(Failure::request("this connection is initialized already"));
    }
    // Until the client sets a level the server chooses (2025-11-25 server/utilities/logging).
    state.session = Some(Session { client, level: LogLevel::Info, subscribed: Default::default() });
    drop(state);
    let mut result = Object::new()
        .str("protocolVersion", version)
        .json("capabilities", &capabilities_of(server)?)
        .json("serverInfo", &server.info);
    if let Some(instructions) = &server.instructions {
        result = result.str("instructions", instructions);
    }
    Ok(Reply::json(result.build()))
}

/// What was registered, as the capabilities that follow from it.
pub(super) fn capabilities_of(server: &Inner) -> Result<Json, Failure> {
    let registry = &server.registry;
    let mut capabilities = ServerCapabilities::new().logging();
    if registry.tools.is_offered() {
        capabilities = capabilities.tools(true);
    }
    if registry.resources.is_offered() || registry.templates.is_offered() {
        capabilities = capabilities.resources(true, true);
    }
    if registry.prompts.is_offered() {
        capabilities = capabilities.prompts(true);
    }
    if registry.completion.is_some() {
        capabilities = capabilities.completions();
    }
    Ok(Json::encode(&capabilities)?)
}
