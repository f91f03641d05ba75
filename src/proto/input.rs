use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ResultType;
use super::wire::or_default;
use crate::json::Json;

/// The server needs input before it can finish a request (2026-07-28 basic/patterns/mrtr).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InputRequired {
    /// What is asked, by the keys that the answers are given under.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub input_requests: BTreeMap<String, InputRequest>,
    /// The server's own state, to be given back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_state: Option<String>,
    /// Always [`ResultType::InputRequired`] on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl InputRequired {
    /// A result that asks for nothing yet.
    pub fn new() -> Self {
        Self { result_type: Some(ResultType::InputRequired), ..Self::default() }
    }

    /// Asks for one thing more.
    pub fn ask(mut self, key: impl Into<String>, request: InputRequest) -> Self {
        self.input_requests.insert(key.into(), request);
        self
    }

    /// The server's own state.
    pub fn request_state(mut self, state: impl Into<String>) -> Self {
        self.request_state = Some(state.into());
        self
    }
}

/// One thing that the server asks for: `elicitation/create`, `sampling/createMessage` or `roots/list`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputRequest {
    /// The method.
    pub method: String,
    /// Its params; decode them as [`ElicitRequest`](super::ElicitRequest) or
    /// [`CreateMessageRequest`](super::CreateMessageRequest).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Json>,
}

impl InputRequest {
    /// A request of this method.
    pub fn new(method: impl Into<String>, params: Option<Json>) -> Self {
        Self { method: method.into(), params }
    }
}
