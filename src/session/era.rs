//! Which protocol era a server speaks: one pure classifier (the table of `server/discover` outcomes), and the memory of
//! its verdicts.

use crate::frame::{Body, Profile};
use crate::json::Json;
use crate::proto::versions::{LEGACY, MODERN};

/// The two ways to speak MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: stateless, identity on every request.
    Modern,
    /// 2024-11-05 to 2025-11-25: a session that begins with `initialize`.
    Legacy,
}

/// What a `server/discover` probe met.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Probe {
    /// A result; the versions it lists, `None` where it lists none (not a DiscoverResult).
    Discovered(Option<Vec<String>>),
    /// A JSON-RPC error, with `data.supported` where it stands and the HTTP status where there is one.
    Error { code: i64, supported: Option<Vec<String>>, status: Option<u16> },
    /// An HTTP answer that is not JSON-RPC.
    Http { status: u16, body: Body, credential_sent: bool },
    /// No answer in time; whether the peer was seen to live meanwhile.
    Silence { alive: Option<bool> },
    /// The channel closed. `reopened`: this was the second time.
    ChannelClosed { reopened: bool },
    /// A cross-origin fetch failed and the browser does not say why.
    Opaque,
    /// Any other failure of the network.
    Network,
}

/// What follows from a probe's outcome.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ruling {
    Modern {
        version: &'static str,
    },
    Legacy {
        version: Option<&'static str>,
        cacheable: bool,
    },
    /// Open a fresh channel and `initialize` there.
    ReopenLegacy,
    /// Send the probe once more at this version.
    ResendAt(&'static str),
    /// The server is modern; its error is the caller's to see.
    ModernError,
    /// A credential was sent and refused, or the unknown method was too much for the server (the Java SDK answers it with
    /// 500): let `initialize` decide, and remember nothing.
    Arbitrate,
    UnsupportedVersion {
        theirs: Vec<String>,
    },
    AuthRequired,
    Transient,
    NotMcp,
    Failed,
}

/// The versions a classifier may choose from, best first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours {
    pub(crate) modern: &'static [&'static str],
    pub(crate) legacy: &'static [&'static str],
    /// The probe was already sent a second time.
    pub(crate) resent: bool,
}

impl Ours {
    pub(crate) const ALL: Self = Self { modern: MODERN, legacy: LEGACY, resent: false };

    pub(crate) fn names(&self) -> Vec<String> {
        self.modern.iter().chain(self.legacy).map(|v| (*v).to_owned()).collect()
    }
}

fn mutual(ours: &'static [&'static str], theirs: &[String]) -> Option<&'static str> {
    ours.iter().copied().find(|version| theirs.iter().any(|t| t == version))
}

/// The errors that only the modern era has (2026-07-28 basic/index, "Error Codes").
pub(super) fn is_modern_error(code: i64) -> bool {
    matches!(code, -32022..=-32020)
}

pub(crate) fn classify(outcome: Probe, profile: Profile, ours: Ours) -> Ruling {
    let per_request = profile == Profile::PerRequest;
    let legacy = |version| Ruling::Legacy { version, cacheable: true };
    match outcome {
        Probe::Discovered(Some(theirs)) => match (mutual(ours.modern, &theirs), mutual(ours.legacy, &theirs)) {
            (Some(version), _) => Ruling::Modern { version },
            (None, Some(version)) => legacy(Some(version)),
            (None, None) => Ruling::UnsupportedVersion { theirs },
        },
        // A result that is no DiscoverResult: a server that answers anything to anything.
        Probe::Discovered(None) => legacy(None),
        Probe::Error { code: -32022, supported: Some(theirs), .. } => {
            match (mutual(ours.modern, &theirs), mutual(ours.legacy, &theirs)) {
                (Some(_), _) if ours.resent => Ruling::UnsupportedVersion { theirs },
                (Some(version), _) => Ruling::ResendAt(version),
                (None, Some(version)) => legacy(Some(version)),
                (None, None) => Ruling::UnsupportedVersion { theirs },
            }
        }
        Probe::Error { code: -32020 | -32021, .. } => Ruling::ModernError,
        Probe::Error { status: Some(status), .. } if per_request => match status {
            401 | 403 | 407 => Ruling::AuthRequired,
            500 | 501 => Ruling::Arbitrate,
            408 | 429 | 502.. => Ruling::Transient,
            _ => legacy(None),
        },
        Probe::Error { .. } => legacy(None),
        Probe::Http { status, body, credential_sent } => match (status, body) {
            (401 | 403 | 407, _) if credential_sent => Ruling::Arbitrate,
            (401 | 403 | 407, _) => Ruling::AuthRequired,
            // The address is another one, and the error says which.
            (300..=399, _) => Ruling::Failed,
            (500 | 501, _) | (200 | 201 | 203, Body::Other) => Ruling::Arbitrate,
            (408 | 429 | 502.., _) => Ruling::Transient,
            (200..=299, Body::Html) => Ruling::NotMcp,
            (202, _) | (200..=299, Body::Empty) | (400..=499, _) => legacy(None),
            _ => Ruling::NotMcp,
        },
        Probe::Silence { .. } if per_request => Ruling::Failed,
        Probe::Silence { alive: Some(false) } => Ruling::Failed,
        Probe::Silence { .. } => legacy(None),
        Probe::ChannelClosed { reopened: false } if !per_request && profile.reopens() => Ruling::ReopenLegacy,
        Probe::ChannelClosed { .. } => Ruling::Failed,
        Probe::Opaque if per_request => Ruling::Legacy { version: None, cacheable: false },
        Probe::Opaque | Probe::Network => Ruling::Failed,
    }
}

/// What is known of a server before a link is opened, or was found out on one.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Modern at this version; the discovery saves asking again.
    Modern { version: &'static str, discover: Option<Json> },
    /// Legacy, at this version where the server named one.
    Legacy { version: Option<&'static str>, cacheable: bool },
}
