//! What a server offers beside its tools, and what it gives of that.

use std::fmt::Write as _;
use std::path::PathBuf;

use everywire::proto::{Content, GetPromptResult, Prompt, Resource, ResourceContents, ResourceTemplate, Role};
use serde_json::Value;

use super::{binary, head, piece, plain};

/// Resources, then templates.
pub(crate) fn resources(server: &Value, resources: &[Resource], templates: &[ResourceTemplate]) -> String {
    let count = format!("{}, {}", counted(resources.len(), "resource"), counted(templates.len(), "template"));
    let mut out = head(server, &count);
    for resource in resources {
        let size = resource.size.map(|size| format!("{size} bytes"));
        entry(&mut out, &resource.uri, resource.title.as_deref().unwrap_or(&resource.name));
        facts(&mut out, [resource.mime_type.clone(), size]);
        text(&mut out, resource.description.as_deref());
    }
    for template in templates {
        entry(&mut out, &template.uri_template, template.title.as_deref().unwrap_or(&template.name));
        facts(&mut out, [template.mime_type.clone(), None]);
        text(&mut out, template.description.as_deref());
    }
    plain(&out)
}

/// Prompts with their arguments; those that are needed are marked.
pub(crate) fn prompts(server: &Value, prompts: &[Prompt]) -> String {
    let mut out = head(server, &counted(prompts.len(), "prompt"));
    for prompt in prompts {
        entry(&mut out, &prompt.name, prompt.title.as_deref().unwrap_or_default());
        text(&mut out, prompt.description.as_deref());
        for argument in &prompt.arguments {
            let mark = if argument.required { " *" } else { "" };
            let what = argument.description.as_deref().or(argument.title.as_deref()).unwrap_or_default();
            let _ = writeln!(out, "{}", format!("    {}{mark}  {}", argument.name, what.replace('\n', " ")).trim_end());
        }
    }
    plain(&out)
}

/// What a resource holds. `saved` are the files that binary contents were written to.
pub(crate) fn contents(contents: &[ResourceContents], saved: &[(usize, PathBuf)]) -> String {
    let several = contents.len() > 1;
    let mut parts = Vec::new();
    for (place, one) in contents.iter().enumerate() {
        let file = saved.iter().find(|(at, _)| *at == place).map(|(_, file)| file.display().to_string());
        parts.push(match (&one.text, &one.blob) {
            (Some(text), _) if several => format!("[{}]\n{text}", one.uri),
            (Some(text), _) => text.clone(),
            (None, Some(blob)) => binary(&one.uri, one.mime_type.as_deref(), blob, file),
            (None, None) => format!("[{}]", one.uri),
        });
    }
    if parts.is_empty() { "(nothing)".to_owned() } else { parts.join("\n") }
}

/// A rendered prompt: who says what.
pub(crate) fn messages(result: &GetPromptResult) -> String {
    let mut parts: Vec<String> = result.description.iter().map(|description| format!("# {description}")).collect();
    for message in &result.messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            _ => "other",
        };
        let text = match &message.content {
            Content::Text(text) => text.text.clone(),
            other => piece(other, None),
        };
        parts.push(format!("{role}: {text}"));
    }
    if parts.is_empty() { "(no messages)".to_owned() } else { parts.join("\n\n") }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn entry(out: &mut String, name: &str, title: &str) {
    match title.is_empty() || title == name {
        true => _ = writeln!(out, "\n{name}"),
        false => _ = writeln!(out, "\n{name}  ({title})"),
    }
}

fn facts(out: &mut String, facts: [Option<String>; 2]) {
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        let _ = writeln!(out, "  {}", facts.join(", "));
    }
}

fn text(out: &mut String, text: Option<&str>) {
    for line in text.unwrap_or_default().lines() {
        let _ = writeln!(out, "  {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use everywire::proto::{PromptArgument, PromptMessage};

    #[test]
    fn prompts_mark_what_is_needed() {
        let prompt = Prompt::new("greet")
            .title("Greeting")
            .argument(PromptArgument::required("name").description("Who\nis it"))
            .argument(PromptArgument::new("tone"));
        let shown = prompts(&Value::Null, &[prompt]);
        assert!(shown.ends_with("\n\ngreet  (Greeting)\n    name *  Who is it\n    tone\n"), "{shown}");
    }

    #[test]
    fn a_rendered_prompt_says_who_speaks() {
        let result = GetPromptResult::new([PromptMessage::user("Hello"), PromptMessage::assistant("Hi")]);
        assert_eq!(messages(&result), "user: Hello\n\nassistant: Hi");
        assert_eq!(messages(&GetPromptResult::default()), "(no messages)");
    }

    #[test]
    fn several_contents_are_told_apart() {
        let text = |uri: &str| ResourceContents::text(uri, "x");
        assert_eq!(contents(&[text("a:1")], &[]), "x");
        assert_eq!(contents(&[text("a:1"), text("a:2")], &[]), "[a:1]\nx\n[a:2]\nx");
    }
}
