//! Subscriptions: one interface over `subscriptions/listen` (modern) and `resources/subscribe` (legacy).

use std::time::Duration;

use super::call::{Replay, Waiter, Wire};
use super::link::Outage;
use super::{CallId, Era, Event, Key, Request, Session, Stage, Ticket};
use crate::error::{Error, ErrorKind, RpcError};
use crate::frame::{Outbound, RequestId};
use crate::json::{Draft, Json, Object};

/// Names a subscription for its whole life, over all links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubKey(pub(crate) u64);

impl Key for SubKey {
    fn number(self) -> u64 {
        self.0
    }

    fn of(number: u64) -> Self {
        Self(number)
    }
}

/// What a subscription is told of (2026-07-28 basic/patterns/subscriptions, "Notification Filter").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) tools: bool,
    pub(crate) prompts: bool,
    pub(crate) resources: bool,
    pub(crate) uris: Vec<String>,
}

impl Filter {
    #[cfg_attr(not(test), allow(dead_code, reason = "only JavaScript gives a filter as an object"))]
    pub(crate) fn from_json(json: &Json) -> Self {
        let flag = |key| json.get(key).and_then(|flag| flag.as_bool()).unwrap_or_default();
        Self {
            tools: flag("toolsListChanged"),
            prompts: flag("promptsListChanged"),
            resources: flag("resourcesListChanged"),
            uris: json.get("resourceSubscriptions").and_then(|uris| uris.as_strings()).unwrap_or_default(),
        }
    }

    fn to_json(&self, has: impl Fn(&str) -> bool) -> Json {
        let mut all = Object::new();
        for (key, wanted) in [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ] {
            if wanted && has(key) {
                all = all.bool(key, true);
            }
        }
        if !self.uris.is_empty() {
            all = all.json("resourceSubscriptions", &Json::strings(&self.uris));
        }
        all.build()
    }
}

pub(super) struct Sub<T> {
    filter: Filter,
    /// Answered with the acknowledged filter, once.
    pub(super) ticket: Option<T>,
    /// The requests under way or open for it on this link.
    calls: Vec<CallId>,
    acknowledged: bool,
    /// Since when it stands, on a link where its stream can end by itself.
    since: Duration,
    /// When its stream is opened again, and how often that was tried.
    due: Option<Duration>,
    outage: Outage,
}

/// A stream that lived so long, or told of a change, has proved itself.
const PROVEN: Duration = Duration::from_secs(10);

impl<T: Ticket> Session<T> {
    /// Subscribes. The ticket is answered with the filter that the server agreed to; from then on the subscription
    /// lives, over lost links too, until [`Self::unlisten`] or the server's end.
    pub(crate) fn listen(&mut self, ticket: T, filter: Filter, now: Duration) -> SubKey {
        let key = SubKey(self.next_call().0 as u64);
        if let super::LinkState::Closed { reason } = &self.link {
            let error = reason.clone().unwrap_or_else(|| Error::new(ErrorKind::Closed));
            self.reply(ticket, Err(error));
            return key;
        }
        if self.subs.len() >= self.options.max_pending {
            self.reply(ticket, Err(Error::new(ErrorKind::Overloaded { limit: self.options.max_pending })));
            return key;
        }
        let outage = Outage { since: now, attempt: 0 };
        let fresh =
            Sub { filter, ticket: Some(ticket), calls: Vec::new(), acknowledged: false, since: now, due: None, outage };
        self.subs.insert(key, fresh);
        if self.ready() {
            self.establish(key, now);
            self.open_push_stream();
        }
        key
    }

    /// Ends a subscription. Its ticket, where it still waits, is answered as cancelled.
    pub(crate) fn unlisten(&mut self, key: SubKey, now: Duration) {
        let Some(sub) = self.subs.remove(key) else { return };
        for id in &sub.calls {
            if let Some(call) = self.calls.remove(*id) {
                self.forget_wire(*id, &call, Some("unsubscribed"), now);
            }
        }
        self.unsubscribe(&sub.filter, now);
        if let Some(ticket) = sub.ticket {
            self.reply(ticket, Err(Error::new(ErrorKind::Cancelled)));
        }
    }

    /// Tells a legacy server which resources nobody wants to hear of any more.
    fn unsubscribe(&mut self, filter: &Filter, now: Duration) {
        if self.era() != Some(Era::Legacy) {
            return;
        }
        for uri in &filter.uris {
            if !self.subs.values().any(|other| other.filter.uris.contains(uri)) {
                let params = Object::new().str("uri", uri).build();
                self.tell("resources/unsubscribe", &params, Waiter::Nobody, now);
            }
        }
    }

