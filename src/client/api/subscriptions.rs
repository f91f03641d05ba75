//! Change notices: one interface over `subscriptions/listen` and `resources/subscribe`
//! (2026-07-28 basic/patterns/subscriptions, 2025-11-25 server/resources).

use futures_channel::oneshot;

use super::decoded;
use crate::client::Client;
use crate::client::host::Waiting;
use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::proto::{SubscriptionFilter, method};
use crate::session::{Filter, SubKey};

/// Change notices that were asked for. They arrive as events of the client ([`Client::events`]), over reconnects too,
/// until this is dropped or the server ends it ([`Event::SubscriptionEnded`](crate::Event::SubscriptionEnded)).
#[must_use = "dropping a subscription ends it"]
#[derive(Debug)]
pub struct Subscription {
    guard: Guard,
    granted: SubscriptionFilter,
}

/// Ends the subscription when it is dropped, acknowledged or not.
#[derive(Debug)]
struct Guard {
    client: Client,
    key: SubKey,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.client.shared().command(|session, now| session.unlisten(self.key, now));
    }
}

impl Subscription {
    /// What the server agreed to tell: it may be less than was asked for.
    pub fn granted(&self) -> &SubscriptionFilter {
        &self.granted
    }

    /// The number that [`Event::SubscriptionEnded`](crate::Event::SubscriptionEnded) names this subscription by.
    pub fn key(&self) -> u64 {
        self.guard.key.0
    }

    /// Ends it. Dropping does the same.
    pub fn end(self) {}
}

impl Client {
    /// Asks to be told of changes. A server before 2026-07-28 tells of changed lists unasked, where it does at all.
    ///
    /// # Errors
    /// `config` where the filter asks for nothing, `rpc` where the server refuses, `closed` where the client is.
    ///
    /// # Cancel safety
    /// Dropping the future ends the subscription.
    pub async fn listen(&self, filter: SubscriptionFilter) -> Result<Subscription, Error> {
        if filter.is_empty() {
            return Err(Error::config("a subscription to nothing: name a list or a resource in the filter"));
        }
        let wanted = Filter {
            tools: filter.tools_list_changed,
            prompts: filter.prompts_list_changed,
            resources: filter.resources_list_changed,
            uris: filter.resource_subscriptions,
        };
        let (tx, answer) = oneshot::channel();
        let waiting = Waiting::new(tx, None);
        let key = self.shared().command(|session, now| session.listen(waiting, wanted, now));
        let guard = Guard { client: self.clone(), key };
        let granted: Json = answer.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Closed)))?;
        Ok(Subscription { granted: decoded(method::SUBSCRIPTIONS_LISTEN, &granted)?, guard })
    }

    /// Asks to be told when a resource changes ([`Event::ResourceUpdated`](crate::Event::ResourceUpdated)).
    ///
    /// # Errors
    /// `unsupported` where the server does not tell of changed resources, `rpc` where it refuses this one.
    ///
    /// # Cancel safety
    /// Dropping the future ends the subscription.
    pub async fn subscribe(&self, uri: &str) -> Result<Subscription, Error> {
        self.offers("resources", method::RESOURCES_SUBSCRIBE)?;
        let tells = |info: &crate::session::Info| {
            info.capabilities.get("resources").and_then(|resources| resources.get("subscribe")?.as_bool()) == Some(true)
        };
        if !self.shared().ask(|session| session.info().is_none_or(tells)) {
            let detail = "the server offers resources but no subscription to them; read them again instead";
            return Err(Error::new(ErrorKind::Unsupported(detail.into())));
        }
        self.listen(SubscriptionFilter::new().resource(uri)).await
    }
}
