//! Calls that stop where the server needs input, to be resumed later or elsewhere
//! (2026-07-28 basic/patterns/mrtr).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{decoded, encode};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::json::{Draft, Json, Object};
use crate::proto::{CallToolResult, InputRequest, InputRequired, method};

/// How far a call came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// To its end.
    Complete(CallToolResult),
    /// The server needs input: answer it and [`Client::resume`].
    InputRequired(Resumable),
}

/// A call that waits for input, as plain data: it can be stored and resumed by another client of the same server, in
/// another process too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Resumable {
    /// The tool.
    pub name: String,
    /// Its arguments, as they were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Json>,
    /// What the server asks, by key.
    #[serde(default)]
    pub input_requests: BTreeMap<String, InputRequest>,
    /// The server's own state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_state: Option<String>,
    /// The answers given so far, by the same keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_responses: BTreeMap<String, Json>,
}

impl Resumable {
    /// Answers one request: with an [`ElicitResult`](crate::proto::ElicitResult), a
    /// [`CreateMessageResult`](crate::proto::CreateMessageResult) or a
    /// [`ListRootsResult`](crate::proto::ListRootsResult).
    ///
    /// # Errors
    /// `config` where the server asked nothing by that key, `encode` where the answer has no JSON form.
    pub fn answer(mut self, key: &str, answer: &impl Serialize) -> Result<Self, Error> {
        if !self.input_requests.contains_key(key) {
            return Err(Error::config(format!("the server asked nothing by the key {key:?}")));
        }
        self.input_responses.insert(key.to_owned(), Json::encode(answer).map_err(encode)?);
        Ok(self)
    }
}

/// The call that an outcome belongs to.
#[derive(Serialize, Deserialize)]
struct Origin {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arguments: Option<Json>,
}

impl Client {
    /// Calls a tool and stops where the server needs input, instead of asking the handlers: for programs that cannot wait
    /// for a person. A server before 2026-07-28 asks on the channel while the call runs, which is the handlers' work
    /// still. The arguments are any value that serialises as an object, `()` for none.
    ///
    /// # Errors
    /// Those of [`Self::call_tool`].
    pub fn call_once(&self, name: &str, arguments: impl Serialize) -> Call<Outcome> {
        let origin = Json::encode(&arguments)
            .map_err(encode)
            .map(|arguments| Origin { name: name.to_owned(), arguments: (!arguments.is_null()).then_some(arguments) });
        self.once(origin, |_| {})
    }

    /// Goes on with a call that needed input, now that it is answered.
    ///
    /// # Errors
    /// `config` where a request has no answer yet, and those of [`Self::call_tool`].
    pub fn resume(&self, call: Resumable) -> Call<Outcome> {
        let Resumable { name, arguments, input_requests, request_state, input_responses } = call;
        let missing = input_requests.keys().find(|key| !input_responses.contains_key(*key));
        let origin = match missing {
            Some(key) => {
                Err(Error::config(format!("the input {key:?} has no answer yet; give it with Resumable::answer")))
            }
            None => Ok(Origin { name, arguments }),
        };
        self.once(origin, |draft| {
            if !input_responses.is_empty() {
                let all = input_responses.iter().fold(Object::new(), |all, (key, answer)| all.json(key, answer));
                draft.set("inputResponses", &all.build());
            }
            if let Some(state) = &request_state {
                draft.set("requestState", &Json::string(state));
            }
        })
    }

    fn once(&self, origin: Result<Origin, Error>, edit: impl FnOnce(&mut Draft)) -> Call<Outcome> {
        let made = origin.and_then(|origin| {
            let context = Json::encode(&origin).map_err(encode)?;
            Ok((Draft::encode(method::TOOLS_CALL, &origin).map_err(encode)?, context))
        });
        let (draft, context) = match made {
            Ok((draft, context)) => (Ok(draft), context),
            Err(error) => (Err(error), Json::null()),
        };
        Call::new(self, method::TOOLS_CALL, draft, outcome).manual(context).edit(edit)
    }
}

fn outcome(result: Json, context: Option<Json>) -> Result<Outcome, Error> {
    if !result.mentions("input_required") || result.get_str("resultType").as_deref() != Some("input_required") {
        return decoded(method::TOOLS_CALL, &result).map(Outcome::Complete);
    }
    let required: InputRequired = decoded(method::TOOLS_CALL, &result)?;
    let origin: Origin = decoded(method::TOOLS_CALL, &context.unwrap_or_else(Json::null))?;
    Ok(Outcome::InputRequired(Resumable {
        name: origin.name,
        arguments: origin.arguments,
        input_requests: required.input_requests,
        request_state: required.request_state,
        input_responses: BTreeMap::new(),
    }))
}
