use serde::{Deserialize, Serialize};

use super::wire::{is_false, maybe_number, names, number, or_default};
use crate::json::Json;

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// How much is done; it only grows.
    #[serde(serialize_with = "number")]
    pub progress: f64,
    /// How much there is to do, where it is known.
    #[serde(default, serialize_with = "maybe_number", skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// What is being done, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Progress {
    /// This much is done.
    pub fn new(progress: f64) -> Self {
        Self { progress, total: None, message: None }
    }

    /// How much there is to do.
    pub fn total(mut self, total: f64) -> Self {
        self.total = Some(total);
        self
    }

    /// What is being done, for people.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

/// How much a log message matters (RFC 5424), the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LogLevel {
    /// Details for finding faults.
    Debug,
    /// Something ordinary happened.
    Info,
    /// Something unusual but normal happened.
    Notice,
    /// Something may go wrong.
    Warning,
    /// Something went wrong.
    Error,
    /// A part failed.
    Critical,
    /// Somebody has to act now.
    Alert,
    /// Nothing works.
    Emergency,
}
names!(LogLevel: "a log level" {
    Debug = "debug",
    Info = "info",
    Notice = "notice",
    Warning = "warning",
    Error = "error",
    Critical = "critical",
    Alert = "alert",
    Emergency = "emergency",
});

impl std::str::FromStr for LogLevel {
    type Err = crate::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_name(name).ok_or_else(|| {
            crate::Error::config(format!(
                "{name:?} is no log level; use debug, info, notice, warning, error, critical, alert or emergency"
            ))
        })
    }
}

/// A message of the server's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogMessage {
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the server that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logger: Option<String>,
    /// The message: often a string, and any value.
    #[serde(default = "Json::null")]
    pub data: Json,
}

impl LogMessage {
    /// A message with any value.
    pub fn new(level: LogLevel, data: Json) -> Self {
        Self { level, logger: None, data }
    }

    /// The part of the server that wrote it.
    pub fn logger(mut self, logger: impl Into<String>) -> Self {
        self.logger = Some(logger.into());
        self
    }
}

/// The changes that a `subscriptions/listen` asks for, or that its acknowledgement grants (2026-07-28).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionFilter {
    /// The list of tools.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub tools_list_changed: bool,
    /// The list of prompts.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub prompts_list_changed: bool,
    /// The list of resources.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub resources_list_changed: bool,
    /// These resources, by URI.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub resource_subscriptions: Vec<String>,
}

impl SubscriptionFilter {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also the list of tools.
    pub fn tools(mut self) -> Self {
        self.tools_list_changed = true;
        self
    }

    /// Also the list of prompts.
    pub fn prompts(mut self) -> Self {
        self.prompts_list_changed = true;
        self
    }

    /// Also the list of resources.
    pub fn resources(mut self) -> Self {
        self.resources_list_changed = true;
        self
    }

    /// Also this resource.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resource_subscriptions.push(uri.into());
        self
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
