//! Who wants to hear of changes: `subscriptions/listen` streams and legacy `resources/subscribe`.

use std::collections::HashSet;

use super::shared::Session;
use crate::frame::RequestId;
use crate::json::{Draft, Json, Meta, Object, Text};
use crate::proto::meta::SUBSCRIPTION_ID;
use crate::proto::{SubscriptionFilter, method};

/// Subscriptions that one connection may hold, and resources that one subscription may name.
pub(super) const MAX_LISTENS: usize = 64;
pub(super) const MAX_URIS: usize = 1024;

/// Something that clients can be told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Change {
    Tools,
    Prompts,
    Resources,
    Resource(String),
}

impl Change {
    fn method(&self) -> &'static str {
        match self {
            Self::Tools => method::TOOLS_LIST_CHANGED,
            Self::Prompts => method::PROMPTS_LIST_CHANGED,
            Self::Resources => method::RESOURCES_LIST_CHANGED,
            Self::Resource(_) => method::RESOURCES_UPDATED,
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
    filter: SubscriptionFilter,
    uris: HashSet<String>,
}

impl Listen {
    /// Reads the filter; what the server does not offer (tools, prompts, resources) is left out of it (subscriptions,
    /// acknowledgment).
    pub(super) fn read(id: RequestId, filter: &Json, offered: [bool; 3]) -> Result<Self, String> {
        if !filter.is_object() {
            return Err("params.notifications must be an object".into());
        }
        let mut filter: SubscriptionFilter =
            filter.parse().map_err(|error| format!("params.notifications is malformed: {error}"))?;
        let [tools, prompts, resources] = offered;
        filter.tools_list_changed &= tools;
        filter.prompts_list_changed &= prompts;
        filter.resources_list_changed &= resources;
        if !resources {
            filter.resource_subscriptions.clear();
        }
        if filter.resource_subscriptions.len() > MAX_URIS {
            return Err(format!("resourceSubscriptions names too many resources; at most {MAX_URIS} per subscription"));
        }
        let uris = filter.resource_subscriptions.iter().cloned().collect();
        Ok(Self { id, filter, uris })
    }

    pub(super) fn wants(&self, change: &Change) -> bool {
        match change {
            Change::Tools => self.filter.tools_list_changed,
            Change::Prompts => self.filter.prompts_list_changed,
            Change::Resources => self.filter.resources_list_changed,
            Change::Resource(uri) => self.uris.contains(uri),
        }
    }

    /// `notifications/subscriptions/acknowledged`: the first message of the stream.
    pub(super) fn acknowledgement(&self) -> Text {
        let filter = Json::encode(&self.filter).unwrap_or_else(|_| Object::new().build());
        let params = Object::new().json("_meta", &subscription_meta(&self.id)).json("notifications", &filter);
        notification(method::SUBSCRIPTIONS_ACKNOWLEDGED, params)
    }

    /// `notifications/cancelled` for a stream that the server ends (basic/patterns/cancellation).
    pub(super) fn cancelled(&self) -> Text {
        let params = Object::new().id("requestId", &self.id).str("reason", "the server is shutting down");
        notification(method::CANCELLED, params)
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
