//! Tools: listing and calling (server/tools).

use serde::Serialize;

use super::decoded;
use super::pages::PageParams;
use crate::client::{Call, Client};
use crate::error::Error;
use crate::platform::BoxStream;
use crate::proto::{CallToolResult, ListToolsResult, Tool, method};

#[derive(Serialize)]
struct CallParams<'a, A> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_unit")]
    arguments: A,
}

/// `()` stands for no arguments. Decided while compiling: the way of every call pays nothing for it.
fn is_unit<A>(_: &A) -> bool {
    size_of::<A>() == 0 && std::any::type_name::<A>() == std::any::type_name::<()>()
}

impl Client {
    /// One page of the server's tools, the first without a cursor.
    ///
    /// # Errors
    /// `unsupported` where the server offers no tools.
    pub fn list_tools(&self, cursor: Option<&str>) -> Call<ListToolsResult> {
        self.ask("tools", method::TOOLS_LIST, PageParams { cursor }, |result, _| decoded(method::TOOLS_LIST, &result))
    }

    /// The server's tools, page after page as they are read. An error ends the stream, also where a cursor comes twice
    /// or there are more than 10,000 pages.
    pub fn tools(&self) -> BoxStream<Result<Tool, Error>> {
        self.pages(Self::list_tools)
    }

    /// All of the server's tools.
    ///
    /// # Errors
    /// Those of [`Self::list_tools`] and [`Self::tools`]; no part of the list is given then.
    pub async fn tools_all(&self) -> Result<Vec<Tool>, Error> {
        self.all(Self::list_tools).await
    }

    /// Calls a tool. The arguments are any value that serialises as an object, `()` for none.
    ///
    /// A tool that ran and failed is not an error here: see [`CallToolResult::is_error`].
    ///
    /// # Errors
    /// `rpc` where the server refuses (an unknown tool, say), `interrupted` where the connection was lost while the call
    /// was under way; it is not repeated unless [`Call::idempotent`] says that it may be.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the call, on the wire too.
    pub fn call_tool(&self, name: &str, arguments: impl Serialize) -> Call<CallToolResult> {
        self.call(method::TOOLS_CALL, CallParams { name, arguments }, |result, _| decoded(method::TOOLS_CALL, &result))
    }
}
