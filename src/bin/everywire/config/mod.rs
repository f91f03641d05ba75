//! Lists of servers in files, as other clients keep them: `mcpServers` (most), `servers` (Visual Studio Code).

mod expand;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonc_parser::ParseOptions;
use serde_json::{Map, Value};

use crate::failure::Failure;
use expand::Variables;

/// Comments and trailing commas are welcome, as in those clients; everything else is JSON.
const SYNTAX: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// How a server is reached. It holds secrets: nothing of it is printed but the program's name and the bare address.
#[derive(Clone, PartialEq)]
pub(crate) enum Server {
    Url { url: String, headers: Vec<(String, String)> },
    Child(Child),
}

/// A server to start.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Child {
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
    /// `None`: where this program was started.
    pub(crate) dir: Option<PathBuf>,
    /// Beside what this program was given; `None` takes a variable away.
    pub(crate) env: Vec<(String, Option<String>)>,
}

/// A file with servers.
pub(crate) struct Config {
    file: String,
    servers: Map<String, Value>,
}

impl Config {
    pub(crate) fn read(file: &str) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Usage(format!("the server list {file} cannot be read: {error}")))?;
        Self::parse(file, &text)
    }

    fn parse(file: &str, text: &str) -> Result<Self, Failure> {
        // Some editors begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let all: Value = jsonc_parser::parse_to_serde_value(text, &SYNTAX)
            .map_err(|error| Failure::Usage(format!("{file} is not valid JSON: {error}")))?;
        // Visual Studio Code keeps the list under "mcp" where it stands among other settings.
        let found = [all.get("mcpServers"), all.get("servers"), all.get("mcp").and_then(|mcp| mcp.get("servers"))];
        match found.into_iter().flatten().next() {
            Some(Value::Object(servers)) => Ok(Self { file: file.to_owned(), servers: servers.clone() }),
            Some(_) => usage(format!("{file} has a server list that is no object of named servers")),
            None => usage(format!("{file} holds no list of servers: neither \"mcpServers\" nor \"servers\"")),
        }
    }

    /// One line for each server, with nothing that may be a secret.
    pub(crate) fn list(&self) -> Vec<(String, String)> {
        self.servers.iter().map(|(name, entry)| (name.clone(), summary(entry))).collect()
    }

    pub(crate) fn names(&self) -> String {
        match self.servers.is_empty() {
            true => "it lists none".to_owned(),
            false => format!("it has {}", self.servers.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        }
    }

    /// The server of this name, its variables replaced.
    pub(crate) fn server(&self, name: &str) -> Result<Server, Failure> {
        let Some(entry) = self.servers.get(name) else {
            return usage(format!("{} has no server \"{name}\"; {}", self.file, self.names()));
        };
        let variables = Variables::of_the_process(&workspace(Path::new(&self.file)));
        Entry { name, file: &self.file, entry, variables }.server()
    }
}

/// The directory that a project's list belongs to: where the file is, or above `.vscode` and its like.
fn workspace(file: &Path) -> PathBuf {
    let folder = std::path::absolute(file).ok().and_then(|file| file.parent().map(Path::to_owned)).unwrap_or_default();
    let hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    match folder.parent() {
        Some(above) if hidden => above.to_owned(),
        _ => folder,
    }
}

fn summary(entry: &Value) -> String {
    if let Some(program) = entry.get("command").and_then(Value::as_str) {
        let more = entry.get("args").and_then(Value::as_array).is_some_and(|args| !args.is_empty());
        return format!("{program}{}", if more { " …" } else { "" });
    }
    match entry.get("url").and_then(Value::as_str) {
        Some(url) => bare(url),
        None => "neither a command nor a URL".to_owned(),
    }
}

/// An address without what may be secret in it.
pub(crate) fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let begin = rest.get(..end).and_then(|host| host.rfind('@')).map_or(0, |at| at + 1);
            format!("{scheme}://{}", rest.get(begin..).unwrap_or_default())
        }
        None => url.to_owned(),
    }
}

