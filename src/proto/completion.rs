use serde::{Deserialize, Deserializer, Serialize};

use super::ResultType;
use super::wire::{is_false, or_default, whole};
use crate::json::Json;

/// What an argument to be completed belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum CompletionReference {
    /// A prompt, by its name.
    #[serde(rename = "ref/prompt")]
    Prompt {
        /// The prompt's name.
        name: String,
    },
    /// A resource template, by its URI template.
    #[serde(rename = "ref/resource")]
    Resource {
        /// The URI or URI template.
        uri: String,
    },
}

impl CompletionReference {
    /// An argument of this prompt.
    pub fn prompt(name: impl Into<String>) -> Self {
        Self::Prompt { name: name.into() }
    }

    /// A variable of this resource template.
    pub fn resource(uri: impl Into<String>) -> Self {
        Self::Resource { uri: uri.into() }
    }
}

impl<'de> Deserialize<'de> for CompletionReference {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        #[derive(Deserialize)]
        struct Wire {
            r#type: String,
            name: Option<String>,
            uri: Option<String>,
        }
        match Wire::deserialize(d)? {
            Wire { r#type, name: Some(name), .. } if r#type == "ref/prompt" => Ok(Self::Prompt { name }),
            Wire { r#type, uri: Some(uri), .. } if r#type == "ref/resource" => Ok(Self::Resource { uri }),
            wire => Err(D::Error::custom(format_args!(
                "a completion reference is ref/prompt with a name or ref/resource with a uri, not {:?}",
                wire.r#type
            ))),
        }
    }
}

/// What an argument may become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Completion {
    /// The values, 100 at most, the best first.
    #[serde(default, deserialize_with = "or_default")]
    pub values: Vec<String>,
    /// How many there are in all, where the server knows.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether there are more than given here.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub has_more: bool,
}

/// The result of `completion/complete`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompleteResult {
    /// The completion.
    pub completion: Completion,
    /// Whether the result is final; absent means complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Entries beside the protocol's own.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

impl CompleteResult {
    /// The most values that one result may carry (server/utilities/completion).
    pub const MAX_VALUES: usize = 100;

    /// A result with these values: beyond [`Self::MAX_VALUES`] the rest is only counted.
    pub fn new(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        let total = values.len();
        values.truncate(Self::MAX_VALUES);
        let completion = Completion { values, total: Some(total as u64), has_more: total > Self::MAX_VALUES };
        Self { completion, result_type: None, meta: None }
    }
}
