//! From an open link to travelling requests: `server/discover`, `initialize`, or what is remembered.

use std::time::Duration;

use super::call::Waiter;
use super::era::{Ours, Probe, Ruling, classify};
use super::link::LinkState;
use super::{Era, EraChoice, Info, Output, Session, Stage, State, Ticket, Verdict};
use crate::error::{Error, ErrorKind, RpcError};
use crate::frame::{Liveness, Outbound, Profile};
use crate::json::{Draft, Json, Object};
use crate::proto::versions::{LEGACY, MODERN};
use crate::text::join;
use crate::transport::{TransportError, TransportErrorKind};

/// The codes with which a server refuses a request that it did not run: a remembered verdict may be out of date.
pub(super) fn refuses(code: i64) -> bool {
    matches!(code, -32600 | -32601 | -32602 | -32000 | -32022)
}

impl<T: Ticket> Session<T> {
    fn profile(&self) -> Profile {
        match &self.link {
            LinkState::Up(up) => up.profile,
            _ => Profile::PerRequest,
        }
    }

    fn ours(&self, resent: bool) -> Ours {
        match self.options.era {
            EraChoice::Modern => Ours { legacy: &[], resent, ..Ours::ALL },
            _ => Ours { resent, ..Ours::ALL },
        }
    }

    pub(super) fn begin_handshake(&mut self, now: Duration) {
        if self.reopened {
            return self.initialize(None, false, now);
        }
        match self.known.clone() {
            Some(Verdict::Modern { version, discover: Some(discover) }) => self.modern(version, &discover, false, now),
            Some(Verdict::Legacy { version, cacheable }) => self.initialize(version, cacheable, now),
            Some(Verdict::Modern { version, discover: None }) => self.probe(version, false, now),
            None => self.probe(MODERN[0], false, now),
        }
    }

    fn probe(&mut self, version: &'static str, resent: bool, now: Duration) {
        self.known = None;
        self.set_meta(version);
        let timeout = self.options.timeouts.probe.unwrap_or_else(|| self.profile().probe_timeout());
        // Silence is judged by whether the peer lives: ask below the protocol at the same time.
        if self.liveness() == Some(Liveness::Ping) {
            self.control.push_back(Outbound::Ping);
        }
        self.speaking = Some((version, Era::Modern));
        let draft = Draft::with_params("server/discover", &Object::new().build())
            .unwrap_or_else(|_| Draft::new("server/discover"));
        if let Some(call) = self.request_internal(Waiter::Probe, "server/discover", draft, Some(timeout), now) {
            self.stage = Stage::Probing { call, resent };
        }
    }

    fn initialize(&mut self, version: Option<&'static str>, cacheable: bool, now: Duration) {
        (self.meta, self.meta_quiet, self.speaking) = (None, None, None);
        let params = Object::new()
            .str("protocolVersion", version.unwrap_or(LEGACY[0]))
            .json("capabilities", &self.options.capabilities)
            .json("clientInfo", &self.options.client_info())
            .build();
        let Ok(draft) = Draft::with_params("initialize", &params) else { return };
        let timeout = self.options.timeouts.handshake;
        if let Some(call) = self.request_internal(Waiter::Initialize, "initialize", draft, Some(timeout), now) {
            self.stage = Stage::Initializing { call, cacheable };
        }
    }

    /// The protocol's entries of every request's `_meta` (2026-07-28 basic/index, "_meta").
    pub(super) fn set_meta(&mut self, version: &'static str) {
        let build = |capabilities: &Json| {
            let meta = Object::new()
                .str("io.modelcontextprotocol/protocolVersion", version)
                .json("io.modelcontextprotocol/clientInfo", &self.options.client_info())
                .json("io.modelcontextprotocol/clientCapabilities", capabilities);
            match &self.log_level {
                Some(level) => meta.str("io.modelcontextprotocol/logLevel", level),
                None => meta,
            }
            .build()
        };
        let quiet =
            self.options.capabilities.entries().unwrap_or_default().into_iter().filter(|(key, _)| key != "elicitation");
        let quiet = quiet.fold(Object::new(), |all, (key, value)| all.json(&key, &value)).build();
        (self.meta, self.meta_quiet) = (Some(build(&self.options.capabilities)), Some(build(&quiet)));
    }

    // ---- What the probe met

