//! From a message to what it starts.

use std::sync::Arc;

use super::Inner;
use super::answer::{Failure, Outcome, Reply, answer, resource_not_found};
use super::context::RequestContext;
use super::handler::{CompleteRequest, ReadRequest};
use super::handshake::{capabilities_of, initialize};
use super::meta::{ClientFacts, MetaReader, RequestMeta};
use super::registry::{Catalogue, Listed};
use super::request::{Life, Request, Running};
use super::seal::Progress;
use super::shared::Shared;
use super::subscriptions::{Listen, MAX_LISTENS, MAX_URIS};
use crate::frame::RequestId;
use crate::json::{Json, Object, Text};
use crate::platform::{BoxFuture, Lock};
use crate::proto::versions::{LEGACY, MODERN};
use crate::proto::{LogLevel, code, method};

/// What a request came to.
pub(super) enum Started {
    /// It is answered.
    Answered(Text),
    /// Its handler has to run.
    Running(Running),
    /// It stays open (`subscriptions/listen`).
    Open,
}

/// A request as it stands in its message.
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) method: String,
    pub(super) params: Option<Json>,
}

/// The members of params that any method has, read in one pass.
#[derive(Default)]
pub(super) struct Params {
    pub(super) meta: Option<Json>,
    pub(super) name: Option<Json>,
    pub(super) arguments: Option<Json>,
    pub(super) uri: Option<Json>,
    cursor: Option<Json>,
    responses: Option<Json>,
    state: Option<Json>,
}

impl Params {
    pub(super) fn read(params: Option<&Json>) -> Result<Self, Failure> {
        let Some(params) = params else { return Ok(Self::default()) };
        let names = ["_meta", "name", "arguments", "uri", "cursor", "inputResponses", "requestState"];
        let Some([meta, name, arguments, uri, cursor, responses, state]) = params.pick(names) else {
            return Err(Failure::params("params must be an object"));
        };
        Ok(Self { meta, name, arguments, uri, cursor, responses, state })
    }

    pub(super) fn string(value: Option<&Json>, name: &str) -> Result<String, Failure> {
        value
            .and_then(Json::as_str)
            .ok_or_else(|| Failure::params(format!("params.{name} is required and must be a string")))
    }
}

/// One request on its way through.
struct Call<'a> {
    server: &'a Arc<Inner>,
    shared: &'a Arc<Shared>,
    number: u64,
    asked: &'a Asked,
    params: Params,
    client: Arc<ClientFacts>,
    meta: RequestMeta,
}

/// Starts a request; what it cannot start is answered with the error.
pub(super) fn start(
    server: &Arc<Inner>,
    shared: &Arc<Shared>,
    reader: &mut MetaReader,
    number: u64,
    asked: &Asked,
) -> Started {
    match try_start(server, shared, reader, number, asked) {
        Ok(started) => started,
        Err(failure) => Started::Answered(failure.text(Some(&asked.id))),
    }
}

/// Starts a request.
pub(super) fn try_start(
    server: &Arc<Inner>,
    shared: &Arc<Shared>,
    reader: &mut MetaReader,
    number: u64,
    asked: &Asked,
) -> Result<Started, Failure> {
    let params = Params::read(asked.params.as_ref())?;
    if asked.method == method::INITIALIZE {
        let reply = initialize(server, shared, asked.params.as_ref())?;
        return Ok(Started::Answered(answer(server, &asked.id, false, &Ok(reply))));
    }
    let meta = reader.read(params.meta.as_ref())?;
    begin(server, shared, number, asked, params, meta)
}

