//! What a server is made of: tools, resources, prompts, completions.

use std::future::Future;
use std::sync::Arc;

use super::answer::{Outcome, Reply, ToolError};
use super::context::RequestContext;
use crate::json::{Json, Object};
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
use crate::proto::{
    CacheScope, CallToolResult, CompleteResult, CompletionReference, GetPromptResult, ReadResourceResult, Tool,
};

/// A tool.
///
/// ```
/// use everywire::json::Json;
/// use everywire::proto::CallToolResult;
/// use everywire::server::{RequestContext, ToolError, ToolHandler};
///
/// struct Echo;
///
/// impl ToolHandler for Echo {
///     async fn call(&self, arguments: Json, _cx: RequestContext) -> Result<CallToolResult, ToolError> {
///         Ok(CallToolResult::text(arguments.to_text()))
///     }
/// }
/// ```
pub trait ToolHandler: MaybeSend + MaybeSync + 'static {
    /// How the tool describes itself: title, description, the JSON Schema of its arguments and of its structured result,
    /// annotations. The name is the one it is registered under. By default any object is accepted.
    fn tool(&self) -> Tool {
        Tool::new("", Object::new().str("type", "object").build())
    }

    /// Runs the tool. `arguments` is an object that has every property the schema requires; the rest of the schema is the
    /// handler's to check, most simply by `arguments.parse::<T>()?`.
    ///
    /// # Errors
    /// See [`ToolError`].
    ///
    /// # Cancel safety
    /// The future is dropped when the client cancels or is gone.
    fn call(
        &self,
        arguments: Json,
        cx: RequestContext,
    ) -> impl Future<Output = Result<CallToolResult, ToolError>> + MaybeSend;
}

/// What `resources/read` asks for.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    pub(super) uri: String,
    pub(super) variables: Vec<(String, String)>,
}

impl ReadRequest {
    /// The resource's URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// A variable of the template that the URI matched, percent-decoded. It comes from the client: check it before it
    /// becomes a path.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A resource, or all the resources of a template. Closures `async |request: ReadRequest, cx: RequestContext|` are
/// handlers too.
pub trait ResourceHandler: MaybeSend + MaybeSync + 'static {
    /// Reads the resource.
    ///
    /// # Errors
    /// See [`ToolError`]; [`ToolError::not_found`] where a template's resource does not exist.
    ///
    /// # Cancel safety
    /// The future is dropped when the client cancels or is gone.
    fn read(
        &self,
        request: ReadRequest,
        cx: RequestContext,
    ) -> impl Future<Output = Result<ReadResourceResult, ToolError>> + MaybeSend;
}

/// A prompt. Closures `async |arguments: Json, cx: RequestContext|` are handlers too.
pub trait PromptHandler: MaybeSend + MaybeSync + 'static {
    /// Renders the prompt. `arguments` is an object of strings that has every argument the prompt requires.
    ///
    /// # Errors
    /// See [`ToolError`].
    ///
    /// # Cancel safety
    /// The future is dropped when the client cancels or is gone.
    fn get(
        &self,
        arguments: Json,
        cx: RequestContext,
    ) -> impl Future<Output = Result<GetPromptResult, ToolError>> + MaybeSend;
}

/// What `completion/complete` asks for.
#[derive(Debug, Clone)]
pub struct CompleteRequest {
    /// The prompt or the resource template whose argument is completed.
    pub reference: CompletionReference,
    /// The argument's name.
    pub argument: String,
    /// What was typed so far.
    pub value: String,
    /// The arguments that stand already, an object of strings.
    pub context: Option<Json>,
}

/// Completes arguments of prompts and resource templates. Closures `async |request: CompleteRequest, cx:
/// RequestContext|` are handlers too.
pub trait CompletionHandler: MaybeSend + MaybeSync + 'static {
    /// Suggests values, the best first. More than 100 are cut off.
    ///
    /// # Errors
    /// See [`ToolError`].
    ///
    /// # Cancel safety
    /// The future is dropped when the client cancels or is gone.
    fn complete(
        &self,
        request: CompleteRequest,
        cx: RequestContext,
    ) -> impl Future<Output = Result<CompleteResult, ToolError>> + MaybeSend;
}