    /// Sets the least severe level that the server logs at, for good.
    pub(crate) fn set_log_level(&mut self, ticket: T, level: &str, now: Duration) {
        self.log_level = Some(level.to_owned());
        self.open_push_stream();
        match self.era() {
            // Per request in the modern era (2026-07-28 server/utilities/logging).
            Some(Era::Modern) => {
                if let Some(info) = &self.info {
                    self.set_meta(info.version);
                }
                self.reply(ticket, Ok(Json::null()));
            }
            _ => {
                let params = Object::new().str("level", level).build();
                match Draft::with_params("logging/setLevel", &params) {
                    Ok(draft) => {
                        let replay = Replay { safe: true, asks: false, lists_tools: false, kept: None };
                        let id = self.request(ticket, Request { draft, replay, options: Default::default() }, now);
                        if let Some(call) = self.calls.get_mut(id) {
                            call.level = true;
                        }
                    }
                    Err(cause) => self.reply(ticket, Err(Error::new(ErrorKind::Encode(cause)))),
                }
            }
        }
    }

    pub(super) fn restore_log_level(&mut self, now: Duration) {
        let asked = self.calls.values().any(|call| call.level);
        if let (Some(level), false) = (self.log_level.clone(), asked) {
            self.tell("logging/setLevel", &Object::new().str("level", &level).build(), Waiter::Nobody, now);
        }
    }

    pub(super) fn tell(&mut self, method: &str, params: &Json, waiter: Waiter<T>, now: Duration) -> Option<CallId> {
        let timeout = Some(self.options.timeouts.call);
        self.request_internal(waiter, method, Draft::with_params(method, params).ok()?, timeout, now)
    }

    /// After a link came up: every subscription stands again.
    pub(super) fn renew_subscriptions(&mut self, now: Duration) {
        let keys: Vec<_> = self.subs.keys().collect();
        for sub in self.subs.values_mut() {
            sub.outage = Outage { since: now, attempt: 0 };
        }
        let renewed = self.subs.values().any(|sub| sub.ticket.is_none());
        for key in keys {
            self.establish(key, now);
        }
        if renewed {
            self.event(Event::Resynced);
        }
    }

    /// The era is in doubt: what was asked for on this link is asked again when it is settled.
    pub(super) fn suspend_subscriptions(&mut self) {
        let calls: Vec<_> = self.subs.values_mut().flat_map(|sub| std::mem::take(&mut sub.calls)).collect();
        for id in calls {
            self.abandon(id);
        }
    }

    /// Nobody waits for a request of a subscription any more.
    fn abandon(&mut self, id: CallId) {
        if let Some(Wire::Sent { id: wire, .. }) = self.take_call(id).map(|call| call.wire)
            && self.link.per_request()
        {
            self.control.push_back(Outbound::Abort(wire));
        }
    }

    fn establish(&mut self, key: SubKey, now: Duration) {
        let Some(sub) = self.subs.get_mut(key) else { return };
        sub.calls.clear();
        sub.acknowledged = false;
        sub.due = None;
        let filter = sub.filter.clone();
        let calls: Vec<CallId> = if self.era() == Some(Era::Modern) {
            let params = Object::new().json("notifications", &filter.to_json(|_| true)).build();
            self.tell("subscriptions/listen", &params, Waiter::Listen(key), now).into_iter().collect()
        } else {
            let each = |uri: &String| {
                self.tell("resources/subscribe", &Object::new().str("uri", uri).build(), Waiter::Subscribe(key), now)
            };
            filter.uris.iter().filter_map(each).collect()
        };
        let none = calls.is_empty();
        if let Some(sub) = self.subs.get_mut(key) {
            sub.calls = calls;
        }
        if none {
            self.legacy_acknowledge(key);
        }
    }

    /// One `resources/subscribe` of a subscription was answered.
    pub(super) fn subscribed(&mut self, key: SubKey, id: CallId, result: Result<Json, RpcError>, now: Duration) {
        match result {
            Ok(_) => {
                if let Some(sub) = self.subs.get_mut(key) {
                    sub.calls.retain(|call| *call != id);
                    if sub.calls.is_empty() {
                        self.legacy_acknowledge(key);
                    }
                }
            }
            Err(error) => self.subscription_over(key, Some(error.into()), now),
        }
    }

    /// A legacy server sends list changes unasked, where it declared that it does.
    fn legacy_acknowledge(&mut self, key: SubKey) {
        let declared = |kind: &str| {
            let has = self.info.as_ref().and_then(|info| info.capabilities.get(kind)?.get("listChanged")?.as_bool());
            has == Some(true)
        };
        let Some(sub) = self.subs.get(key) else { return };
        let agreed = sub.filter.to_json(|name| match name {
            "toolsListChanged" => declared("tools"),
            "promptsListChanged" => declared("prompts"),
            _ => declared("resources"),
        });
        self.acknowledge(key, agreed);
    }

    fn acknowledge(&mut self, key: SubKey, agreed: Json) {
        let Some(sub) = self.subs.get_mut(key) else { return };
        let fresh = !std::mem::replace(&mut sub.acknowledged, true);
        let again = fresh && sub.outage.attempt > 0 && sub.ticket.is_none();
        if again {
            self.event(Event::Resynced);
        }
        let Some(sub) = self.subs.get_mut(key) else { return };
        if let Some(ticket) = sub.ticket.take() {
            self.reply(ticket, Ok(agreed));
        }
    }