    pub(super) fn probe_answered(
        &mut self,
        result: Result<Json, RpcError>,
        status: Option<u16>,
        resent: bool,
        now: Duration,
    ) {
        let outcome = match &result {
            Ok(discover) => Probe::Discovered(discover.get("supportedVersions").and_then(|list| list.as_strings())),
            Err(error) => Probe::Error {
                code: error.code,
                supported: error.data.as_ref().and_then(|data| data.get("supported")?.as_strings()),
                status,
            },
        };
        let cause = match &result {
            Ok(_) => None,
            Err(error) => Some(error.clone()),
        };
        self.probe_error = cause.map(Error::from);
        let discover = result.ok();
        self.rule(outcome, discover, resent, now);
    }

    pub(super) fn probe_silent(&mut self, started: Duration, now: Duration) {
        let Stage::Probing { call, resent } = self.stage else { return };
        let alive = match (self.liveness(), &self.link) {
            (Some(Liveness::Ping), LinkState::Up(up)) => Some(up.spoken && up.heard >= started),
            (Some(Liveness::Channel), _) => Some(true),
            _ => None,
        };
        self.late_probe = Some(call);
        let waited = now.saturating_sub(started);
        self.probe_error = Some(Error::new(ErrorKind::Timeout {
            after: waited,
            what: "the server did not answer server/discover",
            hint: None,
            sent: true,
        }));
        self.rule(Probe::Silence { alive }, None, resent, now);
    }

    pub(super) fn rule(&mut self, outcome: Probe, discover: Option<Json>, resent: bool, now: Duration) {
        let ours = self.ours(resent);
        let silent = matches!(outcome, Probe::Silence { .. });
        let unsupported = |theirs| Error::new(ErrorKind::UnsupportedVersion { theirs, ours: ours.names() });
        match classify(outcome, self.profile(), ours) {
            Ruling::Modern { version } => {
                let discover = discover.unwrap_or_else(|| Object::new().build());
                self.known = Some(Verdict::Modern { version, discover: Some(discover.clone()) });
                self.outputs.extend(self.known.clone().map(Output::Verdict));
                self.modern(version, &discover, true, now);
            }
            // Silence may be an outage: another link may do better.
            Ruling::Legacy { .. } if silent && self.options.era == EraChoice::Modern => {
                let error = self.take_probe_error();
                self.handshake_failed(error, now);
            }
            Ruling::Legacy { .. } | Ruling::ReopenLegacy if self.options.era == EraChoice::Modern => {
                let error = self.probe_error.take();
                let detail =
                    "it answered server/discover as an older server does, and only the modern era was asked for";
                self.refuse(error.unwrap_or_else(|| Error::new(ErrorKind::NotMcp(detail.into()))));
            }
            Ruling::Legacy { version, cacheable } => self.initialize(version, cacheable, now),
            Ruling::ResendAt(version) => self.probe(version, true, now),
            Ruling::UnsupportedVersion { theirs } => self.refuse(unsupported(theirs)),
            Ruling::AuthRequired => {
                let detail = "the server wants a credential: give a token";
                let refused = || TransportError::new(TransportErrorKind::Refused { status: 401 }, detail).into();
                let met = self.probe_error.take().filter(Error::is_auth_required);
                self.refuse(met.unwrap_or_else(refused));
            }
            Ruling::Arbitrate if self.options.era == EraChoice::Modern => {
                let error = self.take_probe_error();
                self.handshake_failed(error, now);
            }
            // Gateways and servers answer an unknown method so, too.
            Ruling::Arbitrate => self.initialize(None, false, now),
            Ruling::NotMcp => {
                let met = self.probe_error.take();
                let detail = met.map_or_else(|| "no answer to server/discover".into(), |error| error.text());
                self.refuse(Error::new(ErrorKind::NotMcp(detail)));
            }
            Ruling::ModernError => {
                let error = self.take_probe_error();
                self.refuse(error);
            }
            Ruling::ReopenLegacy | Ruling::Transient | Ruling::Failed => {
                let error = self.take_probe_error();
                self.handshake_failed(error, now);
            }
        }
    }

    fn take_probe_error(&mut self) -> Error {
        let met = self.probe_error.take();
        met.unwrap_or_else(|| Error::new(ErrorKind::NotMcp("no answer to server/discover".into())))
    }

    // ---- Settled

