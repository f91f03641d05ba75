//! Multi round-trip requests (2026-07-28 basic/patterns/mrtr), and their legacy cousin, the URL-elicitation error.

use std::time::Duration;

use super::ask::Source;
use super::call::Wire;
use super::{CallId, InputKind, Session, Ticket};
use crate::error::{Error, ErrorKind, RpcError};
use crate::json::{Json, Object, Sent};
use crate::text::{decimal, join};

/// What is gathered before a call is sent again.
pub(super) struct Round {
    answers: Vec<(String, Option<Json>)>,
    state: Option<String>,
    /// A round that asks for nothing is sent again at this time.
    wake: Option<Duration>,
    /// When the round began: the time that people take is not the call's.
    since: Duration,
    /// The legacy form: the error that stands if the user does not agree.
    refused: Option<RpcError>,
}

impl Round {
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.wake
    }
}

/// A round that only postpones is answered after 50 to 250 ms, so that a server waiting for a job is not hammered.
const STATE_ONLY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

impl<T: Ticket> Session<T> {
    /// A result that asks for input. `false`: it is an ordinary result after all, or the caller wants it as it is.
    pub(super) fn begin_round(&mut self, id: CallId, result: &Json, now: Duration) -> bool {
        // A prefilter: natively a whole result is not read twice for the sake of the few that ask.
        if !result.mentions("input_required") || result.get_str("resultType").as_deref() != Some("input_required") {
            return false;
        }
        let policy = self.options.inputs;
        let Some(call) = self.calls.get_mut(id) else { return false };
        if call.manual {
            return false;
        }
        let state = result.get_str("requestState");
        call.request_state.clone_from(&state);
        let requests = result.get("inputRequests").and_then(|requests| requests.entries()).unwrap_or_default();
        let asks = call.replay.asks;
        call.rounds = call.rounds.saturating_add(1);
        call.state_only = if requests.is_empty() { call.state_only.saturating_add(1) } else { 0 };
        let problem = if !asks {
            Some("the server asked for input in answer to a method that does not allow it".to_owned())
        } else if call.rounds > policy.max_rounds {
            Some(join(&[
                "the server asked for input more than ",
                &decimal(policy.max_rounds.into()),
                " times in one call",
            ]))
        } else if call.state_only > policy.max_state_only {
            Some(join(&[
                "the server postponed its answer more than ",
                &decimal(policy.max_state_only.into()),
                " times in a row",
            ]))
        } else if requests.is_empty() && state.is_none() {
            Some("the server asked for input without saying for which".to_owned())
        } else {
            None
        };
        if let Some(problem) = problem {
            self.fail_call(id, Error::new(ErrorKind::InputFailed { detail: problem, request_state: state }), now);
            return true;
        }
        let inputs: Vec<_> = requests
            .into_iter()
            .map(|(key, request)| {
                let kind = request.get_str("method").and_then(|method| InputKind::of(&method));
                let params = request.get("params").unwrap_or_else(|| Object::new().build());
                (key, kind, params)
            })
            .collect();
        if let Some((key, ..)) =
            inputs.iter().find(|(_, kind, params)| !kind.is_some_and(|kind| self.can_answer(kind, params)))
        {
            let detail = join(&["the server asks for input \"", key, "\" of a kind that this client did not offer"]);
            self.fail_call(id, Error::new(ErrorKind::InputFailed { detail, request_state: state }), now);
            return true;
        }
        let wake = inputs.is_empty().then(|| now + self.jitter.between(STATE_ONLY.0, STATE_ONLY.1));
        let round = Round {
            answers: inputs.iter().map(|(key, ..)| (key.clone(), None)).collect(),
            state,
            wake,
            since: now,
            refused: None,
        };
        self.hold(id, round);
        self.watch(wake);
        for (key, kind, params) in inputs {
            // The refusal of one input for want of a permit may have ended the call.
            if let (Some(kind), true) = (kind, self.calls.contains(id)) {
                self.ask(Source::Round { call: id, key }, kind, params, now);
            }
        }
        true
    }

