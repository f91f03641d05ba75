//! Tools from Rust types: the JSON Schema of the arguments and of the result is derived, and both are read and written by
//! serde.

mod schema;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use ::schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RequestContext, Server, ServerBuilder, ToolError, ToolHandler};
use crate::json::Json;
use crate::platform::{MaybeSend, MaybeSync};
use crate::proto::{CallToolResult, Content, Icon, Tool, ToolAnnotations};

/// The crate whose derive macro describes arguments and results, in the version that this crate understands. Without it
/// among your own dependencies, derive with `#[schemars(crate = "everywire::server::schemars")]`.
pub use ::schemars;

/// A tool whose arguments are a Rust type. [`ServerBuilder::typed_tool`] is the short way; this one can say more about
/// the tool.
///
/// The input schema is JSON Schema 2020-12, derived from `A` as serde *reads* it: `#[serde(…)]` attributes count, comments
/// on fields become descriptions, an `Option` may be absent or `null`, and named types stand in `$defs`. Number formats
/// that only Rust knows (`uint8`) are given as `minimum` and `maximum`.
///
/// Arguments that do not fit are answered without running the tool: with a result that has `isError` and says where the
/// mistake is, for the model to mend; with JSON-RPC error -32602 to clients of revisions before 2025-11-25.
///
/// ```
/// use everywire::proto::ToolAnnotations;
/// use everywire::server::schemars::JsonSchema;
/// use everywire::server::{Server, Structured, TypedTool};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, JsonSchema)]
/// #[schemars(crate = "everywire::server::schemars")]
/// struct Place {
///     /// City name or zip code
///     location: String,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// #[schemars(crate = "everywire::server::schemars")]
/// struct Weather {
///     /// Temperature in Celsius
///     temperature: f64,
/// }
///
/// let weather = TypedTool::new("Current weather", async |_place: Place, _cx| Ok(Structured(Weather { temperature: 22.5 })))
///     .title("Weather")
///     .annotations(ToolAnnotations::new().read_only(true));
/// let server = Server::builder("weather", "1.0.0").tool("get_weather", weather).build();
/// # let _ = server;
/// ```
pub struct TypedTool<A, F> {
    tool: Tool,
    call: F,
    arguments: PhantomData<fn(A)>,
}

impl<A, F, Fut, O> TypedTool<A, F>
where
    A: DeserializeOwned + JsonSchema + MaybeSend + 'static,
    F: Fn(A, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<O, ToolError>> + MaybeSend,
    O: ToolOutput,
{
    /// A tool by its description and what it does.
    ///
    /// # Panics
    /// Where `A` is not read from a JSON object: arguments always are one (server/tools, `inputSchema`). A struct with
    /// named fields is, also one without any; a number, a tuple or `()` is not.
    pub fn new(description: impl Into<String>, call: F) -> Self {
        let input = match schema::of_arguments::<A>() {
            Ok(input) => input,
            Err(why) => panic!("{} cannot be the arguments of a tool: {why}", A::schema_name()),
        };
        let mut tool = Tool::new("", input).description(description);
        tool.output_schema = O::output_schema();
        Self { tool, call, arguments: PhantomData }
    }
}

impl<A, F> TypedTool<A, F> {
    /// Its name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.tool = self.tool.title(title);
        self
    }

    /// Hints about its effects.
    pub fn annotations(mut self, annotations: ToolAnnotations) -> Self {
        self.tool = self.tool.annotations(annotations);
        self
    }

    /// One more picture that stands for it.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.tool = self.tool.icon(icon);
        self
    }

    /// Entries beside the protocol's own, an object.
    pub fn meta(mut self, meta: Json) -> Self {
        self.tool = self.tool.meta(meta);
        self
    }
}

impl<A, F, Fut, O> ToolHandler for TypedTool<A, F>
where
    A: DeserializeOwned + MaybeSend + 'static,
    F: Fn(A, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = Result<O, ToolError>> + MaybeSend,
    O: ToolOutput,
{
    fn tool(&self) -> Tool {
        self.tool.clone()
    }

    async fn call(&self, arguments: Json, cx: RequestContext) -> Result<CallToolResult, ToolError> {
        let version = cx.protocol_version();
        let arguments = read(&arguments).map_err(|mistake| ToolError::arguments(version, mistake))?;
        (self.call)(arguments, cx).await?.into_result()
    }
}

impl<A, F> fmt::Debug for TypedTool<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedTool").field("tool", &self.tool).finish_non_exhaustive()
    }
}

