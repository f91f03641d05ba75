//! What the server keeps for a whole connection (before 2026-07-28) and the clients share: the session, the log level,
//! subscriptions to resources.

use super::{ClientKey, Kind, Mux};
use crate::frame::RequestId;
use crate::json::{Json, Object, Relayed, Text, error_text, result_text};
use crate::proto::{LogLevel, code, method};

/// From which level clients hear the log that set none, once another has (before that it is the server's choice).
const UNASKED: LogLevel = LogLevel::Info;

pub(super) enum Session {
    None,
    /// `initialize` is on its way, for these too.
    Asked(Vec<(ClientKey, RequestId)>),
    /// Its result, which every client is given.
    Begun(Json),
}

impl Session {
    /// Whether an `initialize` was sent on this link and not refused.
    pub(super) fn begun(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether a client waits for the answer to another's `initialize`.
    pub(super) fn awaits(&self, key: ClientKey) -> bool {
        matches!(self, Self::Asked(waiting) if waiting.iter().any(|(of, _)| *of == key))
    }

    pub(super) fn waits(&self, key: ClientKey, id: &RequestId) -> bool {
        matches!(self, Self::Asked(waiting) if waiting.iter().any(|(of, by)| *of == key && by == id))
    }
}

/// What clients are asked for, whoever of them has a handler: an `initialize` cannot be repeated for those that come later.
fn all_capabilities(own: Option<&Json>) -> Json {
    let merged = |own: Option<Json>, more: &[&str]| {
        let own = own.and_then(|own| own.entries()).unwrap_or_default();
        let missing = more.iter().filter(|name| own.iter().all(|(key, _)| key != *name));
        let all = missing.fold(Object::new(), |all, name| all.json(name, &Object::new().build()));
        own.iter().fold(all, |all, (key, value)| all.json(key, value)).build()
    };
    let whole = own.map(|own| own.get("elicitation"));
    let elicitation = merged(whole.flatten(), &["form", "url"]);
    let rest = own.and_then(|own| own.entries()).unwrap_or_default();
    let rest = rest.iter().filter(|(key, _)| key != "elicitation");
    let rest = rest.fold(Object::new(), |all, (key, value)| all.json(key, value)).build();
    let rest = merged(Some(rest), &["sampling", "roots"]);
    let all = rest.entries().unwrap_or_default();
    let all = all.iter().fold(Object::new(), |all, (key, value)| all.json(key, value));
    all.json("elicitation", &elicitation).build()
}

impl Mux {
    // ---- The session

    /// The first `initialize` begins the server's session; the others are given its result.
    pub(super) fn initialize(&mut self, key: ClientKey, id: RequestId, params: Option<&Json>) {
        let capabilities = params.and_then(|params| params.get("capabilities"));
        if let Some(client) = self.client_mut(key) {
            client.capabilities = Some(capabilities.clone().unwrap_or_else(|| Object::new().build()));
        }
        match &mut self.session {
            Session::Begun(result) => {
                let text = result_text(&id, result);
                return self.mail(key, text);
            }
            Session::Asked(waiting) => {
                if waiting.iter().all(|(of, _)| *of != key) {
                    return waiting.push((key, id));
                }
                let detail = "initialize is under way already";
                return self.mail(key, super::refusal(Some(&id), code::INVALID_REQUEST, detail));
            }
            Session::None => {}
        }
        let own = params.and_then(|params| params.entries()).unwrap_or_default();
        let own = own.iter().filter(|(name, _)| name != "capabilities" && name != "_meta");
        let params = own.fold(Object::new(), |all, (name, value)| all.json(name, value));
        let params = params.json("capabilities", &all_capabilities(capabilities.as_ref())).build();
        let wire = self.next_wire();
        self.begin(key, wire, id, None, Kind::Initialize);
        self.session = Session::Asked(Vec::new());
        self.tell(Some(wire), method::INITIALIZE, &params);
    }

    /// The server answered `initialize`; `first` is whose it was, where that client is still there.
    pub(super) fn initialized(&mut self, first: Option<(ClientKey, RequestId)>, answer: Result<&Json, &Json>) {
        let next = match answer {
            Ok(result) => Session::Begun(result.clone()),
            Err(_) => Session::None,
        };
        let Session::Asked(waiting) = std::mem::replace(&mut self.session, next) else { return };
        for (key, id) in first.into_iter().chain(waiting) {
            let text = match answer {
                Ok(result) => result_text(&id, result),
                Err(error) => error_text(Some(&id), error),
            };
            self.mail(key, text);
        }
    }

    /// A client is gone: the server is told what nobody else wants any more.
    pub(super) fn leave_session(&mut self, key: ClientKey) {
        if let Session::Asked(waiting) = &mut self.session {
            waiting.retain(|(of, _)| *of != key);
        }
        let Some(client) = self.client_mut(key) else { return };
        let (uris, level) = (std::mem::take(&mut client.uris), client.level.take());
        for uri in uris {
            if !self.holds(&uri) {
                let wire = self.next_wire();
                self.tell(Some(wire), method::RESOURCES_UNSUBSCRIBE, &Object::new().str("uri", &uri).build());
            }
        }
        if let (Some(_), Some(told), Some(least)) = (level, self.level, self.least_level())
            && told != least
        {
            let wire = self.next_wire();
            self.level = Some(least);
            self.tell(Some(wire), method::LOGGING_SET_LEVEL, &Object::new().str("level", least.as_str()).build());
        }
    }