/// Starts a request whose params and `_meta` were read already; whatever the method, it is no `initialize`.
pub(super) fn begin(
    server: &Arc<Inner>,
    shared: &Arc<Shared>,
    number: u64,
    asked: &Asked,
    params: Params,
    meta: RequestMeta,
) -> Result<Started, Failure> {
    let client = match &meta.client {
        Some(client) => client.clone(),
        None => match session_client(shared) {
            Some(client) => client,
            // A legacy client may ask whether we are there at any time.
            None if asked.method == method::PING => {
                return Ok(Started::Answered(answer(server, &asked.id, false, &Ok(Reply::empty()))));
            }
            None if matches!(asked.method.as_str(), method::DISCOVER | method::SUBSCRIPTIONS_LISTEN) => {
                return Err(Failure::params(format!(
                    "_meta[\"{}\"] is required on every request",
                    crate::proto::meta::PROTOCOL_VERSION
                )));
            }
            None => {
                return Err(Failure::request(format!(
                    "this connection is not initialized: send initialize first, or put the protocol version {} into every request's _meta",
                    MODERN.first().copied().unwrap_or_default(),
                )));
            }
        },
    };
    Call { server, shared, number, asked, params, client, meta }.start()
}

fn session_client(shared: &Shared) -> Option<Arc<ClientFacts>> {
    shared.state.lock().session.as_ref().map(|session| session.client.clone())
}

