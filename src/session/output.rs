use std::time::Duration;

use super::{InputId, Ticket, Verdict};
use crate::error::Error;
use crate::json::Json;

/// What a session wants done, drained with `poll_output`.
#[derive(Debug)]
pub(crate) enum Output<T: Ticket> {
    /// Answer whoever waits. Every ticket is answered exactly once.
    Reply(T, Result<Json, Error>),
    /// A call reported progress (`notifications/progress` params).
    Progress(T::Progress, Json),
    /// Open a link.
    Connect,
    /// Drop the link, or stop trying to open one.
    Disconnect,
    /// Ask the user, the model or the program for input, and answer with `Session::answer`.
    Input(InputRequest),
    /// Nobody waits for this input any more: drop its handler.
    InputCancelled(InputId, InputEnd),
    /// Something the program may want to know.
    Event(Event),
    /// The server's era was found out: worth remembering for the next connect.
    Verdict(Verdict),
}

/// The server asks for input.
#[derive(Debug, Clone)]
pub(crate) struct InputRequest {
    pub(crate) id: InputId,
    pub(crate) kind: InputKind,
    pub(crate) params: Json,
    /// Asked in answer to a call (`input_required`), not pushed on the channel.
    pub(crate) round: bool,
}

/// What kind of input the server asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputKind {
    Elicit,
    Sample,
    Roots,
}

impl InputKind {
    pub(crate) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "elicitation/create" => Self::Elicit,
            "sampling/createMessage" => Self::Sample,
            "roots/list" => Self::Roots,
            _ => return None,
        })
    }

    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Elicit => "elicitation/create",
            Self::Sample => "sampling/createMessage",
            Self::Roots => "roots/list",
        }
    }
}

/// Why an input's handler is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputEnd {
    Timeout,
    Cancelled,
}

/// Something that happened on a connection, in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The link's state changed.
    State(State),
    /// The server logged something.
    Log {
        /// `debug`, `info`, `notice`, `warning`, `error`, `critical`, `alert` or `emergency`.
        level: String,
        /// The logger's name, if the server gave one.
        logger: Option<String>,
        /// What was logged, any JSON value.
        data: Json,
    },
    /// The list of tools changed: fetch it again.
    ToolsChanged,
    /// The list of prompts changed: fetch it again.
    PromptsChanged,
    /// The list of resources changed: fetch it again.
    ResourcesChanged,
    /// A resource that was subscribed to changed: read it again.
    ResourceUpdated {
        /// The resource's URI.
        uri: String,
    },
    /// The subscriptions stand again after a lost link. Changes in between may have been missed: fetch again what
    /// matters.
    Resynced,
    /// The server ended a subscription, or refused to renew it after a lost link.
    SubscriptionEnded {
        /// The key that `listen` gave.
        key: u64,
        /// Why, where it was not an orderly end.
        reason: Option<Error>,
    },
    /// The server's handler of input took too long: the server was told that the user cancelled.
    InputTimedOut,
    /// The server did something that the protocol does not allow. Nothing was lost on this side.
    Warning(String),
    /// Events came faster than they were read: this many were left out.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// A message as it stood on the wire, where tracing was asked for. Tokens never stand in it: they travel in the
    /// handshake.
    Frame {
        /// To the server.
        outbound: bool,
        /// The message.
        text: crate::json::Text,
    },
}

/// Where a connection stands.
#[derive(Debug, Clone)]
pub enum State {
    /// The first link is being opened, or the protocol's handshake is under way.
    Connecting,
    /// Requests travel.
    Connected,
    /// The link was lost; calls wait for the next one.
    Reconnecting {
        /// Which attempt comes next, from 1.
        attempt: u32,
        /// How long until then; zero while the attempt is under way.
        delay: Duration,
        /// Why the link was lost.
        reason: Error,
    },
    /// The end: by `close()`, or for this reason.
    Closed {
        /// Why, where it was not `close()`.
        reason: Option<Error>,
    },
}