/// Reads the arguments, or says what is wrong with them, and where.
fn read<A: DeserializeOwned>(arguments: &Json) -> Result<A, String> {
    let error = match arguments.parse() {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    // Once more, with an eye on the way: good arguments need not pay for it.
    let mistake = match arguments.parse::<serde_json::Value>().map(serde_path_to_error::deserialize::<_, A>) {
        Ok(Err(mistake)) if mistake.path().iter().next().is_some() => {
            format!("`{}`: {}", mistake.path(), mistake.inner())
        }
        Ok(Err(mistake)) => mistake.inner().to_string(),
        Ok(Ok(_)) | Err(_) => error.to_string(),
    };
    Err(format!("The arguments do not fit the tool's input schema: {mistake}"))
}

/// What a typed tool may give back: a text, a whole [`CallToolResult`], a [`Structured`] value, or nothing.
pub trait ToolOutput: 'static {
    /// The JSON Schema of the structured result, where there is one.
    fn output_schema() -> Option<Json> {
        None
    }

    /// The result of the call.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    fn into_result(self) -> Result<CallToolResult, ToolError>;
}

impl ToolOutput for CallToolResult {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(self)
    }
}

impl ToolOutput for String {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::text(self))
    }
}

impl ToolOutput for &'static str {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::text(self))
    }
}

impl ToolOutput for Content {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new([self]))
    }
}

impl ToolOutput for Vec<Content> {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new(self))
    }
}

impl ToolOutput for () {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new([]))
    }
}

/// A result with a schema: the tool shows `T`'s as its `outputSchema`, and the value goes out as `structuredContent`, and as
/// JSON text for clients that read texts only (server/tools, structured content).
///
/// The schema says how serde *writes* `T`. A `T` that is no object (a list, say) is new in 2026-07-28: to legacy clients
/// the tool shows no output schema, and its result is the text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structured<T>(pub T);

impl<T: Serialize + JsonSchema + 'static> ToolOutput for Structured<T> {
    fn output_schema() -> Option<Json> {
        Some(schema::of_result::<T>())
    }

    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::structured(&self.0)?)
    }
}

impl ServerBuilder {
    /// Adds a tool whose arguments are a Rust type, or replaces the one that has the name. [`TypedTool`] has the details.
    ///
    /// ```
    /// use everywire::server::schemars::JsonSchema;
    /// use everywire::server::{Server, Structured};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// #[schemars(crate = "everywire::server::schemars")]
    /// struct Add {
    ///     a: f64,
    ///     b: f64,
    /// }
    ///
    /// let server = Server::builder("calculator", "1.0.0")
    ///     .typed_tool("add", "Adds two numbers.", async |add: Add, _cx| Ok((add.a + add.b).to_string()))
    ///     .typed_tool("sum", "The same, as a number.", async |add: Add, _cx| Ok(Structured(add.a + add.b)))
    ///     .build();
    /// # let _ = server;
    /// ```
    ///
    /// # Panics
    /// As [`TypedTool::new`].
    pub fn typed_tool<A, F, Fut, O>(self, name: impl Into<String>, description: impl Into<String>, call: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + MaybeSend + 'static,
        F: Fn(A, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<O, ToolError>> + MaybeSend,
        O: ToolOutput,
    {
        self.tool(name, TypedTool::new(description, call))
    }
}

impl Server {
    /// Adds a typed tool while clients are connected, or replaces the one of this name, and tells them.
    ///
    /// # Panics
    /// As [`TypedTool::new`].
    pub fn add_typed_tool<A, F, Fut, O>(&self, name: impl Into<String>, description: impl Into<String>, call: F)
    where
        A: DeserializeOwned + JsonSchema + MaybeSend + 'static,
        F: Fn(A, RequestContext) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<O, ToolError>> + MaybeSend,
        O: ToolOutput,
    {
        self.add_tool(name, TypedTool::new(description, call));
    }
}
