//! What people read.

mod lists;

pub(crate) use lists::{contents, messages, prompts, resources};

use std::fmt::Write as _;
use std::path::PathBuf;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Content, Resource, Tool};
use serde_json::Value;

use crate::media::decoded_len;

/// Text from elsewhere without what could move the cursor, recolour the terminal or turn the reading direction.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A server's tools, one after the other.
pub(crate) fn tools(server: &Value, tools: &[Tool]) -> String {
    let mut out = head(server, &lists::counted(tools.len(), "tool"));
    for tool in tools {
        let _ = write!(out, "\n{}", tool.name);
        let titled = tool.annotations.as_ref().and_then(|hints| hints.title.as_deref());
        if let Some(title) = tool.title.as_deref().or(titled).filter(|title| *title != tool.name) {
            let _ = write!(out, "  ({title})");
        }
        out.push('\n');
        for line in tool.description.as_deref().unwrap_or_default().lines() {
            let _ = writeln!(out, "  {line}");
        }
        out.push_str(&parameters(&tool.input_schema));
    }
    plain(&out)
}

/// Who the server is, and how much it has.
fn head(server: &Value, count: &str) -> String {
    let name = |key: &str| server["serverInfo"][key].as_str().unwrap_or_default();
    let mut out = format!("{} {}", name("name"), name("version")).trim().to_owned();
    if out.is_empty() {
        out.push_str("server without a name");
    }
    let version = server["protocolVersion"].as_str().unwrap_or("?");
    let _ = writeln!(out, ", MCP {version}, {count}");
    out
}

fn parameters(schema: &Json) -> String {
    let required = strings(schema.get("required"));
    let rows: Vec<[String; 3]> = schema
        .get("properties")
        .and_then(|properties| properties.entries())
        .unwrap_or_default()
        .into_iter()
        .map(|(name, property)| {
            let mark = if required.contains(&name) { " *" } else { "" };
            [format!("{name}{mark}"), kind(&property), remarks(&property)]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).min(32)
    };
    let (names, kinds) = (width(0), width(1));
    rows.iter().fold(String::new(), |mut out, [name, kind, remarks]| {
        let line = format!("    {name:names$}  {kind:kinds$}  {remarks}");
        let _ = writeln!(out, "{}", line.trim_end());
        out
    })
}

/// What a property holds, in a word or two.
fn kind(schema: &Json) -> String {
    if let Some(options) = schema.get("enum").and_then(|options| options.items()) {
        return options.iter().map(Json::to_text).collect::<Vec<_>>().join(" | ");
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(options) = schema.get(key).and_then(|options| options.items()) {
            let names =
                options.iter().map(|option| option.get("const").map_or_else(|| kind(option), |it| it.to_text()));
            return names.collect::<Vec<_>>().join(" | ");
        }
    }
    let name = match schema.get("type") {
        Some(several) if several.is_array() => strings(Some(several)).join(" | "),
        one => one.and_then(|name| name.as_str()).unwrap_or_else(|| "any".to_owned()),
    };
    match name.as_str() {
        "array" => schema.get("items").map_or(name, |items| format!("{}[]", grouped(kind(&items)))),
        "object" => match schema.get("properties").and_then(|properties| properties.entries()) {
            Some(entries) => format!("{{{}}}", entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(", ")),
            None => name,
        },
        _ => name,
    }
}

fn grouped(kind: String) -> String {
    if kind.contains(" | ") { format!("({kind})") } else { kind }
}

fn remarks(schema: &Json) -> String {
    let mut all = Vec::new();
    all.extend(schema.get_str("description").or_else(|| schema.get_str("title")).map(|text| text.replace('\n', " ")));
    all.extend(schema.get_str("format"));
    let bound = |least: &str, most: &str| match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    all.extend(bound("minimum", "maximum"));
    all.extend(bound("minLength", "maxLength").map(|range| format!("{range} characters")));
    all.extend(bound("minItems", "maxItems").map(|range| format!("{range} entries")));
    all.extend(schema.get("default").map(|value| format!("default {value}")));
    all.join(", ")
}