    /// A legacy server refuses until the user has visited some URLs (-32042).
    pub(super) fn begin_url_round(&mut self, id: CallId, error: &RpcError, now: Duration) -> bool {
        let Some(call) = self.calls.get_mut(id) else { return false };
        let entries = error.data.as_ref().and_then(|data| data.get("elicitations")?.items()).unwrap_or_default();
        // Once only: a server that asks again after the user agreed would ask for ever.
        if error.code != -32042 || call.manual || call.rounds > 0 || entries.is_empty() {
            return false;
        }
        if !entries.iter().all(|params| self.can_answer(InputKind::Elicit, params)) {
            return false;
        }
        if let Some(call) = self.calls.get_mut(id) {
            call.rounds = 1;
        }
        let answers = (0..entries.len()).map(|at| (decimal(at as u64), None)).collect();
        self.hold(id, Round { answers, state: None, wake: None, since: now, refused: Some(error.clone()) });
        for (at, params) in entries.into_iter().enumerate() {
            if !self.calls.contains(id) {
                break;
            }
            self.ask(Source::Round { call: id, key: decimal(at as u64) }, InputKind::Elicit, params, now);
        }
        true
    }

    /// The call is off the wire until its inputs are there: its clocks stand still.
    fn hold(&mut self, id: CallId, round: Round) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Wire::Sent { id: wire, sent } = &call.wire {
            let (wire, original): (i64, Sent) = (*wire, sent.clone());
            call.wire = Wire::Asking { original, round: Box::new(round) };
            self.aliases.remove(wire);
        }
    }

    pub(super) fn round_answer(&mut self, id: CallId, key: &str, answer: Result<Json, String>, now: Duration) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let Wire::Asking { round, .. } = &mut call.wire else { return };
        match answer {
            Ok(json) => {
                if let Some((_, slot)) = round.answers.iter_mut().find(|(name, _)| name == key) {
                    *slot = Some(json);
                }
                if round.answers.iter().all(|(_, answer)| answer.is_some()) {
                    self.finish_round(id, now);
                }
            }
            Err(detail) => {
                // The wire has no word for one failed input: the call fails, with the state to resume from.
                let request_state = round.state.take();
                self.fail_call(id, Error::new(ErrorKind::InputFailed { detail, request_state }), now);
            }
        }
    }

    /// Everything is there: the original request goes out again, with the answers and the server's state.
    pub(super) fn finish_round(&mut self, id: CallId, now: Duration) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let Wire::Asking { original, round } = &mut call.wire else { return };
        let mut draft = original.original();
        if let Some(error) = round.refused.take() {
            let agreed =
                |answer: &Option<Json>| answer.as_ref().and_then(|a| a.get_str("action")).as_deref() == Some("accept");
            if !round.answers.iter().all(|(_, answer)| agreed(answer)) {
                self.fail_call(id, error.into(), now);
                return;
            }
        } else {
            if !round.answers.is_empty() {
                let answers = round.answers.iter().filter_map(|(key, answer)| Some((key, answer.as_ref()?)));
                draft.set(
                    "inputResponses",
                    &answers.fold(Object::new(), |all, (key, answer)| all.json(key, answer)).build(),
                );
            }
            if let Some(state) = &round.state {
                draft.set("requestState", &Json::string(state));
            }
        }
        let pause = if round.answers.is_empty() { Duration::ZERO } else { now.saturating_sub(round.since) };
        call.hard_until = call.hard_until.and_then(|until| until.checked_add(pause));
        call.touch(now);
        call.left = true;
        let deadline = call.deadline();
        self.watch(deadline);
        self.requeue(id, draft);
    }

    /// Whether this client offered to answer a request like this.
    pub(super) fn can_answer(&self, kind: InputKind, params: &Json) -> bool {
        let offered = &self.options.capabilities;
        match kind {
            InputKind::Sample => offered.get("sampling").is_some(),
            InputKind::Roots => offered.get("roots").is_some(),
            InputKind::Elicit => offered.get("elicitation").is_some_and(|modes| {
                let url = params.get_str("mode").as_deref() == Some("url");
                // An empty object offers forms only (2025-11-25 client/elicitation, "Capabilities").
                if url { modes.get("url").is_some() } else { modes.get("form").is_some() || modes.get("url").is_none() }
            }),
        }
    }

    /// The error of a call that was lost with its link.
    pub(super) fn interrupted(call_state: Option<String>, cause: &crate::transport::TransportError) -> Error {
        Error::new(ErrorKind::Interrupted { maybe_executed: true, request_state: call_state, cause: cause.clone() })
    }
}
