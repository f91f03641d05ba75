//! Tasks (2025-11-25 basic/utilities/tasks): what is said of one after its request was answered finds whoever began it.
//!
//! Task ids are the server's and pass through: with the id of another's task a client may ask for it, as the server allows.

use std::collections::VecDeque;

use super::{Call, ClientKey, Mux};
use crate::frame::RequestId;
use crate::json::Json;

/// The tasks of all clients that are remembered; of older ones is told as of nobody's.
const MOST: usize = 1024;

const RELATED: &str = "io.modelcontextprotocol/related-task";

#[derive(Default)]
pub(super) struct Tasks(VecDeque<Task>);

struct Task {
    /// The request's id on the real link, which is its progress token there.
    wire: i64,
    client: ClientKey,
    /// The token that the client gave.
    token: Option<RequestId>,
    id: String,
}

impl Tasks {
    /// A task was begun by a request whose result this is.
    pub(super) fn begun(&mut self, call: &Call, result: &Json) {
        let id = result.get("task").and_then(|task| task.get_str("taskId"));
        let (Some(id), Some(client)) = (id, call.client) else { return };
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Task { wire: call.wire, client, token: call.token.clone(), id });
    }

    /// Whose progress it is: a token holds for as long as the task.
    pub(super) fn progress(&self, wire: i64) -> Option<(ClientKey, RequestId)> {
        let task = self.0.iter().find(|task| task.wire == wire)?;
        Some((task.client, task.token.clone()?))
    }

    pub(super) fn owner(&self, id: &str) -> Option<ClientKey> {
        self.0.iter().find(|task| task.id == id).map(|task| task.client)
    }

    pub(super) fn leave(&mut self, key: ClientKey) {
        self.0.retain(|task| task.client != key);
    }
}

impl Mux {
    /// Who began the task that a message says it is about.
    pub(super) fn related(&self, params: Option<&Json>) -> Option<ClientKey> {
        let id = params?.get("_meta")?.get(RELATED)?.get_str("taskId")?;
        self.tasks.owner(&id)
    }
}