    fn modern(&mut self, version: &'static str, discover: &Json, confirmed: bool, now: Duration) {
        self.set_meta(version);
        self.speaking = Some((version, Era::Modern));
        let server = discover.get("_meta").and_then(|meta| meta.get("io.modelcontextprotocol/serverInfo"));
        self.info = Some(Info {
            era: Era::Modern,
            version,
            transport: self.link.transport(),
            server,
            capabilities: discover.get("capabilities").unwrap_or_else(|| Object::new().build()),
            instructions: discover.get_str("instructions"),
        });
        self.settled(Era::Modern, confirmed, now);
    }

    pub(super) fn initialized(&mut self, result: Result<Json, RpcError>, status: Option<u16>, now: Duration) {
        let result = match result {
            Ok(result) => result,
            Err(error) => {
                return match self.known.take() {
                    _ if self.options.era != EraChoice::Auto => self.initialize_failed(error.into(), status, now),
                    // Its answer to the probe came after all.
                    Some(Verdict::Modern { version, discover: Some(discover) }) => {
                        self.modern(version, &discover, true, now);
                    }
                    // It was legacy when it was remembered: ask what it is now.
                    Some(_) => self.probe(MODERN[0], false, now),
                    None => self.initialize_failed(error.into(), status, now),
                };
            }
        };
        let theirs = result.get_str("protocolVersion");
        let Some(version) = LEGACY.iter().copied().find(|version| theirs.as_deref() == Some(version)) else {
            let error = match theirs {
                Some(theirs) => ErrorKind::UnsupportedVersion { theirs: vec![theirs], ours: self.ours(false).names() },
                None => ErrorKind::NotMcp("its answer to initialize names no protocolVersion".into()),
            };
            return self.refuse(Error::new(error));
        };
        let cacheable = matches!(self.stage, Stage::Initializing { cacheable: true, .. });
        self.known = Some(Verdict::Legacy { version: Some(version), cacheable });
        if cacheable {
            self.outputs.extend(self.known.clone().map(Output::Verdict));
        }
        self.info = Some(Info {
            era: Era::Legacy,
            version,
            transport: self.link.transport(),
            server: result.get("serverInfo"),
            capabilities: result.get("capabilities").unwrap_or_else(|| Object::new().build()),
            instructions: result.get_str("instructions"),
        });
        self.speaking = Some((version, Era::Legacy));
        if let Ok(sent) = Draft::new("notifications/initialized").finish(None, Default::default()) {
            let message = self.outbound(None, Some("notifications/initialized"), sent.text().clone());
            self.control.push_back(message);
        }
        self.settled(Era::Legacy, true, now);
    }

    fn settled(&mut self, era: Era, confirmed: bool, now: Duration) {
        self.stage = Stage::Ready { era, confirmed };
        (self.reopened, self.probe_error, self.patience) = (false, None, None);
        if let LinkState::Up(up) = &mut self.link {
            up.first = false;
        }
        if !matches!(self.state, State::Connected) {
            self.enter(State::Connected);
        }
        for ticket in std::mem::take(&mut self.openers) {
            self.reply(ticket, Ok(Json::null()));
        }
        if era == Era::Legacy {
            self.restore_log_level(now);
        }
        self.renew_subscriptions(now);
        self.open_push_stream();
    }

    /// A remembered modern verdict did not hold: ask the server, and send the call again afterwards.
    pub(super) fn doubt(&mut self, now: Duration) {
        self.suspend_subscriptions();
        self.probe(MODERN[0], false, now);
    }

    // ---- Failed

    pub(super) fn both_failed(&mut self, initialize: Error) -> Error {
        match self.probe_error.take() {
            Some(probe) => Error::new(ErrorKind::NoEra { probe, initialize }),
            None => initialize,
        }
    }

    /// The handshake did not come about on this link: another link may do better.
    pub(super) fn handshake_failed(&mut self, error: Error, now: Duration) {
        let error = match self.garbage {
            Some(garbage) if error.is_timeout() => {
                Error::new(ErrorKind::NotMcp(join(&[garbage, " (", &error.text(), ")"])))
            }
            _ => self.both_failed(error),
        };
        let first = matches!(&self.link, LinkState::Up(up) if up.first);
        // A link that could not even be opened for this reason would not be tried again either.
        let last = self.link.per_request() && error.transport().is_some_and(|error| !error.is_transient());
        if first || last {
            self.refuse(error);
        } else {
            // This side gives up: that is no channel that closed on the probe.
            self.stage = Stage::Down;
            self.drop_link(TransportError::new(TransportErrorKind::Lost, error.text()), now);
        }
    }

    /// The server and this client cannot come together: trying again changes nothing.
    fn refuse(&mut self, error: Error) {
        self.shut(Some(error));
    }
}