pub(crate) fn strings(list: Option<Json>) -> Vec<String> {
    list.and_then(|list| list.items()).unwrap_or_default().iter().filter_map(Json::as_str).collect()
}

/// What a tool said, one piece of content after the other. `saved` are the files that binary pieces were written to.
pub(crate) fn result(result: &CallToolResult, saved: &[(usize, PathBuf)]) -> String {
    let structured = result.structured_content.as_ref().and_then(|json| json.parse::<Value>().ok());
    let mut parts = Vec::new();
    for (place, content) in result.content.iter().enumerate() {
        let file = saved.iter().find(|(at, _)| *at == place).map(|(_, file)| file.display().to_string());
        match content {
            // The text twin of the structured result is shown once, laid out.
            Content::Text(text) if structured.is_some() && serde_json::from_str(&text.text).ok() == structured => {}
            content => parts.push(piece(content, file)),
        }
    }
    parts.extend(structured.and_then(|value| serde_json::to_string_pretty(&value).ok()));
    if parts.is_empty() { "(nothing)".to_owned() } else { parts.join("\n") }
}

/// One piece of content, and the file that it was written to.
fn piece(content: &Content, file: Option<String>) -> String {
    match content {
        Content::Text(text) => text.text.clone(),
        Content::Image(image) => binary("image", Some(&image.mime_type), &image.data, file),
        Content::Audio(audio) => binary("sound", Some(&audio.mime_type), &audio.data, file),
        Content::ResourceLink(link) => linked(link),
        Content::Resource(embedded) => {
            let resource = &embedded.resource;
            match (&resource.text, &resource.blob) {
                (Some(text), _) => format!("[{}]\n{text}", resource.uri),
                (None, Some(blob)) => binary(&resource.uri, resource.mime_type.as_deref(), blob, file),
                (None, None) => format!("[{}]", resource.uri),
            }
        }
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn linked(link: &Resource) -> String {
    let mut text = format!("[link {}] {}", link.uri, link.title.as_deref().unwrap_or(&link.name));
    if let Some(description) = &link.description {
        let _ = write!(text, ": {description}");
    }
    text
}

fn binary(what: &str, media_type: Option<&str>, base64: &str, file: Option<String>) -> String {
    let size = decoded_len(base64);
    let media_type = media_type.unwrap_or("unknown type");
    match file {
        Some(file) => format!("[{what}, {media_type}, {size} bytes, saved as {file}]"),
        None => format!("[{what}, {media_type}, {size} bytes; --save DIR writes it to a file]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Json {
        Json::from_text(text).expect("JSON")
    }

    #[test]
    fn a_terminal_cannot_be_steered() {
        assert_eq!(
            plain("a\u{1b}[31mb\u{9b}c\r\u{7}\u{202e}d\n\té"),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd}\u{fffd}d\n\té"
        );
    }

    #[test]
    fn parameters_are_listed_in_their_order() {
        let shown = parameters(&schema(
            r#"{"type":"object","required":["b"],"properties":{
                "b":{"type":"string","description":"Which","minLength":2},
                "a":{"type":"integer","minimum":1,"maximum":5,"default":2},
                "list":{"type":"array","items":{"enum":["x","y"]}},
                "deep":{"type":"object","properties":{"p":{},"q":{}}},
                "one":{"oneOf":[{"const":"m"},{"type":"null"}]}
            }}"#,
        ));
        let lines: Vec<&str> = shown.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("b *") && lines[0].ends_with("Which, at least 2 characters"), "{shown}");
        assert!(lines[1].contains("integer") && lines[1].ends_with("1 to 5, default 2"), "{shown}");
        assert!(lines[2].contains(r#"("x" | "y")[]"#), "{shown}");
        assert!(lines[3].contains("{p, q}"), "{shown}");
        assert!(lines[4].contains(r#""m" | null"#), "{shown}");
    }

    #[test]
    fn a_structured_result_is_shown_once() {
        let said = CallToolResult::structured(&serde_json::json!({"a": 1})).expect("JSON");
        assert_eq!(result(&said, &[]), "{\n  \"a\": 1\n}");
    }
}
