//! What a message is, and who it concerns.

use std::task::Context;

use super::Connection;
use crate::frame::RequestId;
use crate::json::{Json, Malformed, MessageId, Text};
use crate::proto::{code, method};
use crate::server::answer::{Failure, rpc_error};
use crate::server::dispatch::Asked;

impl Connection {
    pub(super) fn receive(&mut self, text: &Text, cx: &mut Context<'_>) {
        let message = match text.read() {
            Ok(message) => message,
            Err(malformed) => {
                let code = match malformed {
                    Malformed::NotJson => code::PARSE_ERROR,
                    Malformed::Batch | Malformed::NotMessage => code::INVALID_REQUEST,
                };
                return self.shared.answer(None, Failure::new(code, malformed.text()).text(None));
            }
        };
        match (message.method, message.id) {
            (Some(method), MessageId::Id(id)) => {
                if self.is_known(&id) {
                    let failure = Failure::request("a request with this id is under way already");
                    return self.shared.answer(None, failure.text(Some(&id)));
                }
                let asked = Asked { id, method, params: message.params };
                if self.parked.is_empty() && self.has_slot() {
                    self.begin(asked, cx);
                } else {
                    self.parked.push_back(asked);
                }
            }
            (Some(_), MessageId::Alien) => {
                let failure = Failure::request("the id of a request must be a string or an integer below 2^53");
                self.shared.answer(None, failure.text(None));
            }
            (Some(method), MessageId::Absent) => self.notified(&method, message.params.as_ref()),
            (None, MessageId::Id(id)) => {
                let answer = match (message.result, message.error) {
                    (Some(result), _) => Ok(result),
                    (None, error) => Err(rpc_error(error.as_ref())),
                };
                self.shared.answered(&id, answer);
            }
            // An answer to nothing that we asked.
            (None, MessageId::Alien | MessageId::Absent) => {}
        }
    }

    /// The client must not use an id again before its answer (basic/index, requests).
    fn is_known(&self, id: &RequestId) -> bool {
        (!self.requests.is_empty() && self.requests.contains_key(id))
            || self.parked.iter().any(|asked| asked.id == *id)
            || self.shared.is_listening(id)
    }

    fn notified(&mut self, method: &str, params: Option<&Json>) {
        if method != method::CANCELLED {
            return;
        }
        let Some(id) = params.and_then(|params| params.get_id("requestId")) else { return };
        if let Some(request) = self.requests.get(&id) {
            request.cancel();
            return;
        }
        self.parked.retain(|asked| asked.id != id);
        self.shared.state.lock().listens.retain(|listen| listen.id != id);
        self.shared.forget_listen(&id);
    }
}