impl<F, Fut> ResourceHandler for F
where
    F: Fn(ReadRequest, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<ReadResourceResult, ToolError>> + MaybeSend,
{
    fn read(&self, request: ReadRequest, cx: RequestContext) -> impl Future<Output = Fut::Output> + MaybeSend {
        self(request, cx)
    }
}

impl<F, Fut> PromptHandler for F
where
    F: Fn(Json, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<GetPromptResult, ToolError>> + MaybeSend,
{
    fn get(&self, arguments: Json, cx: RequestContext) -> impl Future<Output = Fut::Output> + MaybeSend {
        self(arguments, cx)
    }
}

impl<F, Fut> CompletionHandler for F
where
    F: Fn(CompleteRequest, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<CompleteResult, ToolError>> + MaybeSend,
{
    fn complete(&self, request: CompleteRequest, cx: RequestContext) -> impl Future<Output = Fut::Output> + MaybeSend {
        self(request, cx)
    }
}

/// A tool made of its description and a closure.
pub(super) struct ToolFn<F> {
    pub(super) tool: Tool,
    pub(super) call: F,
}

impl<F, Fut> ToolHandler for ToolFn<F>
where
    F: Fn(Json, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<CallToolResult, ToolError>> + MaybeSend,
{
    fn tool(&self) -> Tool {
        self.tool.clone()
    }

    fn call(&self, arguments: Json, cx: RequestContext) -> impl Future<Output = Fut::Output> + MaybeSend {
        (self.call)(arguments, cx)
    }
}

/// A tool by the JSON Schema of its arguments alone; its name comes with its registration.
impl From<Json> for Tool {
    fn from(input_schema: Json) -> Self {
        Self::new("", input_schema)
    }
}

/// Handlers of one kind, whatever their types: one boxed future per request does everything up to the result's text.
pub(super) trait Handler<A>: MaybeSend + MaybeSync {
    fn run(self: Arc<Self>, argument: A, cx: RequestContext) -> BoxFuture<'static, Outcome>;
}

pub(super) struct ToolRunner<H>(pub(super) H);
pub(super) struct ResourceRunner<H>(pub(super) H);
pub(super) struct PromptRunner<H>(pub(super) H);
pub(super) struct CompletionRunner<H>(pub(super) H);

impl<H: ToolHandler> Handler<Json> for ToolRunner<H> {
    fn run(self: Arc<Self>, argument: Json, cx: RequestContext) -> BoxFuture<'static, Outcome> {
        let modern = cx.request.client.modern;
        Box::pin(async move {
            match self.0.call(argument, cx).await {
                Ok(mut result) => {
                    result.result_type = None;
                    if !modern {
                        // An object or nothing, before 2026-07-28; the text says the same (CallToolResult).
                        result.structured_content.take_if(|value| !value.is_object());
                    }
                    Reply::of(&result, result.meta.is_some())
                }
                Err(error) => error.into_tool_outcome(),
            }
        })
    }
}

impl<H: ResourceHandler> Handler<ReadRequest> for ResourceRunner<H> {
    fn run(self: Arc<Self>, argument: ReadRequest, cx: RequestContext) -> BoxFuture<'static, Outcome> {
        let modern = cx.request.client.modern;
        Box::pin(async move {
            let mut result = self.0.read(argument, cx).await.map_err(|error| error.into_failure(modern))?;
            result.result_type = None;
            if modern {
                // Required on every complete result (server/utilities/caching).
                result.ttl_ms.get_or_insert(0);
                result.cache_scope.get_or_insert(CacheScope::Private);
            }
            Reply::of(&result, result.meta.is_some())
        })
    }
}

impl<H: PromptHandler> Handler<Json> for PromptRunner<H> {
    fn run(self: Arc<Self>, argument: Json, cx: RequestContext) -> BoxFuture<'static, Outcome> {
        let modern = cx.request.client.modern;
        Box::pin(async move {
            let mut result = self.0.get(argument, cx).await.map_err(|error| error.into_failure(modern))?;
            result.result_type = None;
            Reply::of(&result, result.meta.is_some())
        })
    }
}

impl<H: CompletionHandler> Handler<CompleteRequest> for CompletionRunner<H> {
    fn run(self: Arc<Self>, argument: CompleteRequest, cx: RequestContext) -> BoxFuture<'static, Outcome> {
        let modern = cx.request.client.modern;
        Box::pin(async move {
            let mut result = self.0.complete(argument, cx).await.map_err(|error| error.into_failure(modern))?;
            result.result_type = None;
            let completion = &mut result.completion;
            if completion.values.len() > CompleteResult::MAX_VALUES {
                completion.values.truncate(CompleteResult::MAX_VALUES);
                completion.has_more = true;
            }
            Reply::of(&result, result.meta.is_some())
        })
    }
}
