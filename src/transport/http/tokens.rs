//! What was refused for its token goes out again with the next one: the server has not looked at it.

use std::time::Duration;

use super::core::{Core, Exchange, Kind};
use super::fetch::Fetch;
use crate::frame::{Body, Failure, Inbound, Post, Resume};
use crate::transport::TransportError;

/// A refused exchange, to be begun again.
pub(super) enum Again {
    Post(Box<Post>),
    Push,
    Resume(i64, Box<Resume>),
}

impl Again {
    pub(super) fn wire(&self) -> Option<i64> {
        match self {
            Self::Post(post) => post.id,
            Self::Push => None,
            Self::Resume(wire, _) => Some(*wire),
        }
    }
}

impl<F: Fetch> Core<F> {
    /// An exchange was refused for its token. `false`: that is the caller's to see.
    pub(super) fn refused_for_token(&mut self, at: usize, now: Duration) -> bool {
        let Some(exchange) = self.open.get_mut(at) else { return false };
        // A second refusal is final.
        if exchange.renewed || !self.config.asks_for_tokens() {
            return false;
        }
        let again = match &mut exchange.kind {
            Kind::Request { wire, resume: Some(resume), .. } => Again::Resume(*wire, resume.clone()),
            Kind::Request { post, .. } | Kind::Message { post } => match post.take() {
                Some(post) => Again::Post(post),
                None => return false,
            },
            Kind::Push => Again::Push,
            Kind::Farewell => return false,
        };
        let Exchange { id, generation, .. } = self.open.swap_remove(at);
        self.fetch.abort(id);
        self.pass(id);
        if generation == self.generation {
            self.refused.push(again);
        } else {
            // It was under way when the token of the present came.
            self.repeat(again, now);
        }
        true
    }

    fn repeat(&mut self, again: Again, now: Duration) {
        match again {
            Again::Post(post) => self.begin(post, now),
            Again::Push => _ = self.start_push(now),
            Again::Resume(wire, resume) => self.resume(wire, resume, now),
        }
        if let Some(exchange) = self.open.last_mut() {
            exchange.renewed = true;
        }
    }

    /// Whether requests wait for another token.
    pub(super) fn wants_token(&self) -> bool {
        !self.refused.is_empty()
    }

    /// The next token, or why there is none: what waits for it goes out once more, or fails.
    pub(super) fn token_given(&mut self, token: Result<String, TransportError>, now: Duration) {
        let waiting = std::mem::take(&mut self.refused);
        match token {
            Ok(token) => {
                self.token = Some(token);
                self.generation = self.generation.wrapping_add(1);
                waiting.into_iter().for_each(|again| self.repeat(again, now));
            }
            Err(error) => waiting.into_iter().for_each(|again| self.no_token(again, &error, now)),
        }
        self.begin_waiting(now);
    }

    fn no_token(&mut self, again: Again, error: &TransportError, now: Duration) {
        let error = error.clone();
        match again {
            Again::Post(post) => self.inbound.push_back(match post.id {
                Some(wire) => {
                    let failure = Failure {
                        error,
                        status: None,
                        body: Body::Other,
                        credential_sent: true,
                        retry_after: None,
                        unprocessed: true,
                    };
                    Inbound::Failed(wire, Box::new(failure))
                }
                None => Inbound::Undelivered(error),
            }),
            Again::Push => self.push.lost(None, None, None, now),
            Again::Resume(wire, _) => self.inbound.push_back(Inbound::Ended(wire, None, Some(error))),
        }
    }
}
