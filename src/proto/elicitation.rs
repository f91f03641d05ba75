use serde::{Deserialize, Deserializer, Serialize};

use super::wire::names;
use crate::json::Json;

/// The server asks a person for input.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "mode", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum ElicitRequest {
    /// A form to fill in.
    Form {
        /// What is asked, for the person to read.
        message: String,
        /// The JSON Schema of the answer: an object of strings, numbers, booleans and enumerations.
        requested_schema: Json,
    },
    /// A URL to visit. Show it whole, with the server that asks, and never open it unasked (client/elicitation).
    Url {
        /// Why, for the person to read.
        message: String,
        /// The URL.
        url: String,
        /// What `notifications/elicitation/complete` will name (2025-11-25).
        #[serde(skip_serializing_if = "Option::is_none")]
        elicitation_id: Option<String>,
    },
}

impl ElicitRequest {
    /// A form to fill in.
    pub fn form(message: impl Into<String>, requested_schema: Json) -> Self {
        Self::Form { message: message.into(), requested_schema }
    }

    /// A URL to visit.
    pub fn url(message: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Url { message: message.into(), url: url.into(), elicitation_id: None }
    }

    /// What is asked, for the person to read.
    pub fn message(&self) -> &str {
        match self {
            Self::Form { message, .. } | Self::Url { message, .. } => message,
        }
    }
}

impl<'de> Deserialize<'de> for ElicitRequest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            mode: Option<String>,
            message: String,
            requested_schema: Option<Json>,
            url: Option<String>,
            elicitation_id: Option<String>,
        }
        let wire = Wire::deserialize(d)?;
        match wire.mode.as_deref() {
            // No mode is a form: revisions before 2025-11-25 have no other.
            None | Some("form") => Ok(Self::Form {
                message: wire.message,
                requested_schema: wire.requested_schema.ok_or_else(|| D::Error::missing_field("requestedSchema"))?,
            }),
            Some("url") => Ok(Self::Url {
                message: wire.message,
                url: wire.url.ok_or_else(|| D::Error::missing_field("url"))?,
                elicitation_id: wire.elicitation_id,
            }),
            Some(other) => Err(D::Error::unknown_variant(other, &["form", "url"])),
        }
    }
}

/// What the person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElicitAction {
    /// They gave the answer, or agreed to visit the URL.
    Accept,
    /// They said no.
    Decline,
    /// They closed the question without an answer.
    Cancel,
}
names!(ElicitAction: "accept, decline or cancel" { Accept = "accept", Decline = "decline", Cancel = "cancel" });

/// The answer to `elicitation/create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ElicitResult {
    /// What the person did.
    pub action: ElicitAction,
    /// The form's values, an object; only where a form was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Json>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl ElicitResult {
    /// The form was filled in with these values, an object.
    pub fn accept(content: Json) -> Self {
        Self { content: Some(content), ..Self::of(ElicitAction::Accept) }
    }

    /// The person agreed to visit the URL.
    pub fn accept_url() -> Self {
        Self::of(ElicitAction::Accept)
    }

    /// The person said no.
    pub fn decline() -> Self {
        Self::of(ElicitAction::Decline)
    }

    /// The person gave no answer.
    pub fn cancel() -> Self {
        Self::of(ElicitAction::Cancel)
    }

    fn of(action: ElicitAction) -> Self {
        Self { action, content: None, meta: None }
    }
}
