//! A tool's arguments as the person gives them.

use std::fs;
use std::io::Read as _;

use everywire::json::Json;
use serde_json::Value;

use crate::failure::Failure;

/// Reads the arguments: JSON, `@FILE`, or `-` for standard input. The text stays as it was given.
pub(crate) fn read(given: &str) -> Result<Json, Failure> {
    let (text, what) = match given.strip_prefix('@') {
        Some("") => return usage("@ needs a file's name behind it, such as @arguments.json".to_owned()),
        Some(file) => match fs::read_to_string(file) {
            Ok(text) => (text, format!("{file} is")),
            Err(error) => return usage(format!("the arguments cannot be read from {file}: {error}")),
        },
        None if given == "-" => {
            let mut text = String::new();
            match std::io::stdin().read_to_string(&mut text) {
                Ok(_) => (text, "standard input is".to_owned()),
                Err(error) => return usage(format!("the arguments cannot be read from standard input: {error}")),
            }
        }
        None => (given.to_owned(), "the arguments are".to_owned()),
    };
    parse(&text, &what)
}

fn parse(text: &str, what: &str) -> Result<Json, Failure> {
    let kind = match serde_json::from_str(text) {
        Ok(Value::Object(_)) => match Json::from_text(text.trim()) {
            Ok(json) => return Ok(json),
            Err(error) => return usage(format!("{what} not valid JSON: {error}")),
        },
        Ok(Value::Array(_)) => "an array",
        Ok(Value::String(_)) => "a string",
        Ok(Value::Number(_)) => "a number",
        Ok(Value::Bool(_)) => "a boolean",
        Ok(Value::Null) => "null",
        Err(_) if text.trim().is_empty() => {
            return usage(format!("{what} empty; give a JSON object, {{}} for no arguments"));
        }
        Err(error) => return usage(format!("{what} not valid JSON: {error}")),
    };
    usage(format!("{what} {kind}; a tool's arguments are a JSON object, such as {{\"text\":\"hello\"}}"))
}

fn usage<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Usage(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> String {
        match parse(text, "the arguments are") {
            Err(Failure::Usage(sentence)) => sentence,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_object_stays_as_it_was_given() {
        let json = parse(" {\"n\": 12345678901234567890, \"b\":1,\"a\":2}\n", "").expect("an object");
        assert_eq!(json.to_text(), "{\"n\": 12345678901234567890, \"b\":1,\"a\":2}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert!(
            sentence("{\"a\":\n x}").ends_with("expected value at line 2 column 2"),
            "{}",
            sentence("{\"a\":\n x}")
        );
        assert!(sentence("").contains("empty"));
        assert!(sentence("[1]").contains("an array"));
        assert!(sentence("\"x\"").contains("a string"));
        assert!(sentence("{} {}").contains("column 4"));
    }
}