/// One server's entry, while it is read.
struct Entry<'a> {
    name: &'a str,
    file: &'a str,
    entry: &'a Value,
    variables: Variables,
}

impl Entry<'_> {
    fn server(&self) -> Result<Server, Failure> {
        let kind = self.text("type")?;
        let (command, url) = (self.text("command")?, self.text("url")?);
        match (kind.as_deref(), command, url) {
            (_, Some(_), Some(_)) => self.wrong("has both \"command\" and \"url\"; it is one or the other"),
            (None | Some("stdio"), Some(program), None) => self.child(program),
            (Some("stdio"), None, _) => self.wrong("is of type \"stdio\" and names no \"command\""),
            (
                None | Some("http" | "streamable-http" | "streamableHttp" | "sse" | "ws" | "websocket"),
                None,
                Some(url),
            ) => Ok(Server::Url { url, headers: self.strings("headers")? }),
            (None, None, None) => self.wrong("names neither a \"command\" nor a \"url\""),
            (Some("http" | "streamable-http" | "streamableHttp" | "sse" | "ws" | "websocket"), Some(_), None) => {
                self.wrong("has a \"type\" for addresses and a \"command\"; a command is of type \"stdio\"")
            }
            (Some("http" | "streamable-http" | "streamableHttp" | "sse" | "ws" | "websocket"), None, None) => {
                self.wrong("names no \"url\"")
            }
            (Some(_), ..) => self.wrong("has a \"type\" other than stdio, http, sse or ws"),
        }
    }

    fn child(&self, program: String) -> Result<Server, Failure> {
        if program.is_empty() {
            return self.wrong("has an empty \"command\"");
        }
        if self.entry.get("envFile").is_some_and(|file| !file.is_null()) {
            return self.wrong("has an \"envFile\", which is not read here; give its variables in \"env\"");
        }
        let args = match self.entry.get("args") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(args)) => args
                .iter()
                .map(|arg| match arg {
                    Value::String(arg) => self.expand(arg),
                    _ => self.wrong("has \"args\" that are not all strings"),
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return self.wrong("has \"args\" that are no list of strings"),
        };
        let dir = self.text("cwd")?.map(|dir| self.variables.workspace().join(dir));
        let mut env = Vec::new();
        for (name, value) in self.members("env")? {
            env.push(match value {
                Value::Null => (name, None),
                Value::String(text) => (name, Some(self.expand(&text)?)),
                Value::Number(_) | Value::Bool(_) => (name, Some(value.to_string())),
                _ => return self.wrong("has \"env\" values that are no text"),
            });
        }
        Ok(Server::Child(Child { program, args, dir, env }))
    }

    fn text(&self, key: &str) -> Result<Option<String>, Failure> {
        match self.entry.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => self.expand(text).map(Some),
            Some(_) => self.wrong(&format!("has a \"{key}\" that is no text")),
        }
    }

    fn strings(&self, key: &str) -> Result<Vec<(String, String)>, Failure> {
        let text = |(name, value)| match value {
            Value::String(text) => Ok((name, self.expand(&text)?)),
            _ => self.wrong(&format!("has \"{key}\" that are not all text")),
        };
        self.members(key)?.into_iter().map(text).collect()
    }

    fn members(&self, key: &str) -> Result<BTreeMap<String, Value>, Failure> {
        match self.entry.get(key) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(members)) => Ok(members.clone().into_iter().collect()),
            Some(_) => self.wrong(&format!("has \"{key}\" that is no object")),
        }
    }

    fn expand(&self, text: &str) -> Result<String, Failure> {
        self.variables.expand(text).or_else(|why| self.wrong(&why))
    }

    fn wrong<T>(&self, why: &str) -> Result<T, Failure> {
        usage(format!("the server \"{}\" of {} {why}", self.name, self.file))
    }
}

fn usage<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Usage(text))
}

#[cfg(test)]
mod tests;
