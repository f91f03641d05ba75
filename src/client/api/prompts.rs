//! Prompts and the completion of arguments (server/prompts, server/utilities/completion).

use serde::Serialize;

use super::pages::PageParams;
use super::{decoded, encode};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::json::{Draft, Json};
use crate::platform::BoxStream;
use crate::proto::{CompleteResult, CompletionReference, GetPromptResult, ListPromptsResult, Prompt, method};

#[derive(Serialize)]
struct PromptParams<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Json>,
}

#[derive(Serialize)]
struct CompleteParams<'a> {
    r#ref: &'a CompletionReference,
    argument: Argument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Context {
    arguments: Json,
}

impl Client {
    /// One page of the server's prompts, the first without a cursor.
    ///
    /// # Errors
    /// `unsupported` where the server offers no prompts.
    pub fn list_prompts(&self, cursor: Option<&str>) -> Call<ListPromptsResult> {
        self.ask("prompts", method::PROMPTS_LIST, PageParams { cursor }, |result, _| {
            decoded(method::PROMPTS_LIST, &result)
        })
    }

    /// The server's prompts, page after page as they are read. An error ends the stream, also where a cursor comes twice
    /// or there are more than 10,000 pages.
    pub fn prompts(&self) -> BoxStream<Result<Prompt, Error>> {
        self.pages(Self::list_prompts)
    }

    /// All of the server's prompts.
    ///
    /// # Errors
    /// Those of [`Self::list_prompts`] and [`Self::prompts`]; no part of the list is given then.
    pub async fn prompts_all(&self) -> Result<Vec<Prompt>, Error> {
        self.all(Self::list_prompts).await
    }

    /// Renders a prompt. The arguments are any value that serialises as an object of strings, `()` for none.
    ///
    /// # Errors
    /// `rpc` where the server refuses (an unknown prompt, a missing argument), `unsupported` where it offers no prompts.
    pub fn get_prompt(&self, name: &str, arguments: impl Serialize) -> Call<GetPromptResult> {
        let draft = self.offers("prompts", method::PROMPTS_GET).and_then(|()| {
            let arguments = given(arguments)?;
            Draft::encode(method::PROMPTS_GET, PromptParams { name, arguments }).map_err(encode)
        });
        Call::new(self, method::PROMPTS_GET, draft, |result, _| decoded(method::PROMPTS_GET, &result))
    }

    /// Asks what an argument of a prompt or a resource template may become, given what was typed so far.
    ///
    /// # Errors
    /// `unsupported` where the server completes nothing.
    pub fn complete(&self, reference: &CompletionReference, argument: &str, value: &str) -> Call<CompleteResult> {
        self.complete_with(reference, argument, value, ())
    }

    /// [`Self::complete`] with the arguments that are known already, an object of strings (2025-06-18 and later).
    ///
    /// # Errors
    /// `unsupported` where the server completes nothing.
    pub fn complete_with(
        &self,
        reference: &CompletionReference,
        argument: &str,
        value: &str,
        known: impl Serialize,
    ) -> Call<CompleteResult> {
        // Revisions before 2025-03-26 have completion without a capability for it.
        let undeclared = self.shared().ask(|session| session.info().is_some_and(|info| info.version == "2024-11-05"));
        let offered = if undeclared { Ok(()) } else { self.offers("completions", method::COMPLETION_COMPLETE) };
        let draft = offered.and_then(|()| {
            let context = given(known)?.map(|arguments| Context { arguments });
            let params = CompleteParams { r#ref: reference, argument: Argument { name: argument, value }, context };
            Draft::encode(method::COMPLETION_COMPLETE, params).map_err(encode)
        });
        Call::new(self, method::COMPLETION_COMPLETE, draft, |result, _| decoded(method::COMPLETION_COMPLETE, &result))
    }
}

/// A value that may be left out: `()` and `None` are.
fn given(value: impl Serialize) -> Result<Option<Json>, Error> {
    let value = Json::encode(&value).map_err(encode)?;
    Ok((!value.is_null()).then_some(value))
}