impl Call<'_> {
    fn start(self) -> Result<Started, Failure> {
        let registry = &self.server.registry;
        let modern = self.client.modern;
        let resources = registry.resources.is_offered() || registry.templates.is_offered();
        match self.asked.method.as_str() {
            method::TOOLS_CALL if registry.tools.is_offered() => self.call_tool(),
            method::TOOLS_LIST if registry.tools.is_offered() => self.list(&registry.tools, "tools"),
            method::RESOURCES_LIST if resources => self.list(&registry.resources, "resources"),
            method::RESOURCES_TEMPLATES_LIST if resources => self.list(&registry.templates, "resourceTemplates"),
            method::RESOURCES_READ if resources => self.read_resource(),
            method::PROMPTS_LIST if registry.prompts.is_offered() => self.list(&registry.prompts, "prompts"),
            method::PROMPTS_GET if registry.prompts.is_offered() => self.get_prompt(),
            method::COMPLETION_COMPLETE => self.complete(),
            method::DISCOVER if modern => self.discover(),
            method::SUBSCRIPTIONS_LISTEN if modern => self.listen(),
            method::PING if !modern => self.answered(Ok(Reply::empty())),
            method::LOGGING_SET_LEVEL if !modern => self.set_level(),
            method::RESOURCES_SUBSCRIBE if !modern && resources => self.subscribe(true),
            method::RESOURCES_UNSUBSCRIBE if !modern && resources => self.subscribe(false),
            _ => Err(self.unknown_method()),
        }
    }

    fn unknown_method(&self) -> Failure {
        Failure::new(code::METHOD_NOT_FOUND, format!("Method not found: {}", self.asked.method))
    }

    fn answered(&self, outcome: Outcome) -> Result<Started, Failure> {
        Ok(Started::Answered(answer(self.server, &self.asked.id, self.client.modern, &outcome)))
    }

    fn call_tool(self) -> Result<Started, Failure> {
        let name = Params::string(self.params.name.as_ref(), "name")?;
        let tool = self.server.registry.tools.find(&name);
        let tool = tool.ok_or_else(|| Failure::params(format!("Unknown tool: {name}")))?;
        let arguments = object(self.params.arguments.clone())?;
        if let Some(missing) = missing(&tool.required, &arguments) {
            let text = format!("The tool {name} needs the argument {missing:?}, which is missing.");
            return self.answered(super::ToolError::arguments(&self.client.version, text).into_tool_outcome());
        }
        self.run(method::TOOLS_CALL, |cx| tool.handler.clone().run(arguments, cx))
    }

    fn get_prompt(self) -> Result<Started, Failure> {
        let name = Params::string(self.params.name.as_ref(), "name")?;
        let prompt = self.server.registry.prompts.find(&name);
        let prompt = prompt.ok_or_else(|| Failure::params(format!("Unknown prompt: {name}")))?;
        let arguments = object(self.params.arguments.clone())?;
        if let Some(missing) = missing(&prompt.required, &arguments) {
            return Err(Failure::params(format!(
                "The prompt {name} needs the argument {missing:?}, which is missing."
            )));
        }
        self.run(method::PROMPTS_GET, |cx| prompt.handler.clone().run(arguments, cx))
    }

    fn read_resource(self) -> Result<Started, Failure> {
        let uri = Params::string(self.params.uri.as_ref(), "uri")?;
        let registry = &self.server.registry;
        let found = match registry.resources.find(&uri) {
            Some(resource) => Some((resource.handler.clone(), Vec::new())),
            None => registry
                .templates
                .find_map(|entry| entry.template.matches(&uri).map(|variables| (entry.handler.clone(), variables))),
        };
        let Some((handler, variables)) = found else { return Err(resource_not_found(&uri, self.client.modern)) };
        self.run(method::RESOURCES_READ, |cx| handler.run(ReadRequest { uri, variables }, cx))
    }

    fn complete(self) -> Result<Started, Failure> {
        let Some(handler) = self.server.registry.completion.clone() else { return Err(self.unknown_method()) };
        let params = self.asked.params.as_ref().and_then(|params| params.pick(["ref", "argument", "context"]));
        let [reference, argument, context] =
            params.ok_or_else(|| Failure::params("completion/complete needs params"))?;
        let reference = reference
            .ok_or_else(|| Failure::params("params.ref is required"))?
            .parse()
            .map_err(|error| Failure::params(format!("params.ref: {error}")))?;
        let (name, value) = argument
            .and_then(|argument| Some((argument.get_str("name")?, argument.get_str("value")?)))
            .ok_or_else(|| Failure::params("params.argument is required and has the strings name and value"))?;
        let context = context.and_then(|context| context.get("arguments"));
        self.run(method::COMPLETION_COMPLETE, |cx| {
            handler.run(CompleteRequest { reference, argument: name, value, context }, cx)
        })
    }

    fn run(
        self,
        method: &'static str,
        work: impl FnOnce(RequestContext) -> BoxFuture<'static, Outcome>,
    ) -> Result<Started, Failure> {
        let params = self.asked.params.clone().unwrap_or_else(|| Object::new().build());
        let (responses, state) = (self.params.responses.clone(), self.params.state.clone());
        let request = Request {
            server: self.server.clone(),
            shared: self.shared.clone(),
            number: self.number,
            id: self.asked.id.clone(),
            method,
            params,
            client: self.client,
            progress_token: self.meta.progress_token,
            level: self.meta.level,
            rounds: Lock::default(),
            told: Lock::default(),
            life: Life::default(),
        };
        if request.client.modern && (responses.is_some() || state.is_some()) {
            let progress = resumed(&request, responses, state)?;
            request.rounds.lock().progress = progress;
        }
        let request = Arc::new(request);
        let work = work(RequestContext { request: request.clone() });
        Ok(Started::Running(Running { request, work, error: None }))
    }

    fn list<E: Listed>(&self, catalogue: &Catalogue<E>, member: &str) -> Result<Started, Failure> {
        let cursor = match &self.params.cursor {
            Some(cursor) => Some(cursor.as_str().ok_or_else(|| Failure::params("params.cursor must be a string"))?),
            None => None,
        };
        let page = catalogue
            .page(cursor.as_deref(), self.server.limits.page_size, self.client.modern)
            .ok_or_else(|| Failure::params("params.cursor is not a cursor of this server; begin again without one"))?;
        let mut result = Object::new().json(member, &Json::encode(&page.items)?);
        if let Some(next) = &page.next {
            result = result.str("nextCursor", next);
        }
        self.answered(Ok(Reply::json(self.cacheable(result).build())))
    }

    /// The same for every caller: lists do not depend on who asks.
    fn cacheable(&self, result: Object) -> Object {
        if !self.client.modern {
            return result;
        }
        let ttl = self.server.limits.list_ttl.as_millis().min(u128::from(u32::MAX)) as u32;
        result.num("ttlMs", f64::from(ttl)).str("cacheScope", "public")
    }

    fn discover(&self) -> Result<Started, Failure> {
        let versions: Vec<&str> = MODERN.iter().chain(LEGACY).copied().collect();
        let mut result = Object::new()
            .json("supportedVersions", &Json::encode(&versions)?)
            .json("capabilities", &capabilities_of(self.server)?);
        if let Some(instructions) = &self.server.instructions {
            result = result.str("instructions", instructions);
        }
        self.answered(Ok(Reply::json(self.cacheable(result).build())))
    }

    fn listen(&self) -> Result<Started, Failure> {
        let filter = self.asked.params.as_ref().and_then(|params| params.get("notifications"));
        let filter = filter.ok_or_else(|| Failure::params("params.notifications is required"))?;
        let registry = &self.server.registry;
        let offered = [
            registry.tools.is_offered(),
            registry.prompts.is_offered(),
            registry.resources.is_offered() || registry.templates.is_offered(),
        ];
        let listen = Listen::read(self.asked.id.clone(), &filter, offered).map_err(Failure::params)?;
        let mut state = self.shared.state.lock();
        if state.listens.len() >= MAX_LISTENS {
            return Err(Failure::internal(format!("a connection may hold {MAX_LISTENS} subscriptions; end one first")));
        }
        // Within the lock: no change may slip in front of the acknowledgement.
        self.shared.answer(None, listen.acknowledgement());
        state.listens.push(listen);
        Ok(Started::Open)
    }

    fn set_level(&self) -> Result<Started, Failure> {
        let level = self.asked.params.as_ref().and_then(|params| params.get_str("level"));
        let level = level.as_deref().and_then(LogLevel::from_name);
        let level = level.ok_or_else(|| Failure::params("params.level is required and must be a log level"))?;
        if let Some(session) = &mut self.shared.state.lock().session {
            session.level = level;
        }
        self.answered(Ok(Reply::empty()))
    }

    fn subscribe(&self, on: bool) -> Result<Started, Failure> {
        let uri = Params::string(self.params.uri.as_ref(), "uri")?;
        if let Some(session) = &mut self.shared.state.lock().session {
            if !on {
                session.subscribed.remove(&uri);
            } else if session.subscribed.len() < MAX_URIS {
                session.subscribed.insert(uri);
            } else {
                return Err(Failure::internal(format!("a connection may subscribe to {MAX_URIS} resources")));
            }
        }
        self.answered(Ok(Reply::empty()))
    }
}

