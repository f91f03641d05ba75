//! What a request says of its client: per request in the modern era, once per connection in the legacy one.

use std::sync::Arc;

use super::answer::Failure;
use crate::frame::RequestId;
use crate::json::{Json, Object};
use crate::proto::meta::{
    CLIENT_CAPABILITIES as CAPABILITIES, CLIENT_INFO as INFO, LOG_LEVEL as LEVEL, PROGRESS_TOKEN,
    PROTOCOL_VERSION as VERSION,
};
use crate::proto::versions::{LEGACY, MODERN};
use crate::proto::{LogLevel, code};

/// Who asks and what it can do.
#[derive(Debug, Clone)]
pub(super) struct ClientFacts {
    pub(super) modern: bool,
    pub(super) version: String,
    pub(super) info: Option<Json>,
    pub(super) capabilities: Json,
}

/// The `_meta` of one request.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestMeta {
    /// Set where the request is a modern one.
    pub(super) client: Option<Arc<ClientFacts>>,
    pub(super) progress_token: Option<RequestId>,
    /// The level that a modern request asked for.
    pub(super) level: Option<LogLevel>,
}

/// Reads `_meta`, remembering the last one: a client's requests mostly carry the same text.
#[derive(Default)]
pub(super) struct MetaReader {
    last: Option<(Json, RequestMeta)>,
}

impl MetaReader {
    pub(super) fn read(&mut self, meta: Option<&Json>) -> Result<RequestMeta, Failure> {
        let Some(meta) = meta else { return Ok(RequestMeta::default()) };
        if let Some((text, read)) = &self.last
            && text.same(meta)
        {
            return Ok(read.clone());
        }
        let read = read(meta)?;
        self.last = Some((meta.clone(), read.clone()));
        Ok(read)
    }
}

fn read(meta: &Json) -> Result<RequestMeta, Failure> {
    let names = [VERSION, INFO, CAPABILITIES, LEVEL, PROGRESS_TOKEN];
    let Some([version, info, capabilities, level, token]) = meta.pick(names) else {
        return Err(Failure::params("params._meta must be an object"));
    };
    let progress_token = match token {
        Some(token) => {
            Some(token.as_id().ok_or_else(|| Failure::params("_meta.progressToken must be a string or an integer"))?)
        }
        None => None,
    };
    let Some(version) = version else {
        // Either half alone is a modern request that was not finished (basic/index, per-request protocol fields).
        if capabilities.is_some() {
            return Err(Failure::params(format!("_meta[\"{VERSION}\"] is required on every request")));
        }
        return Ok(RequestMeta { progress_token, ..RequestMeta::default() });
    };
    let version = version.as_str().ok_or_else(|| Failure::params(format!("_meta[\"{VERSION}\"] must be a string")))?;
    if !MODERN.contains(&version.as_str()) {
        return Err(unsupported(&version));
    }
    let capabilities = capabilities
        .filter(Json::is_object)
        .ok_or_else(|| Failure::params(format!("_meta[\"{CAPABILITIES}\"] is required and must be an object")))?;
    let level = match level {
        Some(level) => Some(
            level
                .as_str()
                .and_then(|level| LogLevel::from_name(&level))
                .ok_or_else(|| Failure::params(format!("_meta[\"{LEVEL}\"] is no log level")))?,
        ),
        None => None,
    };
    let client = Some(Arc::new(ClientFacts { modern: true, version, info, capabilities }));
    Ok(RequestMeta { client, progress_token, level })
}

/// The versions that are spoken here go with it, the legacy ones too: they begin with `initialize` (basic/versioning).
pub(super) fn unsupported(requested: &str) -> Failure {
    let supported: Vec<&str> = MODERN.iter().chain(LEGACY).copied().collect();
    let mut data = Object::new();
    if let Ok(supported) = Json::encode(&supported) {
        data = data.json("supported", &supported);
    }
    Failure::new(code::UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version")
        .data(data.str("requested", requested).build())
}

impl ClientFacts {
    /// Whether the client can answer `elicitation/create` in this mode. `{}` is form mode alone (client/elicitation).
    pub(super) fn elicits(&self, url: bool) -> bool {
        let Some(elicitation) = self.capabilities.get("elicitation").filter(Json::is_object) else { return false };
        let (form, by_url) = (elicitation.get("form").is_some(), elicitation.get("url").is_some());
        if url { by_url } else { form || !by_url }
    }
}
