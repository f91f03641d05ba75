//! Prompts, and the completion of their arguments and of the notes' names.

use everywire::json::Json;
use everywire::proto::{CompleteResult, CompletionReference, GetPromptResult, Prompt, PromptArgument, PromptMessage};
use everywire::server::{CompleteRequest, RequestContext, ServerBuilder, ToolError};
use serde::Deserialize;

use super::resources::NOTES;

const LANGUAGES: [&str; 8] = ["C", "C++", "Go", "Java", "JavaScript", "Python", "Rust", "TypeScript"];
const FOCUS: [&str; 4] = ["correctness", "readability", "security", "speed"];

pub(super) fn add(builder: ServerBuilder) -> ServerBuilder {
    let review = Prompt::new("code_review")
        .title("Code review")
        .description("Asks for a review of a piece of code.")
        .argument(PromptArgument::required("code").description("The code"))
        .argument(PromptArgument::new("language").description("Its language; can be completed"))
        .argument(PromptArgument::new("focus").description("What matters most; can be completed"));
    let greeting = Prompt::new("greeting").title("Greeting").description("Says hello; takes no arguments.");
    builder
        .prompt(review, code_review)
        .prompt(greeting, async |_: Json, _: RequestContext| {
            Ok(GetPromptResult::new([PromptMessage::user("Greet the person, and tell what this server can do.")]))
        })
        .completion(complete)
}

#[derive(Deserialize)]
struct Review {
    code: String,
    language: Option<String>,
    focus: Option<String>,
}

async fn code_review(arguments: Json, _cx: RequestContext) -> Result<GetPromptResult, ToolError> {
    let Review { code, language, focus } = arguments.parse()?;
    let language = language.unwrap_or_default();
    let focus = focus.unwrap_or_else(|| "correctness".to_owned());
    let text = format!(
        "Review this {language} code. What matters most is {focus}.\n\n```{}\n{code}\n```",
        language.to_lowercase()
    );
    Ok(GetPromptResult::new([
        PromptMessage::user(text),
        PromptMessage::assistant("I shall go through it line by line and name what should change, the worst first."),
    ])
    .description("A review of a piece of code"))
}

async fn complete(request: CompleteRequest, _cx: RequestContext) -> Result<CompleteResult, ToolError> {
    let known: Vec<&str> = match (&request.reference, request.argument.as_str()) {
        (CompletionReference::Prompt { .. }, "language") => LANGUAGES.to_vec(),
        (CompletionReference::Prompt { .. }, "focus") => FOCUS.to_vec(),
        (CompletionReference::Resource { .. }, "name") => NOTES.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    };
    let typed = request.value.to_lowercase();
    Ok(CompleteResult::new(known.into_iter().filter(|value| value.to_lowercase().starts_with(&typed))))
}
