//! Prompts, and the completion of their arguments.

use everywire::json::Json;
use everywire::proto::{
    CompleteResult, CompletionReference, Content, GetPromptResult, Prompt, PromptArgument, PromptMessage,
    ResourceContents,
};
use everywire::server::{CompleteRequest, ServerBuilder};

use crate::content::PNG;
use crate::rounds::text;

pub fn add(server: ServerBuilder) -> ServerBuilder {
    let argument = |name: &str, description: &str| PromptArgument::required(name).description(description);
    server
        .prompt(Prompt::new("test_simple_prompt").description("Says one thing."), async |_, _| {
            Ok(said("This is a simple prompt for testing."))
        })
        .prompt(
            Prompt::new("test_prompt_with_arguments")
                .description("Says its arguments.")
                .argument(argument("arg1", "The first argument"))
                .argument(argument("arg2", "The second argument")),
            async |given: Json, _| {
                let value = |name| given.get_str(name).unwrap_or_default();
                Ok(said(&format!("Prompt with arguments: arg1='{}', arg2='{}'", value("arg1"), value("arg2"))))
            },
        )
        .prompt(
            Prompt::new("test_prompt_with_embedded_resource")
                .description("Shows a resource.")
                .argument(argument("resourceUri", "The URI of the resource")),
            async |given: Json, _| {
                let uri = given.get_str("resourceUri").unwrap_or_default();
                let resource = ResourceContents::text(uri, "Embedded resource content for testing.");
                Ok(GetPromptResult::new([
                    PromptMessage::user(Content::resource(resource.mime_type("text/plain"))),
                    PromptMessage::user("Please process the embedded resource above."),
                ]))
            },
        )
        .prompt(Prompt::new("test_prompt_with_image").description("Shows an image."), async |_, _| {
            Ok(GetPromptResult::new([
                PromptMessage::user(Content::image(PNG, "image/png")),
                PromptMessage::user("Please analyze the image above."),
            ]))
        })
        .prompt(Prompt::new("test_input_required_result_prompt").description("Asks for its context."), async |_, cx| {
            let context = text(&cx, "user_context", "What context should the prompt use?", "context").await?;
            Ok(said(&format!("Use this context: {context}")))
        })
        .completion(async |request: CompleteRequest, _| {
            let CompletionReference::Prompt { name, .. } = &request.reference else {
                return Ok(CompleteResult::default());
            };
            let known: &[&str] = match (name.as_str(), request.argument.as_str()) {
                ("test_prompt_with_arguments", "arg1") => &["test", "testing", "hello"],
                ("test_prompt_with_arguments", "arg2") => &["world"],
                _ => &[],
            };
            Ok(CompleteResult::new(known.iter().copied().filter(|value| value.starts_with(&request.value))))
        })
}

pub fn said(text: &str) -> GetPromptResult {
    GetPromptResult::new([PromptMessage::user(text)])
}
