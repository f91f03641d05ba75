use std::collections::HashMap;
use std::sync::Arc;

use futures_channel::oneshot;

use super::driver::Host;
pub(super) use super::events::EventSinks;
use super::input::Handlers;
use super::shared::Shared;
use crate::error::Error;
use crate::json::Json;
use crate::platform::{MaybeSend, MaybeSync, Task, spawn};
use crate::proto::Progress;
use crate::session::{Event, InputEnd, InputId, InputRequest, Ticket, Verdict};

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        pub(super) type ProgressSink = Arc<dyn Fn(Progress)>;
    } else {
        pub(super) type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;
    }
}

/// A Rust caller who waits.
pub(crate) struct Waiting {
    answer: oneshot::Sender<Result<Json, Error>>,
    progress: Option<ProgressSink>,
}
