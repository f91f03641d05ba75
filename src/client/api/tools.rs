//! Tools: listing and calling (server/tools).

use serde::Serialize;

use crate::client::{Call, Client};
use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::proto::{CallToolResult, method};

#[derive(Serialize)]
struct CallParams<'a, A> {
    name: &'a str,
    arguments: A,
}

impl Client {
    /// Calls a tool. The arguments are any value that serialises as an object.
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
        self.call(method::TOOLS_CALL, CallParams { name, arguments }, |result, _| decoded("tools/call", &result))
    }
}

pub(super) fn decoded<T: serde::de::DeserializeOwned>(what: &str, result: &Json) -> Result<T, Error> {
    result.parse().map_err(|cause| Error::new(ErrorKind::Decode { what: what.into(), cause }))
}