fn object(arguments: Option<Json>) -> Result<Json, Failure> {
    let arguments = arguments.unwrap_or_else(|| Object::new().build());
    if !arguments.is_object() {
        return Err(Failure::params("params.arguments must be an object"));
    }
    Ok(arguments)
}

fn missing<'a>(required: &'a [String], arguments: &Json) -> Option<&'a str> {
    if required.is_empty() {
        return None;
    }
    let given = arguments.entries().unwrap_or_default();
    required.iter().find(|name| !given.iter().any(|(key, _)| key == *name)).map(String::as_str)
}

/// What the earlier rounds of an interactive request came to, with the answers that this one brings.
fn resumed(request: &Request, responses: Option<Json>, state: Option<Json>) -> Result<Progress, Failure> {
    let mut progress = match state {
        Some(state) => {
            let state = state.as_str().ok_or_else(|| Failure::params("params.requestState must be a string"))?;
            let sealer = request.server.sealer.as_ref();
            let sealer = sealer.ok_or_else(|| Failure::internal(super::seal::SealError::NoRandomness.text()))?;
            sealer.open(&state, &request.binding()).map_err(|error| Failure::params(error.text()))?
        }
        None => Progress::default(),
    };
    if let Some(responses) = responses {
        let responses =
            responses.entries().ok_or_else(|| Failure::params("params.inputResponses must be an object"))?;
        for (key, response) in responses {
            let response =
                response.parse().map_err(|error| Failure::params(format!("inputResponses[{key:?}]: {error}")))?;
            // An answer that was given stays: the handler has acted on it.
            progress.answers.entry(key).or_insert(response);
        }
    }
    Ok(progress)
}
