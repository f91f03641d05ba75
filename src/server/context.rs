use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Server;
use super::answer::ToolError;
use super::peer::Peer;
use super::request::Request;
use super::subscriptions::notification;
use crate::frame::RequestId;
use crate::json::{Json, Object};
use crate::platform;
use crate::proto::meta::PROGRESS_TOKEN;
use crate::proto::{
    CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, Implementation, InputRequest,
    ListRootsResult, LogLevel, Root, code, method,
};

/// A handler's view of the request it serves and of the client that sent it. Cheap to clone.
///
/// Everything here works in both protocol eras and over every carrier. Once the request is over, clones that live on
/// send nothing any more.
#[derive(Clone)]
pub struct RequestContext {
    pub(super) request: Arc<Request>,
}

impl RequestContext {
    /// Tells the client how far the work is, if it asked to be told (2026-07-28 basic/patterns/progress).
    ///
    /// Progress only grows: a value that is not larger than the last one told is left out, as the protocol wants. Waits
    /// while the client is too slow to take it.
    ///
    /// # Cancel safety
    /// A dropped future has told nothing.
    pub async fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let Some(token) = &self.request.progress_token else { return };
        {
            let mut told = self.request.told.lock();
            if !progress.is_finite() || told.is_some_and(|told| progress <= told) {
                return;
            }
            *told = Some(progress);
        }
        let mut params = Object::new().id(PROGRESS_TOKEN, token).num("progress", progress);
        if let Some(total) = total.filter(|total| total.is_finite()) {
            params = params.num("total", total);
        }
        if let Some(message) = message {
            params = params.str("message", message);
        }
        self.note(method::PROGRESS, params).await;
    }

    /// Sends a log message, if the client wants messages of this level: in the modern era it says so with each request,
    /// in the legacy era with `logging/setLevel`, and until then from `info` upwards (2026-07-28
    /// server/utilities/logging).
    ///
    /// `logger` names the part of the server that speaks; empty is left out. Waits while the client is too slow to take
    /// it. Data that has no JSON form is left out.
    pub async fn log<T: Serialize + ?Sized>(&self, level: LogLevel, logger: &str, data: &T) {
        let least = match self.request.client.modern {
            true => self.request.level,
            false => self.request.shared.state.lock().session.as_ref().map(|session| session.level),
        };
        if least.is_none_or(|least| level < least) {
            return;
        }
        let Ok(data) = Json::encode(data) else { return };
        let mut params = Object::new().str("level", level.as_str());
        if !logger.is_empty() {
            params = params.str("logger", logger);
        }
        self.note(method::MESSAGE, params.json("data", &data)).await;
    }

    async fn note(&self, method: &'static str, params: Object) {
        let text = notification(method, params);
        poll_fn(|cx| {
            if self.request.is_over() {
                return std::task::Poll::Ready(());
            }
            self.request.shared.poll_note(cx, self.request.number, &text)
        })
        .await;
    }

    /// Closes the connection that this request's answer is awaited on, without ending the request: the client comes back
    /// for the rest after `retry`. So a long call holds no connection meanwhile (2025-11-25 basic/transports, sending
    /// messages, point 6). What is said until the client is back is kept for it.
    ///
    /// `false`, and nothing happens, where there is no such connection: the client speaks a revision before 2025-11-25 or
    /// one since 2026-07-28, or it is not served over HTTP with sessions.
    pub fn close_stream(&self, retry: Duration) -> bool {
        !self.request.is_over() && self.request.shared.hang_up(retry)
    }

    /// Whether the client gave the request up, or is gone.
    pub fn is_cancelled(&self) -> bool {
        self.request.is_cancelled()
    }

    /// Completes when the request is over: cancelled, answered, or its connection lost.
    ///
    /// A handler itself need not watch: it is dropped where it waits. This is for work that it started elsewhere.
    pub async fn cancelled(&self) {
        poll_fn(|cx| self.request.poll_over(cx)).await;
    }

    /// Asks a person for input, through the client (2026-07-28 client/elicitation).
    ///
    /// A legacy client is asked on its connection and the handler waits here. In the modern era the run *ends here*: the
    /// client is answered with the question, sends the request again with the person's answer, and the handler runs again
    /// from the top; this call then returns the answer at once. So a handler must come to the same keys again, and work
    /// with effects goes into [`Self::once`]. Questions asked side by side (`join!`) are asked together.
    ///
    /// `key` names the question within this request.
    ///
    /// # Errors
    /// Where the client cannot ask in this form: handle it, or return it with `?` (a modern client then gets error
    /// -32021 with the capability that it lacks). Where the client answers with an error or with something else. Where
    /// the request is neither `tools/call`, `prompts/get` nor `resources/read`.
    pub async fn elicit(&self, key: &str, mut request: ElicitRequest) -> Result<ElicitResult, ToolError> {
        let url = matches!(request, ElicitRequest::Url { .. });
        if !self.request.client.elicits(url) {
            let modes = Object::new().json(if url { "url" } else { "form" }, &Object::new().build()).build();
            return Err(self.lacks("elicitation", &modes));
        }
        if let ElicitRequest::Url { elicitation_id, .. } = &mut request {
            // Required in 2025-11-25, unknown in 2026-07-28.
            *elicitation_id = (!self.request.client.modern).then(|| elicitation_id.take().unwrap_or_else(unique));
        }
        let params = Json::encode(&request)?;
        self.input(key, method::ELICITATION_CREATE, Some(params)).await
    }

    /// Asks the client's model for a message (client/sampling). Runs as [`Self::elicit`] does.
    ///
    /// # Errors
    /// As [`Self::elicit`].
    pub async fn sample(&self, key: &str, request: CreateMessageRequest) -> Result<CreateMessageResult, ToolError> {
        let sampling = self.request.client.capabilities.get("sampling").filter(Json::is_object);
        let with_tools = !request.tools.is_empty() || request.tool_choice.is_some();
        let has_tools = sampling.as_ref().is_some_and(|sampling| sampling.get("tools").is_some());
        if sampling.is_none() || (with_tools && !has_tools) {
            let empty = Object::new().build();
            let settings = if with_tools { Object::new().json("tools", &empty).build() } else { empty };
            return Err(self.lacks("sampling", &settings));
        }
        let params = Json::encode(&request)?;
        self.input(key, method::SAMPLING_CREATE_MESSAGE, Some(params)).await
    }

    /// Asks for the directories that the server may work on (client/roots). Runs as [`Self::elicit`] does.
    ///
    /// # Errors
    /// As [`Self::elicit`].
    pub async fn roots(&self, key: &str) -> Result<Vec<Root>, ToolError> {
        if self.request.client.capabilities.get("roots").is_none() {
            return Err(self.lacks("roots", &Object::new().build()));
        }
        let result: ListRootsResult = self.input(key, method::ROOTS_LIST, None).await?;
        Ok(result.roots)
    }

    fn lacks(&self, capability: &str, settings: &Json) -> ToolError {
        let text =
            format!("this needs a client with the capability {capability}: {settings}, which it did not declare");
        if !self.request.client.modern {
            return ToolError::message(text);
        }
        let required = Object::new().json(capability, settings).build();
        ToolError::rpc(code::MISSING_REQUIRED_CLIENT_CAPABILITY, text)
            .data(Object::new().json("requiredCapabilities", &required).build())
    }

    async fn input<T: DeserializeOwned>(
        &self,
        key: &str,
        method: &'static str,
        params: Option<Json>,
    ) -> Result<T, ToolError> {
        let request = &self.request;
        if request.method == method::COMPLETION_COMPLETE {
            return Err(ToolError::message("a completion cannot ask its client for input"));
        }
        if !request.client.modern {
            let params = params.unwrap_or_else(|| Object::new().build());
            let _asking = request.asks();
            let ask = request.shared.ask(method, &params);
            let answer = match ask {
                Ok(ask) => ask.answer().await,
                Err(error) => Err(error),
            };
            let answer =
                answer.map_err(|error| ToolError::message(format!("{method} was not answered: {}", error.message)))?;
            return answer
                .parse()
                .map_err(|error| ToolError::message(format!("the client's answer to {method} is malformed: {error}")));
        }
        let answered = {
            let mut rounds = request.rounds.lock();
            let answer = rounds.progress.answers.get(key).cloned();
            if answer.is_some() {
                rounds.used.insert(key.to_owned());
            }
            answer
        };
        if let Some(answer) = answered {
            return serde_json::from_value(answer).map_err(|error| {
                ToolError::rpc(
                    code::INVALID_PARAMS,
                    format!("inputResponses[{key:?}] does not answer {method}: {error}"),
                )
            });
        }
        request.rounds.lock().asks.insert(key.to_owned(), InputRequest::new(method, params));
        request.wake();
        std::future::pending().await
    }

    /// Runs work whose effects must not happen twice when the handler runs again after a question ([`Self::elicit`]):
    /// the result is kept, sealed, in the request's state, and later runs get it from there.
    ///
    /// `key` names the work within this request. Only success is kept. A retry that the client sends twice runs work
    /// after the question twice: what may happen at most once ever needs a guard of its own (basic/patterns/mrtr, server
    /// requirement 5).
    ///
    /// # Errors
    /// Those of `work`, and where its result has no JSON form.
    pub async fn once<T, F>(&self, key: &str, work: F) -> Result<T, ToolError>
    where
        T: Serialize + DeserializeOwned,
        F: AsyncFnOnce() -> Result<T, ToolError>,
    {
        if !self.request.client.modern {
            return work().await;
        }
        let kept = self.request.rounds.lock().progress.once.get(key).cloned();
        if let Some(kept) = kept {
            return Ok(serde_json::from_value(kept)?);
        }
        let running = RunningOnce::new(self.request.clone());
        let result = work().await?;
        let kept = serde_json::to_value(&result)?;
        self.request.rounds.lock().progress.once.insert(key.to_owned(), kept);
        drop(running);
        Ok(result)
    }

    /// The request's id.
    pub fn id(&self) -> &RequestId {
        &self.request.id
    }

    /// The protocol version that this request is served by.
    pub fn protocol_version(&self) -> &str {
        &self.request.client.version
    }

    /// The client's name and version, by its own word: show it, decide nothing by it.
    pub fn client_info(&self) -> Option<Implementation> {
        self.request.client.info.as_ref()?.parse().ok()
    }

    /// The client's capabilities, as it declared them.
    pub fn client_capabilities(&self) -> &Json {
        &self.request.client.capabilities
    }

    /// Who the connection was authenticated as.
    pub fn principal(&self) -> Option<&str> {
        self.request.shared.principal.as_deref()
    }

    /// Who is at the other end: address, Unix credentials, origin, as far as the carrier tells.
    pub fn peer(&self) -> &Peer {
        &self.request.shared.peer
    }

    /// The request's `_meta`.
    pub fn meta(&self) -> Option<Json> {
        self.request.params.get("_meta")
    }

    /// The server, to add tools or tell of changes.
    pub fn server(&self) -> Server {
        Server { inner: self.request.server.clone() }
    }
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext").field("id", &self.request.id).field("method", &self.request.method).finish()
    }
}

/// An id that no other question has.
fn unique() -> String {
    format!("{:016x}{:016x}", platform::seed(), platform::seed())
}

/// While it lives, a question does not end the run.
struct RunningOnce(Arc<Request>);

impl RunningOnce {
    fn new(request: Arc<Request>) -> Self {
        request.rounds.lock().running_once += 1;
        Self(request)
    }
}

impl Drop for RunningOnce {
    fn drop(&mut self) {
        self.0.rounds.lock().running_once -= 1;
        self.0.wake();
    }
}
