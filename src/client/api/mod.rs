//! The methods of MCP, typed.

mod interactive;
mod pages;
mod prompts;
mod resources;
mod subscriptions;
mod tools;
mod utilities;

pub use interactive::{Outcome, Resumable};
pub use subscriptions::Subscription;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Call, Client};
use crate::error::{Error, ErrorKind};
use crate::json::{Draft, Json, JsonError};

impl Client {
    /// A request that the server answers only where it declared `capability`. Asked of one that did not, it fails at
    /// once and nothing is sent (2025-11-25 basic/lifecycle, "Operation").
    fn ask<P: Serialize, R>(
        &self,
        capability: &str,
        method: &'static str,
        params: P,
        decode: fn(Json, Option<Json>) -> Result<R, Error>,
    ) -> Call<R> {
        let draft = self.offers(capability, method).and_then(|()| Draft::encode(method, params).map_err(encode));
        Call::new(self, method, draft, decode)
    }

    /// What the server said it offers. Before it said anything, everything is tried.
    fn offers(&self, capability: &str, method: &str) -> Result<(), Error> {
        let declared =
            |info: &crate::session::Info| info.capabilities.get(capability).is_some_and(|declared| !declared.is_null());
        if self.shared().ask(|session| session.info().is_none_or(declared)) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported(format!(
            "the server does not offer {capability}, so {method} was not sent; Client::server tells what it offers"
        ))))
    }
}

fn decoded<T: DeserializeOwned>(what: &str, result: &Json) -> Result<T, Error> {
    result.parse().map_err(|cause| Error::new(ErrorKind::Decode { what: what.into(), cause }))
}

fn encode(cause: JsonError) -> Error {
    Error::new(ErrorKind::Encode(cause))
}
