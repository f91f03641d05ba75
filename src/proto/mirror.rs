//! Tool arguments that are mirrored into HTTP headers (2026-07-28 basic/transports/streamable-http, "Custom Headers from
//! Tool Parameters"; server/tools, "x-mcp-header").

use crate::frame::RequestId;
use crate::json::Json;
use crate::text::{decimal, join};

/// The annotation, beside a property's `type`.
const ANNOTATION: &str = "x-mcp-header";
/// Keywords that hold named schemas: the names are anybody's.
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];
/// Keywords that hold values and no schemas.
const VALUES: [&str; 4] = ["default", "const", "enum", "examples"];
/// How deep a schema with annotations may nest.
const DEPTH: usize = 64;

/// One argument and the header that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// What follows `Mcp-Param-` in the header's name.
    pub(crate) header: String,
    /// The names that lead to the argument, outermost first.
    pub(crate) path: Vec<String>,
}

impl Mirror {
    /// The argument's text, not encoded yet; `None` where the header is left out: there is no argument, it is `null`, or no
    /// header can stand for it (a number that is no integer or is beyond 2^53 - 1, an array, an object).
    pub(crate) fn value(&self, arguments: &Json) -> Option<String> {
        let value = self.path.iter().try_fold(arguments.clone(), |value, name| value.get(name))?;
        if let Some(text) = value.as_str() {
            return Some(text);
        }
        if let Some(flag) = value.as_bool() {
            return Some(if flag { "true" } else { "false" }.to_owned());
        }
        match RequestId::from_f64(value.as_f64()?)? {
            RequestId::Number(number) => {
                Some(join(&[if number < 0 { "-" } else { "" }, &decimal(number.unsigned_abs())]))
            }
            RequestId::Text(_) => None,
        }
    }
}

/// The annotations of a tool's `inputSchema`, in its order.
///
/// # Errors
/// Where an annotation breaks a rule, and the tool must not be used over HTTP: which one, and where.
pub(crate) fn annotations(input_schema: &Json) -> Result<Vec<Mirror>, String> {
    let mut search = Search { path: Vec::new(), found: Vec::new() };
    search.walk(input_schema, Place::Root)?;
    Ok(search.found)
}

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Reached by `properties` only.
    Property,
    /// Reached in any other way: what stands here does not always hold for the argument.
    Elsewhere,
}

struct Search {
    /// The way from the root: names of properties, and keywords where it left them.
    path: Vec<String>,
    found: Vec<Mirror>,
}

impl Search {
    fn walk(&mut self, value: &Json, place: Place) -> Result<(), String> {
        if !value.text_contains(ANNOTATION) {
            return Ok(());
        }
        if self.path.len() > DEPTH {
            return Err(self.wrong("stands too deep in the schema"));
        }
        for item in value.items().unwrap_or_default() {
            self.step("[]", &item, Place::Elsewhere)?;
        }
        for (keyword, inner) in value.entries().unwrap_or_default() {
            let keyword = keyword.as_str();
            if keyword == ANNOTATION {
                self.annotation(value, &inner, place)?;
            } else if NAMED.contains(&keyword) {
                let chain = keyword == "properties" && place != Place::Elsewhere;
                for (name, schema) in inner.entries().unwrap_or_default() {
                    self.step(&name, &schema, if chain { Place::Property } else { Place::Elsewhere })?;
                }
            } else if !VALUES.contains(&keyword) {
                self.step(keyword, &inner, Place::Elsewhere)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, name: &str, value: &Json, place: Place) -> Result<(), String> {
        self.path.push(name.to_owned());
        self.walk(value, place)?;
        self.path.pop();
        Ok(())
    }

    fn annotation(&mut self, schema: &Json, name: &Json, place: Place) -> Result<(), String> {
        let header = name.as_str().unwrap_or_default();
        let why = if place != Place::Property {
            "stands where a chain of `properties` alone does not lead"
        } else if header.is_empty() {
            "is empty or no string"
        } else if !header.bytes().all(is_tchar) {
            "has characters that the name of a header must not have"
        } else if self.found.iter().any(|other| other.header.eq_ignore_ascii_case(&header)) {
            "names the header of another argument"
        } else if !primitive(schema) {
            "is on an argument whose type is not string, integer or boolean"
        } else {
            self.found.push(Mirror { header, path: self.path.clone() });
            return Ok(());
        };
        Err(self.wrong(why))
    }

    fn wrong(&self, why: &str) -> String {
        join(&["x-mcp-header at /", &self.path.join("/"), " ", why])
    }
}

/// The types that a header can carry. An argument that may be `null` too is left out then.
fn primitive(schema: &Json) -> bool {
    let Some(kind) = schema.get("type") else { return false };
    let names = kind.as_str().map(|name| vec![name]).or_else(|| kind.as_strings()).unwrap_or_default();
    let carried = |name: &&String| matches!(name.as_str(), "string" | "integer" | "boolean");
    names.iter().any(|name| carried(&name)) && names.iter().all(|name| carried(&name) || name == "null")
}

/// RFC 9110 section 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