    // ---- Log levels

    /// The least severe level that anybody wants: those who set none are not to miss what a server says by itself, which is
    /// taken to be [`UNASKED`] and above.
    fn least_level(&self) -> Option<LogLevel> {
        let initialized = self.present().filter(|client| client.capabilities.is_some() || client.level.is_some());
        initialized.map(|client| client.level.unwrap_or(UNASKED)).min()
    }

    /// The server is told the least level of all; each client gets what it asked for (see [`Self::logged`]).
    pub(super) fn set_level(&mut self, key: ClientKey, id: RequestId, level: Option<LogLevel>, relayed: Relayed) {
        let Some(level) = level else {
            // For the server to refuse.
            return self.forward(key, id, None, Kind::Plain, relayed, false);
        };
        if let Some(client) = self.client_mut(key) {
            client.level = Some(level);
        }
        let least = self.least_level().unwrap_or(level);
        if self.level == Some(least) {
            let text = result_text(&id, &Object::new().build());
            return self.mail(key, text);
        }
        self.level = Some(least);
        let wire = self.next_wire();
        self.begin(key, wire, id, None, Kind::Level);
        self.tell(Some(wire), method::LOGGING_SET_LEVEL, &Object::new().str("level", least.as_str()).build());
    }

    /// A log message, for those who want to hear it. In the modern era they said so in a request that is open; which of
    /// several clients' requests it is about, the server does not say.
    pub(super) fn logged(&mut self, level: Option<LogLevel>, text: &Text) {
        let level = level.unwrap_or(LogLevel::Info);
        let modern = self.modern && !self.session.begun();
        let running: Vec<_> = match modern {
            true => self.calls.iter().filter(|call| call.kind != Kind::Listen).filter_map(|call| call.client).collect(),
            false => Vec::new(),
        };
        // Nobody else can be meant: what it is told is the server's business.
        let present: Vec<_> = self.present().map(|client| client.key).collect();
        let alone = match present[..] {
            [only] => Some(only),
            _ => running.first().copied().filter(|first| running.iter().all(|other| other == first)),
        };
        if let Some(key) = alone {
            return self.mail(key, text.clone());
        }
        let wants = |client: &&super::Client| match client.level {
            Some(least) => level >= least && (!modern || running.contains(&client.key)),
            None if modern => false,
            // What the server would say by itself; what it says because another client asked for details is not for this one.
            None => self.level.is_none() || level >= UNASKED,
        };
        let keys: Vec<_> = self.present().filter(wants).map(|client| client.key).collect();
        keys.into_iter().for_each(|key| self.mail(key, text.clone()));
    }

    // ---- Subscriptions to resources

    fn holds(&self, uri: &str) -> bool {
        self.present().any(|client| client.uris.iter().any(|held| held == uri))
    }

    pub(super) fn may_subscribe(&self, key: ClientKey) -> bool {
        self.client(key).is_some_and(|client| client.uris.len() < self.limits.uris)
    }

    pub(super) fn subscribe(&mut self, key: ClientKey, uri: String) -> Kind {
        if let Some(client) = self.client_mut(key)
            && !client.uris.contains(&uri)
        {
            client.uris.push(uri.clone());
        }
        Kind::Subscribe(uri)
    }

    pub(super) fn subscription_refused(&mut self, key: ClientKey, uri: &str) {
        if let Some(client) = self.client_mut(key) {
            client.uris.retain(|held| held != uri);
        }
    }

    /// The server hears of it only from the last who held it.
    pub(super) fn unsubscribe(&mut self, key: ClientKey, id: RequestId, uri: &str, relayed: Relayed) {
        if let Some(client) = self.client_mut(key) {
            client.uris.retain(|held| held != uri);
        }
        if self.holds(uri) {
            let text = result_text(&id, &Object::new().build());
            return self.mail(key, text);
        }
        // In one order with the subscriptions of other clients.
        self.forward(key, id, None, Kind::Plain, relayed, true);
    }

    /// A resource changed: for those who hold it; where nobody does, it is a part of what somebody holds
    /// (2025-11-25 schema, ResourceUpdatedNotification).
    pub(super) fn resource_updated(&mut self, uri: Option<&str>, text: &Text) {
        let exact = uri.filter(|uri| self.holds(uri));
        let wants = |client: &&super::Client| match exact {
            Some(uri) => client.uris.iter().any(|held| held == uri),
            None => !client.uris.is_empty(),
        };
        let keys: Vec<_> = self.present().filter(wants).map(|client| client.key).collect();
        keys.into_iter().for_each(|key| self.mail(key, text.clone()));
    }
}