    /// `notifications/subscriptions/acknowledged`: the stream is open and has no deadline any more.
    pub(super) fn acknowledged(&mut self, params: &Json, now: Duration) {
        let id = params.get("_meta").and_then(|meta| meta.get_id("io.modelcontextprotocol/subscriptionId"));
        let Some(RequestId::Number(wire)) = id else { return };
        let Some(id) = self.call_of(wire) else { return };
        let Some(call) = self.calls.get_mut(id) else { return };
        let Waiter::Listen(key) = call.waiter else { return };
        (call.timeout, call.idle_until, call.hard_until) = (None, None, None);
        if let Some(sub) = self.subs.get_mut(key) {
            sub.since = now;
            // It can be made, so the policy's time begins anew; the waits go on growing until it has proved itself.
            sub.outage.since = now;
        }
        // Only the modern era has this notification.
        if let Stage::Ready { confirmed, .. } = &mut self.stage {
            *confirmed = true;
        }
        self.acknowledge(key, params.get("notifications").unwrap_or_else(|| Object::new().build()));
    }

    /// A subscription's own stream broke off, by no word of the server: it is opened again, later each time.
    pub(super) fn relisten(&mut self, key: SubKey, error: Error, now: Duration) {
        let policy = self.options.reconnect;
        let random = self.jitter.next();
        let Some(sub) = self.subs.get_mut(key) else { return };
        // The other requests of a legacy one.
        let calls = std::mem::take(&mut sub.calls);
        calls.into_iter().for_each(|id| self.abandon(id));
        let Some(sub) = self.subs.get_mut(key) else { return };
        if sub.acknowledged && now.saturating_sub(sub.since) >= PROVEN {
            sub.outage = Outage { since: now, attempt: 0 };
        }
        // Somebody who subscribes hears at once that it does not work; one who did keeps trying.
        if sub.ticket.is_some() && sub.outage.attempt > 0
            || !policy.allows(sub.outage.attempt, now.saturating_sub(sub.outage.since))
        {
            return self.subscription_over(key, Some(error), now);
        }
        let at = now.saturating_add(policy.delay(sub.outage.attempt, random));
        sub.outage.attempt = sub.outage.attempt.saturating_add(1);
        sub.due = Some(at);
        self.next_listen = Some(self.next_listen.map_or(at, |next| next.min(at)));
    }

    /// The subscription that stands on a request's stream.
    pub(super) fn standing(&self, wire: i64) -> Option<SubKey> {
        match self.calls.get(self.call_of(wire)?)?.waiter {
            Waiter::Listen(key) if self.subs.get(key)?.acknowledged => Some(key),
            _ => None,
        }
    }

    /// Its stream told of something.
    pub(super) fn told(&mut self, key: SubKey) {
        if let Some(sub) = self.subs.get_mut(key) {
            sub.outage.attempt = 0;
        }
    }

    pub(super) fn next_listen(&self) -> Option<Duration> {
        self.next_listen
    }

    /// Nothing that is to be opened again waits longer than until then.
    pub(super) fn listen_soon(&mut self, soon: Duration) {
        for due in self.subs.values_mut().filter_map(|sub| sub.due.as_mut()) {
            *due = (*due).min(soon);
            self.next_listen = Some(soon.min(self.next_listen.unwrap_or(soon)));
        }
    }

    /// Opens what is due.
    pub(super) fn relisten_due(&mut self, now: Duration) {
        if self.next_listen.is_none_or(|at| at > now) {
            return;
        }
        let due: Vec<_> = self
            .subs
            .keys()
            .filter(|key| self.subs.get(*key).is_some_and(|sub| sub.due.is_some_and(|at| at <= now)))
            .collect();
        if self.ready() {
            for key in due {
                self.establish(key, now);
            }
        }
        self.next_listen = self.subs.values().filter_map(|sub| sub.due).filter(|at| *at > now).min();
    }

    /// `subscriptions/listen` was answered: the subscription is over.
    pub(super) fn listen_ended(&mut self, key: SubKey, result: Result<Json, RpcError>, now: Duration) {
        match result {
            Err(error) => self.subscription_over(key, Some(error.into()), now),
            Ok(_) => self.subscription_over(key, None, now),
        }
    }

    /// The server took the subscription down with `notifications/cancelled`.
    pub(super) fn listen_cancelled(&mut self, wire: i64, now: Duration) -> bool {
        let Some(id) = self.call_of(wire) else { return false };
        let Some(Waiter::Listen(key)) = self.calls.get(id).map(|call| &call.waiter) else { return false };
        let key = *key;
        self.take_call(id);
        self.subscription_over(key, None, now);
        true
    }

    pub(super) fn subscription_over(&mut self, key: SubKey, reason: Option<Error>, now: Duration) {
        let Some(sub) = self.subs.remove(key) else { return };
        for id in &sub.calls {
            self.abandon(*id);
        }
        self.unsubscribe(&sub.filter, now);
        match sub.ticket {
            Some(ticket) => {
                let closed =
                    || Error::new(ErrorKind::Protocol("the server ended the subscription before it began".into()));
                self.reply(ticket, Err(reason.unwrap_or_else(closed)));
            }
            None => self.event(Event::SubscriptionEnded { key: key.0, reason }),
        }
    }
}
