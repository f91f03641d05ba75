//! Who wants to hear of changes: `subscriptions/listen` streams and legacy `resources/subscribe`.

use std::collections::HashSet;

use super::shared::Session;
use crate::frame::RequestId;
use crate::json::{Draft, Json, Meta, Object, Text};

/// Subscriptions that one connection may hold, and resources that one subscription may name.
pub(super) const MAX_LISTENS: usize = 64;
pub(super) const MAX_URIS: usize = 1024;
pub(super) const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// Something that clients can be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Tools,
    Prompts,
    Resources,
    Resource(String),
}

impl Change {
    fn method(&self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Resource(_) => "notifications/resources/updated",
        }
    }

    /// Legacy clients hear of every list, and of the resources that they subscribed to.
    pub(super) fn concerns_session(&self, session: &Session) -> bool {
        match self {
            Self::Resource(uri) => session.subscribed.contains(uri),
            _ => true,
        }
    }

    /// The notification, for a subscription or for a legacy client.
    pub(super) fn text(&self, subscription: Option<&RequestId>) -> Text {
        let mut params = Object::new();
        if let Some(id) = subscription {
            params = params.json("_meta", &subscription_meta(id));
        }
        if let Self::Resource(uri) = self {
            params = params.str("uri", uri);
        }
        notification(self.method(), params)
    }
}

/// One open `subscriptions/listen`.
pub(super) struct Listen {
    pub(super) id: RequestId,
    tools: bool,
    prompts: bool,
    resources: bool,
    uris: HashSet<String>,
}

impl Listen {
    /// Reads the filter; what the server does not offer is left out of it (subscriptions, acknowledgment).
    pub(super) fn read(id: RequestId, filter: &Json, offered: [bool; 3]) -> Result<Self, &'static str> {
        let names = ["toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions"];
        let Some([tools, prompts, resources, uris]) = filter.pick(names) else {
            return Err("params.notifications must be an object");
        };
        let flag = |value: Option<Json>| match value {
            Some(value) => value.as_bool().ok_or("the flags of params.notifications must be booleans"),
            None => Ok(false),
        };
        let uris = match uris {
            Some(uris) => uris.as_strings().ok_or("resourceSubscriptions must be an array of strings")?,
            None => Vec::new(),
        };
        if uris.len() > MAX_URIS {
            return Err("resourceSubscriptions names too many resources; at most 1024 per subscription");
        }
        let [has_tools, has_prompts, has_resources] = offered;
        Ok(Self {
            id,
            tools: flag(tools)? && has_tools,
            prompts: flag(prompts)? && has_prompts,
            resources: flag(resources)? && has_resources,
            uris: if has_resources { uris.into_iter().collect() } else { HashSet::new() },
        })
    }

    pub(super) fn wants(&self, change: &Change) -> bool {
        match change {
            Change::Tools => self.tools,
            Change::Prompts => self.prompts,
            Change::Resources => self.resources,
            Change::Resource(uri) => self.uris.contains(uri),
        }
    }

    /// `notifications/subscriptions/acknowledged`: the first message of the stream.
    pub(super) fn acknowledgement(&self) -> Text {
        let mut filter = Object::new();
        for (name, wanted) in [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ] {
            if wanted {
                filter = filter.bool(name, true);
            }
        }
        if !self.uris.is_empty() {
            let mut uris: Vec<&String> = self.uris.iter().collect();
            uris.sort();
            filter = filter.json("resourceSubscriptions", &Json::encode(&uris).unwrap_or_else(|_| Json::null()));
        }
        let params = Object::new().json("_meta", &subscription_meta(&self.id)).json("notifications", &filter.build());
        notification("notifications/subscriptions/acknowledged", params)
    }

    /// `notifications/cancelled` for a stream that the server ends (basic/patterns/cancellation).
    pub(super) fn cancelled(&self) -> Text {
        let params = Object::new().id("requestId", &self.id).str("reason", "the server is shutting down");
        notification("notifications/cancelled", params)
    }
}

pub(super) fn subscription_meta(id: &RequestId) -> Json {
    Object::new().id(SUBSCRIPTION_ID, id).build()
}

/// The text of a notification; without members, without params.
pub(super) fn notification(method: &str, params: Object) -> Text {
    let params = params.build();
    let draft = if params.entries().is_some_and(|entries| entries.is_empty()) {
        Ok(Draft::new(method))
    } else {
        Draft::with_params(method, &params)
    };
    match draft.and_then(|draft| draft.finish(None, Meta::default())) {
        Ok(sent) => sent.text().clone(),
        Err(_) => Text::from(String::new()),
    }
}
